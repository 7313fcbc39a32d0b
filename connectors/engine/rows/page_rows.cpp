#include "connectors/engine/rows/page_rows.hpp"

#include <algorithm>
#include <bit>
#include <unordered_map>

namespace affsync::engine {
namespace {

// Returns false if no key occurs twice; rarely it returns true although none does.
bool may_repeat(std::vector<std::uint64_t> const& keys, std::vector<std::uint64_t>& table) {
  auto const slots = std::bit_ceil(2 * keys.size() + 1);
  auto const shift = 64 - std::countr_zero(slots);
  constexpr std::size_t longest_search = 64;  // keys that a broker has chosen may crowd
  table.assign(slots, 0);
  for (auto const key : keys) {
    if (key == 0) return true;  // an empty slot
    auto slot = static_cast<std::size_t>(key >> shift);
    std::size_t searched = 0;
    while (table[slot] != 0) {
      if (table[slot] == key || ++searched > longest_search) return true;
      slot = (slot + 1) & (slots - 1);
    }
    table[slot] = key;
  }
  return false;
}

// Returns for each row whether no later row has its key.
std::vector<bool> last_of_their_key(std::vector<std::uint64_t> const& keys) {
  std::vector<bool> last(keys.size(), true);
  std::unordered_map<std::uint64_t, std::size_t> place;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    auto const [at, is_new] = place.try_emplace(keys[i], i);
    if (is_new) continue;
    last[at->second] = false;
    at->second = i;
  }
  return last;
}

std::string names_of(std::vector<KeyPart> const& key) {
  std::string names;
  for (auto const& part : key) {
    if (!part.constant) names += (names.empty() ? "" : ", ") + part.path.text();
  }
  return names;
}

// Combines two hashes: a key with its table, or with a row's content.
std::uint64_t mixed(std::uint64_t left, std::uint64_t right) {
  std::uint64_t const both[] = {left, right};
  return hash_key(std::string_view(reinterpret_cast<char const*>(both), sizeof both));
}

std::uint64_t key_in(RecordTable const& table, std::string_view external_id) {
  return mixed(hash_key(table.name), hash_key(external_id));
}

}  // namespace

namespace {
constexpr std::string_view contradiction = "another row with the same key";
}

struct PageRows::Page {
  std::vector<Json const*> const& rows;
  std::vector<std::uint64_t> const& keys;  // of the main table
  std::vector<RowPlace> const& places;
  TimePoint now;
};

PageRows::PageRows(std::shared_ptr<StreamPlan const> plan) : plan_(std::move(plan)) {
  auto const& spec = *plan_->spec;
  by_content_ = spec.map.hash.has_value();
  targets_.reserve(1 + spec.also.size());
  targets_.emplace_back(*plan_, spec.map);
  for (auto const& mapping : spec.also) targets_.emplace_back(*plan_, mapping);
  targets_.front().is_main = true;
  for (auto& target : targets_) {
    target.has_main_key = target.mapping->key == spec.map.key &&
                          target.mapping->hash.has_value() == spec.map.hash.has_value();
    target.filters = std::ranges::any_of(targets_, [&](Target const& other) {
      return other.mapping->table == target.mapping->table && other.mapping->where;
    });
    bool const into_main = !target.is_main && target.mapping->table == spec.map.table;
    has_own_keys_ = has_own_keys_ || into_main || (target.is_main && target.mapping->where);
  }
  // The pager knows the elements that the rows are in.
  has_own_keys_ = has_own_keys_ || !spec.each.empty();
}

void PageRows::hash_keys(std::vector<Json const*> const& rows, std::vector<std::uint64_t>& keys) {
  if (by_content_) return hash_contents(rows, nullptr, keys);
  keys.clear();
  ids_.clear();
  known_ids_.clear();
  std::string reason, key;
  for (auto const* row : rows) {
    if (targets_.front().mapper.read_key(*row, key, reason)) {
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
    bool const has_key = targets_.front().mapper.read_key(*rows[i], contents[i], reason);
    if (!has_key) contents[i].clear();
    hashes.push_back(hash_key(has_key ? contents[i] : rows[i]->dump()));
  }
  std::vector<std::uint32_t> numbers;
  occurrences_.number(hashes, numbers);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (contents[i].empty()) {
      keys.push_back(hashes[i]);
    } else {
      auto id = contents[i] + "-" + std::to_string(numbers[i]);
      bool const is_known =
          ids != nullptr && i < ids->size() && (*ids)[i].starts_with(contents[i] + "-");
      if (is_known) id = (*ids)[i];
      keys.push_back(hash_key(id));
      ids_ += id;
    }
    known_ids_.push_back({rows[i], ids_.size()});
  }
}

std::string PageRows::key_of(Target const& target, Json const& row, std::size_t index) const {
  if (by_content_ && target.has_main_key) return std::string(id_of(&row, index));
  std::string reason;
  return target.mapper.key_of(row, reason).value_or("");
}

