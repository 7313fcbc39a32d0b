// Filters, ordering and totals of a query.
#include "tests/sandbox/exness/selector.hpp"

#include <algorithm>
#include <climits>
#include <unordered_set>

namespace affsync::sandbox::exness {
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
  if (auto cached = cache_.find(feed, text)) return cached;
  Selection selection(feed);
  if (!apply_dates(feed, query, selection, refusal)) return nullptr;
  if (!apply_sets(feed, query, selection, refusal)) return nullptr;
  apply_order(feed, query, selection);
  selection.count(feed);
  return cache_.keep(feed, std::move(text), std::move(selection));
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
    auto const begin = first_after([&](int day) { return day < bounds[0]; });
    selection.narrow(begin, first_after([&](int day) { return day <= bounds[1]; }));
    return true;
  }
  selection.keep_if(
      feed, [&](Handle row) { return feed.day(row) >= bounds[0] && feed.day(row) <= bounds[1]; });
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
    selection.keep_if(feed, [&](Handle row) { return wanted.contains(feed.filter_value(row, i)); });
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
  // Sorts by the last column first. Each sort is stable, so it keeps the earlier order among
  // equals.
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    bool const descending = name->starts_with('-');
    auto const column =
        *column_index(feed.order_columns(), std::string_view(*name).substr(descending ? 1 : 0));
    auto const key = [&](Handle row) { return feed.order_key(row, column); };
    selection.sort(feed, key, descending);
  }
}

}  // namespace affsync::sandbox::exness
