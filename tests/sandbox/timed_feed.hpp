// A report whose rows came one after the other: those of the seed evenly over the history, later
// ones when they were added. Row numbers grow in the order of their coming.
#pragma once

#include <vector>

#include "base/error.hpp"
#include "tests/sandbox/clock.hpp"
#include "tests/sandbox/feed.hpp"

namespace affsync::sandbox {

// The days before `end`, a midnight, that the rows of the seed fall into.
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

  // To the millisecond; different for all rows of the seed, and growing with their number.
  TimePoint created(Handle row) const;
  // 0, 1, 2 … in the order of their coming.
  std::uint64_t ordinal(Handle row) const {
    return row < first_added ? row : base_rows() + std::uint64_t{row - first_added};
  }
  Handle handle(std::uint64_t ordinal) const {
    return ordinal < base_rows() ? static_cast<Handle>(ordinal)
                                 : static_cast<Handle>(first_added + (ordinal - base_rows()));
  }
  // All rows that ever came, removed ones too.
  std::uint64_t ever() const { return base_rows() + added_.size(); }
  // How many had come by then, of those of the seed; at least 1.
  std::uint64_t come_by(TimePoint time) const;
  // New rows, created a millisecond apart from `when` on.
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

// When rows of `day` come: now when it is empty, a moment of it, or its noon. Errors: usage.
Result<TimePoint> time_of(std::string_view day, SandboxClock const& clock);

// "2026-03-31T10:00:00.123Z", always with three places, as JavaScript writes it.
void append_milliseconds(std::string& out, TimePoint time);
std::string milliseconds_text(TimePoint time);

// The first bytes of a text as a number that compares as the text does.
std::uint64_t text_key(std::string_view text);

}  // namespace affsync::sandbox
