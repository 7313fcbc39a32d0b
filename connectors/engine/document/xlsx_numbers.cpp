#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "base/clock.hpp"
#include "base/decimal.hpp"
#include "connectors/engine/document/xlsx.hpp"

namespace affsync::engine {
namespace {

std::optional<double> binary_of(std::string_view text) {
  double value = 0;
  auto const* const end = text.data() + text.size();
  auto const [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

// Returns true if what `shorter`, of fifteen digits, leaves out of the value can only come from
// binary arithmetic: at most thirteen of the digits say something, zeros follow, and the rest is
// beyond all that a workbook shows. A number that uses its digits up to the last one, such as an
// amount of a coin with many places, has no noise that anybody could tell.
bool ends_in_noise(std::string_view shorter, double value) {
  constexpr double ids = 1e13;  // from here on, whole numbers use the digits
  auto const mantissa = shorter.substr(0, shorter.find_first_of("eE"));
  return std::abs(value) < ids && mantissa.ends_with("00");
}

}  // namespace

std::string fifteen_digits(std::string_view number) {
  std::string const as_written(number);
  auto const mark = std::min(number.find_first_of("eE"), number.size());
  auto const mantissa = number.substr(0, mark);
  auto const first = mantissa.find_first_of("123456789");
  if (first == mantissa.npos || mantissa.find('.') == mantissa.npos) return as_written;
  auto const digits = std::count_if(mantissa.begin() + static_cast<std::ptrdiff_t>(first),
                                    mantissa.end(), [](char c) { return c != '.'; });
  constexpr int promised = 15;
  auto const value = binary_of(number);
  if (digits <= promised || !value) return as_written;
  // The binary number only tells whether the shorter text means the same; the text is decimal.
  std::array<char, 64> buffer;
  auto const [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), *value,
                                          std::chars_format::scientific, promised - 1);
  if (error != std::errc{}) return as_written;
  std::string const shorter(buffer.data(), end);
  if (binary_of(shorter) != value && !ends_in_noise(shorter, *value)) return as_written;
  // Without an exponent if the file had none.
  if (mark != number.size()) return shorter;
  auto const behind = static_cast<int>(mantissa.size() - mantissa.find('.') - 1);
  auto const [last, flaw] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), *value, std::chars_format::fixed,
                    std::max(0, behind - static_cast<int>(digits) + promised));
  if (flaw != std::errc{}) return as_written;
  std::string text(buffer.data(), last);
  if (text.find('.') != text.npos) text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return binary_of(text) == binary_of(shorter) ? text : as_written;
}

std::string plain_digits(std::string_view number) {
  constexpr std::size_t longest = 60;
  std::string const as_written(number);
  bool const has_exponent = number.find_first_of("eE") != number.npos;
  if (!has_exponent && number.find('.') == number.npos) return as_written;
  auto parsed = parse_decimal(number);
  if (parsed.error != DecimalError::none || parsed.text.size() > longest) return as_written;
  auto& text = parsed.text;
  auto const point = text.find('.');
  bool const is_whole = point != text.npos && text.find_first_not_of('0', point + 1) == text.npos;
  if (!has_exponent && !is_whole) return as_written;
  if (point != text.npos) text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::string day_of_serial(std::string_view number, bool from_1904) {
  using namespace std::chrono;
  constexpr double most = 2'958'465;  // 9999-12-31
  auto const value = binary_of(number);
  if (!value || *value < 0 || *value > most) return std::string(number);
  auto whole = std::floor(*value);
  auto second = static_cast<long>(std::lround((*value - whole) * 86400));
  if (second == 86400) {
    whole += 1;
    second = 0;
  }
  // Workbooks count from 1900-01-01 as day 1 and have a 1900-02-29, which never was.
  sys_days const start = from_1904    ? sys_days(1904y / 1 / 1)
                         : whole < 60 ? sys_days(1899y / 12 / 31)
                                      : sys_days(1899y / 12 / 30);
  year_month_day const day(start + days(static_cast<int>(whole)));
  std::array<char, 64> text;
  int length =
      std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(day.year()),
                    static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  if (second != 0) {
    length += std::snprintf(text.data() + length, text.size() - static_cast<std::size_t>(length),
                            "T%02ld:%02ld:%02ld", second / 3600, second / 60 % 60, second % 60);
  }
  return std::string(text.data(), static_cast<std::size_t>(length));
}

}  // namespace affsync::engine
