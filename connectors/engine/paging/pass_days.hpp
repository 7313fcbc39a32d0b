// The days of a pass, slice by slice: first the pass itself from its oldest day on, then the days
// in doubt that are read again. Also decides what to do about refused days. Without windows there
// is one slice without days.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "connectors/engine/paging/age_probe.hpp"
#include "connectors/engine/paging/checkpoint.hpp"
#include "connectors/engine/paging/window.hpp"
#include "connectors/engine/plan/stream_plan.hpp"

namespace affsync::engine {

class PassDays {
 public:
  // Resumes the interrupted pass of `earlier` if possible; if not, begins a new pass.
  PassDays(StreamPlan const& plan, ReaderStart const& start,
           std::optional<Checkpoint> const& earlier);

  std::optional<Slice> const& slice() const { return slice_; }  // nullopt: the pass has ended
  Slice const& pass() const { return pass_; }  // first and last day; empty without windows
  bool full() const { return full_; }          // started as a full pass
  // An interrupted pass cannot go on at its place. Rows that it has stored are known now, though
  // what follows them was never read: so a list with `until_known` does not end at known rows.
  void read_on() { reads_on_ = true; }
  bool reads_on() const { return reads_on_; }
  bool covers_everything() const;
  // True if nothing after the days that were read before the pass is left unread once it has ended:
  // not so for chosen days of the past, and for chosen days behind a gap.
  bool reaches_last_day() const;
  bool resumes() const { return resumes_; }
  Day today() const { return today_; }  // in the zone of the windows
  // The days select what happened in them, not what was changed in them.
  bool of_history() const { return spec_.window && !spec_.window->changes; }
  // Days that were read before the pass began, without a gap.
  std::optional<DaySpan> covered() const;
  // True if no pass before this one has read any day of the current slice, and none after it reads
  // them again: they are older than what each pass does.
  bool is_first_of_past() const;
  // True if earlier passes have read the current slice, none of its days in doubt, except days that
  // the next pass reads again.
  bool is_known() const;
  // True if the pass goes on with the day after the current slice.
  bool goes_on() const;
  // Makes the checkpoint one that says nothing of what this pass has read.
  void forget_progress(Checkpoint& checkpoint) const;
  // Days that were never read and that the broker no longer gives: known at the start, or found
  // since the last take_lost().
  std::vector<DaySpan> const& lost() const { return lost_; }
  std::vector<DaySpan> take_lost();
  std::optional<Day> keeps_from() const;

  // Ends the current slice, which was read completely. `rows`: how many it had.
  void end_slice(bool in_doubt, std::int64_t rows);

  // Returns the slices after the current one whose days are known already: up to `most`, or those
  // that were returned before if these are more. The pass keeps to them, so they may be requested
  // ahead. `rows` of the current slice so far; nullopt before its first page.
  std::vector<Slice> const& plan_ahead(std::size_t most, std::optional<std::int64_t> rows);

  // Handles a refusal of the current slice. `begun`: the broker had already given a page of it.
  // Returns true if there is something else to request: the slice has changed, or is_probing().
  bool on_refusal(Error const& error, bool begun);
  // True while the reason of a refusal is being probed. Then asked() returns the days to request,
  // and an answer only shows that they are given; its rows are not used.
  bool is_probing() const { return probe_.has_value(); }
  void on_probe_given();
  Slice asked() const;

  // Returns the position in the pass, as far as it consists of days.
  Checkpoint checkpoint(TimePoint now) const;

 private:
  void forget_before_start(std::vector<DaySpan> const& again);
  bool try_resume(PassPlace const& place, ReaderStart const& start);
  void begin(ReaderStart const& start);
  void begin_history(ReaderStart const& start);
  // True for days in doubt, which come after the pass itself.
  bool is_again() const { return of_history() && *slice_->to < *pass_.from; }
  void take_again();
  void next_of_history(Slice const& ended, std::int64_t rows);
  void end_history();
  // What a checkpoint with this coverage has to say beside it.
  std::optional<Day> reread_from(Coverage const& done, std::optional<Day> due) const;
  void next_of_changes(Slice const& ended);
  int shortest_span() const { return std::min(span_limit_, spec_.window->span_days); }
  // True if a slice without rows makes the next one longer.
  bool spans_grow() const;
  bool halve();
  bool on_too_old();
  // Applies the result of the probe; false if the refusal has another reason.
  bool follow_probe();

  StreamSpec const& spec_;
  std::optional<Day> since_, until_;
  Day today_{};
  Day last_{};          // the last day that can be read: today, or earlier if data come late
  Day began_{};         // the day on which the pass began
  int span_days_ = 0;   // length of the next slice
  int span_limit_ = 0;  // a longer one was refused
  bool full_ = false;
  bool resumes_ = false;
  bool doubted_ = false;  // a slice of this pass was in doubt
  bool reads_on_ = false;
  Slice pass_;
  std::optional<Slice> slice_;
  std::vector<Slice> planned_;     // the slices after the current one, as far as plan_ahead() went
  bool last_had_rows_ = false;     // the slice before the current one
  std::vector<Slice> again_;       // days in doubt, to read after the pass
  std::vector<DaySpan> doubtful_;  // days in doubt when the pass began
  Coverage done_, done_before_;
  std::optional<Day> due_, due_before_;  // the first day that the next pass has to read again
  std::optional<Day> oldest_;            // oldest day that the broker shows
  std::optional<int> gives_days_;  // how many days back the broker gave data when this was probed
  std::vector<DaySpan> lost_;
  std::optional<AgeProbe> probe_;
};

}  // namespace affsync::engine