std::string_view PageRows::id_of(Json const* row, std::size_t index) const {
  if (index >= known_ids_.size() || known_ids_[index].row != row) return {};
  auto const begin = index == 0 ? 0 : known_ids_[index - 1].end;
  return std::string_view(ids_).substr(begin, known_ids_[index].end - begin);
}

std::vector<std::uint64_t> PageRows::take_own_keys() {
  if (own_keys_.size() == 0) return list_keys_.take_sorted();
  for (auto const key : list_keys_.take_sorted()) own_keys_.insert(key);
  return own_keys_.take_sorted();
}

void PageRows::begin_list() {
  occurrences_.begin_list();
  for (auto const key : list_keys_.take_sorted()) own_keys_.insert(key);
}

void PageRows::begin_slice() {
  occurrences_.begin_slice();
  own_keys_.clear();
  kept_elsewhere_.clear();
  begin_sweep(false);
}

void PageRows::begin_sweep(bool settles) {
  contents_.clear();
  contradicting_.clear();
  not_stored_.clear();
  list_keys_.clear();
  occurrences_.begin_sweep();
  settles_ = settles;
  unsettled_ = false;
}

void PageRows::quarantine(std::uint64_t key, std::string reason, PageRead& out) {
  if (!quarantined_.insert(key)) return;
  out.quarantined.push_back({row_.external_id, std::move(reason), row_.raw});
}

// Without the external id: it belongs to the row that is stored under it.
void PageRows::quarantine_contradiction(Target const& target, PageRead& out) {
  if (!quarantined_.insert(content_in(target))) return;
  std::string reason = target.is_main ? "" : std::string(target.mapping->table->name) + ": ";
  reason += std::string(contradiction) + " (" + names_of(target.mapping->key) +
            ") and other content is stored; the key does not distinguish them";
  out.quarantined.push_back({std::string(), std::move(reason), row_.raw});
}

std::uint64_t PageRows::content_of(Target const& target) const {
  Batch one(*target.mapping->table);
  one.append(row_);
  auto const hash = one.hash(0);
  return mixed(hash.high, hash.low);
}

std::uint64_t PageRows::content_in(Target const& target) const {
  return mixed(content_of(target), key_in(*target.mapping->table, row_.external_id));
}

// Maps a row into `row_`; returns false if it was quarantined.
bool PageRows::map(Target const& target, Page const& page, std::size_t row, PageRead& out) {
  bool const has_id = target.is_main || (by_content_ && target.has_main_key);
  auto const id = has_id ? id_of(page.rows[row], row) : std::string_view();
  auto problem = target.mapper.map(*page.rows[row], page.now, row_, ours_, id);
  if (secrets_) {
    for (std::size_t column = 0; column < row_.values.size(); ++column) {
      auto& value = row_.values[column];
      if (!value || target.mapping->table->columns[column].type != ColumnType::text) continue;
      if (secrets_->is_in(*value)) *value = secrets_->redact(std::move(*value));
    }
    row_.raw = secrets_->redact(std::move(row_.raw));
    row_.volatile_free_raw = secrets_->redact(std::move(row_.volatile_free_raw));
    if (problem) *problem = secrets_->redact(std::move(*problem));
  }
  if (!problem) {
    if (target.is_main) ++out.mapped;
    return true;
  }
  auto const& table = *target.mapping->table;
  if (target.is_main) {
    ++out.unmapped;
    quarantine(page.keys[row], std::move(*problem), out);
  } else {
    auto const known_by = row_.external_id.empty() ? row_.raw : row_.external_id;
    quarantine(hash_key(std::string(table.name) + ':' + known_by),
               std::string(table.name) + ": " + *problem, out);
  }
  return false;
}

void PageRows::append(Target const& target, Page const& page, std::size_t row, Batch& batch,
                      PageRead& out, std::vector<std::size_t>& taken) {
  auto const place = page.places[row];
  // Lookup values, and rows that several rows of the list share, always take the last value.
  bool const one_row_each = target.has_main_key && target.mapping->table->keeps_records();
  auto const was_stored = [&] {
    return !not_stored_.contains(mixed(hash_key(target.mapping->table->name), page.keys[row]));
  };
  // A row in the overlap may have changed since the page before, but one that was put aside there
  // does not come back.
  if (one_row_each && place == RowPlace::shared && contradicting_.size() > 0 &&
      contradicting_.contains(content_in(target))) {
    return;
  }
  if (one_row_each && place == RowPlace::repeated && was_stored()) {
    auto const content = mixed(content_of(target), hash_key(row_.external_id));
    if (!contents_.contains(content)) {
      contradicting_.insert(content_in(target));
      if (settles_) {
        quarantine_contradiction(target, out);
      } else {
        unsettled_ = true;
      }
      return;
    }
  }
  batch.append(row_);
  taken.push_back(row);
  if (!one_row_each || plan_->spec->page.is_single_answer()) return;
  auto const hash = batch.hash(batch.size() - 1);
  contents_.add(mixed(mixed(hash.high, hash.low), batch.key_hash(batch.size() - 1)));
}

