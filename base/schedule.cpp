#include "base/schedule.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/duration.hpp"
#include "base/text.hpp"

namespace affsync {
namespace {

using namespace std::chrono;

constexpr std::string_view duration_hint =
    "Write a whole number with its unit: 30s, 15m, 6h or 1d.";
constexpr seconds longest_duration = days(3660);

// Returns the longest gap between two matching times within ten weeks. If the line matches less
// often, the gap between its first two times is used.
seconds longest_pause(CronLine const& line) {
  TimePoint const begin = sys_days(year(2024) / January / 1);
  TimePoint const end = begin + days(70);
  auto last = line.next(begin);
  seconds longest(0);
  while (last && (longest == seconds(0) || *last < end)) {
    auto const following = line.next(*last);
    if (!following) break;
    longest = std::max(longest, duration_cast<seconds>(*following - *last));
    last = following;
    // A line that matches several times a day repeats, so two weeks show every gap except the one
    // at the end of a month.
    if (longest < days(1) && *last > begin + days(14)) break;
  }
  return longest == seconds(0) ? seconds(days(366)) : longest;
}

}  // namespace

Result<seconds> parse_duration(std::string_view text) {
  auto fail = [](std::string why) {
    return Error(ErrorCode::config_invalid, std::move(why), std::string(duration_hint));
  };
  long count = 0;
  auto const end = text.data() + text.size();
  auto const [stop, error] = std::from_chars(text.data(), end, count);
  if (error == std::errc::invalid_argument) return fail("not a duration");
  if (error == std::errc::result_out_of_range) return fail("a duration of more than ten years");
  std::string_view const rest(stop, static_cast<std::size_t>(end - stop));
  if (rest.empty()) return fail("a duration without a unit");
  auto const unit = unit_length(rest.front());
  if (rest.size() != 1 || !unit) return fail("not a duration");
  if (count <= 0) return fail("a duration must be longer than zero");
  if (count > longest_duration / *unit) return fail("a duration of more than ten years");
  return *unit * count;
}

Schedule::Schedule(seconds interval)
    : rule_(interval), interval_(interval), text_(duration_text(interval)) {}

Schedule::Schedule(CronLine line, std::string text)
    : rule_(line), interval_(longest_pause(line)), text_(std::move(text)) {}

TimePoint Schedule::next(TimePoint last_start, double jitter) const {
  auto const part = [&](Duration most) {
    return Duration(static_cast<Duration::rep>(static_cast<double>(most.count()) *
                                               std::clamp(jitter, 0.0, 1.0)));
  };
  if (auto const* interval = std::get_if<seconds>(&rule_)) {
    return last_start + *interval + part(std::min(Duration(*interval) / 10, Duration(minutes(1))));
  }
  auto const& line = std::get<CronLine>(rule_);
  auto const time = line.next(last_start);
  // parse_cron refuses lines that never match. For one built in code, a year stands for never.
  return time ? *time + part(seconds(30)) : last_start + days(366);
}

TimePoint Schedule::believed(TimePoint written, std::optional<TimePoint> last_success,
                             TimePoint now) const {
  if (believes(written, now)) return written;
  if (!last_success) return now;
  auto const due = next(*last_success, 1);
  return believes(due, now) ? due : now;
}

namespace {

// Converts "15 min" to "15m"; empty if the text is not a number with the name of a unit.
std::string as_duration(std::string_view text) {
  auto const digits = std::min(text.find_first_not_of("0123456789"), text.size());
  auto const word = text.find_first_not_of(" \t", digits);
  if (digits == 0 || word == std::string_view::npos) return {};
  auto const unit = to_lower(text.substr(word));
  struct Meant {
    std::string_view unit;
    char letter;
  };
  static constexpr Meant words[] = {
      {"s", 's'}, {"sec", 's'}, {"secs", 's'}, {"second", 's'}, {"seconds", 's'},
      {"m", 'm'}, {"min", 'm'}, {"mins", 'm'}, {"minute", 'm'}, {"minutes", 'm'},
      {"h", 'h'}, {"hr", 'h'},  {"hrs", 'h'},  {"hour", 'h'},   {"hours", 'h'},
      {"d", 'd'}, {"day", 'd'}, {"days", 'd'}};
  for (auto const& one : words) {
    if (one.unit == unit) return std::string(text.substr(0, digits)) + one.letter;
  }
  return {};
}

}  // namespace

Result<Schedule> parse_schedule(std::string_view text) {
  if (auto const meant = as_duration(text); !meant.empty() && meant != text) {
    return Error(ErrorCode::config_invalid, "not a duration", "Write " + meant + ".");
  }
  if (text.find_first_of(" \t") != std::string_view::npos) {
    auto line = parse_cron(text);
    if (!line) return line.error();
    return Schedule(*line, std::string(text));
  }
  auto duration = parse_duration(text);
  if (duration) {
    Schedule schedule(*duration);
    schedule.text_ = text;
    return schedule;
  }
  Error error = duration.error();
  error.hint += " Or a cron line of five fields in UTC, such as \"0 6 * * *\".";
  return error;
}

}  // namespace affsync
