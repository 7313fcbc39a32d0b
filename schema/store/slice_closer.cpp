#include "schema/store/slice_closer.hpp"

#include <algorithm>
#include <limits>

#include "schema/store/absence.hpp"
#include "schema/store/coverage.hpp"
#include "schema/store/crash_point.hpp"
#include "schema/store/file_rows.hpp"
#include "schema/store/left_rows.hpp"
#include "schema/store/merge_sql.hpp"
#include "schema/store/replacing.hpp"
#include "schema/store/row_items.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

std::int64_t count_live(pqxx::transaction_base& tx, SliceClose const& slice, Scope const& scope) {
  auto const& sql = merge_sql_for(*slice.table);
  auto const text = "SELECT count(*) FROM " + sql.table + " t WHERE " + scope.condition;
  return int_of(exec(tx, text, scope.params)[0][0]);
}

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
  return count_live(tx, slice, scope);
}

bool is_zero(std::string_view number) {
  return number.substr(0, number.find_first_of("eE")).find_first_of("123456789") ==
         std::string_view::npos;
}

// Limits the scope to rows so young that every list shows them, without the last day of the slice:
// its last moment may come with the next one. Returns whether it has any.
bool limit_to_listed(pqxx::transaction_base& tx, SliceClose const& slice, Scope& scope) {
  auto const age = age_sql(*slice.table, !slice.scope_column.empty());
  if (slice.keeps_from || slice.replaces || !slice.file.empty() || age.earliest.empty())
    return false;
  auto const next = [&](TimePoint time) {
    scope.params.emplace_back(sql_time(time));
    return " $" + std::to_string(scope.params.size()) + "::timestamptz";
  };
  scope.condition += " AND " + age.earliest + " >" + next(slice.now - always_listed);
  if (slice.to) scope.condition += " AND " + age.latest + " <" + next(TimePoint(*slice.to));
  return count_live(tx, slice, scope) > 0;
}

// Compares as numeric, so that no digit is lost. `known`: quarantined rows that the broker counts
// and a user has accepted. `count`: the rows of the scope, if they are counted already.
void compare_total(pqxx::transaction_base& tx, SliceClose const& slice, Scope const& scope,
                   TotalToCompare const& total, std::int64_t known,
                   std::optional<std::int64_t> count, SliceClosed& closed) {
  auto const& sql = merge_sql_for(*slice.table);
  auto const ours = total.column.empty()
                        ? std::string("count(*)::numeric")
                        : "coalesce(sum(" + known_column(*slice.table, total.column) + "), 0)";
  bool const counted = total.column.empty() && count && slice.listed_beside.empty();
  auto params = scope.params;
  if (counted) params.resize(2);  // source and stream; what is not used has no type
  auto next = [&](std::optional<std::string> value) {
    params.push_back(std::move(value));
    return "$" + std::to_string(params.size());
  };
  auto const run = next(std::to_string(slice.run.run_id));
  auto const metric = next(total.metric);
  auto const from = next(sql_day(slice.from));
  auto const to = next(sql_day(slice.to));
  auto const broker = next(total.broker_value);
  auto const tolerance = next(total.tolerance.empty() ? "0" : total.tolerance);
  auto const left_out = next(std::to_string(total.column.empty() ? known : 0));
  auto const now = next(sql_time(slice.now));
  std::string condition = scope.condition;
  std::string value;
  if (counted) {
    value = "SELECT " + next(std::to_string(*count)) + "::numeric AS value";
  }
  if (!slice.listed_beside.empty()) {
    ArrayText keys;
    for (auto const& key : slice.listed_beside) keys.add(key);
    condition = "((" + condition + ") OR (t.source_id = $1::int AND t.stream = $2 AND";
    if (slice.table->keeps_records()) condition += " t.deleted_at IS NULL AND";
    condition += " t.external_id = ANY (" + next(keys.take()) + "::text[])))";
  }
  if (value.empty()) {
    value = "SELECT " + ours + " AS value FROM " + sql.table + " t WHERE " + condition;
  }
  auto const row = exec(
      tx,
      "INSERT INTO affsync.reconciliation (source_id, run_id, stream, metric, window_from,"
      " window_to, broker_value, our_value, difference, matched, compared_at)"
      " SELECT $1::int, " +
          run + "::bigint, $2, " + metric + ", " + from + "::date, " + to + "::date, " + broker +
          "::numeric, o.value, o.value - " + broker + "::numeric, o.value - " + broker +
          "::numeric BETWEEN -" + tolerance + "::numeric - " + left_out + "::numeric AND " +
          tolerance + "::numeric, " + now + "::timestamptz FROM (" + value +
          ") o RETURNING matched, metric, broker_value::text, our_value::text, difference::text",
      params)[0];
  if (row[0].as<bool>()) return;
  SliceClosed::Difference difference;
  difference.metric = row[1].c_str();
  difference.broker_value = row[2].c_str();
  difference.our_value = row[3].c_str();
  difference.difference = row[4].c_str();
  closed.unmatched.push_back(std::move(difference));
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
  if (slice.mass_drop_limit >= 1 || pass.rekeyed_after || pass.recut_after)
    return std::numeric_limits<std::int64_t>::max();
  auto const part =
      slice.mass_drop_limit * static_cast<double>(std::max<std::int64_t>(0, pass.live_rows));
  return at_least + static_cast<std::int64_t>(part);
}

