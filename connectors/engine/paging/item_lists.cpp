#include "connectors/engine/paging/item_lists.hpp"

#include <algorithm>
#include <set>

#include "base/batch.hpp"
#include "base/encodings.hpp"
#include "connectors/engine/answer/text.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "connectors/engine/values/query.hpp"

namespace affsync::engine {
namespace {

// A setting holds its values separated by commas, blanks or both.
void add_values(std::vector<std::string>& values, std::string_view text) {
  while (!text.empty()) {
    auto const end = std::min(text.find_first_of(", "), text.size());
    if (end > 0) values.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

bool leaves_path(std::string_view path, std::string_view item) {
  constexpr std::string_view place = "${item}";
  path = path.substr(0, path.find('?'));
  if (path.find(place) == std::string_view::npos) return false;
  auto const with = [&](std::string_view value) {
    return has_dot_segment(substitute(std::string(path), "item", std::string(value)));
  };
  // Some servers decode twice.
  return (with(encode_query(item)) || with(item)) && !with("x");
}

ItemLists::ItemLists(StreamSpec const& spec, std::vector<std::string> const& stored) {
  count_ = std::max<std::size_t>(1, spec.parts.size());
  if (!spec.for_each) return;
  auto const& each = *spec.for_each;
  has_items_ = true;
  std::vector<std::string> values;
  if (each.are_whole) {
    values = each.values;
  } else if (each.stream.empty()) {
    for (auto const& text : each.values) add_values(values, text);
  } else {
    values = stored;
  }
  std::set<std::string> seen;
  std::erase_if(values, [&](std::string const& value) { return !seen.insert(value).second; });
  if (values.size() > static_cast<std::size_t>(each.most)) {
    throw Failure(ErrorCode::config_invalid,
                  "stream \"" + spec.name + "\" would be requested for " +
                      std::to_string(values.size()) + " values, but the connector allows " +
                      std::to_string(each.most),
                  "Raise `most` under `for_each` in your own connector file, if the broker's rate "
                  "allows so many requests.");
  }
  for (auto const& value : values) {
    if (!leaves_path(spec.request.path, value)) continue;
    throw Failure(
        ErrorCode::bad_request,
        "stream \"" + spec.name + "\" would be requested for the value \"" + one_line(value, 60) +
            "\", which leads out of its path",
        "Nothing was requested, since the credentials would go to another place. See where "
        "the value comes from (`values` of `for_each`), and take it out there.");
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    bool const begins = i % static_cast<std::size_t>(each.batch) == 0;
    if (begins) {
      items_.push_back(std::move(values[i]));
    } else {
      items_.back() += ',' + values[i];
    }
  }
  count_ = items_.size();
  std::string all;
  for (auto const& item : items_) all += item + '\0';
  identity_ = std::to_string(hash_key(all));
}

std::optional<std::string> ItemLists::item(std::size_t list) const {
  return list < items_.size() ? std::optional(items_[list]) : std::nullopt;
}

PageAsk ItemLists::of_list(PageAsk ask, std::size_t list) const {
  ask.item = item(list);
  return ask;
}

}  // namespace affsync::engine
