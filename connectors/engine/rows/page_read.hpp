// One page of a list, read: rows for the tables, rows for quarantine, and the end of its slice.
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

// What came of one answer. `checkpoint` belongs into the transaction that stores the batches.
struct PageRead {
  std::vector<Batch> batches;  // the main table first
  std::vector<QuarantinedRow> quarantined;
  // Rows that the filters of the stream's tables pass over, by table.
  std::vector<RowsOfTable> left_out;
  // Totals that the connector names and this answer, which has rows, does not have.
  std::vector<std::string> missing_totals;
  std::string checkpoint;                 // JSON text; opaque to all but the reader
  std::int64_t rows_read = 0;             // rows not seen on an earlier page of the slice
  std::int64_t mapped = 0, unmapped = 0;  // of the main table's rows, those that overlap too
  std::optional<SliceEnd> slice_end;      // set when this was the slice's last page
  // What the connector names and this answer does not have, such as a total; for `check` and
  // `inspect`, and for whoever reads the log of a run.
  std::vector<std::string> remarks;
  std::vector<DaySpan> lost;                  // never read, and the broker refuses them
  std::optional<std::int64_t> expected_rows;  // of the slice, as the broker says; for progress
};

}  // namespace affsync::engine
