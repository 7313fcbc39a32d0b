// Percent-encoding and hexadecimal digits, also where they are cut or wrong.
#include "base/encodings.hpp"

#include <gtest/gtest.h>

namespace affsync::encodings_test {
namespace {

using namespace std::string_literals;

TEST(Encodings, HexadecimalDigitsAreReadInBothCases) {
  EXPECT_EQ(hex_of("\x00\x1f\xff"s), "001fff");
  EXPECT_EQ(bytes_of_hex("001fFf"), "\x00\x1f\xff"s);
  EXPECT_EQ(bytes_of_hex(""), "");
  for (auto const* wrong : {"0", "001", "0g", "-1", "+1", " 1", "0x"}) {
    EXPECT_FALSE(bytes_of_hex(wrong)) << wrong;
  }
}

TEST(Encodings, PercentEncodingIsReadWhole) {
  EXPECT_EQ(percent_decoded("a%20b%2Fc%2f%25%00"), "a b/c/%\0"s);
  EXPECT_EQ(percent_decoded("a+b"), "a+b");
  EXPECT_EQ(percent_decoded(""), "");
  for (auto const* wrong : {"%", "%4", "a%", "%4%41", "%g1", "%+1", "% 1", "%-1"}) {
    EXPECT_FALSE(percent_decoded(wrong)) << wrong;
  }
}

TEST(Encodings, WhatIsNoEscapeStays) {
  EXPECT_EQ(percent_decoded_where_it_is("100% of %41%4"), "100% of A%4");
  EXPECT_EQ(percent_decoded_where_it_is("%%41%"), "%A%");
  EXPECT_EQ(percent_decoded_where_it_is("%+1%g1"), "%+1%g1");
}

}  // namespace
}  // namespace affsync::encodings_test
