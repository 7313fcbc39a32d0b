// Prints exact decimals.
#include "tests/sandbox/fixed.hpp"

#include <array>

namespace affsync::sandbox {
namespace {

constexpr std::array<Fixed, 9> powers_of_ten{1,       10,        100,        1'000,      10'000,
                                             100'000, 1'000'000, 10'000'000, 100'000'000};

void append_whole(std::string& out, WideSum value) {
  std::array<char, 40> digits;
  auto at = digits.size();
  do {
    digits[--at] = static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  } while (value > 0);
  out.append(digits.data() + at, digits.size() - at);
}

}  // namespace

Fixed round_fixed(Fixed value, int digits) {
  Fixed const step = powers_of_ten[static_cast<std::size_t>(8 - digits)];
  Fixed const half = step / 2;
  return (value >= 0 ? (value + half) / step : (value - half) / step) * step;
}

void append_fixed(std::string& out, WideSum value, int digits) {
  if (value < 0) {
    out += '-';
    value = -value;
  }
  append_whole(out, value / fixed_one);
  if (digits == 0) return;
  auto fraction = static_cast<Fixed>(value % fixed_one);
  std::array<char, 9> text;
  text[0] = '.';
  for (std::size_t i = 8; i > 0; --i) {
    text[i] = static_cast<char>('0' + fraction % 10);
    fraction /= 10;
  }
  out.append(text.data(), static_cast<std::size_t>(digits) + 1);
}

void append_shortest(std::string& out, WideSum value) {
  auto fraction = static_cast<Fixed>(value % fixed_one);
  int digits = fraction == 0 ? 0 : 8;
  while (fraction != 0 && fraction % 10 == 0) {
    fraction /= 10;
    --digits;
  }
  append_fixed(out, value, digits);
}

void append_python_number(std::string& out, Fixed value) {
  Fixed const size = value < 0 ? -value : value;
  if (size == 0 || size >= powers_of_ten[4]) {
    append_shortest(out, value);
    return;
  }
  std::string digits = std::to_string(size);
  int const exponent = 9 - static_cast<int>(digits.size());
  digits.erase(digits.find_last_not_of('0') + 1);
  if (value < 0) out += '-';
  out += digits[0];
  if (digits.size() > 1) out.append(".").append(digits, 1);
  out.append("e-0").append(std::to_string(exponent));
}

}  // namespace affsync::sandbox
