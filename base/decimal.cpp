#include "base/decimal.hpp"

#include <algorithm>
#include <array>
#include <boost/multiprecision/cpp_int.hpp>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <system_error>

#include "base/text.hpp"

namespace affsync {
namespace {

constexpr std::size_t max_digits = 1000;
constexpr std::size_t max_written = 2000;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Formats the value digits * 10^(point - digits.size()).
std::string write(bool negative, std::string digits, long point) {
  if (point <= 0) {
    digits.insert(0, static_cast<std::size_t>(1 - point), '0');
    point = 1;
  }
  if (static_cast<std::size_t>(point) > digits.size()) {
    digits.append(static_cast<std::size_t>(point) - digits.size(), '0');
  }
  // Keep no leading zeros except one directly before the point.
  std::size_t zeros = 0;
  while (zeros + 1 < static_cast<std::size_t>(point) && digits[zeros] == '0') ++zeros;
  digits.erase(0, zeros);
  point -= static_cast<long>(zeros);

  bool const is_zero = digits.find_first_not_of('0') == std::string::npos;
  std::string out;
  if (negative && !is_zero) out += '-';
  out.append(digits, 0, static_cast<std::size_t>(point));
  if (static_cast<std::size_t>(point) < digits.size()) {
    out += '.';
    out.append(digits, static_cast<std::size_t>(point));
  }
  return out;
}

struct Parts {
  bool negative = false;
  std::string digits;
  long point = 0;
};

Parts split(std::string_view decimal) {
  Parts parts;
  if (!decimal.empty() && decimal.front() == '-') {
    parts.negative = true;
    decimal.remove_prefix(1);
  }
  auto const dot = decimal.find('.');
  parts.digits = decimal.substr(0, dot);
  parts.point = static_cast<long>(parts.digits.size());
  if (dot != std::string_view::npos) parts.digits += decimal.substr(dot + 1);
  return parts;
}

}  // namespace

std::string_view to_string(DecimalError error) {
  switch (error) {
    case DecimalError::none:
      return "no error";
    case DecimalError::not_a_number:
      return "not a number";
    case DecimalError::too_long:
      return "more digits than a numeric column takes";
    case DecimalError::exponent_too_large:
      return "exponent too large";
  }
  return "not a number";
}

DecimalParse parse_decimal(std::string_view input) {
  std::string_view text = trim(input);
  auto fail = [](DecimalError error) { return DecimalParse{error, {}}; };

  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  std::size_t at = 0;
  std::string digits;
  while (at < text.size() && is_digit(text[at])) digits += text[at++];
  long point = static_cast<long>(digits.size());
  if (at < text.size() && text[at] == '.') {
    ++at;
    while (at < text.size() && is_digit(text[at])) digits += text[at++];
  }
  if (digits.empty()) return fail(DecimalError::not_a_number);
  if (digits.size() > max_digits) return fail(DecimalError::too_long);

  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    bool minus = false;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) minus = text[at++] == '-';
    if (at == text.size()) return fail(DecimalError::not_a_number);
    long exponent = 0;
    while (at < text.size() && is_digit(text[at])) {
      // Saturates, so that a very long exponent stays above the limit without overflow.
      exponent = std::min(exponent * 10 + (text[at++] - '0'), 1'000'000L);
    }
    if (at != text.size()) return fail(DecimalError::not_a_number);
    if (exponent > static_cast<long>(max_written)) return fail(DecimalError::exponent_too_large);
    point += minus ? -exponent : exponent;
    if (std::labs(point) > static_cast<long>(max_written)) {
      return fail(DecimalError::exponent_too_large);
    }
  }
  if (at != text.size()) return fail(DecimalError::not_a_number);
  // Digits before the point (at least one), then digits after it.
  long const written = std::max(point, 1L) + std::max(static_cast<long>(digits.size()) - point, 0L);
  if (written > static_cast<long>(max_written)) return fail(DecimalError::exponent_too_large);
  return DecimalParse{DecimalError::none, write(negative, std::move(digits), point)};
}

std::string round_decimal(std::string_view decimal, int scale) {
  Parts parts = split(decimal);
  long const keep = parts.point + scale;  // number of digits to keep
  if (keep >= static_cast<long>(parts.digits.size())) return std::string(decimal);
  bool up = keep >= 0 && parts.digits[static_cast<std::size_t>(keep)] >= '5';
  parts.digits.resize(static_cast<std::size_t>(std::max(keep, 0L)));
  for (std::size_t i = parts.digits.size(); up && i-- > 0;) {
    if (parts.digits[i] == '9') {
      parts.digits[i] = '0';
    } else {
      ++parts.digits[i];
      up = false;
    }
  }
  if (up) {
    parts.digits.insert(0, 1, '1');
    ++parts.point;
  }
  return write(parts.negative, std::move(parts.digits), parts.point);
}

