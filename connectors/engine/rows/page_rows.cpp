#include "connectors/engine/rows/page_rows.hpp"

#include <algorithm>
#include <unordered_map>

#include "connectors/engine/rows/quoted_secrets.hpp"
#include "connectors/engine/rows/same_keys.hpp"

namespace affsync::engine {
namespace {

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
  stored_since_.clear();
  list_keys_.clear();
  occurrences_.begin_sweep();
  settles_ = settles;
  unsettled_ = false;
}

// Puts a row into quarantine that cannot be mapped. `beside`: another row with its key is stored.
void PageRows::put_aside(Target const& target, Page const& page, std::size_t row,
                         QuarantinedRow failed, bool beside, PageRead& out) {
  auto const& table = *target.mapping->table;
  bool const one_row_each = target.has_main_key && table.keeps_records();
  bool const was_stored = page.places[row] != RowPlace::fresh && !is_not_stored(target, page, row);
  if (one_row_each && (beside || was_stored)) {
    // Without the external id: it belongs to the row that is stored under it.
    failed.external_id.clear();
    failed.reason += "; " + std::string(contradiction) + " is stored";
    if (!quarantined_.insert(hash_key(failed.reason + failed.raw))) return;
  } else if (target.is_main) {
    if (!quarantined_.insert(page.keys[row])) return;
  } else {
    auto const& known_by = failed.external_id.empty() ? failed.raw : failed.external_id;
    if (!quarantined_.insert(hash_key(std::string(table.name) + ':' + known_by))) return;
  }
  if (!target.is_main) failed.reason = std::string(table.name) + ": " + failed.reason;
  failed.table = &table;
  out.quarantined.push_back(std::move(failed));
}

// Without the external id: it belongs to the row that is stored under it.
void PageRows::quarantine_contradiction(Target const& target, PageRead& out) {
  if (!quarantined_.insert(content_in(target))) return;
  std::string reason = target.is_main ? "" : std::string(target.mapping->table->name) + ": ";
  reason += std::string(contradiction) + " (" + names_of(target.mapping->key) +
            ") and other content is stored; the key does not distinguish them";
  out.quarantined.push_back({std::string(), std::move(reason), row_.raw, target.mapping->table});
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

// Maps a row into `row_`; returns the reason if that is not possible.
std::optional<std::string> PageRows::map(Target const& target, Page const& page, std::size_t row,
                                         PageRead& out) {
  bool const has_id = target.is_main || (by_content_ && target.has_main_key);
  auto const id = has_id ? id_of(page.rows[row], row) : std::string_view();
  auto problem = target.mapper.map(*page.rows[row], page.now, row_, ours_, id, secrets_.get());
  if (secrets_) {
    for (std::size_t column = 0; column < row_.values.size(); ++column) {
      auto& value = row_.values[column];
      if (!value || target.mapping->table->columns[column].type != ColumnType::text) continue;
      if (secrets_->is_in(*value)) *value = secrets_->redact(std::move(*value));
    }
    row_.raw = without_secrets(std::move(row_.raw), *secrets_);
    row_.volatile_free_raw = without_secrets(std::move(row_.volatile_free_raw), *secrets_);
    if (problem) *problem = secrets_->redact(std::move(*problem));
  }
  if (target.is_main) ++(problem ? out.unmapped : out.mapped);
  return problem;
}

void PageRows::append(Target const& target, Page const& page, std::size_t row, Batch& batch,
                      PageRead& out, std::vector<std::size_t>& taken) {
  auto const place = page.places[row];
  // Lookup values, and rows that several rows of the list share, always take the last value.
  bool const one_row_each = target.has_main_key && target.mapping->table->keeps_records();
  auto const was_stored = [&] { return !is_not_stored(target, page, row); };
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
  if (one_row_each && is_not_stored(target, page, row)) {
    stored_since_.insert(key_in_table(target, page, row));
  }
  if (!one_row_each || plan_->spec->page.is_single_answer()) return;
  auto const hash = batch.hash(batch.size() - 1);
  contents_.add(mixed(mixed(hash.high, hash.low), batch.key_hash(batch.size() - 1)));
}

std::uint64_t PageRows::key_in_table(Target const& target, Page const& page,
                                     std::size_t row) const {
  return mixed(hash_key(target.mapping->table->name), page.keys[row]);
}

// Returns true if the list had the key before, but no row of it was stored.
bool PageRows::is_not_stored(Target const& target, Page const& page, std::size_t row) const {
  if (not_stored_.size() == 0) return false;
  auto const key = key_in_table(target, page, row);
  return not_stored_.contains(key) && !stored_since_.contains(key);
}

// Remembers a row that was not stored, because another row with its key does not contradict it. If
// an earlier page had the key, the row of that page is stored, and a later one contradicts it.
void PageRows::note_not_stored(Target const& target, Page const& page, std::size_t row) {
  if (!target.has_main_key || plan_->spec->page.is_single_answer()) return;
  if (page.places[row] != RowPlace::fresh) return;
  not_stored_.insert(key_in_table(target, page, row));
}

// Maps the last of the rows with one key that can be mapped, and returns it. The others behind it
// are in quarantine then, and those before it are left in `earlier`.
std::optional<std::size_t> PageRows::map_last(Target const& target, Page const& page,
                                              std::size_t last, std::vector<std::size_t>& earlier,
                                              PageRead& out) {
  std::vector<std::pair<std::size_t, QuarantinedRow>> failed;
  std::optional<std::size_t> mapped;
  for (auto row = last;; earlier.pop_back()) {
    auto problem = map(target, page, row, out);
    if (!problem) mapped = row;
    if (problem)
      failed.push_back({row, {row_.external_id, std::move(*problem), row_.raw, nullptr}});
    if (mapped || earlier.empty()) break;
    row = earlier.back();
  }
  for (auto& [row, aside] : failed) {
    put_aside(target, page, row, std::move(aside), mapped.has_value(), out);
  }
  return mapped;
}

PageRows::Selected PageRows::select(Target const& target, Page const& page,
                                    std::vector<std::size_t> const& rows) {
  Selected mine;
  for (std::size_t const row : rows) {
    if (target.mapping->where && !target.mapping->where->holds(*page.rows[row])) {
      note_not_stored(target, page, row);
      continue;
    }
    mine.rows.push_back(row);
    if (target.is_main) {
      mine.keys.push_back(page.keys[row]);
      continue;
    }
    auto const key = key_of(target, *page.rows[row], row);
    mine.keys.push_back(hash_key(!key.empty() ? key : page.rows[row]->dump()));
  }
  return mine;
}

void PageRows::judge_earlier(Target const& target, Page const& page,
                             std::vector<std::size_t> const& earlier, std::uint64_t content,
                             PageRead& out) {
  for (auto const row : earlier) {
    // That of the overlap is stored from the page before: the later one contradicts it.
    if (page.places[row] == RowPlace::shared) continue;
    if (auto problem = map(target, page, row, out)) {
      put_aside(target, page, row, {row_.external_id, std::move(*problem), row_.raw}, true, out);
    } else if (content_of(target) != content) {
      quarantine_contradiction(target, out);
    }
  }
}

void PageRows::convert_to(Target& target, Page const& page, std::vector<std::size_t>& taken,
                          PageRead& out) {
  auto const& table = *target.mapping->table;
  auto const [mine, keys] = select(target, page, taken);
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
  std::vector<std::size_t> none;
  for (std::size_t i = 0; i < mine.size(); ++i) {
    if (has_own_keys_ && &table == plan_->spec->map.table) list_keys_.insert(keys[i]);
    if (!last.empty() && !last[i]) {
      others[keys[i]].push_back(mine[i]);
      continue;
    }
    auto const found = others.find(keys[i]);
    auto& earlier = found == others.end() ? none : found->second;
    auto const stored = map_last(target, page, mine[i], earlier, out);
    if (!stored) {
      note_not_stored(target, page, mine[i]);
      continue;
    }
    if (&table != plan_->spec->map.table && target.filters) {
      kept_elsewhere_.insert(key_in(table, row_.external_id));
    }
    std::uint64_t const content = earlier.empty() ? 0 : content_of(target);
    append(target, page, *stored, batch, out, taken);
    if (one_row_each) judge_earlier(target, page, earlier, content, out);
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
    }
    std::ranges::sort(good);
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
