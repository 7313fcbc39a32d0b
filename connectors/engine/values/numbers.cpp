#include "connectors/engine/values/numbers.hpp"

#include <charconv>
#include <cstdint>

#include "base/decimal.hpp"
#include "connectors/engine/values/times.hpp"

namespace affsync::engine {
namespace {

constexpr std::string_view not_whole = "is not a whole number";
constexpr std::string_view beyond_bigint = "does not fit in 64 bits";

bool all_digits(std::string_view text) {
  for (char const c : text) {
    if (c < '0' || c > '9') return false;
  }
  return true;
}

// Returns true if parse_decimal would return the text unchanged: no exponent, no plus sign, no
// leading zero, no negative zero. Nearly every number is like that.
bool is_plain_number(std::string_view text) {
  if (text.size() > 100) return false;
  bool const negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  auto const point = text.find('.');
  auto const whole = text.substr(0, point);
  if (whole.empty() || !all_digits(whole)) return false;
  if (whole.front() == '0' && (whole.size() > 1 || negative)) return false;
  if (point == std::string_view::npos) return true;
  auto const fraction = text.substr(point + 1);
  return !fraction.empty() && all_digits(fraction);
}

std::string_view problem_of(DecimalError error) {
  switch (error) {
    case DecimalError::none:
      return {};
    case DecimalError::not_a_number:
      return "is not a number";
    case DecimalError::too_long:
      return "has more digits than can be stored";
    case DecimalError::exponent_too_large:
      return "has too large an exponent";
  }
  return "is not a number";
}

}  // namespace

bool is_spelt_plainly(std::string_view text) {
  if (!is_plain_number(text)) return false;
  return text.back() != '0' || text.find('.') == std::string_view::npos;
}

std::string_view without_end_zeros(std::string_view decimal) {
  if (decimal.find('.') == std::string_view::npos) return decimal;
  while (decimal.back() == '0') decimal.remove_suffix(1);
  if (decimal.back() == '.') decimal.remove_suffix(1);
  return decimal;
}

std::string_view read_decimal(std::string_view text, int shift, std::optional<int> scale,
                              std::string& out) {
  if (shift == 0 && !scale && is_plain_number(text)) {
    out += text;
    return {};
  }
  auto parsed = parse_decimal(text);
  if (parsed.error != DecimalError::none) return problem_of(parsed.error);
  if (shift != 0) parsed.text = shift_decimal(parsed.text, shift);
  if (scale) parsed.text = round_decimal(parsed.text, *scale);
  out += parsed.text;
  return {};
}

std::string_view read_inverse(std::string_view text, int shift, std::optional<int> scale,
                              std::string& out) {
  std::string decimal;
  if (auto const problem = read_decimal(text, shift, std::nullopt, decimal); !problem.empty()) {
    return problem;
  }
  auto inverse = invert_decimal(decimal);
  if (!inverse) return "is zero, which has no inverse";
  out += scale ? round_decimal(*inverse, *scale) : *inverse;
  return {};
}

std::string_view read_percent(std::string_view text, int shift, std::optional<int> scale,
                              std::string& out) {
  if (!text.empty() && text.back() == '%') text.remove_suffix(1);
  return read_decimal(text, shift, scale, out);
}

std::string_view read_integer(std::string_view text, std::string& out) {
  std::string written;
  std::string_view whole = text;
  if (!is_plain_number(text) || text.find('.') != std::string_view::npos) {
    auto parsed = parse_decimal(text);
    if (parsed.error != DecimalError::none) return problem_of(parsed.error);
    written = std::move(parsed.text);
    whole = written;
    if (auto const point = whole.find('.'); point != std::string_view::npos) {
      if (whole.find_first_not_of('0', point + 1) != std::string_view::npos) return not_whole;
      whole = whole.substr(0, point);
    }
  }
  std::int64_t value = 0;
  auto const end = whole.data() + whole.size();
  auto const [stop, error] = std::from_chars(whole.data(), end, value);
  if (error != std::errc{} || stop != end) return beyond_bigint;
  out += whole == "-0" ? "0" : whole;
  return {};
}

std::string_view read_epoch(std::string_view text, bool milliseconds, TimePoint& out) {
  auto const parsed = parse_decimal(text);
  if (parsed.error != DecimalError::none) return problem_of(parsed.error);
  std::string const micros = shift_decimal(parsed.text, milliseconds ? 3 : 6);
  std::int64_t value = 0;
  auto const end = micros.data() + std::min(micros.find('.'), micros.size());
  auto const [stop, error] = std::from_chars(micros.data(), end, value);
  if (error != std::errc{} || stop != end) return "is not a time that can be stored";
  out = TimePoint(Duration(value));
  return is_storable(out) ? std::string_view{} : "is not a time that can be stored";
}

}  // namespace affsync::engine
