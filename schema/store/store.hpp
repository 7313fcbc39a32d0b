// What affsync keeps in PostgreSQL, as the rest of the program sees it. One implementation on
// libpqxx (make_pg_store); tests have one in memory. Every member may be called from the I/O thread
// only; the blocking work happens on the store's own threads. All throw Failure:
// database_unavailable (the caller may try again later), database_full, database_error, lease_lost.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/batch.hpp"
#include "base/clock.hpp"
#include "base/day_span.hpp"
#include "base/run_report.hpp"
#include "schema/store/retention.hpp"
#include "schema/store/source_block.hpp"
#include "schema/store/stream_health.hpp"

namespace affsync::schema {

namespace asio = boost::asio;

// One stream of one source, as the database knows it.
struct StreamId {
  int source_id = 0;
  std::string stream;
  StreamId() = default;
  StreamId(int id, std::string name) : source_id(id), stream(std::move(name)) {}
};

struct StreamState {
  std::string cursor;                  // JSON text; empty: none
  std::optional<TimePoint> cursor_at;  // when it was written
  std::optional<TimePoint> last_success_at;
  std::optional<TimePoint> last_full_at;
  std::optional<TimePoint> last_full_began_at;  // whole or not
  std::optional<TimePoint> next_run_at;
  std::vector<DaySpan> doubtful;  // those first that were noted longest ago
  int consecutive_failures = 0;
  std::string last_error_code;                  // of the latest run that has ended …
  std::optional<TimePoint> last_finished_at;    // … and when that was
  std::optional<std::int64_t> interrupted_run;  // a run that never ended: a crash
  bool full_wanted = false;  // all rows have to be read again, whatever the schedule says
  StreamState() = default;
};

struct RunStart {
  StreamId id;
  std::string mode;  // incremental, full
  std::optional<Day> window_from;
  std::optional<Day> window_to;
  TimePoint started_at{};
  bool resumes = false;            // goes on with the pass of the run before
  std::optional<DaySpan> covered;  // days that were read when the pass began
  std::vector<DaySpan> lost;       // days that the broker no longer gives
  RunStart() = default;
};

// A run that holds its stream; every write names it, and fails with lease_lost once another run has
// begun on the same stream (a fence: the database checks it in the same transaction).
struct RunKey {
  StreamId id;
  std::int64_t run_id = 0;
  RunKey() = default;
};

// Rows of one table, by their keys.
struct TableKeys {
  RecordTable const* table = nullptr;
  std::vector<std::string> external_ids;
  TableKeys() = default;
  TableKeys(RecordTable const* of, std::vector<std::string> keys)
      : table(of), external_ids(std::move(keys)) {}
};

// What of a page is about people: its values do not go into the history of changes.
struct PersonalParts {
  std::vector<std::string> columns;  // of any of its tables
  std::vector<std::string> members;  // of the broker's row
  std::string privacy = "drop";      // drop, hash or keep
  PersonalParts() = default;
};

struct PageWrite {
  RunKey run;
  std::vector<Batch> batches;  // keys are distinct within each batch
  std::vector<QuarantinedRow> quarantined;
  // Rows that the broker lists, but that are no rows of the table as they are now.
  std::vector<TableKeys> left_out;
  std::string checkpoint;     // JSON text
  std::vector<DaySpan> lost;  // days that the broker has refused
  // Lines of quarantine that these rows were mapped from again; they are resolved with them.
  std::vector<std::int64_t> retried;
  std::shared_ptr<PersonalParts const> personal;
  TimePoint now{};
  PageWrite() = default;
};

struct PageWritten {
  std::int64_t inserted = 0;
  std::int64_t updated = 0;  // restored ones too
  std::int64_t unchanged = 0;
  std::int64_t quarantined = 0;
  std::int64_t not_accepted = 0;    // of those: different ones that nobody has accepted
  std::int64_t contradicting = 0;   // whose relative time contradicts what was read before
  std::vector<TableKeys> left_out;  // those of PageWrite::left_out that are stored and live
};

struct TotalToCompare {
  std::string metric;
  std::string column;        // sum of it; empty: count of rows
  std::string broker_value;  // decimal text
  std::string tolerance;     // decimal text
};

struct SliceClose {
  RunKey run;
  RecordTable const* table = nullptr;
  std::optional<Day> from;  // with `scope_column`: rows of these days only
  std::optional<Day> to;
  std::string scope_column;  // empty: every row of the stream
  bool mark_vanished = false;
  // The broker's own count agrees with seen_keys. Otherwise the list may have moved while it was
  // read, so that a row is marked only when two such sweeps in a row miss it.
  bool verified = true;
  std::vector<std::uint64_t> seen_keys;     // hash_key of each external id; sorted, distinct
  bool resumed = false;                     // seen_keys lacks the pages before a restart
  double mass_drop_limit = 0.1;             // more than this part vanished: nothing will be marked
  std::optional<Day> keeps_from;            // the broker keeps what is not older; unset: unknown
  std::optional<std::int64_t> expect_live;  // resumed sweep: live rows must equal this
  std::vector<TableKeys> left_out;          // to be marked: see PageWritten
  // Rows outside of the days that the broker listed and counted with them all the same.
  std::vector<std::string> listed_beside;
  std::vector<TotalToCompare> totals;
  bool differences_doubt = true;  // days whose totals differ are asked for again
  bool covers_days = false;       // its days go into the coverage …
  bool in_doubt = false;          // … as days in doubt
  bool has_quarantined = false;   // so they are when rows of them were put aside, unless accepted
  TimePoint now{};
  SliceClose() = default;
};

struct SliceClosed {
  std::int64_t missed = 0;       // live rows that were not seen and should have been; they are
                                 // judged at the end of the pass
  std::int64_t kept = 0;         // not seen, and too old to be judged
  bool live_as_expected = true;  // answer to expect_live
  std::int64_t live = 0;         // rows of the scope that are not deleted
  struct Difference {
    std::string metric, broker_value, our_value, difference;
  };
  std::vector<Difference> unmatched;
};

// All slices of a pass were read and closed.
struct PassClose {
  RunKey run;
  RecordTable const* table = nullptr;
  bool whole = false;         // nothing is known against it so far: what vanished may be marked
  bool full = false;          // it saw everything
  std::vector<DaySpan> lost;  // days that the broker has refused since the last page
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
  std::int64_t quarantined = 0;    // rows of the stream put aside that nobody has accepted
  std::vector<Reason> reasons;     // of these, the most frequent few first …
  std::int64_t other_reasons = 0;  // … and how many more there are
  std::int64_t deleted = 0;        // marked
  std::int64_t waiting = 0;        // missed for the first time by a pass that no count proves
  std::int64_t would_delete = 0;   // set when the mass-drop guard held them back …
  std::int64_t marked_lately = 0;  // … which also looks at those of the last days
  std::int64_t live = 0;           // rows of the stream; set with would_delete
  std::int64_t kept = 0;           // older than everything that the broker listed …
  std::optional<Day> lists_from;   // … the first day of which is this
  std::vector<DaySpan> lost;       // days that this pass found to be lost
  bool earlier_doubt = false;      // an earlier run of this pass left days in doubt
};

struct RunEnd {
  RunKey run;
  RunReport report;
  bool success = false;
  bool full_pass = false;
  // The broker was not asked: rows put aside were mapped again. The stream stands where it stood.
  bool retry = false;
  bool read_to_end = false;           // whatever it is worth
  bool swept = false;                 // to its end, and no sweep of it is in doubt
  std::optional<std::string> cursor;  // replaces the checkpoint
  std::optional<TimePoint> next_run_at;
  std::optional<Duration> clock_skew;  // our clock less the broker's, where it told the time
  TimePoint now{};
  RunEnd() = default;
};

// A row in quarantine that waits to be mapped again.
struct QuarantinedLine {
  std::int64_t quarantine_id = 0;
  std::string external_id;  // empty when the key itself is missing
  std::string reason;
  std::string raw;  // JSON text, privacy applied
  TimePoint received_at{};
  bool accepted = false;
  QuarantinedLine() = default;
};

// A place in the list of rows put aside, which goes from the one read last to the one read first.
struct QuarantinePosition {
  TimePoint received_at{};
  std::int64_t quarantine_id = 0;
};

// Which rows in quarantine are known and left out from now on: those of `ids`, or all open ones of
// a stream.
struct Acceptance {
  std::vector<std::int64_t> ids;
  std::string source, stream;
  std::string system_user;  // who says so, beside the database's user
  std::string because;      // may be empty
  TimePoint now{};
  Acceptance() = default;
};

struct KeyAt {
  std::string external_id;
  TimePoint at{};
};

struct SourceIdentity {
  std::string name, connector, base_url;
  std::string account;  // tells it from others of the connector at that address
  SourceIdentity() = default;
};

struct StreamRegistration {
  std::string stream;
  std::string table;
  bool in_reports = true;  // false: repeats what another stream of the source reports
  bool enabled = true;
  std::optional<bool> has_paid_state;  // whether its commission rows can say that they were paid
  std::string mapping;                 // hash of how its rows become columns; empty: not known
  StreamRegistration() = default;
};

// A source of the configuration, with all feeds that its connector has.
struct SourceRegistration {
  SourceIdentity identity;
  bool account_by_login = false;             // made of what names the account, not of a key
  std::vector<std::string> former_accounts;  // that it may have been known as before
  std::string hash_salt;                     // for a source that is new
  std::string privacy;                       // drop, hash or keep
  std::vector<StreamRegistration> streams;
  SourceRegistration() = default;
};

struct SourceRegistered {
  int source_id = 0;
  std::string hash_salt;                // what hashes of it are made with
  std::optional<std::string> old_name;  // it was known under before
  bool renewed_key = false;             // another key than before, taken for the same account
  bool moved = false;                   // another address than before: all rows are read again
  bool other_privacy = false;           // another setting than before: all rows are read again
  // Streams whose rows became other columns before: all of them are read again.
  std::vector<std::string> other_mapping;
  SourceRegistered() = default;
};

// For what somebody waits at a page for.
constexpr std::chrono::milliseconds page_query_limit{10'000};

class Store : public BlockStore {
 public:
  // Finds or makes the rows of sources and of their feeds, and brings them up to date. A source is
  // its account: one that has another name gets it, with its rows and its state; feeds that its
  // connector no longer has are retired. `configured`: all names of the configuration. In the order
  // of `sources`. Fails with config_invalid where a name stands for another account than before.
  virtual asio::awaitable<std::vector<SourceRegistered>> register_sources(
      std::vector<SourceRegistration> sources, std::vector<std::string> configured) = 0;
  // The same of one source by its name alone, without feeds.
  virtual asio::awaitable<int> register_source(std::string name, std::string connector,
                                               std::string base_url) = 0;
  // Says which sources this daemon's configuration names. One that it named before and no longer
  // does is retired, unless another daemon names it.
  virtual asio::awaitable<void> retire_sources_except(std::vector<std::string> names) = 0;

  // The right to read one stream, against other instances; nullptr when another one has it.
  virtual asio::awaitable<std::unique_ptr<Lease>> try_lease(StreamId id) = 0;

  virtual asio::awaitable<StreamState> load_state(StreamId id) = 0;
  virtual asio::awaitable<RunKey> begin_run(RunStart start) = 0;
  // One transaction: rows, change records, quarantine, checkpoint, counters, lost days.
  virtual asio::awaitable<PageWritten> write_page(PageWrite page) = 0;
  virtual asio::awaitable<SliceClosed> close_slice(SliceClose slice) = 0;
  // To be called once all slices of a pass are closed, before end_run: marks what has vanished, if
  // the pass is whole.
  virtual asio::awaitable<PassClosed> close_pass(PassClose pass) = 0;
  virtual asio::awaitable<void> end_run(RunEnd end) = 0;

  // The next rows of the stream that are put aside and not resolved, accepted ones too; the one
  // read last comes first.
  virtual asio::awaitable<std::vector<QuarantinedLine>> read_quarantined(
      StreamId id, std::optional<QuarantinePosition> after, int limit) = 0;
  // Those of `keys` whose stored row has changed after that moment.
  virtual asio::awaitable<std::vector<std::string>> changed_after(StreamId id, std::string table,
                                                                  std::vector<KeyAt> keys) = 0;
  // Marks lines as resolved that need not be stored, as a later form of their row is.
  virtual asio::awaitable<void> resolve_quarantined(RunKey run, std::vector<std::int64_t> ids,
                                                    TimePoint now) = 0;
  // The ids of the lines that were open and are accepted now.
  virtual asio::awaitable<std::vector<std::int64_t>> accept_quarantined(Acceptance acceptance) = 0;

  virtual asio::awaitable<std::vector<StreamHealth>> health() = 0;
  // Of each stream only how its latest run ended, when it succeeded last, and whether its source is
  // blocked: one row a stream, whatever the database has gathered.
  virtual asio::awaitable<std::vector<StreamHealth>> standing() = 0;
  // Removes what retention lets go, in short transactions, or only counts it.
  virtual asio::awaitable<Pruned> prune(Retention retention, bool dry_run) = 0;
  // True for one caller a day among all daemons that share the database.
  virtual asio::awaitable<bool> claim_for_today(std::string task) = 0;
  // A cheap round trip; throws when the database does not answer.
  virtual asio::awaitable<void> ping() = 0;
  // Runs a read-only query and gives column names and rows of text, for reports.
  struct Table {
    std::vector<std::string> columns;
    std::vector<std::vector<std::optional<std::string>>> rows;
  };
  virtual asio::awaitable<Table> query(std::string sql,
                                       std::vector<std::optional<std::string>> parameters) = 0;
  // The same for somebody who waits at a page: on a session of its own, so that no run waits for
  // it, and ended by the server after `page_query_limit`.
  virtual asio::awaitable<Table> query_for_page(
      std::string sql, std::vector<std::optional<std::string>> parameters) = 0;

  // Gives up what is running within `patience`, then cancels it in the database.
  virtual void shut_down(std::chrono::milliseconds patience) = 0;
};

struct StoreOptions {
  std::string url;       // libpq URL or keyword string
  std::string instance;  // tells this daemon's configuration from those of others
  int connections = 4;
  std::chrono::milliseconds statement_timeout{120'000};
  std::chrono::milliseconds connect_timeout{5'000};
  // A server that cannot be reached is tried again for so long. One that says that it is starting
  // up or shutting down always is, for a while.
  std::chrono::milliseconds patience{0};
  StoreOptions() = default;
};

// Does not connect yet. `executor` is where awaiting coroutines resume.
std::unique_ptr<Store> make_pg_store(asio::any_io_executor executor, StoreOptions options);

}  // namespace affsync::schema
