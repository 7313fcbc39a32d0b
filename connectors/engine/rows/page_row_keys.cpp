// The keys of a page's rows: their external ids, or if they have none, what is made of their
// content.
#include "base/batch.hpp"
#include "connectors/engine/rows/page_rows.hpp"

namespace affsync::engine {

void PageRows::hash_keys(std::vector<Json const*> const& rows, std::vector<std::uint64_t>& keys) {
  if (by_content_) return hash_contents(rows, nullptr, keys);
  keys.clear();
  ids_.clear();
  known_ids_.clear();
  std::string reason, key;
  for (auto const* row : rows) {
    if (targets_.front().mapper.read_key(*row, key, reason, secrets_.get())) {
      keys.push_back(hash_key(key));
      ids_ += key;
    } else {
      keys.push_back(hash_key(row->dump()));
    }
    known_ids_.push_back({row, ids_.size()});
  }
}

void PageRows::hash_keys(std::vector<Json const*> const& rows, std::vector<std::string> const& ids,
                         std::vector<std::uint64_t>& keys) {
  if (by_content_) return hash_contents(rows, &ids, keys);
  hash_keys(rows, keys);
}

void PageRows::hash_contents(std::vector<Json const*> const& rows,
                             std::vector<std::string> const* ids,
                             std::vector<std::uint64_t>& keys) {
  keys.clear();
  ids_.clear();
  known_ids_.clear();
  std::vector<std::string> contents(rows.size());
  std::vector<std::uint64_t> hashes;
  std::string reason;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    bool const has_key =
        targets_.front().mapper.read_key(*rows[i], contents[i], reason, secrets_.get());
    if (!has_key) contents[i].clear();
    // A row that is put aside must not take the number of one that is stored.
    if (has_key) contents[i] += is_storable(*rows[i]) ? '-' : '!';
    hashes.push_back(hash_key(has_key ? contents[i] : rows[i]->dump()));
  }
  std::vector<std::uint32_t> numbers;
  occurrences_.number(hashes, numbers);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (contents[i].empty()) {
      keys.push_back(hashes[i]);
    } else {
      auto id = contents[i] + std::to_string(numbers[i]);
      bool const is_known = ids != nullptr && i < ids->size() && (*ids)[i].starts_with(contents[i]);
      if (is_known) id = (*ids)[i];
      keys.push_back(hash_key(id));
      ids_ += id;
    }
    known_ids_.push_back({rows[i], ids_.size()});
  }
}

// Returns true if the main table takes the row, or its filter passes over it.
bool PageRows::is_storable(Json const& row) {
  auto const& main = targets_.front();
  if (main.mapping->where && !main.mapping->where->holds(row)) return true;
  return !main.mapper.map(row, broker_now_, row_, ours_);
}

std::string PageRows::key_of(Target const& target, Json const& row, std::size_t index) const {
  if (by_content_ && target.has_main_key) return std::string(id_of(&row, index));
  std::string reason;
  return target.mapper.key_of(row, reason, secrets_.get()).value_or("");
}

std::string_view PageRows::id_of(Json const* row, std::size_t index) const {
  if (index >= known_ids_.size() || known_ids_[index].row != row) return {};
  auto const begin = index == 0 ? 0 : known_ids_[index - 1].end;
  return std::string_view(ids_).substr(begin, known_ids_[index].end - begin);
}

}  // namespace affsync::engine
