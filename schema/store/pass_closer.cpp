#include "schema/store/pass_closer.hpp"

#include <algorithm>
#include <utility>

#include "base/crash_point.hpp"
#include "schema/store/absence.hpp"
#include "schema/store/coverage.hpp"
#include "schema/store/held_rows.hpp"
#include "schema/store/left_rows.hpp"
#include "schema/store/merge_sql.hpp"
#include "schema/store/own_doing.hpp"
#include "schema/store/quarantine.hpp"
#include "schema/store/recut.hpp"
#include "schema/store/rekeyed.hpp"
#include "schema/store/rows_anew.hpp"
#include "schema/store/transaction.hpp"
#include "schema/store/unmade.hpp"
#include "schema/store/walk.hpp"

namespace affsync::schema {
namespace {

using std::chrono::days;

// The period over which marks are counted, and how many rows may vanish one by one in it.
constexpr auto lately = days(7);
constexpr std::int64_t one_by_one = 3;

// Counts quarantined rows of the stream that no user has accepted. A full pass has seen all that
// still exist, and a file is judged by its own rows; after another pass, entries of earlier passes
// count too, unless resolve_settled has found that their days were read again.
void read_quarantine(pqxx::transaction_base& tx, PassClose const& pass, std::int64_t pass_run_id,
                     PassClosed& closed) {
  constexpr std::size_t most = 3;
  SqlParams const params{std::to_string(pass.run.id.source_id), pass.run.id.stream,
                         std::to_string(pass.full || is_file(pass.input) ? pass_run_id : 0)};
  auto const rows = exec(tx,
                         "SELECT reason, count(*) FROM affsync.quarantine"
                         " WHERE source_id = $1::int AND stream = $2 AND resolved_at IS NULL"
                         " AND accepted_at IS NULL AND run_id >= $3::bigint"
                         " GROUP BY reason ORDER BY count(*) DESC, reason",
                         params);
  for (auto const& row : rows) {
    auto const count = int_of(row[1]);
    closed.quarantined += count;
    if (closed.reasons.size() < most) {
      closed.reasons.emplace_back(row[0].c_str(), count);
    } else {
      ++closed.other_reasons;
    }
  }
}

SqlParams pass_params(PassClose const& pass, RecordTable const& table, std::int64_t pass_run_id) {
  return {std::to_string(pass.run.id.source_id), std::string(table.name), pass.run.id.stream,
          std::to_string(pass_run_id)};
}

// $1 source, $2 table, $3 stream, $4 pass.
constexpr auto of_pass =
    " FROM affsync.absence WHERE source_id = $1::int AND record_table = $2 AND stream = $3"
    " AND run_id = $4::bigint AND passes > 0";
// Missed by a sweep that agrees with the broker's count, or by two sweeps in a row.
constexpr auto is_gone = " AND (proven OR passes > 1)";

// The number of rows of one table that the pass missed. Rows that were counted but not recorded
// belong to the main table.
struct OfTable {
  RecordTable const* table = nullptr;
  std::int64_t missed = 0;
};

std::vector<OfTable> missed_rows(pqxx::transaction_base& tx, PassClose const& pass,
                                 PassState const& known) {
  SqlParams const params{std::to_string(pass.run.id.source_id), pass.run.id.stream,
                         std::to_string(known.pass_run_id)};
  std::vector<OfTable> all;
  OfTable main{pass.table, known.missed};
  for (auto const& row : exec(tx,
                              "SELECT record_table, count(*) FROM affsync.absence"
                              " WHERE source_id = $1::int AND stream = $2 AND run_id = $3::bigint"
                              " AND passes > 0 GROUP BY record_table",
                              params)) {
    auto const* table = find_record_table(row[0].c_str());
    if (table == nullptr || table == pass.table) continue;
    all.push_back(OfTable{table, int_of(row[1])});
    main.missed -= all.back().missed;
  }
  if (main.missed > 0) all.push_back(main);
  return all;
}

// `held`: rows of the table that vanished in passes before and were too many: with these they are
// one drop.
bool drops_too_many(pqxx::transaction_base& tx, PassClose const& pass, OfTable const& of,
                    std::int64_t held, PassState const& known, PassClosed& closed) {
  SqlParams const params{std::to_string(pass.run.id.source_id), pass.run.id.stream,
                         sql_time(pass.now - lately), sql_time(pass.now + days(1)),
                         std::to_string(known.rekeyed_by)};
  auto const row = exec(tx,
                        "SELECT count(*) FILTER (WHERE t.deleted_at IS NULL), count(*) FILTER"
                        " (WHERE t.deleted_at BETWEEN $3::timestamptz AND $4::timestamptz"
                        " AND t.run_id <> $5::bigint AND NOT " +
                            is_ours_sql(*of.table) + ") FROM " + merge_sql_for(*of.table).table +
                            " t WHERE t.source_id = $1::int AND t.stream = $2",
                        params)[0];
  auto const live = int_of(row[0]), marked = int_of(row[1]);
  if (!is_mass_drop(of.missed + held, live, marked, pass.mass_drop_limit)) return false;
  closed.would_delete += of.missed + held;
  closed.live += live;
  closed.marked_lately += marked;
  return true;
}

std::int64_t mark(pqxx::transaction_base& tx, PassClose const& pass, RecordTable const& table,
                  std::int64_t pass_run_id) {
  auto const& sql = merge_sql_for(table);
  auto const params = pass_params(pass, table, pass_run_id);
  exec(tx, std::string("DECLARE gone NO SCROLL CURSOR FOR SELECT external_id") + of_pass + is_gone,
       params);
  tx.exec(by_place_only);
  std::int64_t marked = 0;
  for (;;) {
    auto const rows = tx.exec("FETCH FORWARD " + std::to_string(keys_at_once) + " FROM gone");
    ArrayText keys;
    for (auto const& row : rows) keys.add(std::string_view(row[0].c_str(), row[0].size()));
    SqlParams const chunk{std::to_string(pass.run.id.source_id), pass.run.id.stream, keys.take(),
                          std::to_string(pass.run.run_id), sql_time(pass.now)};
    if (!rows.empty()) marked += int_of(exec(tx, sql.mark_deleted, chunk)[0][0]);
    if (static_cast<std::size_t>(rows.size()) < keys_at_once) break;
  }
  tx.exec("CLOSE gone");
  exec(tx, std::string("DELETE") + of_pass + is_gone, params);
  return marked;
}

// What another mapping made of a row that the pass has missed is what this one makes of it, before
// it counts as vanished: now, or after the next pass. `rekeyed`: rows are being found under other
// keys; those that may still be found later stay as they are.
void map_missed(PgSession& session, pqxx::transaction_base& tx, PassClose const& pass,
                PassState const& known, bool rekeyed) {
  auto const before = rows_before(pass.run, known);
  if (!before || pass.replaces || !pass.map_anew) return;
  if (known.rekeyed_after && !(rekeyed && pass.full)) return;
  RowsLeft left;
  left.run = pass.run;
  left.personal = pass.personal;
  left.map_anew = pass.map_anew;
  left.now = pass.now;
  for (auto const& table : record_tables()) {
    left.table = &table;
    std::vector<std::string> keys;
    auto const map = [&] { map_left(session, tx, left, *before, std::exchange(keys, {})); };
    if (known.rekeyed_after) {
      keys = missed_and_made_alone(tx, pass, known, table);
      map();
      continue;
    }
    walk(tx,
         "SELECT external_id FROM affsync.absence WHERE source_id = $1::int AND record_table = $2"
         " AND stream = $3 AND run_id = $4::bigint",
         pass_params(pass, table, known.pass_run_id), [&](pqxx::row const& row) {
           keys.emplace_back(row[0].c_str(), row[0].size());
           if (keys.size() == keys_at_once) map();
           return true;
         });
    map();
  }
}

void want_another_full(pqxx::transaction_base& tx, PassClose const& pass) {
  SqlParams const params{std::to_string(pass.run.id.source_id), pass.run.id.stream,
                         std::to_string(pass.run.run_id)};
  exec(tx,
       "UPDATE affsync.stream_state SET full_wanted_after = run_id"
       " WHERE source_id = $1::int AND stream = $2 AND run_id = $3::bigint",
       params);
}

// Removes records that no later pass needs.
void forget_old(pqxx::transaction_base& tx, PassClose const& pass, std::int64_t pass_run_id) {
  SqlParams const params{std::to_string(pass.run.id.source_id), pass.run.id.stream,
                         std::to_string(pass_run_id)};
  exec(tx,
       std::string("DELETE FROM affsync.absence WHERE source_id = $1::int AND stream = $2"
                   " AND run_id < $3::bigint") +
           (pass.full ? "" : " AND passes = 0"),
       params);
}

// Records lost days: if stored rows are too old for the broker's list, and the list begins after
// the last day that was read, then the days between were never read.
void find_gap(pqxx::transaction_base& tx, PassClose const& pass, PassState const& known) {
  if (known.kept == 0 || !known.covered_to || !known.oldest) return;
  auto const first = std::chrono::floor<days>(*known.oldest);
  if (first <= *known.covered_to + days(1)) return;
  record_days(tx, pass.run, DaySpan{*known.covered_to + days(1), first - days(1)}, DayState::lost,
              std::nullopt, pass.now);
}

// A pass that has read all rows says how many there are, whatever somebody else has done to them.
std::optional<std::string> counted_rows(pqxx::transaction_base& tx, PassClose const& pass,
                                        RunWrites const& writes) {
  if (!pass.full || writes.counted) return std::nullopt;
  SliceScope all;
  all.table = pass.table;
  auto const live = live_rows_of(pass.run.id, all);
  auto const text =
      "SELECT count(*) FROM " + merge_sql_for(*pass.table).table + " t WHERE " + live.condition;
  return std::to_string(int_of(exec(tx, text, live.params)[0][0]));
}

// `deleted`: rows marked in the stream's main table; `others`: in its other tables. `live`: all
// rows of the main table, if they were counted.
void note_pass(pqxx::transaction_base& tx, PassClose const& pass, std::int64_t deleted,
               std::int64_t others, std::optional<std::string> live) {
  SqlParams const params{std::to_string(pass.run.id.source_id), pass.run.id.stream,
                         std::to_string(pass.run.run_id),       std::to_string(deleted),
                         std::string(pass.table->name),         std::to_string(others),
                         sql_time(pass.run.started_at),         std::move(live)};
  // A condition without a column, if it is not met, would keep Citus from the whole statement.
  exec(tx,
       "WITH r AS (UPDATE affsync.sync_run SET deleted = deleted + $4::bigint + $6::bigint"
       " WHERE source_id = $1::int AND run_id = $3::bigint AND started_at = $7::timestamptz"
       " AND deleted + $4::bigint + $6::bigint > deleted)"
       " UPDATE affsync.stream_state z SET writes = z.writes + 1, live_rows = coalesce($8::bigint,"
       " z.live_rows - CASE WHEN EXISTS (SELECT FROM affsync.stream s WHERE s.source_id = $1::int"
       " AND s.stream = $2 AND s.record_table = $5) THEN $4::bigint ELSE 0 END)"
       " WHERE z.source_id = $1::int AND z.stream = $2 AND z.run_id = $3::bigint",
       params);
}

// The steps of one close, in their order, within one transaction.
class ClosingPass {
 public:
  ClosingPass(PgSession& session, pqxx::transaction_base& tx, PassClose const& pass,
              RunWrites const& writes, PassState const& known)
      : session_(session), tx_(tx), pass_(pass), writes_(writes), known_(known) {}
  PassClosed close(bool has_quarantine);

