#include "connectors/engine/values/no_dates.hpp"

#include <algorithm>

namespace affsync::engine {
namespace {

constexpr std::string_view zero_days[] = {
    "0000-00-00",
    "0000/00/00",
    "0000.00.00",
    "00-00-0000",
    "00/00/0000",
    "00.00.0000",
    // The first day of the calendar, in common formats.
    "0001-01-01",
    "0001/01/01",
    "0001.01.01",
    "01-01-0001",
    "01/01/0001",
    "01.01.0001",
    "1/1/0001",
    "-0001-11-30",
};

// None of them begins with these digits, but nearly every other date does.
bool begins_a_date(std::string_view text) {
  return !text.empty() && text.front() >= '2' && text.front() <= '9';
}

}  // namespace

bool is_zero_date(std::string_view text) {
  if (begins_a_date(text)) return false;
  auto const day = std::ranges::find_if(
      zero_days, [&](std::string_view zeros) { return text.starts_with(zeros); });
  if (day == std::ranges::end(zero_days)) return false;
  auto const rest = text.substr(day->size());
  // Any time of day may follow, because an offset shifts it.
  return rest.empty() || rest.front() == 'T' || rest.front() == 't' || rest.front() == ' ' ||
         rest.front() == ',';
}

bool means_no_date(std::string_view text) {
  if (begins_a_date(text)) return false;
  if (is_zero_date(text)) return true;
  // The first day of the calendar in seconds and in milliseconds.
  if (text == "-62135596800" || text == "-62135596800000") return true;
  bool const has_zero = text.find('0') != std::string_view::npos;
  return has_zero && text.find_first_not_of("0.-+: eEtTzZ") == std::string_view::npos;
}

}  // namespace affsync::engine
