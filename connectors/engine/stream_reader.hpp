// The machine that reads one stream, without I/O: it says which page to ask for and makes batches
// of the answers; the run around it sends, stores and waits. One reader serves one run.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/batch.hpp"
#include "base/day_span.hpp"
#include "base/http_message.hpp"
#include "base/json.hpp"
#include "base/redact.hpp"
#include "connectors/engine/stream_plan.hpp"

namespace affsync::engine {

// One time window of a stream, both days inclusive; a stream without windows, and a full pass over
// one whose window is of changes, has a single slice with neither.
struct Slice {
  std::optional<Day> from;
  std::optional<Day> to;
  friend bool operator==(Slice const&, Slice const&) = default;
};

enum class ReadMode { incremental, full };

struct ReaderStart {
  ReadMode mode = ReadMode::incremental;
  std::optional<Day> since;  // --since, --until: only these days
  std::optional<Day> until;
  std::string cursor;          // JSON text of an earlier run's checkpoint; empty: none
  std::vector<DaySpan> again;  // days in doubt, those first that have waited longest
  TimePoint now{};
};

// An answer that was judged to be a good one.
struct Answer {
  Json body;
  Headers headers;
  std::optional<TimePoint> server_time;     // its Date header
  bool no_rows = false;                     // judged to mean "no rows", whatever the body is
  std::shared_ptr<Redactor const> secrets;  // set where the body quotes a secret of ours
  bool empty_by_status = false;             // … because of its error status alone
  Answer() = default;
};

// Why the whole slice could not be verified.
struct SliceDoubt {
  ErrorCode code = ErrorCode::sweep_unverified;
  std::string text;
};

// What the broker says of a slice, to be compared with our rows.
struct BrokerTotal {
  std::string metric;
  std::string column;  // sum of this column; empty: count of rows
  std::string value;   // decimal text
  std::string tolerance;
};

// Rows of one table, by their external ids.
struct RowsOfTable {
  RecordTable const* table = nullptr;
  std::vector<std::string> external_ids;
};

// The end of a slice: all its pages were read.
struct SliceEnd {
  Slice slice;
  std::string scope_column;              // date column the slice filters on; empty: no window
  bool markable = false;                 // rows of the scope that were not seen may be marked
  bool counted = false;                  // the rows are as many as the broker counts, or came in
                                         // a single answer
  bool resumed = false;                  // pages before a restart are missing in seen_keys
  bool covers_days = false;              // it stands for its days: not so where they only choose
                                         // what was changed
  std::optional<Day> keeps_from;         // the broker shows what is not older; unset: unknown
  std::vector<std::uint64_t> seen_keys;  // hash_key of every external id of the main table; sorted
                                         // and distinct
  std::optional<std::int64_t> broker_count;
  std::optional<SliceDoubt> doubt;
  std::vector<BrokerTotal> totals;
  // Totals that the connector names (their paths) and no page of the slice had, though it had rows.
  std::vector<std::string> missing_totals;
  // Rows whose day lies before the slice, listed and counted with it since it reaches back into the
  // last moment of the slice before.
  std::vector<std::string> listed_beside;
  TimePoint read_at{};
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

// What became of a page's rows in the database.
struct PageStored {
  std::int64_t news = 0;   // inserted or changed
  std::int64_t known = 0;  // there already, as they are
};

class StreamReader {
 public:
  StreamReader(std::shared_ptr<StreamPlan const> plan, ReaderStart start);
  ~StreamReader();
  StreamReader(StreamReader&&) noexcept;
  StreamReader& operator=(StreamReader&&) noexcept;

  // The next page to ask for, without authentication; nullopt when everything has been read. May
  // be called as soon as the last answer has been given, before its batches are stored.
  std::optional<HttpRequest> next_request();

  // Whether on_stored() of one page has to come before the next answer is taken, since a page
  // without news ends the list. Otherwise an answer may be taken while the page before is stored.
  bool awaits_stored() const;

  // Takes the answer to the last request. Errors end the run: paging_broken, malformed_answer.
  Result<PageRead> on_answer(Answer const& answer, TimePoint now);

  // The rows of the answer before last, or of the last one, were stored. A list that is read until
  // it is known ends at a page without news. Not calling it means reading everything.
  void on_stored(PageStored const& stored);

  // The refusal of the last request says that the list has ended: an answer without rows may be
  // given instead. Some brokers know no page behind the last one, or call it a bad request.
  bool ends_at_refusal(Error const& error);

  // The broker refused the last request; true when the reader has another one to try instead
  // (window_too_large: the slice is halved; a place in a list that is no longer good after a
  // restart: the list from its start; days that may be too old: it finds out from where on the
  // broker gives them).
  bool on_refusal(Error const& error);

  // The checkpoint of a pass that came to its end: what the next run starts from.
  std::string final_checkpoint() const;

  // The pass that this reader makes covers everything the stream has.
  bool is_full_pass() const;
  Slice window() const;  // first and last day of the pass; empty without windows

  // Of the pass at its begin: it goes on with one that was stopped; days that were read before,
  // without a gap; days that were not, and can no longer be had.
  bool resumes() const;
  std::optional<DaySpan> covered() const;
  std::vector<DaySpan> const& lost() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace affsync::engine