// Remembers a row that was not stored, because another row with its key does not contradict it.
void PageRows::note_not_stored(Target const& target, Page const& page, std::size_t row) {
  if (!target.has_main_key || plan_->spec->page.is_single_answer()) return;
  not_stored_.insert(mixed(hash_key(target.mapping->table->name), page.keys[row]));
}

void PageRows::convert_to(Target& target, Page const& page, std::vector<std::size_t>& taken,
                          PageRead& out) {
  auto const& table = *target.mapping->table;
  std::vector<std::size_t> mine;
  std::vector<std::uint64_t> keys;
  for (std::size_t const row : taken) {
    if (target.mapping->where && !target.mapping->where->holds(*page.rows[row])) {
      note_not_stored(target, page, row);
      continue;
    }
    mine.push_back(row);
    if (target.is_main) {
      keys.push_back(page.keys[row]);
      continue;
    }
    auto const key = key_of(target, *page.rows[row], row);
    keys.push_back(hash_key(!key.empty() ? key : page.rows[row]->dump()));
  }
  taken.clear();
  Batch batch(table);
  // A sixteenth more than such rows took on the page before, and never more than that for the whole
  // page: one very long row must not make room for a thousand of its kind.
  auto const expected = std::min(mine.size() * target.row_bytes, target.page_bytes);
  batch.reserve(mine.size(), expected + expected / 16);
  std::vector<bool> last;  // empty: all of them; nearly all pages have no repetition
  if (may_repeat(keys, scratch_)) last = last_of_their_key(keys);
  bool const one_row_each = target.has_main_key && table.keeps_records();
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> others;  // earlier rows, by key
  for (std::size_t i = 0; i < mine.size(); ++i) {
    if (has_own_keys_ && &table == plan_->spec->map.table) list_keys_.insert(keys[i]);
    if (!last.empty() && !last[i]) {
      if (one_row_each) others[keys[i]].push_back(mine[i]);
      continue;
    }
    if (!map(target, page, mine[i], out)) {
      note_not_stored(target, page, mine[i]);
      continue;
    }
    if (&table != plan_->spec->map.table && target.filters) {
      kept_elsewhere_.insert(key_in(table, row_.external_id));
    }
    auto const earlier = others.find(keys[i]);
    std::uint64_t const content = earlier != others.end() ? content_of(target) : 0;
    append(target, page, mine[i], batch, out, taken);
    if (earlier == others.end()) continue;
    for (auto const row : earlier->second) {
      // That of the overlap is stored from the page before: the later one contradicts it.
      if (page.places[row] == RowPlace::shared) continue;
      if (!map(target, page, row, out)) continue;
      if (content_of(target) != content) quarantine_contradiction(target, out);
    }
  }
  if (!batch.empty()) {
    target.page_bytes = batch.text_bytes();
    target.row_bytes = target.page_bytes / batch.size();
  }
  if (target.is_main || !batch.empty()) out.batches.push_back(std::move(batch));
}

// Reports rows that a table's filters exclude, unless another row with their key was taken.
void PageRows::leave_out(Page const& page, PageRead& out) {
  for (auto const& target : targets_) {
    auto const& mapping = *target.mapping;
    if (!mapping.where || !mapping.table->keeps_records()) continue;
    RowsOfTable left;
    left.table = mapping.table;
    for (std::size_t i = 0; i < page.rows.size(); ++i) {
      if (mapping.where->holds(*page.rows[i])) continue;
      auto key = key_of(target, *page.rows[i], i);
      if (key.empty()) continue;
      bool const is_kept =
          mapping.table == plan_->spec->map.table
              ? own_keys_.contains(hash_key(key)) || list_keys_.contains(hash_key(key))
              : kept_elsewhere_.contains(key_in(*mapping.table, key));
      if (!is_kept) left.external_ids.push_back(std::move(key));
    }
    if (!left.external_ids.empty()) out.left_out.push_back(std::move(left));
  }
}

bool is_contradiction(std::string_view reason) {
  return reason.find(contradiction) != std::string_view::npos;
}

void PageRows::convert(std::vector<Json const*> const& rows, std::vector<std::uint64_t> const& keys,
                       std::vector<RowPlace> const& places, TimePoint broker_now, PageRead& out,
                       TimePoint ours) {
  ours_ = ours;
  Page const page{rows, keys, places, broker_now};
  std::vector<std::size_t> all(rows.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  auto good = all;
  convert_to(targets_.front(), page, good, out);
  if (targets_.size() > 1) {
    // Further tables are filled from the rows that the main table took or its filter excluded.
    if (auto const& where = targets_.front().mapping->where) {
      for (auto const row : all) {
        if (!where->holds(*rows[row])) good.push_back(row);
      }
      std::ranges::sort(good);
    }
    for (std::size_t which = 1; which < targets_.size(); ++which) {
      auto taken = good;
      for (auto const row : all) {
        if (!std::ranges::binary_search(good, row)) note_not_stored(targets_[which], page, row);
      }
      convert_to(targets_[which], page, taken, out);
    }
  }
  leave_out(page, out);
  known_ids_.clear();
}

}  // namespace affsync::engine
