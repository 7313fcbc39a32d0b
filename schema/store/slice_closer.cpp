#include "schema/store/slice_closer.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "base/crash_point.hpp"
#include "schema/store/absence.hpp"
#include "schema/store/broker_totals.hpp"
#include "schema/store/coverage.hpp"
#include "schema/store/file_rows.hpp"
#include "schema/store/left_rows.hpp"
#include "schema/store/merge_sql.hpp"
#include "schema/store/own_doing.hpp"
#include "schema/store/replacing.hpp"
#include "schema/store/row_items.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

// Counts rows that this pass quarantined: they are in the broker's list, but not in our table.
std::int64_t quarantined_in_pass(pqxx::transaction_base& tx, SliceClose const& slice,
                                 PassState const& pass, bool accepted_only) {
  SqlParams const params{std::to_string(slice.run.id.source_id), slice.run.id.stream,
                         std::to_string(pass.pass_run_id)};
  return int_of(exec(tx,
                     std::string("SELECT count(*) FROM affsync.quarantine WHERE source_id ="
                                 " $1::int AND stream = $2 AND resolved_at IS NULL"
                                 " AND run_id >= $3::bigint") +
                         (accepted_only ? " AND accepted_at IS NOT NULL" : ""),
                     params)[0][0]);
}

// What the pages before a stop have put aside. Of which slice of the pass they were nobody knows:
// one that is read again for nothing does no harm.
bool has_unsettled_before(pqxx::transaction_base& tx, SliceClose const& slice,
                          PassState const& pass) {
  SqlParams const params{std::to_string(slice.run.id.source_id), slice.run.id.stream,
                         std::to_string(pass.pass_run_id), std::to_string(slice.run.run_id)};
  return exec(tx,
              "SELECT EXISTS (SELECT FROM affsync.quarantine WHERE source_id = $1::int"
              " AND stream = $2 AND resolved_at IS NULL AND accepted_at IS NULL"
              " AND run_id >= $3::bigint AND run_id < $4::bigint)",
              params)[0][0]
      .as<bool>();
}

std::int64_t noted_in(pqxx::transaction_base& tx, SliceClose const& slice, Scope scope,
                      PassState const& pass) {
  scope.condition += " AND " + noted_sql(slice, pass, scope.params);
  return count_rows(tx, slice, scope);
}

bool is_zero(std::string_view number) {
  return number.substr(0, number.find_first_of("eE")).find_first_of("123456789") ==
         std::string_view::npos;
}

// `live`: how many rows the stream has, if that was counted: its number is right then, whatever
// somebody else has done to its rows.
void record_slice(pqxx::transaction_base& tx, SliceClose const& slice, PassState const& pass,
                  std::optional<std::int64_t> live) {
  SqlParams const params{std::to_string(slice.run.id.source_id),
                         slice.run.id.stream,
                         std::to_string(slice.run.run_id),
                         sql_time(pass.oldest),
                         std::to_string(pass.missed),
                         std::to_string(pass.kept),
                         live ? std::optional(std::to_string(*live)) : std::nullopt};
  exec(tx,
       "UPDATE affsync.stream_state z SET writes = z.writes + 1, pass_oldest = $4::timestamptz,"
       " pass_missed = $5::bigint, pass_kept = $6::bigint,"
       " live_rows = coalesce($7::bigint, z.live_rows)"
       " WHERE z.source_id = $1::int AND z.stream = $2 AND z.run_id = $3::bigint",
       params);
}

// Returns how many missed rows to record at most. More than could ever be marked are only counted.
std::int64_t most_noted(SliceClose const& slice, PassState const& pass) {
  constexpr std::int64_t at_least = 1000;
  if (slice.mass_drop_limit >= 1 || pass.rekeyed_after || pass.recut_after || pass.wanted_after)
    return std::numeric_limits<std::int64_t>::max();
  auto const part =
      slice.mass_drop_limit * static_cast<double>(std::max<std::int64_t>(0, pass.live_rows));
  return at_least + static_cast<std::int64_t>(part);
}

