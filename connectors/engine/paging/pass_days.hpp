// The days of a pass, slice by slice: the pass itself from its oldest day on, then those days in
// doubt that are asked for once more; what is done about days that are refused. Without windows it
// is one slice without days.
#pragma once

#include <optional>
#include <vector>

#include "connectors/engine/paging/age_probe.hpp"
#include "connectors/engine/paging/checkpoint.hpp"
#include "connectors/engine/paging/window.hpp"
#include "connectors/engine/plan/stream_plan.hpp"

namespace affsync::engine {

class PassDays {
 public:
  // Goes on with the pass that `earlier` was stopped in, if it can, or begins one.
  PassDays(StreamPlan const& plan, ReaderStart const& start,
           std::optional<Checkpoint> const& earlier);

  std::optional<Slice> const& slice() const { return slice_; }  // nullopt: the pass has ended
  Slice const& pass() const { return pass_; }  // its first and last day; empty without windows
  bool full() const { return full_; }          // begun as a pass over everything
  bool covers_everything() const;
  bool resumes() const { return resumes_; }
  Day today() const { return today_; }  // in the zone of the windows
  // The days filter what happened in them, not what was changed.
  bool of_history() const { return spec_.window && !spec_.window->changes; }
  // Days that were read before the pass began, without a gap.
  std::optional<DaySpan> covered() const;
  Coverage const& done_before() const { return done_before_; }
  // Days that can no longer be had, and were never read: known at the begin, or found out since
  // take_lost() was called last.
  std::vector<DaySpan> const& lost() const { return lost_; }
  std::vector<DaySpan> take_lost();
  std::optional<Day> keeps_from() const;

  // The slice at hand was read to its end. `rows`: how many it had.
  void end_slice(bool in_doubt, std::int64_t rows);

  // The broker refused the slice at hand, and `begun` tells whether it had given a page of it. True
  // when there is something else to ask for: the slice has changed, or is_probing().
  bool on_refusal(Error const& error, bool begun);
  // The refusal is being looked into: asked() are the days to ask for, and an answer to it says no
  // more than that it was given.
  bool is_probing() const { return probe_.has_value(); }
  void on_probe_given();
  Slice asked() const;

  // The place in the pass, as far as it is one of days.
  Checkpoint checkpoint(TimePoint now) const;

 private:
  bool try_resume(PassPlace const& place, ReaderStart const& start);
  void begin(ReaderStart const& start);
  void begin_history(ReaderStart const& start);
  // Days in doubt, behind the pass itself.
  bool is_again() const { return of_history() && *slice_->to < *pass_.from; }
  void take_again();
  void next_of_history(Slice const& ended, std::int64_t rows);
  void next_of_changes(Slice const& ended);
  bool halve();
  bool on_too_old();
  // What the probe has found out; false when the refusal has another reason.
  bool follow_probe();

  StreamSpec const& spec_;
  std::optional<Day> since_, until_;
  Day today_{};
  Day began_{};         // the day on which the pass began
  int span_days_ = 0;   // of the next slice
  int span_limit_ = 0;  // a longer one was refused
  bool full_ = false;
  bool resumes_ = false;
  bool doubted_ = false;  // a slice of this pass was in doubt
  Slice pass_;
  std::optional<Slice> slice_;
  std::vector<Slice> again_;  // still to come behind the pass
  Coverage done_, done_before_;
  std::optional<Day> oldest_;      // that the broker shows
  std::optional<int> gives_days_;  // so far back it gave days when it was found out
  std::vector<DaySpan> lost_;
  std::optional<AgeProbe> probe_;
};

}  // namespace affsync::engine
