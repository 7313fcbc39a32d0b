// Computes the creation times of rows.
#include "tests/sandbox/timed_feed.hpp"

#include <algorithm>
#include <numeric>

#include "tests/sandbox/random.hpp"

namespace affsync::sandbox {

using std::chrono::milliseconds;

TimedFeed::TimedFeed(std::string name, std::string path, Handle base_rows, History history,
                     SandboxClock const& clock)
    : Feed(std::move(name), std::move(path), base_rows),
      history_(history),
      clock_(clock),
      topic_(std::accumulate(Feed::name().begin(), Feed::name().end(), std::uint64_t{0})) {}

TimePoint TimedFeed::created(Handle row) const {
  if (row >= first_added) return added_[row - first_added];
  auto const length = milliseconds(history_.length).count();
  auto const rows = std::int64_t{base_rows()};
  auto const begin = length * std::int64_t{row} / rows;
  auto const room = length * (std::int64_t{row} + 1) / rows - begin;
  Noise noise(seed(), topic_, row);
  auto const within = noise.below(static_cast<std::uint32_t>(std::max<std::int64_t>(room, 1)));
  return history_.end - history_.length + milliseconds(begin + within);
}

std::uint64_t TimedFeed::created_by(TimePoint time) const {
  auto const passed =
      std::chrono::floor<milliseconds>(time - (history_.end - history_.length)).count();
  auto const length = milliseconds(history_.length).count();
  auto const come = std::clamp<std::int64_t>(passed, 0, length) * std::int64_t{base_rows()};
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(come / length));
}

std::vector<Handle> TimedFeed::add(std::size_t rows, TimePoint when) {
  std::vector<Handle> made;
  auto const begin = std::chrono::floor<milliseconds>(when);
  for (std::size_t i = 0; i < rows; ++i) {
    made.push_back(handle(total_created()));
    added_.push_back(begin + milliseconds(i));
    insert(made.back());
  }
  return made;
}

std::optional<Handle> TimedFeed::make_like(Handle) {
  added_.push_back(std::chrono::floor<milliseconds>(clock_.now()));
  return handle(total_created() - 1);
}

Result<TimePoint> time_of(std::string_view day, SandboxClock const& clock) {
  if (day.empty()) return clock.now();
  auto const time = parse_instant(day);
  if (!time) return Error(ErrorCode::usage, "'" + std::string(day) + "' is no day");
  return day.size() == 10 ? *time + std::chrono::hours(12) : *time;
}

void append_milliseconds(std::string& out, TimePoint time) {
  auto const day = std::chrono::floor<std::chrono::days>(time);
  auto const rest = std::chrono::floor<milliseconds>(time - day).count();
  out += format_day(day);
  auto const digits = [&](std::int64_t value, int count) {
    for (std::int64_t unit = count == 3 ? 100 : 10; unit > 0; unit /= 10)
      out += static_cast<char>('0' + value / unit % 10);
  };
  out += 'T';
  digits(rest / 3'600'000, 2);
  out += ':';
  digits(rest / 60'000 % 60, 2);
  out += ':';
  digits(rest / 1000 % 60, 2);
  out += '.';
  digits(rest % 1000, 3);
  out += 'Z';
}

std::string milliseconds_text(TimePoint time) {
  std::string out;
  append_milliseconds(out, time);
  return out;
}

std::uint64_t text_key(std::string_view text) {
  std::uint64_t key = 0;
  for (std::size_t i = 0; i < 8; ++i)
    key = key << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0u);
  return key;
}

}  // namespace affsync::sandbox