 private:
  void judge(bool has_quarantine);
  // What affsync itself did: rows under the keys of before, days cut as before, mappings and tables
  // that are gone. None of it is a loss.
  void mark_rekeyed_rows();
  void mark_recut_rows();
  void mark_unmade_rows();
  void mark_vanished();
  void note_unfilled();
  void add(auto const& marked) {
    closed_.deleted += marked.rows;
    others_ += marked.others;
    missed_less(marked.missed);
  }
  void missed_less(std::int64_t rows) {
    known_.missed = std::max<std::int64_t>(0, known_.missed - rows);
  }

  PgSession& session_;
  pqxx::transaction_base& tx_;
  PassClose const& pass_;
  RunWrites const& writes_;
  PassState known_;
  PassClosed closed_;        // `deleted`: rows of the main table, until the end
  std::int64_t others_ = 0;  // rows marked in other tables
  // The pass has no problem; or none but that the broker refuses days.
  bool whole_ = false, is_sound_ = false;
  bool rekeyed_ = false;  // keys are made in another way since the pass before
};

void ClosingPass::judge(bool has_quarantine) {
  if (has_quarantine) {
    if (pass_.by_days && !pass_.full && !is_file(pass_.input)) {
      resolve_settled(tx_, pass_.run, known_.pass_run_id, pass_.now);
    }
    read_quarantine(tx_, pass_, known_.pass_run_id, closed_);
  }
  find_gap(tx_, pass_, known_);
  for (auto const& lost : pass_.lost) {
    record_days(tx_, pass_.run, lost, DayState::lost, std::nullopt, pass_.now);
  }
  auto unproven = days_of_pass(tx_, pass_.run.id, known_.pass_run_id);
  closed_.lost = std::move(unproven.lost);
  closed_.earlier_doubt = unproven.doubtful;
  closed_.kept = known_.kept;
  if (known_.oldest) closed_.lists_from = std::chrono::floor<days>(*known_.oldest);
  is_sound_ = pass_.whole && closed_.quarantined == 0 && !closed_.earlier_doubt;
  whole_ = is_sound_ && closed_.lost.empty();
}

void ClosingPass::mark_rekeyed_rows() {
  rekeyed_ = known_.rekeyed_after && known_.pass_run_id > *known_.rekeyed_after;
  closed_.rekeyed = rekeyed_ && !pass_.replaces;
  if (closed_.rekeyed) {
    auto const marked = mark_rekeyed(tx_, pass_, known_);
    add(marked);
    if (marked.rows + marked.others > 0) known_.rekeyed_by = pass_.run.run_id;
  }
  if (rekeyed_) settle_rekeyed(tx_, pass_, known_);
}

// Days that the broker refuses stay as they are, and are told; the others are cut anew.
void ClosingPass::mark_recut_rows() {
  closed_.recut = is_recut(known_) && !is_file(pass_.input);
  if (!closed_.recut) return;
  auto const marked = mark_recut(tx_, pass_, known_, is_sound_);
  closed_.deleted += marked.rows;
  missed_less(marked.missed);
  closed_.kept -= std::min(closed_.kept, marked.kept);
  if (is_sound_ && pass_.full && marked.left == 0) settle_recut(tx_, pass_);
  if (!is_sound_ && marked.left > 0) want_another_full(tx_, pass_);
}

void ClosingPass::mark_unmade_rows() {
  if (!looks_for_unmade(pass_, known_) || !is_sound_) return;
  add(mark_unmapped(tx_, pass_, known_));
}

// Marks the rows of all tables, or none.
void ClosingPass::mark_vanished() {
  if (known_.missed > 0 && whole_ && !pass_.replaces) {
    auto const missed = missed_rows(tx_, pass_, known_);
    for (auto const& of : missed) {
      drops_too_many(tx_, pass_, of, held_before(tx_, pass_, known_, *of.table), known_, closed_);
    }
    for (auto const& of : missed) {
      if (closed_.would_delete > 0) break;
      auto const marked = mark(tx_, pass_, *of.table, known_.pass_run_id);
      (of.table == pass_.table ? closed_.deleted : others_) += marked;
      auto const waits = pass_params(pass_, *of.table, known_.pass_run_id);
      closed_.waiting += int_of(exec(tx_, std::string("SELECT count(*)") + of_pass, waits)[0][0]);
    }
    // Nothing but another pass over all rows finds out whether these are there under other keys.
    if (closed_.rekeyed && closed_.waiting > 0) want_another_full(tx_, pass_);
  }
  // The full list is empty although rows are stored: the broker has forgotten everything, or has a
  // fault.
  bool const nothing = pass_.full && known_.kept > 0 && !known_.oldest;
  if (nothing) drops_too_many(tx_, pass_, OfTable{pass_.table, known_.kept}, 0, known_, closed_);
}

// A list that has shrunk by too much says nothing of the connector either.
void ClosingPass::note_unfilled() {
  if (!looks_for_unmade(pass_, known_)) return;
  bool const is_sure = is_sound_ && closed_.would_delete == 0 && closed_.held == 0;
  auto const unmade = mark_unfilled(tx_, pass_, is_sure);
  others_ += unmade.others;
  closed_.unfilled = unmade.others;
  closed_.unfilled_left = unmade.left;
}

PassClosed ClosingPass::close(bool has_quarantine) {
  judge(has_quarantine);
  mark_rekeyed_rows();
  add(mark_left_missed(tx_, pass_, known_));
  mark_recut_rows();
  mark_unmade_rows();
  map_missed(session_, tx_, pass_, known_, rekeyed_);
  mark_vanished();
  if (!is_beside_api(pass_.input)) forget_old(tx_, pass_, known_.pass_run_id);
  if (!is_file(pass_.input)) closed_.held = note_held(tx_, pass_, known_, whole_, closed_);
  note_unfilled();
  if (closed_.deleted + others_ > 0) crash_point(CrashPoint::pass_marked);
  note_pass(tx_, pass_, closed_.deleted, others_, counted_rows(tx_, pass_, writes_));
  closed_.deleted += others_;
  return closed_;
}

}  // namespace

bool is_mass_drop(std::int64_t vanished, std::int64_t live, std::int64_t marked_lately,
                  double limit) {
  if (vanished == 0 || limit >= 1) return false;
  auto const all = vanished + marked_lately;
  if (vanished == 1 && all <= one_by_one) return false;
  return static_cast<double>(all) > limit * static_cast<double>(live + marked_lately);
}

PassCloser::PassCloser(PassClose const& pass, RunWrites& writes)
    : pass_(pass), writes_(writes), fenced_(writes) {}

PassClosed PassCloser::close(PgSession& session) {
  Transaction tx(session);
  auto const state = enter_fence(tx, pass_.run);
  if (fenced_.already_done(state)) return result_;
  writes_.known.forget();
  crash_point(CrashPoint::pass_entered);
  auto const closed =
      ClosingPass(session, tx, pass_, writes_, state.pass).close(state.has_quarantine);
  result_ = closed;
  tx.commit();
  crash_point(CrashPoint::pass_committed);
  fenced_.committed(state);
  return closed;
}

}  // namespace affsync::schema
