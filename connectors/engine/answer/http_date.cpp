// Parses the three forms of a date in an HTTP header (RFC 9110, 5.6.7). Own code, because the
// `date` library refuses the leap second that the RFC allows, and accepts what it forbids even at
// the right length: months in other letters or in full, blanks instead of digits.
#include "connectors/engine/answer/http_date.hpp"

#include <array>
#include <chrono>

#include "connectors/engine/values/times.hpp"

namespace affsync::engine {
namespace {

constexpr std::array<std::string_view, 12> month_names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Reads a text from the left. After a mismatch all further reads fail.
class DateCursor {
 public:
  explicit DateCursor(std::string_view text) : rest_(text) {}

  void literal(std::string_view text) {
    good_ = good_ && rest_.substr(0, text.size()) == text;
    if (good_) rest_.remove_prefix(text.size());
  }
  int digits(std::size_t count) {
    int value = 0;
    good_ = good_ && rest_.size() >= count;
    for (std::size_t i = 0; good_ && i < count; ++i) {
      good_ = rest_[i] >= '0' && rest_[i] <= '9';
      value = value * 10 + (rest_[i] - '0');
    }
    if (good_) rest_.remove_prefix(count);
    return value;
  }
  // asctime pads the day with a blank.
  int padded_day() {
    if (good_ && !rest_.empty() && rest_.front() == ' ') {
      rest_.remove_prefix(1);
      return digits(1);
    }
    return digits(2);
  }
  unsigned month() {
    for (std::size_t i = 0; good_ && i < month_names.size(); ++i) {
      if (rest_.substr(0, 3) != month_names[i]) continue;
      rest_.remove_prefix(3);
      return static_cast<unsigned>(i + 1);
    }
    good_ = false;
    return 0;
  }
  // The weekday is redundant; it is skipped if it is a word.
  void weekday() {
    std::size_t length = 0;
    while (length < rest_.size() && ((rest_[length] >= 'a' && rest_[length] <= 'z') ||
                                     (rest_[length] >= 'A' && rest_[length] <= 'Z'))) {
      ++length;
    }
    good_ = good_ && length >= 3 && length <= 9;
    if (good_) rest_.remove_prefix(length);
  }
  bool next_is(char c) const { return good_ && !rest_.empty() && rest_.front() == c; }
  bool finished() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

struct DateParts {
  int year = 0;
  unsigned month = 0;
  int day = 0, hour = 0, minute = 0, second = 0;
};

void read_clock(DateCursor& cursor, DateParts& parts) {
  parts.hour = cursor.digits(2);
  cursor.literal(":");
  parts.minute = cursor.digits(2);
  cursor.literal(":");
  parts.second = cursor.digits(2);
}

// "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"
DateParts read_after_comma(DateCursor& cursor) {
  DateParts parts;
  cursor.literal(", ");
  parts.day = cursor.digits(2);
  bool const old = cursor.next_is('-');
  std::string_view const separator = old ? "-" : " ";
  cursor.literal(separator);
  parts.month = cursor.month();
  cursor.literal(separator);
  if (old) {
    int const year = cursor.digits(2);
    parts.year = year < 70 ? 2000 + year : 1900 + year;
  } else {
    parts.year = cursor.digits(4);
  }
  cursor.literal(" ");
  read_clock(cursor, parts);
  cursor.literal(" GMT");
  return parts;
}

// "Sun Nov  6 08:49:37 1994"
DateParts read_asctime(DateCursor& cursor) {
  DateParts parts;
  cursor.literal(" ");
  parts.month = cursor.month();
  cursor.literal(" ");
  parts.day = cursor.padded_day();
  cursor.literal(" ");
  read_clock(cursor, parts);
  cursor.literal(" ");
  parts.year = cursor.digits(4);
  return parts;
}

}  // namespace

std::optional<TimePoint> parse_http_date(std::string_view text) {
  DateCursor cursor(text);
  cursor.weekday();
  DateParts const parts = cursor.next_is(',') ? read_after_comma(cursor) : read_asctime(cursor);
  if (!cursor.finished()) return std::nullopt;
  std::chrono::year_month_day const date{std::chrono::year(parts.year),
                                         std::chrono::month(parts.month),
                                         std::chrono::day(static_cast<unsigned>(parts.day))};
  // Second 60 is a leap second.
  if (!date.ok() || parts.hour > 23 || parts.minute > 59 || parts.second > 60) return std::nullopt;
  auto const time = TimePoint(std::chrono::sys_days(date)) + std::chrono::hours(parts.hour) +
                    std::chrono::minutes(parts.minute) + std::chrono::seconds(parts.second);
  // The time of an answer goes into the database.
  return is_storable(time) ? std::optional(time) : std::nullopt;
}

}  // namespace affsync::engine
