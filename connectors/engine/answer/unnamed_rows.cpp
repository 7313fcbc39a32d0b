#include "connectors/engine/answer/unnamed_rows.hpp"

#include <algorithm>

#include "base/case_fold.hpp"

namespace affsync::engine {
namespace {

class RowSearch {
 public:
  explicit RowSearch(StreamSpec const& stream) : stream_(stream) {}

  std::optional<std::string> in(Json const& value) const {
    if (value.is_array()) {
      for (auto const& item : value.items()) {
        if (auto found = in(item)) return found;
      }
    }
    if (!value.is_object()) return std::nullopt;
    for (auto const& member : value.members()) {
      if (auto found = at(member.name, member.value)) return found;
      if (auto found = in(member.value)) return found;
    }
    return std::nullopt;
  }

 private:
  // One element, or all of this name in one place.
  std::optional<std::string> at(std::string const& name, Json const& value) const {
    auto const* element = &value;
    if (value.is_array() && !value.items().empty()) element = &value.items().front();
    if (!element->is_object() || element->members().empty()) return std::nullopt;
    auto const& row = stream_.document.row;
    if (equal_folded(name, row)) {
      return "the document has no element <" + row + ">, but <" + name + ">";
    }
    if (!is_row(*element)) return std::nullopt;
    return "the document has no element <" + row + ">, but <" + name +
           "> has the key and the fields of a row";
  }

  bool is_row(Json const& element) const {
    auto const& map = stream_.map;
    std::size_t named = 0;  // fields of the key that were found
    auto const has = [&](JsonPath const& path) { return path.in(element) != nullptr; };
    for (auto const& part : map.key) {
      if (part.constant || is_added(part.path)) continue;
      if (!has(part.path)) return false;
      ++named;
    }
    if (map.hash) {
      for (auto const& field : map.hash->fields) {
        if (is_added(field)) continue;
        if (!has(field)) return false;
        ++named;
      }
    }
    std::size_t columns = 0, found = 0;
    for (auto const& column : map.columns) {
      auto const reads = [&](JsonPath const& path) { return !is_added(path); };
      if (std::ranges::none_of(column.from, reads)) continue;
      ++columns;
      found += std::ranges::any_of(column.from, has) ? 1 : 0;
    }
    return found > 0 && found * 2 >= columns && named + found > 1;
  }

  // The field is none of the broker's rows: `keep` adds it.
  bool is_added(JsonPath const& path) const {
    return std::ranges::any_of(stream_.keep, [&](KeptField const& kept) {
      return path.text() == kept.field || path.text().starts_with(kept.field + ".");
    });
  }

  StreamSpec const& stream_;
};

}  // namespace

std::optional<std::string> unnamed_row_in(StreamSpec const& stream, Json const& document) {
  // Rows that are made of elements have other fields than these.
  bool const are_made =
      !stream.unwrap.empty() || stream.cells || !stream.each.empty() || stream.expand;
  if (stream.document.format != DocumentFormat::xml || stream.document.row.empty() || are_made) {
    return std::nullopt;
  }
  auto const* root = document.find("root");
  return root == nullptr ? std::nullopt : RowSearch(stream).in(*root);
}

}  // namespace affsync::engine
