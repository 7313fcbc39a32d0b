#include "schema/store/page_thinning.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "schema/store/merge_sql.hpp"
#include "schema/store/page_group.hpp"

namespace affsync::schema {
namespace {

// Each reading of a relative time narrows the interval of its row, also if nothing else changed.
bool narrows(MergeSql const& sql, Batch const& batch, std::size_t row) {
  return !sql.narrow_intervals.empty() &&
         (batch.cell(row, sql.from_column) != nullptr || batch.cell(row, sql.to_column) != nullptr);
}

// The rows that are not known to be stored as they are.
std::vector<std::size_t> not_known(Batch const& batch, KnownRows const& known) {
  std::vector<std::size_t> rows;
  if (!batch.table().keeps_records()) {
    rows.resize(batch.size());
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    return rows;
  }
  auto const& sql = merge_sql_for(batch.table());
  constexpr std::size_t ahead = 16;
  for (std::size_t row = 0; row < batch.size(); ++row) {
    if (row + ahead < batch.size()) known.prefetch(batch.key_hash(row + ahead));
    auto const standing = known.standing(batch.table(), batch.key_hash(row), batch.hash(row));
    if (standing != KnownRows::Standing::same || narrows(sql, batch, row)) rows.push_back(row);
  }
  return rows;
}

}  // namespace

void leave_out_known(PageWrite& page, RunWrites& writes) {
  // A row that is stored resolves what was quarantined of it before, so the write must have all.
  if (writes.has_quarantine || !PageGroup::is_plain(page)) return;
  std::vector<std::vector<std::size_t>> left(page.batches.size());
  std::size_t rows = 0, all = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    all += page.batches[i].size();
    left[i] = not_known(page.batches[i], writes.known);
    rows += left[i].size();
    if (rows > most_rows_left) return;  // they are written at once, and copying them costs memory
  }
  std::vector<Batch> batches;
  for (std::size_t i = 0; i < left.size(); ++i) {
    auto const& batch = page.batches[i];
    auto const& table = batch.table();
    // What is left of the batches of one table goes into one, unless the table keeps no records.
    auto same = std::ranges::find(batches, &table, [](Batch const& one) { return &one.table(); });
    bool const joins = same != batches.end() && table.keeps_records();
    auto& target = joins ? *same : batches.emplace_back(table);
    for (auto const row : left[i]) target.append(batch, row);
  }
  page.batches = std::move(batches);
  page.repeated += static_cast<std::int64_t>(all - rows);
  writes.known.found(static_cast<std::int64_t>(all - rows));
}

}  // namespace affsync::schema
