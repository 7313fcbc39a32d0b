#include "connectors/engine/paging/window.hpp"

#include <algorithm>

#include "connectors/engine/values/times.hpp"

namespace affsync::engine {

using std::chrono::days;

Day today_in(std::string const& zone, TimePoint now) {
  return Zone(zone).day_of(now);
}

Coverage trusted(Coverage const& coverage, Day today) {
  if (!coverage.from || !coverage.to || *coverage.from > *coverage.to) return {};
  // Clocks that differ a little can be one day ahead around midnight.
  if (*coverage.to > today + days(1)) return {};
  if (*coverage.from > today) return {};
  return Coverage{coverage.from, std::min(*coverage.to, today)};
}

std::optional<Day> oldest_kept(std::optional<int> keeps_days, Day today) {
  if (!keeps_days || *keeps_days >= keeps_forever) return std::nullopt;
  return today - days(*keeps_days) + days(1);
}

Day lookback_from(WindowSpec const& spec, Day last) {
  // The last day was not over when it was read.
  return last - days(std::max(spec.lookback_days, 1)) + days(1);
}

Slice pass_window(WindowSpec const& spec, ReaderStart const& start, Coverage const& done, Day today,
                  std::optional<Day> oldest) {
  auto const first = oldest ? std::max(spec.start, *oldest) : spec.start;
  Slice pass{first, today};
  bool const start_is_covered = done.from && *done.from <= first;
  // Days up to a given one are wanted, not those that a pass would read by itself.
  bool const by_itself = start.mode == ReadMode::incremental && !start.until;
  if (by_itself && start_is_covered) {
    pass.from = std::max(first, lookback_from(spec, *done.to));
  }
  if (start.since) pass.from = oldest ? std::max(*start.since, *oldest) : *start.since;
  if (start.until) pass.to = std::min(*start.until, today);
  return pass;
}

std::optional<DaySpan> unreachable(Coverage const& done, Slice const& pass) {
  if (!done.to || !pass.from || *pass.from <= *done.to + days(1)) return std::nullopt;
  return DaySpan{*done.to + days(1), *pass.from - days(1)};
}

std::optional<DaySpan> beyond(Coverage const& done, DaySpan span) {
  if (done.from && done.to && *done.from <= span.from && *done.to >= span.from) {
    span.from = *done.to + days(1);
  }
  if (span.from > span.to) return std::nullopt;
  return span;
}

std::vector<Slice> slices_again(std::vector<DaySpan> const& again, WindowSpec const& spec,
                                Slice const& pass, std::optional<Day> oldest,
                                std::vector<DaySpan>& lost) {
  constexpr std::size_t most = 4;
  std::vector<Slice> slices;
  for (auto span : again) {
    span.from = std::max(span.from, spec.start);
    span.to = std::min(span.to, *pass.from - days(1));
    if (oldest && span.from < *oldest) {
      auto const until = std::min(span.to, *oldest - days(1));
      if (span.from <= until) lost.push_back(DaySpan{span.from, until});
      span.from = *oldest;
    }
    if (spec.by_month()) span.from = begin_of_month(span.from);
    if (span.from > span.to) continue;
    Slice const rest{span.from, span.to};
    for (auto next = slice_from(spec, span.from, rest, spec.span_days);
         next && slices.size() < most;
         next = slice_from(spec, *next->to + days(1), rest, spec.span_days)) {
      slices.push_back(*next);
    }
  }
  return slices;
}

Slice changes_window(WindowSpec const& spec, ReaderStart const& start, Coverage const& done,
                     Day today) {
  if (!start.since && !done.to) return {};
  Slice pass;
  pass.from = start.since ? *start.since : *done.to - days(spec.lookback_days);
  pass.to = start.until ? std::min(*start.until, today) : today;
  return pass;
}

Coverage extended(Coverage const& done, Slice const& slice, Day start) {
  Coverage const added{slice.from, slice.to};
  if (!added.from || !added.to || *added.from > *added.to) return done;
  if (!done.from || !done.to) return added;
  bool const touches = *added.from <= *done.to + days(1) && *added.to + days(1) >= *done.from;
  if (touches) {
    return Coverage{std::min(*done.from, *added.from), std::max(*done.to, *added.to)};
  }
  return *added.from <= start && *done.from > start ? added : done;
}

Day begin_of_month(Day day) {
  std::chrono::year_month_day const date(day);
  return date.year() / date.month() / 1;
}

Day end_of_month(Day day) {
  std::chrono::year_month_day const date(day);
  return date.year() / date.month() / std::chrono::last;
}

std::optional<Slice> slice_from(WindowSpec const& spec, Day from, Slice const& pass,
                                int span_days) {
  if (spec.by_month()) span_days = static_cast<int>((end_of_month(from) - from).count()) + 1;
  return slice_from(from, pass, span_days);
}

std::optional<Slice> slice_from(Day from, Slice const& pass, int span_days) {
  if (from > *pass.to) return std::nullopt;
  return Slice{from, std::min(*pass.to, from + days(std::max(span_days, 1) - 1))};
}

std::optional<Slice> first_half(Slice const& slice) {
  if (!slice.from || !slice.to || *slice.from >= *slice.to) return std::nullopt;
  auto const length = (*slice.to - *slice.from).count() + 1;
  return Slice{slice.from, *slice.from + days(length / 2 - 1)};
}

}  // namespace affsync::engine
