#include "tests/fuzz/exact.hpp"

#include <algorithm>

namespace affsync::fuzz {
namespace {

WholeNumber power_of_ten(long exponent) {
  return boost::multiprecision::pow(WholeNumber(10), static_cast<unsigned>(exponent));
}

WholeNumber at_places(Exact const& value, long places) {
  return value.digits * power_of_ten(places - value.places);
}

}  // namespace

Exact exact_of(std::string_view text) {
  Exact value;
  bool negative = false;
  bool after_point = false;
  std::string digits = "0";
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (c == 'e' || c == 'E') {
      value.places -= std::stol(std::string(text.substr(i + 1)));
      break;
    }
    negative = negative || c == '-';
    if (c == '.') after_point = true;
    if (c < '0' || c > '9') continue;
    digits += c;
    value.places += after_point ? 1 : 0;
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  value.digits = WholeNumber(digits);
  if (negative) value.digits = -value.digits;
  if (value.places < 0) {
    value.digits *= power_of_ten(-value.places);
    value.places = 0;
  }
  return value;
}

Exact operator-(Exact const& left, Exact const& right) {
  auto const places = std::max(left.places, right.places);
  return {at_places(left, places) - at_places(right, places), places};
}

Exact operator*(Exact const& left, Exact const& right) {
  return {left.digits * right.digits, left.places + right.places};
}

Exact magnitude(Exact const& value) {
  return {boost::multiprecision::abs(value.digits), value.places};
}

int compare(Exact const& left, Exact const& right) {
  auto const difference = left - right;
  return difference.digits.sign();
}

}  // namespace affsync::fuzz
