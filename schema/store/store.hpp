// The interface to the data in PostgreSQL. make_pg_store implements it on libpqxx; tests have an
// in-memory implementation. Call members only from the I/O thread; blocking work runs on the
// store's own threads. All throw Failure: database_unavailable (the caller may retry later),
// database_full, database_error, lease_lost.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/batch.hpp"
#include "base/clock.hpp"
#include "base/count_proof.hpp"
#include "base/day_span.hpp"
#include "base/run_report.hpp"
#include "schema/store/asked.hpp"
#include "schema/store/file_note.hpp"
#include "schema/store/held_lease.hpp"
#include "schema/store/identities.hpp"
#include "schema/store/map_anew.hpp"
#include "schema/store/personal_parts.hpp"
#include "schema/store/quarantined.hpp"
#include "schema/store/registrations.hpp"
#include "schema/store/retention.hpp"
#include "schema/store/source_block.hpp"
#include "schema/store/store_options.hpp"
#include "schema/store/stream_health.hpp"

namespace affsync::schema {

namespace asio = boost::asio;

struct StreamState {
  std::string cursor;                  // JSON text; empty: none
  std::optional<TimePoint> cursor_at;  // when the cursor was written
  std::optional<TimePoint> last_success_at;
  std::optional<TimePoint> last_full_at;
  std::optional<TimePoint> last_full_began_at;  // of the last full pass, complete or not
  std::optional<TimePoint> next_run_at;
  std::vector<DaySpan> doubtful;  // days in doubt, those recorded longest ago first
  int consecutive_failures = 0;
  std::string last_error_code;                  // of the latest run that has ended
  std::optional<TimePoint> last_finished_at;    // when that run ended
  std::int64_t accepted = 0;                    // quarantined rows that a user has accepted
  std::optional<std::int64_t> interrupted_run;  // a run that never ended, because of a crash
  bool full_wanted = false;  // all rows must be read again, regardless of the schedule
  bool full_wanted_since_pass =
      false;  // that was asked for after the latest pass had begun, which then is not resumed
  StreamState() = default;
};

// What a run reads.
enum class RunInput {
  broker,  // what it answers; also of a run over a folder without files
  file,    // one of many: the others hold other rows
  // A file, read into a stream that the broker's API fills. Where the API stands, and which of its
  // days are proven, is no matter of the file.
  file_beside_api,
};
inline bool is_file(RunInput input) {
  return input != RunInput::broker;
}
inline bool is_beside_api(RunInput input) {
  return input == RunInput::file_beside_api;
}

struct RunStart {
  StreamId id;
  std::string mode;  // incremental, full
  std::optional<Day> window_from;
  std::optional<Day> window_to;
  TimePoint started_at{};
  bool resumes = false;               // continues the pass of the previous run
  RunInput input = RunInput::broker;  // the pass of the API waits for the end of a file beside it
  std::optional<DaySpan> covered;     // days that had been read when the pass began
  std::vector<DaySpan> lost;          // days that the broker no longer provides
  std::optional<Day> first_day;       // set: forget the days in doubt before this first day
  bool forget_success = false;        // the last success was dated by a clock that was ahead
  RunStart() = default;
};

struct PageWrite {
  RunKey run;
  // Keys are distinct within each batch, and of joined pages among all batches of a record table.
  std::vector<Batch> batches;
  std::vector<QuarantinedRow> quarantined;
  // Rows that the broker still lists, but that the stream's filter no longer selects.
  std::vector<TableKeys> left_out;
  bool replaces = false;  // the end of its slice deletes what the slice does not bring
  // Of a stream with `for_each`: which value its rows belong to, and all values of the pass.
  std::vector<RowsOfItem> items;
  std::shared_ptr<AskedItems const> asked_items;
  std::string checkpoint;     // JSON text
  int pages = 1;              // more than one if PageGroup joined them
  std::int64_t repeated = 0;  // rows left out: an earlier page, or the table, has them so
  // The slice of the page, if the pass reads all rows of the slice. Then the store may read what it
  // has of the slice once, rather than with each page.
  std::optional<SliceScope> scope;
  std::vector<DaySpan> lost;  // days that the broker refused
  // Ids of quarantined rows from which these rows were mapped again. The write resolves them.
  std::vector<std::int64_t> retried;
  std::shared_ptr<PersonalParts const> personal;
  std::shared_ptr<MapAnew const> map_anew;
  TimePoint now{};
  PageWrite() = default;
};

struct PageWritten {
  std::int64_t inserted = 0;
  std::int64_t updated = 0;  // including restored rows
  std::int64_t unchanged = 0;
  std::int64_t quarantined = 0;
  std::int64_t not_accepted = 0;   // distinct quarantined rows that no user has accepted
  std::int64_t contradicting = 0;  // rows whose relative time contradicts an earlier reading
  std::int64_t deleted = 0;  // rows of PageWrite::left_out that `where` took before it was changed
  std::vector<TableKeys> left_out;  // the others of them that are stored and live
};

struct TotalToCompare {
  std::string metric;
  std::string column;        // column to sum; empty: count of rows
  std::string broker_value;  // decimal text
  std::string tolerance;     // decimal text
};

struct SliceClose {
  RunKey run;
  RecordTable const* table = nullptr;
  std::optional<Day> from;  // with `scope_column`: limits the slice to rows of these days
  std::optional<Day> to, last_of_rows;  // rows may have a day up to `last_of_rows`; unset: `to`
  std::string scope_column;             // empty: every row of the stream
  std::optional<SharedDays> shared;     // of a slice that replaces
  std::shared_ptr<AskedItems const> items;
  bool mark_vanished = false;
  // Rows that were not seen are deleted at once, and not by close_pass.
  bool replaces = false;
  std::string file;  // that was read; empty: a broker's list
  // The keys are made of the content: of a row that changes, the old one is not seen again.
  bool by_content = false;
  std::shared_ptr<PersonalParts const> personal;
  std::shared_ptr<MapAnew const> map_anew;
  // What the broker's own count proves of seen_keys. If not the rows, the list may have shifted
  // while it was read, so a row is marked only if two such sweeps in a row miss it.
  CountProof proof = CountProof::rows;
  std::vector<std::uint64_t> seen_keys;  // hash_key of each external id; sorted, distinct
  bool seen_within = false;              // all of these rows have their day within the slice
  bool resumed = false;                  // seen_keys lacks the pages before a restart
  // Of a slice that replaces: it was read once, and a row may have moved from page to page. It is
  // closed only if it has all rows that are stored and, with `has_equal_rows`, no new ones.
  bool read_once = false;
  bool has_equal_rows = false;
  double mass_drop_limit = 0.1;   // if a larger fraction vanished, nothing is marked
  std::optional<Day> keeps_from;  // oldest day that the broker keeps; unset: unknown
  // The pass asks for all days, so its first row may be where the broker's list begins by age.
  bool of_all_days = false;
  std::optional<std::int64_t> expect_live;  // in a resumed sweep: required number of live rows
  std::vector<TableKeys> left_out;          // rows to mark: see PageWritten
  // Keys of rows outside the slice's days that the broker listed and counted with the slice.
  std::vector<std::string> listed_beside;
  std::vector<TotalToCompare> totals;
  bool differences_doubt = true;      // read days whose totals differ again
  bool covers_days = false;           // record the slice's days as read
  RunInput input = RunInput::broker;  // a file beside an API records only days that the API lost
  bool in_doubt = false;              // record them as days in doubt
  bool has_quarantined = false;       // same, because rows were quarantined that are not accepted
  TimePoint now{};
  SliceClose() = default;
};

struct SliceClosed {
  bool read_again = false;       // it was not closed, see SliceClose::read_once
  std::int64_t missed = 0;       // live rows that should have been seen but were not; close_pass
                                 // decides whether they have vanished
  std::int64_t kept = 0;         // rows not seen that are too old to decide about
  bool doubtful = false;         // its days are read again
  bool live_as_expected = true;  // false if expect_live does not match
  std::int64_t live = 0;         // rows of the slice that are not deleted
  std::int64_t replaced = 0;     // rows deleted because the slice replaces them
  // Rows that would have been, but would be too many, and all rows of the stream.
  std::int64_t would_replace = 0, of_rows = 0;
  struct Difference {
    std::string metric, broker_value, our_value, difference;
  };
  std::vector<Difference> unmatched;
  FileSlice of_file;
};

// Ends a pass whose slices were all read and closed.
struct PassClose {
  RunKey run;
  RecordTable const* table = nullptr;
  std::vector<RecordTable const*>
      tables;             // all that the stream fills, also this one; empty: unknown
  bool whole = false;     // no problem is known so far, so vanished rows may be marked
  bool full = false;      // the pass covered all rows of the stream
  bool replaces = false;  // its slices have deleted what they did not bring
  // Of a file: what other passes quarantined is of other files. Of one beside an API: the API's
  // pass may wait for its end.
  RunInput input = RunInput::broker;
  bool by_days = false;  // days in doubt are asked for again; false: it reads what has changed
  bool none_unchanged = false;  // no row of the run was stored already as it is
  // Members of the broker's row that differ at each reading.
  std::vector<std::string> volatile_members;
  std::shared_ptr<PersonalParts const> personal;
  std::shared_ptr<MapAnew const> map_anew;
  // The column that its windows filter on, and the last day that it asked for; may be unset.
  std::string scope_column;
  std::optional<Day> last_day;
  std::vector<DaySpan> lost;  // days that the broker refused since the last page
  double mass_drop_limit = 0.1;
  TimePoint now{};
  PassClose() = default;
};

struct PassClosed {
  struct Reason {
    std::string text;
    std::int64_t rows = 0;
    Reason(std::string why, std::int64_t count) : text(std::move(why)), rows(count) {}
  };
  std::int64_t quarantined = 0;    // quarantined rows of the stream that no user has accepted
  std::vector<Reason> reasons;     // the most frequent reasons of these
  std::int64_t other_reasons = 0;  // number of further reasons
  std::int64_t deleted = 0;        // rows marked as deleted
  std::int64_t waiting = 0;        // rows missed once, by a pass without a matching broker count
  std::int64_t would_delete = 0;   // rows that the mass-drop guard kept from being marked
  std::int64_t marked_lately = 0;  // rows marked in the last days; set with would_delete
  std::int64_t live = 0;           // live rows of the stream; set with would_delete
  bool rekeyed = false;            // the keys are made in another way since the pass before
  bool recut = false;              // windows cut days in another way since the pass before
  std::int64_t unfilled = 0;       // rows marked in tables that the stream no longer fills
  std::int64_t unfilled_left = 0;  // such rows that still stand
  std::int64_t held = 0;           // rows that such a guard has held since an earlier pass
  std::int64_t kept = 0;           // stored rows older than everything that the broker listed
  std::optional<Day> lists_from;   // first day that the broker listed
  std::vector<DaySpan> lost;       // days that this pass found to be lost
  bool earlier_doubt = false;      // an earlier run of this pass left days in doubt
};

struct RunEnd {
  RunKey run;
  RunReport report;
  bool success = false;
  bool up_to_date = true;  // false: it has read days of the past only, no news of the stream
  bool full_pass = false;
  bool adds_only = false;             // it read one of many files: no pass reads all rows again
  RunInput input = RunInput::broker;  // beside a file, what is known of an API that fails stays
  // Quarantined rows were mapped again without a request to the broker. The stream's state does not
  // change.
  bool retry = false;
  bool read_to_end = false;           // all data was read, verified or not
  bool swept = false;                 // all data was read, and no sweep is in doubt
  std::optional<std::string> cursor;  // replaces the checkpoint
  std::optional<TimePoint> next_run_at;
  std::optional<Duration> clock_skew;  // our clock minus the broker's; unset if it sent no time
  std::optional<LearnedRate> learned_rate;  // of the source; unset if what is stored still holds
  TimePoint now{};
  RunEnd() = default;
};

struct RunEnded {
  std::optional<Error> rate_not_stored;  // why RunEnd::learned_rate is not; the run is ended anyway
};

// What stands against a running daemon, for `affsync status`.
struct DaemonTroubles {
  std::string reload_error;  // why the configuration read last is not in use; empty: it is
  std::optional<TimePoint> reload_failed_at;
  std::vector<std::string> needs_restart;  // changed settings that are taken at a restart only
  DaemonTroubles() = default;
};

// Time limit of queries for web pages.
constexpr std::chrono::milliseconds page_query_limit{10'000};

// More rows of a page are worth a transaction of their own: see Store::without_known.
constexpr std::size_t most_rows_left = 500;

class Store : public BlockStore {
 public:
  // Creates or updates the rows of sources and of their streams; returns results in the order of
  // `sources`. A source is identified by its account: under a new name it keeps its rows and state.
  // Streams that the connector no longer has are retired. `configured`: all names of the
  // configuration. Fails with config_invalid if a name now belongs to another account.
  virtual asio::awaitable<std::vector<SourceRegistered>> register_sources(
      std::vector<SourceRegistration> sources, std::vector<std::string> configured) = 0;
  // The same for one source, found by its name alone, without streams.
  virtual asio::awaitable<int> register_source(std::string name, std::string connector,
                                               std::string base_url) = 0;
  // Records which sources this daemon's configuration names, and that the daemon runs; to be called
  // once a minute. Retires sources that it no longer names, unless another one names them. Fails
  // with config_invalid, after that, if the database lacks one of those that were registered last,
  // or has another one in its place: then register them again. Without a name it retires none: a
  // configuration that was cut off has none either.
  virtual asio::awaitable<void> retire_sources_except(std::vector<std::string> names) = 0;
  // Records what stands against this daemon, and repeats it with each retire_sources_except().
  virtual asio::awaitable<void> note_troubles(DaemonTroubles) { co_return; }
  // Records that the daemon ends.
  virtual asio::awaitable<void> leave() = 0;

  // Ends the pauses of all these sources at once; see schema::lift_blocks().
  virtual asio::awaitable<std::vector<int>> lift_blocks(std::vector<BlockKey> keys) = 0;

  // Takes the exclusive lease on one stream; nullptr if another instance holds it.
  virtual asio::awaitable<std::unique_ptr<Lease>> try_lease(StreamId id) = 0;
  // How many leases this process holds, and takes just now.
  virtual std::size_t leases_held() { return 0; }
  // Returns who holds the lease on a stream now; nullopt if nobody does.
  virtual asio::awaitable<std::optional<LeaseHolder>> lease_holder(StreamId id) = 0;

  virtual asio::awaitable<StreamState> load_state(StreamId id) = 0;
  // Fails with config_invalid if the number of the source belongs to another one by now.
  virtual asio::awaitable<RunKey> begin_run(RunStart start) = 0;
  // Stores rows, change records, quarantine, checkpoint, counters and lost days in one transaction.
  virtual asio::awaitable<PageWritten> write_page(PageWrite page) = 0;
  // Leaves out the rows that are known to be stored as they are, and counts them as repeated,
  // unless more than `most_rows_left` would be left; asks the database nothing. What is left has to
  // be written all the same, also if it has no rows. The pages before it must have been written, or
  // be joined with it: they may change the same rows.
  virtual asio::awaitable<PageWrite> without_known(PageWrite page) { co_return page; }
  virtual asio::awaitable<SliceClosed> close_slice(SliceClose slice) = 0;
  // Marks vanished rows if the pass is whole. Call it after all slices are closed, before end_run.
  virtual asio::awaitable<PassClosed> close_pass(PassClose pass) = 0;
  virtual asio::awaitable<RunEnded> end_run(RunEnd end) = 0;

  // Notes a file that was read, and returns the latest reading of each other file of the stream
  // that shares some days with it, but neither holds the other.
  virtual asio::awaitable<std::vector<FileNote>> note_file(StreamId id, FileNote note) = 0;

  // Returns the next quarantined rows that are not resolved, newest first, including accepted ones.
  virtual asio::awaitable<std::vector<QuarantinedLine>> read_quarantined(
      StreamId id, std::optional<QuarantinePosition> after, int limit) = 0;
  // Returns the keys whose stored row changed after the given time.
  virtual asio::awaitable<std::vector<std::string>> changed_after(StreamId id, std::string table,
                                                                  std::vector<KeyAt> keys) = 0;
  // Resolves quarantined rows that need not be stored because a newer version of the row is stored.
  virtual asio::awaitable<void> resolve_quarantined(RunKey run, std::vector<std::int64_t> ids,
                                                    TimePoint now) = 0;
  // Returns the ids of the rows that were open and are now accepted.
  virtual asio::awaitable<std::vector<std::int64_t>> accept_quarantined(Acceptance acceptance) = 0;

  virtual asio::awaitable<std::vector<StreamHealth>> health() = 0;
  // Returns for each stream only how its latest run ended, its last success, and whether its source
  // is blocked. Reads one row per stream, so its cost does not grow with the stored data.
  virtual asio::awaitable<std::vector<StreamHealth>> standing() = 0;
  // Removes expired data in short transactions; a dry run only counts it.
  virtual asio::awaitable<Pruned> prune(Retention retention, bool dry_run) = 0;
  // Adds up some of the days on which commission was written since they were last added up, then
  // what was earned with each client over spans of days, so that reports need not read their rows:
  // about `most_rows` in a call, and five times as many of clients. A row takes ten to twenty
  // microseconds. Returns false if nothing is left, or if another does it.
  virtual asio::awaitable<bool> fold_earnings(int most_rows) = 0;
  // Returns true for one caller per day among all daemons that share the database.
  virtual asio::awaitable<bool> claim_for_today(std::string task) = 0;
  // Makes a cheap round trip; throws if the database does not answer.
  virtual asio::awaitable<void> ping() = 0;
  // Runs a read-only query for reports; returns column names and rows of text.
  struct Table {
    std::vector<std::string> columns;
    std::vector<std::vector<std::optional<std::string>>> rows;
  };
  virtual asio::awaitable<Table> query(std::string sql,
                                       std::vector<std::optional<std::string>> parameters) = 0;
  // The same for a web page: on a separate session, so that runs do not wait for it, and cancelled
  // by the server after `page_query_limit`.
  virtual asio::awaitable<Table> query_for_page(
      std::string sql, std::vector<std::optional<std::string>> parameters) = 0;

  // Lets running requests finish for up to `patience`, then cancels them in the database.
  virtual void shut_down(std::chrono::milliseconds patience) = 0;
};

// Makes the store without connecting.
std::unique_ptr<Store> make_pg_store(StoreOptions options);

}  // namespace affsync::schema