std::optional<Day> day_of(std::optional<TimePoint> time) {
  if (!time) return std::nullopt;
  return std::chrono::floor<std::chrono::days>(*time);
}

// The steps of one close, in their order, within one transaction.
class Closing {
 public:
  Closing(PgSession& session, pqxx::transaction_base& tx, SliceClose const& slice,
          RunWrites& writes, FenceState const& state)
      : session_(session),
        tx_(tx),
        slice_(slice),
        writes_(writes),
        has_quarantine_(state.has_quarantine),
        pass_(state.pass) {}
  SliceClosed close();

 private:
  void find_scopes();
  void count();
  void find_missing();
  void find_missing_records();
  bool has_new_rows();
  bool are_there_by_new_keys();
  void leave_out_old_keys(Scope& scope);
  void compare_totals();
  void compare_each_with(Scope sighted, bool forgotten);
  bool is_doubtful() const;
  void replace_unseen(bool doubtful);
  void record_days_read(bool doubtful);

  PgSession& session_;
  pqxx::transaction_base& tx_;
  SliceClose const& slice_;
  RunWrites& writes_;
  bool const has_quarantine_;  // when the slice ended
  PassState pass_;
  bool whole_stream_ = false;
  SliceScope within_;
  std::optional<std::string> items_;
  Scope days_;   // the live rows of the slice's days
  Scope asked_;  // of these, the ones that the slice asked for and can miss
  std::optional<FileRows> files_;
  LeftRows left_;
  Missed missed_;
  Unseen unseen_;
  bool by_new_keys_ = false;  // those under the keys of before are not in the broker's count
  bool all_there_ = false;    // the slice has seen exactly the rows that are stored
  SliceClosed closed_;
};

SliceClosed Closing::close() {
  find_scopes();
  count();
  find_missing();
  if (slice_.read_once && (!unseen_.keys.empty() || (slice_.has_equal_rows && has_new_rows()))) {
    closed_.read_again = true;
    return closed_;
  }
  compare_totals();
  bool const doubtful = is_doubtful();
  closed_.doubtful = doubtful;
  bool const replaces = slice_.mark_vanished && !doubtful;
  closed_.of_file = files_->remarks(tx_, replaces);
  files_->note(tx_, replaces, unseen_.too_many ? unseen_.shrinks : 0);
  replace_unseen(doubtful);
  if (missed_.noted || closed_.replaced > 0) crash_point(CrashPoint::slice_marked);
  record_days_read(doubtful);
  writes_.counted = whole_stream_;
  record_slice(tx_, slice_, pass_, whole_stream_ ? std::optional(closed_.live) : std::nullopt);
  return closed_;
}

void Closing::find_scopes() {
  within_.table = slice_.table;
  within_.column = slice_.scope_column;
  within_.from = slice_.from;
  within_.to = slice_.last_of_rows ? slice_.last_of_rows : slice_.to;
  whole_stream_ = slice_.scope_column.empty() || (!slice_.from && !slice_.to);
  days_ = live_rows_of(slice_.run.id, within_);
  if (slice_.items) items_ = asked_items(tx_, slice_.run.id, *slice_.items);
  asked_ = asked_rows_of(slice_, within_, items_);
}

void Closing::count() {
  if (!whole_stream_) tx_.exec(by_index_only);
  std::optional<std::int64_t> known_rows;
  if (whole_stream_ || slice_.seen_within) known_rows = writes_.known.count(within_);
  writes_.known.forget();
  closed_.live = known_rows ? *known_rows : count_rows(tx_, slice_, days_);
  if (!slice_.expect_live) return;
  // Rows that a complete sweep of this pass missed are not in the broker's count either.
  auto const sure = slice_.items ? count_rows(tx_, slice_, asked_) : closed_.live;
  auto const missing =
      *slice_.expect_live - sure + (pass_.missed > 0 ? noted_in(tx_, slice_, asked_, pass_) : 0);
  by_new_keys_ = missing < 0 && are_there_by_new_keys();
  closed_.live_as_expected =
      missing == 0 || by_new_keys_ ||
      (missing > 0 && has_quarantine_ && missing <= quarantined_in_pass(tx_, slice_, pass_, false));
}

