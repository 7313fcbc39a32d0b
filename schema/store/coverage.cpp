#include "schema/store/coverage.hpp"

#include <pqxx/transaction_base>

#include <algorithm>

namespace affsync::schema {
namespace {

using std::chrono::days;

std::string_view word_of(DayState state) {
  switch (state) {
    case DayState::proven:
      return "proven";
    case DayState::doubtful:
      return "doubtful";
    case DayState::lost:
      return "lost";
  }
  return "";
}

DayState state_of(std::string_view word) {
  if (word == "proven") return DayState::proven;
  return word == "lost" ? DayState::lost : DayState::doubtful;
}

DaySpan span_of(pqxx::row const& row) {
  return DaySpan{*parse_day(row[0].c_str()), *parse_day(row[1].c_str())};
}

// Appends a copy of `like` with other days, unless these are empty.
void add(std::vector<CoverageSpan>& to, CoverageSpan like, Day from, Day until) {
  like.from = from;
  like.to = until;
  if (from <= until) to.push_back(like);
}

std::vector<DaySpan> spans_of(pqxx::result const& rows) {
  std::vector<DaySpan> all;
  for (auto const& row : rows) all.push_back(span_of(row));
  return all;
}

}  // namespace

std::vector<CoverageSpan> with_noted(std::vector<CoverageSpan> const& spans,
                                     CoverageSpan const& noted, std::optional<Day> seen_from) {
  std::vector<CoverageSpan> all;
  std::vector<DaySpan> held;  // days within `noted` that stay lost
  for (auto const& span : spans) {
    if (span.to < noted.from || span.from > noted.to) {
      all.push_back(span);
      continue;
    }
    add(all, span, span.from, noted.from - days(1));
    add(all, span, noted.to + days(1), span.to);
    if (span.state != DayState::lost) continue;
    auto const from = std::max(span.from, noted.from);
    auto to = std::min(span.to, noted.to);
    if (noted.state != DayState::lost && seen_from) to = std::min(to, *seen_from - days(1));
    add(all, span, from, to);
    if (from <= to) held.push_back(DaySpan{from, to});
  }
  auto next = noted.from;
  for (auto const& stays : held) {
    add(all, noted, next, stays.from - days(1));
    next = stays.to + days(1);
  }
  add(all, noted, next, noted.to);
  std::ranges::sort(all, {}, &CoverageSpan::from);

  std::vector<CoverageSpan> merged;
  for (auto const& span : all) {
    bool const same_span = !merged.empty() && merged.back().to + days(1) == span.from &&
                           merged.back().state == span.state;
    // Proven spans merge. Spans in doubt or lost merge only if an earlier run recorded them
    // together.
    bool const grows =
        same_span && (span.state == DayState::proven ||
                      (merged.back().run_id == span.run_id &&
                       merged.back().noted_at == span.noted_at && span.run_id != noted.run_id));
    if (grows) {
      merged.back().to = span.to;
      merged.back().run_id = std::max(merged.back().run_id, span.run_id);
      merged.back().noted_at = std::max(merged.back().noted_at, span.noted_at);
    } else {
      merged.push_back(span);
    }
  }
  return merged;
}

void record_days(pqxx::transaction_base& tx, RunKey const& run, DaySpan span, DayState state,
                 std::optional<Day> seen_from, TimePoint now) {
  auto const source = std::to_string(run.id.source_id);
  SqlParams const near{source, run.id.stream, sql_day(span.from), sql_day(span.to)};
  auto const rows = exec(tx,
                         "SELECT day_from, day_to, state, run_id, " + epoch_sql("noted_at") +
                             " FROM affsync.coverage"
                             " WHERE source_id = $1::int AND stream = $2"
                             " AND day_from <= $4::date + 1 AND day_to >= $3::date - 1"
                             " ORDER BY day_from",
                         near);
  std::vector<CoverageSpan> before;
  for (auto const& row : rows) {
    auto const known = span_of(row);
    before.push_back(CoverageSpan{known.from, known.to, state_of(row[2].c_str()), int_of(row[3]),
                                  time_of(row[4]).value_or(now)});
  }
  CoverageSpan const noted{span.from, span.to, state, run.run_id, now};
  auto const after = with_noted(before, noted, seen_from);
  auto const same = [](CoverageSpan const& a, CoverageSpan const& b) {
    return a.from == b.from && a.to == b.to && a.state == b.state &&
           (a.state == DayState::proven || (a.run_id == b.run_id && a.noted_at == b.noted_at));
  };
  auto const in = [&](std::vector<CoverageSpan> const& spans, CoverageSpan const& wanted) {
    return std::ranges::any_of(spans, [&](auto const& one) { return same(one, wanted); });
  };
  for (auto const& known : before) {
    if (in(after, known)) continue;
    SqlParams const gone{source, run.id.stream, sql_day(known.from)};
    exec(tx,
         "DELETE FROM affsync.coverage"
         " WHERE source_id = $1::int AND stream = $2 AND day_from = $3::date",
         gone);
  }
  for (auto const& line : after) {
    if (in(before, line)) continue;
    SqlParams const params{source,
                           run.id.stream,
                           sql_day(line.from),
                           sql_day(line.to),
                           std::string(word_of(line.state)),
                           std::to_string(line.run_id),
                           sql_time(line.noted_at)};
    exec(tx,
         "INSERT INTO affsync.coverage (source_id, stream, day_from, day_to, state, run_id,"
         " noted_at) VALUES ($1::int, $2, $3::date, $4::date, $5, $6::bigint, $7::timestamptz)",
         params);
  }
}

void record_found_days(pqxx::transaction_base& tx, RunKey const& run, DaySpan span,
                       std::optional<Day> seen_from, TimePoint now) {
  SqlParams const params{std::to_string(run.id.source_id), run.id.stream, sql_day(span.from),
                         sql_day(span.to)};
  auto const lost = spans_of(exec(tx,
                                  "SELECT greatest(day_from, $3::date), least(day_to, $4::date)"
                                  " FROM affsync.coverage WHERE source_id = $1::int"
                                  " AND stream = $2 AND state = 'lost' AND day_from <= $4::date"
                                  " AND day_to >= $3::date ORDER BY day_from",
                                  params));
  for (auto const& days : lost) record_days(tx, run, days, DayState::proven, seen_from, now);
}

void record_days_at_start(pqxx::transaction_base& tx, RunStart const& start, RunKey const& run) {
  if (start.covered) {
    SqlParams const params{std::to_string(run.id.source_id), run.id.stream,
                           sql_day(start.covered->from),     sql_day(start.covered->to),
                           std::to_string(run.run_id),       sql_time(start.started_at)};
    exec(tx,
         "INSERT INTO affsync.coverage (source_id, stream, day_from, day_to, state, run_id,"
         " noted_at) SELECT $1::int, $2, $3::date, $4::date, 'proven', $5::bigint, $6::timestamptz"
         " WHERE NOT EXISTS (SELECT FROM affsync.coverage WHERE source_id = $1::int"
         " AND stream = $2)",
         params);
  }
  for (auto const& span : start.lost) {
    record_days(tx, run, span, DayState::lost, std::nullopt, start.started_at);
  }
}

void forget_doubt_before(pqxx::transaction_base& tx, StreamId const& id, Day first) {
  SqlParams const params{std::to_string(id.source_id), id.stream, sql_day(first)};
  std::string const before =
      " WHERE source_id = $1::int AND stream = $2 AND state = 'doubtful' AND ";
  exec(tx, "DELETE FROM affsync.coverage" + before + "day_to < $3::date", params);
  exec(tx, "UPDATE affsync.coverage SET day_from = $3::date" + before + "day_from < $3::date",
       params);
}

std::vector<DaySpan> doubtful_days(pqxx::transaction_base& tx, StreamId const& id) {
  SqlParams const params{std::to_string(id.source_id), id.stream};
  return spans_of(exec(tx,
                       "SELECT day_from, day_to FROM affsync.coverage"
                       " WHERE source_id = $1::int AND stream = $2 AND state = 'doubtful'"
                       " ORDER BY noted_at, day_from LIMIT 100",
                       params));
}

DaysOfPass days_of_pass(pqxx::transaction_base& tx, StreamId const& id, std::int64_t pass_run_id) {
  SqlParams const params{std::to_string(id.source_id), id.stream, std::to_string(pass_run_id)};
  DaysOfPass found;
  for (auto const& row : exec(tx,
                              "SELECT day_from, day_to, state FROM affsync.coverage"
                              " WHERE source_id = $1::int AND stream = $2"
                              " AND state IN ('lost', 'doubtful') AND run_id >= $3::bigint"
                              " ORDER BY day_from",
                              params)) {
    if (state_of(row[2].c_str()) == DayState::lost) {
      found.lost.push_back(span_of(row));
    } else {
      found.doubtful = true;
    }
  }
  return found;
}

}  // namespace affsync::schema
