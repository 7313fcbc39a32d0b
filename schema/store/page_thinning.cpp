#include "schema/store/page_thinning.hpp"

#include <algorithm>
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

}  // namespace

void leave_out_known(PageWrite& page, RunWrites& writes) {
  // A row that is stored resolves what was quarantined of it before, so the write must have all.
  if (writes.has_quarantine || !PageGroup::is_plain(page)) return;
  std::int64_t left_out = 0;
  std::vector<Batch> batches;
  for (auto& batch : page.batches) {
    if (!batch.table().keeps_records()) {
      batches.push_back(std::move(batch));
      continue;
    }
    auto const& table = batch.table();
    auto const& sql = merge_sql_for(table);
    // What is left of the batches of one table goes into one.
    auto same = std::ranges::find(batches, &table, [](Batch const& one) { return &one.table(); });
    auto& left = same != batches.end() ? *same : batches.emplace_back(table);
    for (std::size_t row = 0; row < batch.size(); ++row) {
      bool const known = writes.known.standing(table, batch.external_id(row), batch.hash(row)) ==
                         KnownRows::Standing::same;
      if (known && !narrows(sql, batch, row)) {
        ++left_out;
      } else {
        left.append(batch, row);
      }
    }
  }
  page.batches = std::move(batches);
  page.repeated += left_out;
  writes.known.found(left_out);
}

}  // namespace affsync::schema
