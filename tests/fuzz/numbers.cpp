// Decimals. The first line of an input has a shift and a scale ("6 2"), the second line the text.
//
// For any text: it is refused, or the result is valid for PostgreSQL's numeric and has exactly the
// written value. Shifting is exact. Rounding changes a number by at most half a unit, and rounds
// half away from zero. Removing float noise changes a number by at most 2^-23 of it. An inverse is
// correct to half a unit of its 18th digit.
#include <cstdint>

#include "base/decimal.hpp"
#include "connectors/engine/values/numbers.hpp"
#include "connectors/engine/values/times.hpp"
#include "tests/fuzz/cells.hpp"
#include "tests/fuzz/exact.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/targets.hpp"

namespace affsync::fuzz {
namespace {

Exact unit(long places) {
  return exact_of("1e" + std::to_string(-places));
}

void require_numeric(std::string_view text) {
  require(is_numeric(text), "a decimal is valid as numeric", text);
}

void require_rounded(std::string const& decimal, int scale) {
  auto const rounded = round_decimal(decimal, scale);
  require_numeric(rounded);
  auto const point = rounded.find('.');
  auto const places = point == rounded.npos ? 0 : rounded.size() - point - 1;
  require(places <= static_cast<std::size_t>(scale),
          "a rounded number has at most the requested decimals", rounded);
  auto const was = exact_of(decimal);
  auto const is = exact_of(rounded);
  auto const twice = magnitude(was - is) * Exact{2, 0};
  auto const order = compare(twice, unit(scale));
  require(order <= 0, "rounding moves by half a unit at most", decimal);
  require(order < 0 || compare(magnitude(is), magnitude(was)) > 0, "half is rounded away from zero",
          decimal);
}

void require_noise_gone(std::string const& decimal, int scale) {
  auto const cleaned = round_float_noise(decimal, scale);
  require_numeric(cleaned);
  require(cleaned == decimal || cleaned == round_decimal(decimal, scale),
          "float noise is removed by rounding, or the number is unchanged", decimal);
  auto const was = exact_of(decimal);
  auto const moved = magnitude(was - exact_of(cleaned)) * Exact{WholeNumber(1) << 23, 0};
  // Half a step of a 32-bit float, plus what its printed form is cut by, which is less.
  require(compare(moved, magnitude(was)) <= 0,
          "removing noise changes the number by no more than noise", decimal);
}

void require_inverse(std::string const& decimal) {
  auto const inverse = invert_decimal(decimal);
  auto const value = exact_of(decimal);
  require(inverse.has_value() == !value.digits.is_zero(), "every number except zero has an inverse",
          decimal);
  if (!inverse) return;
  require_numeric(*inverse);
  auto const is = exact_of(*inverse);
  // The number of decimal places of the 18th significant digit.
  auto const significant = magnitude(is).digits.str().size();
  auto const last_place = is.places - static_cast<long>(significant) + 18;
  auto const off = magnitude(is * value - Exact{1, 0}) * Exact{2, 0};
  require(compare(off, unit(last_place) * magnitude(value)) <= 0,
          "an inverse is correct to half a unit", decimal);
}

void require_readers(std::string_view text, int shift, int scale, DecimalParse const& parsed) {
  bool const good = parsed.error == DecimalError::none;
  std::string out;
  require(engine::read_decimal(text, 0, std::nullopt, out).empty() == good && out == parsed.text,
          "read_decimal and parse_decimal agree", text);
  for (auto const read : {engine::read_decimal, engine::read_percent, engine::read_inverse}) {
    for (auto const& places : {std::optional<int>(), std::optional(scale)}) {
      out.clear();
      if (read(text, shift, places, out).empty()) require_numeric(out);
    }
  }
  out.clear();
  if (engine::read_integer(text, out).empty()) {
    require(good && compare(exact_of(out), exact_of(parsed.text)) == 0,
            "an integer keeps its value", text);
    require(out != "-0" && out.find('.') == out.npos, "an integer is written without a point", out);
  }
  TimePoint time{};
  for (bool const milliseconds : {false, true}) {
    if (engine::read_epoch(text, milliseconds, time).empty()) {
      require(engine::is_storable(time), "an epoch can be stored", text);
    }
  }
}

}  // namespace

void numbers(std::string_view input) {
  auto head = take_line(input);
  auto const shift = to_choice(take_word(head), 60) - 30;
  auto const scale = to_choice(head, 50);
  auto const parsed = parse_decimal(input);
  require_readers(input, shift, scale, parsed);
  if (parsed.error != DecimalError::none) return;
  require_numeric(parsed.text);
  require(compare(exact_of(input), exact_of(parsed.text)) == 0, "a decimal keeps its value", input);
  auto const shifted = shift_decimal(parsed.text, shift);
  require_numeric(shifted);
  require(compare(exact_of(shifted), exact_of(parsed.text) * unit(-shift)) == 0,
          "shifting is exact", parsed.text);
  require_rounded(parsed.text, scale);
  require_noise_gone(parsed.text, scale);
  require_inverse(parsed.text);
}

}  // namespace affsync::fuzz
