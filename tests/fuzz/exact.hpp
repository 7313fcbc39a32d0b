// Decimals as a whole number and a power of ten: the judge of base/decimal.hpp, which works on
// texts.
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

// Of a decimal, with an exponent or without.
Exact exact_of(std::string_view text);
Exact operator-(Exact const& left, Exact const& right);
Exact operator*(Exact const& left, Exact const& right);
Exact magnitude(Exact const& value);
// Less than 0, 0 or more, as left is less than right, equal or more.
int compare(Exact const& left, Exact const& right);

}  // namespace affsync::fuzz