// Rows of before the keys were made in another way stand beside those that have come in their place
// until the pass ends, and the broker counts each once.
bool Closing::are_there_by_new_keys() {
  if (!pass_.rekeyed_after || pass_.pass_run_id <= *pass_.rekeyed_after) return false;
  auto since = asked_;
  leave_out_old_keys(since);
  return count_rows(tx_, slice_, since) == *slice_.expect_live;
}

void Closing::leave_out_old_keys(Scope& scope) {
  scope.params.push_back(std::to_string(*pass_.rekeyed_after));
  scope.condition += " AND t.run_id > $" + std::to_string(scope.params.size()) + "::bigint";
}

void Closing::find_missing() {
  // Pages have noted them already, unless a row went its way after its page.
  if (!slice_.replaces) left_ = note_left_rows(tx_, slice_.run, slice_.left_out, pass_);
  pass_.missed += left_.news;
  // Every row seen is stored, so equal counts mean equal sets. This does not hold if rows were
  // quarantined, or lie outside the slice that they were listed for.
  all_there_ = slice_.mark_vanished && slice_.proof != CountProof::nothing && !has_quarantine_ &&
               (whole_stream_ || slice_.seen_within) &&
               closed_.live == static_cast<std::int64_t>(slice_.seen_keys.size());
  files_.emplace(tx_, slice_);
  if (slice_.table->keeps_records()) find_missing_records();
}

void Closing::find_missing_records() {
  pass_.missed = std::max<std::int64_t>(
      0, pass_.missed - forget_seen(tx_, slice_, days_, pass_, whole_stream_));
  if (slice_.replaces && slice_.mark_vanished) {
    unseen_ = find_unseen(tx_, slice_, asked_, days_, pass_, *files_);
    missed_.kept = unseen_.aged;
    missed_.oldest = unseen_.has_oldest ? unseen_.oldest : oldest_seen(tx_, slice_, days_, pass_);
  } else if (all_there_) {
    if (!whole_stream_) missed_.oldest = oldest_seen(tx_, slice_, days_, pass_);
  } else if (slice_.mark_vanished) {
    missed_ = note_missed(tx_, slice_, asked_, pass_, whole_stream_, most_noted(slice_, pass_));
  } else if (!slice_.seen_keys.empty() && slice_.from) {
    // The broker lists rows of this slice, whichever slices were read before.
    missed_.oldest = TimePoint(*slice_.from);
  }
  // Rows beside its days are of the list that was asked for too: it reaches that far.
  if (!missed_.oldest && !slice_.listed_beside.empty() && slice_.from) {
    missed_.oldest = TimePoint(*slice_.from);
  }
  if (missed_.oldest) {
    pass_.oldest = std::min(pass_.oldest.value_or(*missed_.oldest), *missed_.oldest);
  }
  closed_.missed = left_.rows + missed_.missed;
  closed_.kept = missed_.kept;
  pass_.missed += missed_.missed;
  pass_.kept += missed_.kept;
}

bool Closing::has_new_rows() {
  auto scope = days_;
  scope.params.push_back(std::to_string(pass_.pass_run_id));
  auto const run = "$" + std::to_string(scope.params.size()) + "::bigint";
  return exec(tx_,
              "SELECT EXISTS (SELECT FROM " + merge_sql_for(*slice_.table).table + " t WHERE " +
                  scope.condition + " AND t.run_id >= " + run + " AND (t.revision = 1 OR " +
                  is_back_sql(*slice_.table, run) + "))",
              scope.params)[0][0]
      .as<bool>();
}

void Closing::compare_totals() {
  if (slice_.totals.empty()) return;
  // If the broker lists none of the stored rows of a window, and nothing older either, it has
  // forgotten the window, and its totals are not comparable with our rows.
  bool const forgotten = missed_.kept > 0 && slice_.seen_keys.empty() && !pass_.oldest;
  auto sighted = days_;
  // But not the days that every list shows.
  if (!forgotten || limit_to_listed(tx_, slice_, sighted)) {
    compare_each_with(std::move(sighted), forgotten);
  }
}