std::optional<Day> day_of(std::optional<TimePoint> time) {
  if (!time) return std::nullopt;
  return std::chrono::floor<std::chrono::days>(*time);
}

}  // namespace

SliceCloser::SliceCloser(SliceClose const& slice, RunWrites& writes)
    : slice_(slice), writes_(writes), fenced_(writes) {}

SliceClosed SliceCloser::close(PgSession& session) {
  Transaction tx(session);
  auto const state = enter_fence(tx, slice_.run);
  if (fenced_.already_done(state)) return result_;
  crash_point(CrashPoint::slice_entered);
  SliceClosed closed;
  SliceScope within;
  within.table = slice_.table;
  within.column = slice_.scope_column;
  within.from = slice_.from;
  within.to = slice_.last_of_rows ? slice_.last_of_rows : slice_.to;
  auto const scope = live_rows_of(slice_.run.id, within);
  std::optional<std::string> items;
  if (slice_.items) items = asked_items(tx, slice_.run.id, *slice_.items);
  auto const asked = asked_rows_of(slice_, within, items);
  auto pass = state.pass;
  bool const whole_stream = slice_.scope_column.empty() || (!slice_.from && !slice_.to);
  if (!whole_stream) tx.exec(by_index_only);
  std::optional<std::int64_t> known_rows;
  if (whole_stream || slice_.seen_within) known_rows = writes_.known.count(within);
  writes_.known.forget();
  closed.live = known_rows ? *known_rows : count_live(tx, slice_, scope);
  if (slice_.expect_live) {
    // Rows that a complete sweep of this pass missed are not in the broker's count either.
    auto const sure = slice_.items ? count_live(tx, slice_, asked) : closed.live;
    auto const missing =
        *slice_.expect_live - sure + (pass.missed > 0 ? noted_in(tx, slice_, asked, pass) : 0);
    closed.live_as_expected =
        missing == 0 || (missing > 0 && state.has_quarantine &&
                         missing <= quarantined_in_pass(tx, slice_, pass, false));
  }
  Missed missed;
  Unseen unseen;
  // Pages have noted them already, unless a row went its way after its page.
  LeftRows left;
  if (!slice_.replaces) left = note_left_rows(tx, slice_.run, slice_.left_out, pass);
  pass.missed += left.news;
  // Every row seen is stored, so equal counts mean equal sets. This does not hold if rows were
  // quarantined, or lie outside the slice that they were listed for.
  auto const all_there = slice_.mark_vanished && slice_.verified && !state.has_quarantine &&
                         (whole_stream || slice_.seen_within) &&
                         closed.live == static_cast<std::int64_t>(slice_.seen_keys.size());
  FileRows files(tx, slice_);
  if (slice_.table->keeps_records()) {
    pass.missed = std::max<std::int64_t>(0, pass.missed - forget_seen(tx, slice_, pass));
    if (slice_.replaces && slice_.mark_vanished) {
      unseen = find_unseen(tx, slice_, asked, scope, pass, files);
      missed.kept = unseen.aged;
      missed.oldest = unseen.has_oldest ? unseen.oldest : oldest_seen(tx, slice_, scope, pass);
    } else if (all_there) {
      if (!whole_stream) missed.oldest = oldest_seen(tx, slice_, scope, pass);
    } else if (slice_.mark_vanished) {
      missed = note_missed(tx, slice_, asked, pass, whole_stream, most_noted(slice_, pass));
    } else if (!slice_.seen_keys.empty() && slice_.from) {
      // The broker lists rows of this slice, whichever slices were read before.
      missed.oldest = TimePoint(*slice_.from);
    }
    // Rows beside its days are of the list that was asked for too: it reaches that far.
    if (!missed.oldest && !slice_.listed_beside.empty() && slice_.from) {
      missed.oldest = TimePoint(*slice_.from);
    }
    if (missed.oldest) pass.oldest = std::min(pass.oldest.value_or(*missed.oldest), *missed.oldest);
    closed.missed = left.rows + missed.missed;
    closed.kept = missed.kept;
    pass.missed += missed.missed;
    pass.kept += missed.kept;
  }
  // If the broker lists none of the stored rows of a window, and nothing older either, it has
  // forgotten the window, and its totals are not comparable with our rows.
  bool const forgotten = missed.kept > 0 && slice_.seen_keys.empty() && !pass.oldest;
  auto sighted = scope;
  // But not the days that every list shows.
  bool const comparable =
      !forgotten || (!slice_.totals.empty() && limit_to_listed(tx, slice_, sighted));
  if (comparable && !slice_.totals.empty()) {
    if (items) sighted.condition += " AND " + asked_items_sql(*items, sighted.params);
    if (slice_.shared && (slice_.shared->without_last_day || !slice_.shared->time_column.empty())) {
      leave_out(unseen_in(tx, slice_, later_rows_of(slice_, within)), sighted);
    }
    // Include rows that an earlier run of this pass recorded.
    bool const any_noted = missed.noted || left.rows > 0 || pass.missed > 0 || pass.kept > 0;
    std::optional<std::int64_t> count;
    if (slice_.replaces) {
      leave_out(unseen.kept, sighted);
      // A file's own sums are of its own rows, whatever stays.
      if (!unseen.too_many || !slice_.file.empty()) leave_out(unseen.keys, sighted);
    } else if (!slice_.file.empty()) {
      keep_seen(tx, slice_, sighted);
    } else if (all_there) {
      count = closed.live;
    } else {
      auto const hidden = out_of_sight_sql(slice_, pass, any_noted, sighted.params);
      if (hidden != "false") sighted.condition += " AND NOT (" + hidden + ")";
    }
    auto const known = state.has_quarantine ? quarantined_in_pass(tx, slice_, pass, true) : 0;
    for (auto const& total : slice_.totals) {
      // Of these rows alone only nothing can be said: the total is one of all.
      if (forgotten && !is_zero(total.broker_value)) continue;
      compare_total(tx, slice_, sighted, total, known, count, closed);
    }
  }
  bool const has_quarantined = slice_.has_quarantined || (slice_.resumed && state.has_quarantine &&
                                                          has_unsettled_before(tx, slice_, pass));
  bool const doubtful = slice_.in_doubt || has_quarantined || !closed.live_as_expected ||
                        (slice_.differences_doubt && !closed.unmatched.empty()) || unseen.too_many;
  closed.doubtful = doubtful;
  closed.of_file = files.remarks(tx);
  files.note(tx, slice_.mark_vanished && !doubtful);
  if (unseen.too_many) {
    closed.would_replace = unseen.shrinks;
    closed.of_rows = unseen.live;
  } else if (!doubtful && !unseen.keys.empty()) {
    closed.replaced = replace(tx, slice_, unseen, asked, pass);
    closed.live -= closed.replaced;
    pass.missed += unseen.shrinks;
  }
  if (missed.noted || closed.replaced > 0) crash_point(CrashPoint::slice_marked);
  if (slice_.covers_days && slice_.from && slice_.to && slice_.beside_api) {
    if (!doubtful) {
      record_found_days(tx, slice_.run, DaySpan{*slice_.from, *slice_.to}, day_of(pass.oldest),
                        slice_.now);
    }
  } else if (slice_.covers_days && slice_.from && slice_.to) {
    record_days(tx, slice_.run, DaySpan{*slice_.from, *slice_.to},
                doubtful ? DayState::doubtful : DayState::proven, day_of(pass.oldest), slice_.now);
  }
  writes_.counted = whole_stream;
  record_slice(tx, slice_, pass, whole_stream ? std::optional(closed.live) : std::nullopt);
  result_ = closed;
  crash_point(CrashPoint::slice_noted);
  tx.commit();
  crash_point(CrashPoint::slice_committed);
  fenced_.committed(state);
  return closed;
}

}  // namespace affsync::schema
