// The result of reading one page of a list: rows for the tables, rows for quarantine, and the end
// of its slice.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/batch.hpp"
#include "base/day_span.hpp"
#include "connectors/engine/paging/slice.hpp"

namespace affsync::engine {

// Rows of one table, by their external ids.
struct RowsOfTable {
  RecordTable const* table = nullptr;
  std::vector<std::string> external_ids;
};

// The rows that belong to the slice under way.
struct ScopeRead {
  Slice slice;
  std::string column;  // date column that the slice filters on; empty: all rows of the stream
};

// The result of one answer. `checkpoint` must be stored in the same transaction as the batches.
struct PageRead {
  std::vector<Batch> batches;  // the main table first
  std::vector<QuarantinedRow> quarantined;
  // Rows that the filters of the stream's tables exclude, by table.
  std::vector<RowsOfTable> left_out;
  // Totals that the connector names and that this answer lacks, although it has rows.
  std::vector<std::string> missing_totals;
  std::optional<std::string> item;        // the value of `for_each` that they were listed for
  std::string checkpoint;                 // JSON text; only the reader interprets it
  std::optional<ScopeRead> scope;         // set if the pass reads all rows of the slice
  std::int64_t rows_read = 0;             // rows that no earlier page of the slice had
  std::int64_t mapped = 0, unmapped = 0;  // of the main table's rows, including overlapping ones
  std::optional<SliceEnd> slice_end;      // set if this was the slice's last page
  // What `check` and `inspect` have to say of this answer: that its rows are of other days than
  // those asked for.
  std::vector<std::string> remarks;
  std::vector<DaySpan> lost;                  // never read, and the broker refuses them
  std::optional<std::int64_t> expected_rows;  // of the slice, as the broker counts; for progress
};

}  // namespace affsync::engine
