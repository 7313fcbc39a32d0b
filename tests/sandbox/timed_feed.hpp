// A report whose rows have creation times: those of the seed evenly over the history, later rows
// when they were added. Row numbers grow with the creation time.
#pragma once

#include <vector>

#include "base/error.hpp"
#include "tests/sandbox/clock.hpp"
#include "tests/sandbox/feed.hpp"

namespace affsync::sandbox {

// The days before `end` (a midnight) over which the rows of the seed are spread.
struct History {
  TimePoint end;
  std::chrono::days length;
  std::uint64_t seed;
};

class TimedFeed : public Feed {
 public:
  // `clock` must outlive the feed.
  TimedFeed(std::string name, std::string path, Handle base_rows, History history,
            SandboxClock const& clock);

  // The creation time to the millisecond; distinct for all rows of the seed, and growing with their
  // number.
  TimePoint created(Handle row) const;
  // 0, 1, 2 … in the order of creation.
  std::uint64_t ordinal(Handle row) const {
    return row < first_added ? row : base_rows() + std::uint64_t{row - first_added};
  }
  Handle handle(std::uint64_t ordinal) const {
    return ordinal < base_rows() ? static_cast<Handle>(ordinal)
                                 : static_cast<Handle>(first_added + (ordinal - base_rows()));
  }
  // The number of all rows ever created, including removed ones.
  std::uint64_t total_created() const { return base_rows() + added_.size(); }
  // The number of seed rows created by that time; at least 1.
  std::uint64_t created_by(TimePoint time) const;
  // Adds rows, created a millisecond apart from `when` on.
  std::vector<Handle> add(std::size_t rows, TimePoint when);
  std::optional<Handle> make_like(Handle row) override;

 protected:
  SandboxClock const& clock() const { return clock_; }
  History const& history() const { return history_; }
  std::uint64_t seed() const { return history_.seed; }

 private:
  History history_;
  SandboxClock const& clock_;
  std::uint64_t topic_;
  std::vector<TimePoint> added_;
};

// The creation time of rows added for `day`: now if it is empty, the given time, or noon of a date.
// Errors: usage.
Result<TimePoint> time_of(std::string_view day, SandboxClock const& clock);

// "2026-03-31T10:00:00.123Z", always with three decimals, as JavaScript writes it.
void append_milliseconds(std::string& out, TimePoint time);
std::string milliseconds_text(TimePoint time);

// The first bytes of a text as a number that sorts like the text.
std::uint64_t text_key(std::string_view text);

}  // namespace affsync::sandbox