void Closing::compare_each_with(Scope sighted, bool forgotten) {
  if (by_new_keys_) leave_out_old_keys(sighted);
  if (items_) sighted.condition += " AND " + asked_items_sql(*items_, sighted.params);
  if (slice_.shared && (slice_.shared->without_last_day || !slice_.shared->time_column.empty())) {
    leave_out(unseen_in(tx_, slice_, later_rows_of(slice_, within_)), sighted);
  }
  // Include rows that an earlier run of this pass recorded.
  bool const any_noted = missed_.noted || left_.rows > 0 || pass_.missed > 0 || pass_.kept > 0;
  std::optional<std::int64_t> count;
  if (slice_.replaces) {
    leave_out(unseen_.kept, sighted);
    // A file's own sums are of its own rows, whatever stays.
    if (!unseen_.too_many || !slice_.file.empty()) leave_out(unseen_.keys, sighted);
  } else if (!slice_.file.empty()) {
    keep_seen(tx_, slice_, sighted);
  } else if (all_there_) {
    count = closed_.live;
  } else {
    auto const hidden = out_of_sight_sql(slice_, pass_, any_noted, sighted.params);
    if (hidden != "false") sighted.condition += " AND NOT (" + hidden + ")";
  }
  auto const known = has_quarantine_ ? quarantined_in_pass(tx_, slice_, pass_, true) : 0;
  for (auto const& total : slice_.totals) {
    // Of these rows alone only nothing can be said: the total is one of all.
    if (forgotten && !is_zero(total.broker_value)) continue;
    auto difference = compare_total(tx_, slice_, sighted, total, known, count);
    if (difference) closed_.unmatched.push_back(std::move(*difference));
  }
}

bool Closing::is_doubtful() const {
  bool const has_quarantined = slice_.has_quarantined || (slice_.resumed && has_quarantine_ &&
                                                          has_unsettled_before(tx_, slice_, pass_));
  return slice_.in_doubt || has_quarantined || !closed_.live_as_expected ||
         (slice_.differences_doubt && !closed_.unmatched.empty()) || unseen_.too_many;
}

void Closing::replace_unseen(bool doubtful) {
  if (unseen_.too_many) {
    closed_.would_replace = unseen_.shrinks;
    closed_.of_rows = unseen_.live;
  } else if (!doubtful && !unseen_.keys.empty()) {
    closed_.replaced = replace(session_, tx_, slice_, unseen_, asked_, pass_);
    closed_.live -= closed_.replaced;
    pass_.missed += unseen_.shrinks;
  }
}

void Closing::record_days_read(bool doubtful) {
  if (!slice_.covers_days || !slice_.from || !slice_.to) return;
  DaySpan const days{*slice_.from, *slice_.to};
  auto const oldest = day_of(pass_.oldest);
  if (!is_beside_api(slice_.input)) {
    auto const state = doubtful ? DayState::doubtful : DayState::proven;
    record_days(tx_, slice_.run, days, state, oldest, slice_.now);
  } else if (!doubtful) {
    record_found_days(tx_, slice_.run, days, oldest, slice_.now);
  }
}

}  // namespace

SliceCloser::SliceCloser(SliceClose const& slice, RunWrites& writes)
    : slice_(slice), writes_(writes), fenced_(writes) {}

SliceClosed SliceCloser::close(PgSession& session) {
  Transaction tx(session);
  auto const state = enter_fence(tx, slice_.run);
  if (fenced_.already_done(state)) return result_;
  crash_point(CrashPoint::slice_entered);
  result_ = Closing(session, tx, slice_, writes_, state).close();
  if (result_.read_again) return result_;  // and nothing of it is kept
  crash_point(CrashPoint::slice_noted);
  tx.commit();
  crash_point(CrashPoint::slice_committed);
  fenced_.committed(state);
  return result_;
}

}  // namespace affsync::schema
