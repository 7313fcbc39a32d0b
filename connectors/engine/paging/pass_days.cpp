#include "connectors/engine/paging/pass_days.hpp"

#include <algorithm>
#include <utility>

namespace affsync::engine {

using std::chrono::days;

PassDays::PassDays(StreamPlan const& plan, ReaderStart const& start,
                   std::optional<Checkpoint> const& earlier)
    : spec_(plan.spec), since_(start.since), until_(start.until), doubtful_(start.again) {
  today_ = began_ = today_in(spec_.window ? spec_.window->zone : "UTC", start.now);
  last_ = today_ - days(spec_.window ? spec_.window->lag_days : 0);
  oldest_ = oldest_kept(spec_.keeps_days, today_);
  if (spec_.window && spec_.window->start_days) {
    auto const start_day = today_ - days(*spec_.window->start_days);
    oldest_ = oldest_ ? std::max(*oldest_, start_day) : start_day;
  }
  if (spec_.window) span_days_ = span_limit_ = spec_.window->span_days;
  if (earlier) {
    done_ = trusted(earlier->done, today_);
    gives_days_ = earlier->gives_days;
  }
  if (of_history() && !since_ && !until_) forget_before_start(start.again);
  done_before_ = done_;
  if (of_history() && done_.to) {
    due_ = lookback_from(*spec_.window, *done_.to);
    if (earlier->reread_from) due_ = std::min(*due_, *earlier->reread_from);
    due_before_ = due_;
  }
  resumes_ = !start.anew && earlier && earlier->place && try_resume(*earlier->place, start);
  if (!resumes_) {
    begin(start);
    reads_on_ = earlier && earlier->place;
  }
  if (of_history() && pass_.from && !since_ && !until_) {
    again_ = slices_again(start.again, *spec_.window, pass_, oldest_, lost_);
  }
  if (!slice_) take_again();
}

// Days in doubt before the start are let go; should the start be an earlier one again, they are
// read as any others.
void PassDays::forget_before_start(std::vector<DaySpan> const& again) {
  auto const first = spec_.window->start;
  bool const any = std::ranges::any_of(again, [&](DaySpan const& one) { return one.from < first; });
  if (any && done_.from && *done_.from < first && *done_.to >= first) done_.from = first;
}

bool PassDays::try_resume(PassPlace const& place, ReaderStart const& start) {
  if (place.since != since_ || place.until != until_) return false;
  if (start.mode == ReadMode::full && !place.full) return false;
  if (place.began > today_) return false;
  auto pass = place.pass;
  if (place.slice.to) {
    // Rejects a checkpoint of a wrong clock, or of a history with another first day.
    if (*place.slice.to > today_ + days(1)) return false;
    if (!spec_.window->changes) {
      // If the broker keeps a number of days, its first day moves.
      auto const start_day = spec_.window->start;
      auto const first = spec_.window->by_month() ? begin_of_month(start_day) : start_day;
      bool const from_start = oldest_ ? *pass.from >= first : *pass.from == first;
      if (!since_ && (place.full ? !from_start : *pass.from < first)) return false;
      // Days have passed since the interruption: the pass is extended to today, unless it has ended
      // already.
      if (*place.slice.to >= *pass.from) {
        pass.to = std::max(*place.slice.to, until_ ? std::min(*until_, last_) : last_);
      }
    }
  }
  pass_ = pass;
  began_ = place.began;
  full_ = place.full;
  doubted_ = place.doubted;
  reads_on_ = place.reads_on;
  slice_ = place.slice;
  // A month that was interrupted goes on to its end: a slice of its rest would ask for it again.
  if (slice_->to && of_history() && spec_.window->by_month()) {
    slice_->from = begin_of_month(*slice_->from);
    slice_->to = std::min(end_of_month(*slice_->from), *pass_.to);
  }
  return true;
}

void PassDays::begin(ReaderStart const& start) {
  full_ = start.mode == ReadMode::full || !spec_.has_increments();
  if (!spec_.window) {
    full_ = full_ || !done_.to;
    slice_ = Slice{};
  } else if (spec_.window->changes) {
    pass_ = full_ ? Slice{} : changes_window(*spec_.window, start, done_, last_);
    full_ = !pass_.from;
    if (full_ || *pass_.from <= *pass_.to) slice_ = pass_;
  } else {
    begin_history(start);
  }
}

void PassDays::begin_history(ReaderStart const& start) {
  pass_ = pass_window(*spec_.window, start, done_, last_, oldest_);
  if (due_ && !since_) {
    auto const first = oldest_ ? std::max(spec_.window->start, *oldest_) : spec_.window->start;
    pass_.from = std::min(*pass_.from, std::max(*due_, first));
  }
  if (gives_days_ && !full_ && !since_ && done_.to) {
    // As far back as the broker gave days last time, but not later than the day after the covered
    // ones, because it may give more now.
    auto const given = std::min(today_ - days(*gives_days_), *done_.to + days(1));
    pass_.from = std::max(*pass_.from, given);
  }
  auto const gap = since_ ? std::nullopt : unreachable(done_, pass_);
  if (gap) {
    lost_.push_back(*gap);
    done_.to = gap->to;
  }
  if (spec_.window->by_month()) pass_.from = begin_of_month(*pass_.from);
  slice_ = slice_from(*spec_.window, *pass_.from, pass_, span_days_);
  if (!slice_) pass_ = {};
}

bool PassDays::covers_everything() const {
  if (!of_history()) return full_;
  if (!pass_.from || *pass_.to < last_) return false;
  auto const first = oldest_ ? std::max(spec_.window->start, *oldest_) : spec_.window->start;
  return *pass_.from <= first || (resumes_ && full_ && oldest_);
}

bool PassDays::reaches_last_day() const {
  if (!spec_.window || (!since_ && !until_)) return true;
  if (!pass_.from) return full_ && !of_history();  // a list of changes that is read whole
  return *pass_.to >= last_ && (!done_before_.to || *pass_.from <= *done_before_.to + days(1));
}

std::optional<DaySpan> PassDays::covered() const {
  if (!of_history() || !done_before_.from || !done_before_.to) return std::nullopt;
  return DaySpan{*done_before_.from, *done_before_.to};
}

bool PassDays::is_first_of_past() const {
  if (!of_history() || !slice_ || !slice_->to || is_again()) return false;
  auto const before = covered();
  bool const unread = !before || *slice_->from > before->to || *slice_->to < before->from;
  return unread && *slice_->to < lookback_from(*spec_.window, last_);
}

bool PassDays::is_known() const {
  if (!of_history() || !slice_ || !slice_->from || !slice_->to || is_again()) return false;
  auto const before = covered();
  if (!before || *slice_->from < before->from) return false;
  auto const overlaps = [&](DaySpan const& one) {
    return one.from <= *slice_->to && one.to >= *slice_->from;
  };
  if (std::ranges::any_of(doubtful_, overlaps)) return false;
  return *slice_->to <= before->to || lookback_from(*spec_.window, last_) <= before->to + days(1);
}

bool PassDays::goes_on() const {
  if (!of_history() || !slice_ || !slice_->to) return false;
  auto const next = *slice_->to + days(1);
  if (is_again()) return !again_.empty() && again_.front().from == next;
  return next <= *pass_.to;
}

std::vector<DaySpan> PassDays::take_lost() {
  return std::exchange(lost_, {});
}

std::optional<Day> PassDays::keeps_from() const {
  if (!spec_.keeps_days) return std::nullopt;
  return today_ - days(*spec_.keeps_days - 1);
}

void PassDays::take_again() {
  if (again_.empty()) return;
  slice_ = again_.front();
  again_.erase(again_.begin());
}

void PassDays::end_slice(bool in_doubt, std::int64_t rows) {
  auto const ended = *slice_;
  bool const again_ended = is_again();
  doubted_ = doubted_ || in_doubt;
  slice_.reset();
  if (again_ended) {
    take_again();
  } else if (of_history()) {
    next_of_history(ended, rows);
  } else if (spec_.window && ended.to) {
    next_of_changes(ended);
  } else if (spec_.has_increments() && !(since_ || until_)) {
    // An incremental pass would never request what a complete list in doubt has left out.
    if (!doubted_) done_ = Coverage{began_, began_};
    if (doubted_ && !spec_.window) done_ = {};
  }
}

void PassDays::next_of_history(Slice const& ended, std::int64_t rows) {
  done_ = extended(done_, ended, spec_.window->start);
  // Years before the first row are passed in few steps.
  span_days_ = rows == 0 && spans_grow() ? std::min(2 * span_days_, spec_.window->max_span_days)
                                         : shortest_span();
  last_had_rows_ = rows > 0;
  if (!planned_.empty()) {
    slice_ = planned_.front();
    planned_.erase(planned_.begin());
    return;
  }
  slice_ = slice_from(*spec_.window, *ended.to + days(1), pass_, span_days_);
  if (!slice_) end_history();
}

// Values arrive late: what was read on the first day of this pass is read again as of then.
void PassDays::end_history() {
  if (done_.to) {
    auto const read_until = std::min(*done_.to, began_ - days(spec_.window->lag_days));
    auto const usual = lookback_from(*spec_.window, read_until);
    due_ = since_ && due_ && *pass_.from > *due_ ? std::min(usual, *due_) : usual;
  }
  take_again();
}

std::optional<Day> PassDays::reread_from(Coverage const& done, std::optional<Day> due) const {
  bool const says_more = due && done.to && *due < lookback_from(*spec_.window, *done.to);
  return says_more ? due : std::nullopt;
}

void PassDays::forget_progress(Checkpoint& checkpoint) const {
  checkpoint.done = done_before_;
  checkpoint.reread_from = reread_from(done_before_, due_before_);
}

bool PassDays::spans_grow() const {
  auto const& window = *spec_.window;
  return window.max_span_days > window.span_days && span_limit_ >= window.span_days;
}

std::vector<Slice> const& PassDays::plan_ahead(std::size_t most, std::optional<std::int64_t> rows) {
  if (!of_history() || !slice_ || probe_ || is_again()) return planned_;
  bool const has_rows = rows ? *rows > 0 : last_had_rows_;
  if (spans_grow() && !has_rows) return planned_;
  while (planned_.size() < most) {
    auto const& last = planned_.empty() ? *slice_ : planned_.back();
    auto const next = slice_from(*spec_.window, *last.to + days(1), pass_, shortest_span());
    if (!next) break;
    planned_.push_back(*next);
  }
  return planned_;
}

// Reads a window that was too large in several slices. The coverage is extended only after the last
// one, and never moved back.
void PassDays::next_of_changes(Slice const& ended) {
  auto const length = static_cast<int>((*ended.to - *ended.from).count()) + 1;
  slice_ = slice_from(*spec_.window, *ended.to + days(1), pass_, length);
  if (slice_ || since_ || until_ || doubted_) return;
  auto const day = std::min(*ended.to, began_);
  if (!done_.to || *done_.to < day) done_ = Coverage{day, day};
}

bool PassDays::halve() {
  if (spec_.window->by_month()) return false;  // half a month cannot be requested
  auto const half = first_half(*slice_);
  if (!half) return false;
  slice_ = half;
  // What is too large now would also be too large for later slices.
  span_days_ = span_limit_ = static_cast<int>((*half->to - *half->from).count()) + 1;
  return true;
}

bool PassDays::on_refusal(Error const& error, bool begun) {
  planned_.clear();
  bool const refused = error.code == ErrorCode::bad_request;
  bool const too_large = error.code == ErrorCode::window_too_large;
  if (probe_) {
    if (!refused && !too_large) return false;
    probe_->on_refused();
    return follow_probe();
  }
  if (refused && !begun && slice_->from) return on_too_old();
  return too_large && halve();
}

bool PassDays::on_too_old() {
  if (!of_history()) {
    // After a long pause the broker may no longer give the changes of so many days, but it gives
    // the whole list.
    auto const usual = days(spec_.window->lookback_days + 1);
    if (since_ || *slice_->from >= began_ - usual) return false;
    pass_ = {};
    full_ = true;
    slice_ = Slice{};
    return true;
  }
  if (!is_again()) {
    probe_.emplace(*slice_, *pass_.to);
    return follow_probe();
  }
  lost_.push_back(DaySpan{*slice_->from, *slice_->to});
  slice_.reset();
  take_again();
  return true;
}

void PassDays::on_probe_given() {
  probe_->on_given();
  follow_probe();
}

bool PassDays::follow_probe() {
  auto const found = probe_->found();
  if (found == AgeProbe::Found::nothing_yet) return true;
  auto const given_from = probe_->given_from();
  probe_.reset();
  if (found == AgeProbe::Found::too_long) return halve();
  if (found == AgeProbe::Found::refused) return false;
  Slice const refused{slice_->from, given_from - days(1)};
  if (auto const gap = beyond(done_, DaySpan{*refused.from, *refused.to})) lost_.push_back(*gap);
  done_ = extended(done_, refused, spec_.window->start);
  gives_days_ = static_cast<int>((today_ - given_from).count());
  slice_ = slice_from(*spec_.window, given_from, pass_, span_days_);
  return true;
}

Slice PassDays::asked() const {
  return probe_ ? Slice{probe_->day(), probe_->day()} : *slice_;
}

Checkpoint PassDays::checkpoint(TimePoint now) const {
  Checkpoint out;
  out.written_at = now;
  out.done = done_;
  out.reread_from = reread_from(done_, due_);
  out.gives_days = gives_days_;
  if (!slice_) return out;
  PassPlace place;
  place.full = full_;
  place.began = began_;
  place.pass = pass_;
  place.since = since_;
  place.until = until_;
  place.slice = *slice_;
  place.doubted = doubted_;
  place.reads_on = reads_on_;
  out.place = std::move(place);
  return out;
}

}  // namespace affsync::engine