namespace {

// Counts significant digits; trailing zeros count.
std::size_t significant_digits(std::string_view decimal) {
  auto const digits = split(decimal).digits;
  return digits.size() - std::min(digits.find_first_not_of('0'), digits.size());
}

}  // namespace

std::string round_float_noise(std::string_view decimal, int scale, std::size_t least_noise) {
  auto rounded = round_decimal(decimal, scale);
  auto const places_of = [](std::string_view text) {
    auto const point = text.find('.');
    return point == std::string_view::npos ? 0 : static_cast<int>(text.size() - point - 1);
  };
  int const places = places_of(decimal);
  if (places <= places_of(rounded)) return rounded;
  auto const as_given = std::string(decimal);
  // More digits after the point carry no information in a float.
  constexpr int most_places = 60;
  float nearest = 0;
  auto const end = rounded.data() + rounded.size();
  auto const [stop, error] = std::from_chars(rounded.data(), end, nearest);
  if (places > most_places || error != std::errc{} || stop != end) return as_given;
  // Below this limit floats lose precision, so a match would prove nothing.
  if (nearest != 0 && std::fabs(nearest) < 1e-30F) return as_given;
  // Formats that float as the broker's program would. The conversion is exact; its digits are only
  // compared, never kept.
  auto const format_float = [&](std::array<char, 128>& out, int to_places) {
    auto const [last, overflow] =
        std::to_chars(out.data(), out.data() + out.size(), static_cast<double>(nearest),
                      std::chars_format::fixed, to_places);
    return overflow == std::errc{}
               ? std::string_view(out.data(), static_cast<std::size_t>(last - out.data()))
               : std::string_view{};
  };
  std::array<char, 128> buffer{};
  if (format_float(buffer, places) != decimal) return as_given;
  // Nine digits distinguish any two floats. With fewer, `decimal` must be the whole float.
  constexpr std::size_t digits_of_a_float = 9;
  auto const digits = significant_digits(decimal);
  // An exact amount with one or two more digits may equal a printed float by chance.
  bool const is_noise = digits >= significant_digits(rounded) + least_noise;
  if (digits >= digits_of_a_float && is_noise) return rounded;
  auto const whole = format_float(buffer, most_places);
  bool const is_whole =
      whole.starts_with(decimal) && whole.find_first_not_of('0', decimal.size()) == whole.npos;
  return is_whole ? rounded : as_given;
}

std::string shift_decimal(std::string_view decimal, int shift) {
  Parts parts = split(decimal);
  return write(parts.negative, std::move(parts.digits), parts.point + shift);
}

std::string add_decimals(std::string_view left, std::string_view right) {
  using boost::multiprecision::cpp_int;
  Parts one = split(left), other = split(right);
  auto const places_of = [](Parts const& parts) {
    return static_cast<long>(parts.digits.size()) - parts.point;
  };
  auto const places = std::max(places_of(one), places_of(other));
  auto const whole = [&](Parts& parts) {
    parts.digits.append(static_cast<std::size_t>(places - places_of(parts)), '0');
    auto const first = parts.digits.find_first_not_of('0');  // a leading 0 would mean octal
    cpp_int const value =
        first == std::string::npos ? cpp_int(0) : cpp_int(parts.digits.substr(first));
    return parts.negative ? cpp_int(-value) : value;
  };
  cpp_int const sum = whole(one) + whole(other);
  bool const negative = sum < 0;
  std::string digits = (negative ? cpp_int(-sum) : sum).str();
  auto const point = static_cast<long>(digits.size()) - places;
  return write(negative, std::move(digits), point);
}

std::optional<std::string> invert_decimal(std::string_view decimal) {
  using boost::multiprecision::cpp_int;
  constexpr std::size_t significant = 18;
  Parts const parts = split(decimal);
  auto const first = parts.digits.find_first_not_of('0');
  if (first == std::string::npos) return std::nullopt;
  // decimal = divisor / 10^scale, so 1 / decimal = (10^power / divisor) * 10^(scale - power). The
  // power is large enough that the integer quotient has more digits than are kept.
  auto const length = parts.digits.size() - first;
  auto const power = static_cast<long>(length + significant + 1);
  auto const scale = static_cast<long>(parts.digits.size()) - parts.point;
  cpp_int const divisor(parts.digits.substr(first));
  cpp_int const quotient =
      boost::multiprecision::pow(cpp_int(10), static_cast<unsigned>(power)) / divisor;
  std::string digits = quotient.str();
  long point = static_cast<long>(digits.size()) + scale - power;
  bool up = digits[significant] >= '5';
  digits.resize(significant);
  for (std::size_t i = significant; up && i-- > 0;) {
    up = digits[i] == '9';
    digits[i] = up ? '0' : static_cast<char>(digits[i] + 1);
  }
  if (up) {
    digits.insert(0, 1, '1');
    ++point;
  }
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  return write(parts.negative, std::move(digits), point);
}

}  // namespace affsync
