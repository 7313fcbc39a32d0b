// Decimals as an integer and a power of ten. The reference for base/decimal.hpp, which works on
// text.
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <string_view>

namespace affsync::fuzz {

using WholeNumber = boost::multiprecision::cpp_int;

// digits * 10^-places
struct Exact {
  WholeNumber digits;
  long places = 0;
};

// Parses a decimal, with or without an exponent.
Exact exact_of(std::string_view text);
Exact operator-(Exact const& left, Exact const& right);
Exact operator*(Exact const& left, Exact const& right);
Exact magnitude(Exact const& value);
// Less than 0, 0, or greater than 0, as left is less than, equal to, or greater than right.
int compare(Exact const& left, Exact const& right);

}  // namespace affsync::fuzz
