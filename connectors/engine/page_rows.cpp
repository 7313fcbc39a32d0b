#include "connectors/engine/page_rows.hpp"

#include <algorithm>
#include <unordered_map>

namespace affsync::engine {
namespace {

// For each row: no later one has its key. Pages without repetition, nearly all, cost one sort.
std::vector<bool> last_of_their_key(std::vector<std::uint64_t> const& keys) {
  std::vector<bool> last(keys.size(), true);
  auto sorted = keys;
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) == sorted.end()) return last;
  std::unordered_map<std::uint64_t, std::size_t> place;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    auto const [at, is_new] = place.try_emplace(keys[i], i);
    if (is_new) continue;
    last[at->second] = false;
    at->second = i;
  }
  return last;
}

}  // namespace

PageRows::PageRows(std::shared_ptr<StreamPlan const> plan)
    : plan_(std::move(plan)), main_(*plan_, plan_->spec.map) {
  for (auto const& mapping : plan_->spec.also) also_.emplace_back(*plan_, mapping);
}

void PageRows::hash_keys(std::vector<Json const*> const& rows,
                         std::vector<std::uint64_t>& keys) const {
  keys.clear();
  std::string reason;
  for (auto const* row : rows) {
    auto const key = main_.key_of(*row, reason);
    keys.push_back(hash_key(key ? *key : row->dump()));
  }
}

std::optional<std::string> PageRows::map(RowMapper const& mapper, Json const& row,
                                         TimePoint broker_now) {
  auto reason = mapper.map(row, broker_now, row_);
  if (secrets_) {
    row_.raw = secrets_->redact(std::move(row_.raw));
    row_.volatile_free_raw = secrets_->redact(std::move(row_.volatile_free_raw));
    if (reason) *reason = secrets_->redact(std::move(*reason));
  }
  return reason;
}

void PageRows::quarantine(std::uint64_t key, std::string reason, PageRead& out) {
  if (!quarantined_.insert(key)) return;
  out.quarantined.push_back({row_.external_id, std::move(reason), row_.raw});
}

void PageRows::convert(std::vector<Json const*> const& rows, std::vector<std::uint64_t> const& keys,
                       TimePoint broker_now, PageRead& out) {
  out.batches.emplace_back(*plan_->spec.map.table);
  auto const last = last_of_their_key(keys);
  auto const& where = plan_->spec.map.where;
  std::vector<Json const*> good;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!last[i]) continue;
    if (where && !where->holds(*rows[i])) {
      if (!also_.empty()) good.push_back(rows[i]);
      continue;
    }
    if (auto reason = map(main_, *rows[i], broker_now)) {
      ++out.unmapped;
      quarantine(keys[i], std::move(*reason), out);
      continue;
    }
    ++out.mapped;
    out.batches.front().append(row_);
    if (!also_.empty()) good.push_back(rows[i]);
  }
  for (std::size_t which = 0; which < also_.size(); ++which) {
    convert_also(which, good, broker_now, out);
  }
}

void PageRows::convert_also(std::size_t which, std::vector<Json const*> const& rows,
                            TimePoint broker_now, PageRead& out) {
  auto const& mapper = also_[which];
  auto const& table = *plan_->spec.also[which].table;
  std::vector<Json const*> keyed;
  std::vector<std::uint64_t> keys;
  std::string reason;
  auto const& where = plan_->spec.also[which].where;
  for (auto const* row : rows) {
    if (where && !where->holds(*row)) continue;
    // A row without this table's key has nothing to say about it.
    auto const key = mapper.key_of(*row, reason);
    if (!key) continue;
    keyed.push_back(row);
    keys.push_back(hash_key(*key));
  }
  auto const last = last_of_their_key(keys);
  Batch batch(table);
  for (std::size_t i = 0; i < keyed.size(); ++i) {
    if (!last[i]) continue;
    if (auto problem = map(mapper, *keyed[i], broker_now)) {
      quarantine(hash_key(std::string(table.name) + ':' + row_.external_id),
                 std::string(table.name) + ": " + *problem, out);
    } else {
      batch.append(row_);
    }
  }
  if (!batch.empty()) out.batches.push_back(std::move(batch));
}

}  // namespace affsync::engine
