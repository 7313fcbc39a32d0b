// Filters, ordering and totals of a query.
#include "tests/sandbox/selection.hpp"

#include <algorithm>
#include <climits>
#include <unordered_set>

namespace affsync::sandbox {
namespace {

bool fits(ValueForm form, std::string const& value) {
  auto const digit = [](char c) { return c >= '0' && c <= '9'; };
  auto const hex = [&](char c) { return digit(c) || (c >= 'a' && c <= 'f'); };
  switch (form) {
    case ValueForm::any:
      return true;
    case ValueForm::digits:
      return std::all_of(value.begin(), value.end(), digit);
    case ValueForm::full_uuid:
      if (value.size() != 36) return false;
      for (std::size_t i = 0; i < 36; ++i) {
        bool const dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? value[i] != '-' : !hex(value[i])) return false;
      }
      return true;
  }
  return false;
}

struct SortItem {
  std::uint64_t key;
  std::uint32_t rank;  // place before this sort
  Handle row;
};

std::optional<std::size_t> column_index(std::span<std::string_view const> columns,
                                        std::string_view name) {
  auto const found = std::find(columns.begin(), columns.end(), name);
  if (found == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns.begin());
}

std::string filter_text(Query const& query) {
  std::string text;
  for (auto const& [name, value] : query.fields())
    if (name != "limit" && name != "offset")
      text.append(name).append("=").append(value).append("&");
  return text;
}

}  // namespace

std::shared_ptr<Selection const> Selector::select(Feed const& feed, Query const& query,
                                                  Refusal& refusal) {
  std::string text = filter_text(query);
  for (auto const& cached : cached_)
    if (cached.feed == &feed && cached.version == feed.version() && cached.query == text)
      return cached.selection;

  auto selection = std::make_shared<Selection>();
  selection->end_ = feed.size();
  if (!apply_dates(feed, query, *selection, refusal)) return nullptr;
  if (!apply_sets(feed, query, *selection, refusal)) return nullptr;
  apply_order(feed, query, *selection);
  std::unordered_set<std::uint64_t> groups;
  for (std::size_t i = 0; i < selection->size(); ++i) {
    Handle const row = selection->at(feed, i);
    selection->totals_.add(feed.measure(row));
    if (feed.counts_groups()) groups.insert(feed.group(row));
  }
  selection->totals_.groups = groups.size();
  if (cached_.size() == most_cached) cached_.pop_front();
  cached_.push_back({&feed, feed.version(), std::move(text), selection});
  return selection;
}

void Selector::list(Feed const& feed, Selection& selection) {
  if (selection.listed_) return;
  selection.handles_.reserve(selection.end_ - selection.begin_);
  for (auto i = selection.begin_; i < selection.end_; ++i) selection.handles_.push_back(feed.at(i));
  selection.listed_ = true;
}

bool Selector::apply_dates(Feed const& feed, Query const& query, Selection& selection,
                           Refusal& refusal) const {
  int bounds[2] = {INT_MIN, INT_MAX};
  std::string_view const names[2] = {feed.date_filter().from, feed.date_filter().to};
  for (int i = 0; i < 2; ++i) {
    auto const text = names[i].empty() ? std::nullopt : query.find(names[i]);
    if (!text || text->empty()) continue;
    auto const day = parse_day(*text);
    if (!day) {
      refusal = {400, "ValidationError", std::string(names[i]) + ": Enter a valid date."};
      return false;
    }
    bounds[i] = static_cast<int>((*day - first_day_).count());
  }
  if (bounds[0] == INT_MIN && bounds[1] == INT_MAX) return true;
  if (feed.sorted_by_day()) {
    auto const first_after = [&](auto before) {
      std::size_t low = 0, high = feed.size();
      while (low < high) {
        auto const middle = low + (high - low) / 2;
        if (before(feed.day(feed.at(middle))))
          low = middle + 1;
        else
          high = middle;
      }
      return low;
    };
    selection.begin_ = first_after([&](int day) { return day < bounds[0]; });
    selection.end_ =
        std::max(selection.begin_, first_after([&](int day) { return day <= bounds[1]; }));
    return true;
  }
  list(feed, selection);
  std::erase_if(selection.handles_,
                [&](Handle row) { return feed.day(row) < bounds[0] || feed.day(row) > bounds[1]; });
  return true;
}

bool Selector::apply_sets(Feed const& feed, Query const& query, Selection& selection,
                          Refusal& refusal) {
  auto const filters = feed.set_filters();
  for (std::size_t i = 0; i < filters.size(); ++i) {
    auto const values = query.list(filters[i].parameter);
    if (values.empty()) continue;
    for (auto const& value : values) {
      if (fits(filters[i].form, value)) continue;
      bool const uuid = filters[i].form == ValueForm::full_uuid;
      refusal = uuid ? Refusal{500, "", ""}
                     : Refusal{400, "ValidationError",
                               std::string(filters[i].parameter) + ": Enter a number."};
      return false;
    }
    std::unordered_set<std::string> const wanted(values.begin(), values.end());
    list(feed, selection);
    std::erase_if(selection.handles_,
                  [&](Handle row) { return !wanted.contains(feed.filter_value(row, i)); });
  }
  return true;
}

void Selector::apply_order(Feed const& feed, Query const& query, Selection& selection) {
  auto names = query.list("ordering");
  std::erase_if(names, [&](std::string const& name) {
    auto const plain = std::string_view(name).substr(name.starts_with('-') ? 1 : 0);
    return !column_index(feed.order_columns(), plain);
  });
  auto const natural = feed.natural_order();
  if (names.size() <= natural.size() && std::equal(names.begin(), names.end(), natural.begin()))
    return;
  list(feed, selection);
  // Sorts by the last column first; each sort keeps the order of the one before among equals.
  std::vector<SortItem> items(selection.handles_.size());
  for (std::size_t i = 0; i < items.size(); ++i) items[i].row = selection.handles_[i];
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    bool const descending = name->starts_with('-');
    auto const column =
        *column_index(feed.order_columns(), std::string_view(*name).substr(descending ? 1 : 0));
    for (std::size_t i = 0; i < items.size(); ++i) {
      auto const key = feed.order_key(items[i].row, column);
      items[i].key = descending ? ~key : key;
      items[i].rank = static_cast<std::uint32_t>(i);
    }
    std::sort(items.begin(), items.end(), [](SortItem const& a, SortItem const& b) {
      return a.key != b.key ? a.key < b.key : a.rank < b.rank;
    });
  }
  for (std::size_t i = 0; i < items.size(); ++i) selection.handles_[i] = items[i].row;
}

}  // namespace affsync::sandbox
