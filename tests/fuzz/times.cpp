// Dates and times from brokers. An input has three lines: time zone and time of reading
// ("Europe/Moscow 2026-11-21T09:00:00Z"), formats joined by "|" ("ru" for Russian words), and the
// text.
//
// For any text: times lie in the years that can be stored, and writing and reading them gives the
// same time. An interval has its ends in order and is no longer than its words can mean. A time
// "ago" has no end in the future.
#include <array>

#include "connectors/engine/answer/classify.hpp"
#include "connectors/engine/answer/http_date.hpp"
#include "connectors/engine/values/spoken/relative_times.hpp"
#include "connectors/engine/values/spoken/time_text_reader.hpp"
#include "connectors/engine/values/time_format.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/targets.hpp"

namespace affsync::fuzz {
namespace {

using namespace engine;
using std::chrono::days;

constexpr std::array zones = {
    "UTC",           "Europe/Moscow",      "America/New_York",    "Asia/Kathmandu",
    "Pacific/Apia",  "Pacific/Kiritimati", "Australia/Lord_Howe", "Africa/Casablanca",
    "Europe/Dublin", "America/Caracas",    "Antarctica/Troll",    "Asia/Manila"};

std::string zone_of(std::string_view word) {
  for (auto const* zone : zones) {
    if (word == zone) return zone;
  }
  return zones[word.size() % zones.size()];
}

TimePoint time_of(std::string_view word) {
  auto const given = parse_iso(word);
  if (given && is_storable(given->wall)) return given->wall;
  return TimePoint(*parse_day("2026-03-31"));
}

// A year, plus tolerance for short months and for clock changes.
constexpr auto longest_interval = days(366 + 62);

void require_day(std::optional<Day> day) {
  if (!day) return;
  std::string text;
  append_day(text, *day);
  require(parse_day(text) == day && !text.starts_with("0000"), "a day can be stored", text);
}

void require_instant(TimePoint instant) {
  require(is_storable(instant), "an instant can be stored");
  std::string text;
  append_time(text, instant);
  auto const again = parse_iso(text);
  require(again && again->wall == instant, "an instant survives writing and reading", text);
}

void require_spoken(std::optional<SpokenTime> const& spoken, std::string_view text, TimePoint now) {
  if (!spoken) return;
  require_instant(spoken->earliest);
  require_instant(spoken->latest);
  require(spoken->earliest <= spoken->latest, "an interval has its ends in order", text);
  require(spoken->latest - spoken->earliest <= longest_interval, "an interval is not too long",
          text);
  require(!spoken->exact || spoken->earliest == spoken->latest,
          "an exact time is an interval without length", text);
  bool const ago = text.ends_with(" ago") || text.ends_with(" назад");
  // The time of an answer is known to the second only.
  require(!ago || spoken->latest <= now + std::chrono::seconds(1),
          "a time \"ago\" is not in the future", text);
}

}  // namespace

void times(std::string_view input) {
  auto head = take_line(input);
  auto const zone_name = zone_of(take_word(head));
  auto const now = time_of(head);
  bool russian = false;
  std::vector<std::string> forms;
  for (auto line = take_line(input); !line.empty();) {
    auto const end = std::min(line.find('|'), line.size());
    if (line.substr(0, end) == "ru") {
      russian = true;
    } else if (flaw_of_format(line.substr(0, end)).empty()) {  // others are refused with their file
      forms.emplace_back(line.substr(0, end));
    }
    line.remove_prefix(std::min(line.size(), end + 1));
  }
  TimeTextReader const reader(russian, forms, zone_name);
  auto const spoken = reader.read(input, now);
  require_spoken(spoken, input, now);
  bool relative = false;
  require_day(reader.read_day(input, now, false, relative));
  require_day(reader.read_day(input, now, true, relative));

  Zone const zone(zone_name);
  require_spoken(read_named_date(input, zone, now), input, now);
  require_spoken(read_relative_time(input, zone, now), input, now);
  if (auto const iso = parse_iso(input); iso && is_storable(iso->wall)) require_instant(iso->wall);
  if (auto const date = parse_http_date(input)) require_instant(*date);
}

}  // namespace affsync::fuzz
