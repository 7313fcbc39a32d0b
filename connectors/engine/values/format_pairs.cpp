#include "connectors/engine/values/format_pairs.hpp"

#include <ctime>
#include <vector>

#include "connectors/engine/values/times.hpp"

namespace affsync::engine {
namespace {

using namespace std::chrono;

// Year (also of two digits), month and day change places in each way, and stay a date.
constexpr year_month_day samples[] = {year{2026} / 2 / 11, year{2009} / 2 / 11, year{2009} / 11 / 2,
                                      year{2002} / 9 / 11, year{2002} / 11 / 9, year{2011} / 2 / 9,
                                      year{2011} / 9 / 2};

// The directives of strptime are also those of strftime.
std::string written(std::string const& directives, Day day) {
  std::time_t const seconds = duration_cast<std::chrono::seconds>(day.time_since_epoch()).count();
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return {};
  char text[256];
  return {text, std::strftime(text, sizeof text, directives.c_str(), &parts)};
}

std::vector<std::string> directives_of(std::string const& format) {
  if (format == "iso") return {"%Y-%m-%d", "%Y-%m-%d %H:%M:%S"};
  return {format};
}

std::optional<Day> day_of(TimeReader const& reader, std::string const& text) {
  auto const instant = reader.read_instant(text);
  if (!instant) return std::nullopt;
  auto const day = floor<days>(*instant);
  // No row has an earlier day: it is put aside.
  if (day < Day(year{2000} / 1 / 1)) return std::nullopt;
  return day;
}

}  // namespace

std::optional<TwoDays> read_as_two_days(std::string const& first, std::string const& second) {
  TimeReader const of_first({first}, "UTC"), of_second({second}, "UTC");
  for (auto const& writer : {first, second}) {
    for (auto const& directives : directives_of(writer)) {
      for (auto const& date : samples) {
        auto text = written(directives, Day(date));
        auto const one = day_of(of_first, text), other = day_of(of_second, text);
        if (one && other && *one != *other) return TwoDays{std::move(text), *one, *other};
      }
    }
  }
  return std::nullopt;
}

}  // namespace affsync::engine
