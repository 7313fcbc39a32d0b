#include "connectors/engine/values/times.hpp"

#include <date/date.h>
#include <date/tz.h>

#include <exception>
#include <locale>
#include <sstream>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

namespace affsync::engine {
namespace {

using namespace std::chrono;

constexpr TimePoint first_storable = sys_days(year{1} / January / 1);
constexpr TimePoint end_storable = sys_days(year{10000} / January / 1);

// RFC 5322, 4.3. Its military letters mean nothing certain.
constexpr std::pair<std::string_view, hours> names_of_rfc5322[] = {
    {"EST", hours(-5)}, {"EDT", hours(-4)}, {"CST", hours(-6)}, {"CDT", hours(-5)},
    {"MST", hours(-7)}, {"MDT", hours(-6)}, {"PST", hours(-8)}, {"PDT", hours(-7)}};

// Returns whether strptime directives have this field, with an E or O before it if `modified`.
bool has_field(std::string_view directives, char field, bool modified) {
  constexpr auto npos = std::string_view::npos;
  for (auto at = directives.find('%'); at != npos && at + 1 < directives.size();
       at = directives.find('%', at)) {
    bool const has_mark = directives[at + 1] == 'E' || directives[at + 1] == 'O';
    at += has_mark && at + 2 < directives.size() ? 2 : 1;
    if (directives[at] == field && (modified || directives[at - 1] == '%')) return true;
    ++at;
  }
  return false;
}

// Returns the number that `count` digits at `at` form; -1 if there are fewer.
int digits_at(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// Takes ".123456789" or ",5" from the front and returns its microseconds; nullopt for a lone point.
std::optional<microseconds> take_fraction(std::string_view& rest) {
  if (rest.empty() || (rest.front() != '.' && rest.front() != ',')) return microseconds(0);
  rest.remove_prefix(1);
  std::int64_t value = 0;
  std::size_t count = 0;
  while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
    if (count < 6) value = value * 10 + (rest.front() - '0');
    ++count;
    rest.remove_prefix(1);
  }
  if (count == 0) return std::nullopt;
  for (; count < 6; ++count) value *= 10;
  return microseconds(value);
}

// Parses `rest` as an offset; nullopt if it is not one.
std::optional<minutes> read_offset(std::string_view rest) {
  if (rest == "Z" || rest == "z") return minutes(0);
  if (rest.size() < 3 || (rest.front() != '+' && rest.front() != '-')) return std::nullopt;
  int const hour = digits_at(rest, 1, 2);
  int minute = 0;
  if (rest.size() == 5) {
    minute = digits_at(rest, 3, 2);
  } else if (rest.size() == 6 && rest[3] == ':') {
    minute = digits_at(rest, 4, 2);
  } else if (rest.size() != 3) {
    return std::nullopt;
  }
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return std::nullopt;
  auto const offset = hours(hour) + minutes(minute);
  return rest.front() == '-' ? -offset : offset;
}

void append_digits(std::string& out, unsigned value, unsigned width) {
  char text[8];
  for (unsigned i = width; i-- > 0; value /= 10) text[i] = static_cast<char>('0' + value % 10);
  out.append(text, width);
}

// Returns false if the text cannot end with an offset from UTC, such as +0330. The library computes
// with an offset that it could not read.
bool ends_with_offset(std::string_view text) {
  constexpr std::string_view signs = "+-", digits = "0123456789";
  auto const sign = text.find_last_of(signs);
  if (sign == std::string_view::npos) return true;  // another form, such as Z
  auto const offset = text.substr(sign + 1);
  auto const colon = offset.find(':');
  auto const hours = offset.substr(0, colon);
  auto const minutes =
      colon == std::string_view::npos ? std::string_view() : offset.substr(colon + 1);
  bool const is_number = offset.find_first_not_of("0123456789:") == std::string_view::npos;
  bool const is_whole = colon == std::string_view::npos
                            ? hours.size() == 2 || hours.size() == 4
                            : (hours.size() == 1 || hours.size() == 2) && minutes.size() == 2;
  if (!is_number || !is_whole) return false;
  // Another sign shortly before it would be taken for that of the offset: 23:59:59-0+0330.
  auto const before = text.substr(0, sign);
  auto const other = before.find_last_of(signs);
  if (other == std::string_view::npos) return true;
  auto const between = before.substr(other + 1);
  return between.size() > 2 || between.find_first_not_of(digits) != std::string_view::npos;
}

// `zone`: whose names of zones count; nullptr: none does.
std::optional<WallTime> parse_format(std::string_view text, std::string const& directives,
                                     bool has_offset, Zone const* zone) {
  // The library reports errors in the stream's state. An exception would mean a format that it
  // cannot parse at all, which is the same answer.
  if (has_offset && directives.ends_with('z') &&
      directives.find_first_of("HIRT") != std::string::npos && !ends_with_offset(text)) {
    return std::nullopt;
  }
  try {
    std::istringstream stream{std::string(text)};
    stream.imbue(std::locale::classic());
    date::local_time<microseconds> wall;
    minutes offset{0};
    std::string abbreviation;
    date::from_stream(stream, directives.c_str(), wall, &abbreviation, &offset);
    if (stream.fail()) return std::nullopt;
    if (!stream.eof() && stream.peek() != std::istringstream::traits_type::eof()) {
      return std::nullopt;
    }
    // The library takes 26 for the year 26, which is one of another format.
    bool const four_digits = directives.find("%Y") != directives.npos;
    if (four_digits && wall < date::local_days{date::year(1000) / 1 / 1}) return std::nullopt;
    WallTime out;
    out.wall = TimePoint(wall.time_since_epoch());
    out.has_time = true;
    if (has_offset) out.offset = offset;
    if (zone != nullptr) {
      // What the library takes for a name may be more than one: GMT+0300.
      out.offset = zone->offset_named(abbreviation, out.wall);
      if (!out.offset) return std::nullopt;
    }
    return out;
  } catch (std::exception const&) {
    return std::nullopt;
  }
}

}  // namespace

bool is_storable(TimePoint time) {
  return time >= first_storable && time < end_storable;
}

Zone::Zone(std::string const& name) {
  if (name.empty() || name == "UTC" || name == "Etc/UTC" || name == "Z") return;
  try {
    zone_ = date::locate_zone(name);
  } catch (std::exception const&) {
    throw Failure(ErrorCode::config_invalid,
                  "the time zone \"" + name + "\" is unknown on this machine",
                  "Use a name of the tz database such as Europe/Moscow, and check that the package "
                  "tzdata is installed.");
  }
}

TimePoint Zone::to_utc(TimePoint wall) const {
  // The library's tables end somewhere, and a zone's rules for the far future are unknown.
  if (zone_ == nullptr || !is_storable(wall)) return wall;
  auto const local = date::local_time<Duration>(wall.time_since_epoch());
  // For a skipped time `earliest` returns the end of the gap.
  return zone_->to_sys(local, date::choose::earliest);
}

TimePoint Zone::to_wall(TimePoint instant) const {
  if (zone_ == nullptr || !is_storable(instant)) return instant;
  return TimePoint(zone_->to_local(instant).time_since_epoch());
}

std::optional<minutes> Zone::offset_named(std::string_view word, TimePoint wall) const {
  for (auto const* utc : {"UTC", "GMT", "UT", "Z"}) {
    if (equal_without_case(word, utc)) return minutes(0);
  }
  if (zone_ != nullptr && is_storable(wall)) {
    // Two, where clocks go back (an hour occurs twice) or forward (a word of either is meant).
    auto const local = date::local_time<Duration>(wall.time_since_epoch());
    auto const info = zone_->get_info(local);
    bool const has_two = info.result != date::local_info::unique;
    for (auto const* one : {&info.first, has_two ? &info.second : &info.first}) {
      if (!equal_without_case(word, one->abbrev)) continue;
      // Only local mean times of long ago have seconds.
      if (one->offset % minutes(1) != seconds(0)) return std::nullopt;
      return duration_cast<minutes>(one->offset);
    }
  }
  for (auto const& [name, offset] : names_of_rfc5322) {
    if (equal_without_case(word, name)) return offset;
  }
  return std::nullopt;
}

Day Zone::day_of(TimePoint instant) const {
  return floor<days>(to_wall(instant));
}

std::optional<WallTime> parse_iso(std::string_view text) {
  auto const day = parse_day(text.substr(0, 10));
  if (!day || text.starts_with("0000")) return std::nullopt;
  WallTime out;
  out.wall = *day;
  if (text.size() == 10) return out;

  if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return std::nullopt;
  int const hour = digits_at(text, 11, 2), minute = digits_at(text, 14, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || text[13] != ':') return std::nullopt;
  out.has_time = true;
  out.wall += hours(hour) + minutes(minute);

  auto rest = text.substr(16);
  if (!rest.empty() && rest.front() == ':') {
    int const second = digits_at(rest, 1, 2);
    if (second < 0 || second > 60) return std::nullopt;
    rest.remove_prefix(3);
    auto const fraction = take_fraction(rest);
    if (!fraction) return std::nullopt;
    out.wall += seconds(second) + *fraction;
  }
  if (rest.empty()) return out;
  if (rest.front() == ' ') rest.remove_prefix(1);
  out.offset = read_offset(rest);
  if (!out.offset) return std::nullopt;
  return out;
}

void append_day(std::string& out, Day day) {
  year_month_day const ymd(day);
  append_digits(out, static_cast<unsigned>(static_cast<int>(ymd.year())), 4);
  out += '-';
  append_digits(out, static_cast<unsigned>(ymd.month()), 2);
  out += '-';
  append_digits(out, static_cast<unsigned>(ymd.day()), 2);
}

void append_time(std::string& out, TimePoint time) {
  auto const day = floor<days>(time);
  hh_mm_ss const clock(time - day);
  append_day(out, day);
  out += 'T';
  append_digits(out, static_cast<unsigned>(clock.hours().count()), 2);
  out += ':';
  append_digits(out, static_cast<unsigned>(clock.minutes().count()), 2);
  out += ':';
  append_digits(out, static_cast<unsigned>(clock.seconds().count()), 2);
  if (auto const fraction = clock.subseconds().count(); fraction != 0) {
    out += '.';
    append_digits(out, static_cast<unsigned>(fraction), 6);
  }
  out += 'Z';
}

TimeReader::TimeReader(std::vector<std::string> const& formats, std::string const& zone)
    : zone_(zone) {
  if (formats.empty()) return;
  formats_.clear();
  for (auto const& directives : formats) {
    Format format;
    if (directives != "iso") {
      format.directives = directives;
      format.has_offset = has_field(directives, 'z', true);
      format.has_zone_name = !format.has_offset && has_field(directives, 'Z', false);
    }
    formats_.push_back(std::move(format));
  }
}

std::optional<WallTime> TimeReader::read(std::string_view text, bool day_alone) const {
  for (auto const& format : formats_) {
    std::optional<WallTime> found;
    if (format.directives.empty()) {
      found = parse_iso(text);
      if (found && day_alone && found->has_time) found.reset();
    } else {
      found = parse_format(text, format.directives, format.has_offset,
                           format.has_zone_name ? &zone_ : nullptr);
    }
    if (found && is_storable(found->wall)) return found;
  }
  return std::nullopt;
}

std::optional<TimePoint> TimeReader::read_instant(std::string_view text) const {
  auto const found = read(text, false);
  if (!found) return std::nullopt;
  auto const instant = found->offset ? found->wall - *found->offset : zone_.to_utc(found->wall);
  if (!is_storable(instant)) return std::nullopt;
  return instant;
}

std::optional<Day> TimeReader::read_day(std::string_view text) const {
  auto const found = read(text, true);
  if (!found) return std::nullopt;
  return floor<days>(found->wall);
}

std::optional<Day> TimeReader::read_day_of_instant(std::string_view text) const {
  auto const found = read(text, false);
  if (!found) return std::nullopt;
  if (!found->offset) return floor<days>(found->wall);
  auto const day = zone_.day_of(found->wall - *found->offset);
  return is_storable(day) ? std::optional(day) : std::nullopt;
}

}  // namespace affsync::engine
