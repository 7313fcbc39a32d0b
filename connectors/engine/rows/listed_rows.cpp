#include "connectors/engine/rows/listed_rows.hpp"

#include <algorithm>

#include "base/batch.hpp"

namespace affsync::engine {
namespace {

// Returns the path in the element that is the outermost parent of a row; empty if the path does not
// lead into it.
std::string in_element(JsonPath const& path, std::size_t depth) {
  auto const& steps = path.steps();
  if (steps.size() <= depth) return {};
  std::string out;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (i < depth && steps[i] != "parent") return {};
    if (i >= depth) out += (out.empty() ? "" : ".") + path_step(steps[i]);
  }
  return out;
}

}  // namespace

ListedRows::ListedRows(StreamSpec const& spec) : has_elements_(!spec.each.empty()), sweeps_(spec) {
  if (!has_elements_) return;
  for (auto const& part : spec.map.key) {
    if (part.constant) continue;
    auto const path = in_element(part.path, spec.each.size());
    if (!path.empty()) element_paths_.emplace_back(JsonPath(path));
  }
}

void ListedRows::take(Records records, PageRows& page_rows) {
  records_ = std::move(records);
  page_rows.hash_keys(records_.rows, keys_);
  if (!has_elements_) return;
  element_keys_.clear();
  std::string text;
  for (auto const* element : records_.elements) {
    text.clear();
    bool has_all = !element_paths_.empty();
    for (auto const& path : element_paths_) {
      auto const* value = path.in(*element);
      auto const part = value == nullptr ? std::nullopt : value->scalar_text();
      has_all = has_all && part;
      if (part) text.append(*part) += '\0';
    }
    element_keys_.push_back(hash_key(has_all ? text : element->dump()));
  }
}

void ListedRows::discard() {
  records_.rows.clear();
  records_.element_of.clear();
  keys_.clear();
}

std::vector<RowPlace> const* ListedRows::places(std::vector<RowPlace> const* of_listed) {
  if (!has_elements_) return of_listed;
  places_.assign(keys_.size(), RowPlace::fresh);
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    // An element that was seen before may have got new rows since.
    if (!seen_.contains(keys_[i])) continue;
    auto const place = (*of_listed)[records_.element_of[i]];
    places_[i] = place == RowPlace::fresh ? RowPlace::repeated : place;
  }
  for (auto const key : keys_) seen_.insert(key);
  return &places_;
}

std::int64_t ListedRows::fresh(std::int64_t listed) const {
  return has_elements_ ? std::ranges::count(places_, RowPlace::fresh) : listed;
}

}  // namespace affsync::engine
