// Decimals as text: every digit is kept, each limit has its own error, half is rounded away from
// zero.
#include "base/decimal.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace affsync::decimal_test {
namespace {

std::string written(std::string_view text) {
  auto const parse = parse_decimal(text);
  return parse.error == DecimalError::none ? parse.text : std::string(to_string(parse.error));
}

TEST(Decimal, KeepsEveryDigit) {
  for (std::string const text :
       {"0", "7", "1756.287846940199989393", "835449167911924693", "1234.50", "0.00", "-0.10",
        "-12345678901234567890.12345678901234567890"}) {
    EXPECT_EQ(written(text), text);
  }
}

TEST(Decimal, WritesExponentsOut) {
  std::vector<std::pair<std::string, std::string>> const cases = {
      {"1e-11", "0.00000000001"}, {"1E3", "1000"},       {"1.5e3", "1500"}, {"1.2345e2", "123.45"},
      {"12.5e-1", "1.25"},        {"-2.50e+1", "-25.0"}, {"0e5", "0"},      {"0.001e3", "1"},
      {"1.50e1", "15.0"},         {"100e-2", "1.00"},    {"-1e-1", "-0.1"}, {"1e0", "1"}};
  for (auto const& [text, expected] : cases) EXPECT_EQ(written(text), expected) << text;
}

TEST(Decimal, NormalisesOnlyWhatHasNoValue) {
  EXPECT_EQ(written("-0"), "0");
  EXPECT_EQ(written("-0.00"), "0.00");
  EXPECT_EQ(written("+5"), "5");
  EXPECT_EQ(written(" \t12.5 "), "12.5");
  EXPECT_EQ(written("0012"), "12");
  EXPECT_EQ(written("00.50"), "0.50");
  EXPECT_EQ(written(".5"), "0.5");
  EXPECT_EQ(written("5."), "5");
}

TEST(Decimal, RefusesWhatIsNoNumber) {
  for (auto const* text :
       {"",      " ",    "-",   "+",        ".",   "abc", "1,000", "1 000", "1.2.3", "1e", "1e+",
        "1e1.5", "0x10", "NaN", "Infinity", "--1", "1-",  "1\n",   "٣",     "1e5x",  "$5", "5%"}) {
    EXPECT_EQ(parse_decimal(text).error, DecimalError::not_a_number) << text;
  }
}

TEST(Decimal, LimitsAreToldApart) {
  EXPECT_EQ(parse_decimal(std::string(1000, '9')).error, DecimalError::none);
  EXPECT_EQ(parse_decimal(std::string(1001, '9')).error, DecimalError::too_long);
  EXPECT_EQ(parse_decimal("1e999999").error, DecimalError::exponent_too_large);
  EXPECT_EQ(parse_decimal("1e-999999").error, DecimalError::exponent_too_large);
  EXPECT_EQ(parse_decimal("1e99999999999999999999").error, DecimalError::exponent_too_large);
  EXPECT_EQ(parse_decimal("1e1999").error, DecimalError::none);
  EXPECT_EQ(parse_decimal("1e2000").error, DecimalError::exponent_too_large);
  EXPECT_EQ(parse_decimal("1e-1999").error, DecimalError::none);
  // Many digits and a large exponent are each valid alone but not together.
  EXPECT_EQ(parse_decimal("0." + std::string(999, '9') + "e-1998").error,
            DecimalError::exponent_too_large);
  EXPECT_EQ(parse_decimal("0." + std::string(999, '9')).error, DecimalError::none);
}

TEST(Decimal, RoundsHalfAwayFromZero) {
  struct Case {
    char const* text;
    int scale;
    char const* expected;
  };
  for (auto const& one :
       {Case{"1.005", 2, "1.01"}, Case{"1.004", 2, "1.00"}, Case{"-1.005", 2, "-1.01"},
        Case{"9.995", 2, "10.00"}, Case{"999.5", 0, "1000"}, Case{"0.5", 0, "1"},
        Case{"0.4", 0, "0"}, Case{"-0.5", 0, "-1"}, Case{"-0.4", 0, "0"}, Case{"-0.004", 2, "0.00"},
        Case{"1.5", 4, "1.5"}, Case{"1.50", 2, "1.50"}, Case{"2", 0, "2"},
        Case{"0.00000000001", 10, "0.0000000000"}, Case{"0.00000000005", 10, "0.0000000001"},
        Case{"1.00499999999999999999999", 2, "1.00"}}) {
    EXPECT_EQ(round_decimal(one.text, one.scale), one.expected) << one.text << " to " << one.scale;
  }
}

TEST(Decimal, ShiftsWithoutLosingADigit) {
  EXPECT_EQ(shift_decimal("1.234567891", 6), "1234567.891");
  EXPECT_EQ(shift_decimal("1.5", 6), "1500000");
  EXPECT_EQ(shift_decimal("1234.50", -2), "12.3450");
  EXPECT_EQ(shift_decimal("0.5", -3), "0.0005");
  EXPECT_EQ(shift_decimal("-0.5", 1), "-5");
  EXPECT_EQ(shift_decimal("0", 6), "0");
  EXPECT_EQ(shift_decimal("0.00", 1), "0.0");
  EXPECT_EQ(shift_decimal("12", 0), "12");
  EXPECT_EQ(shift_decimal(shift_decimal("98.7650", -7), 7), "98.7650");
}

TEST(Decimal, InvertsToEighteenSignificantDigits) {
  std::vector<std::pair<std::string, std::string>> const cases = {
      {"3", "0.333333333333333333"},
      {"6", "0.166666666666666667"},
      {"7", "0.142857142857142857"},
      {"0.92", "1.08695652173913043"},
      {"25400", "0.0000393700787401574803"},
      {"1", "1"},
      {"0.25", "4"},
      {"4.00", "0.25"},
      {"-4", "-0.25"},
      {"0.001", "1000"},
      {"100", "0.01"},
      {"0.000000000000000000003", "333333333333333333000"},
      {"1.0000000000000000001", "1"}};
  for (auto const& [text, expected] : cases) EXPECT_EQ(invert_decimal(text), expected) << text;
  EXPECT_EQ(invert_decimal("1" + std::string(999, '0')), "0." + std::string(998, '0') + "1");
  EXPECT_EQ(invert_decimal("0"), std::nullopt);
  EXPECT_EQ(invert_decimal("0.00"), std::nullopt);
}

TEST(Decimal, SumsAreExact) {
  struct Case {
    char const* left;
    char const* right;
    char const* sum;
  };
  for (auto const& [left, right, sum] :
       {Case{"0", "12.50", "12.50"}, Case{"0.1", "0.2", "0.3"}, Case{"2.50", "0.125", "2.625"},
        Case{"-5", "5.00", "0.00"}, Case{"-0.75", "0.5", "-0.25"}, Case{"99.99", "0.01", "100.00"},
        Case{"12345678901234567890.000000000001", "0.1", "12345678901234567890.100000000001"},
        Case{"0.001", "-0.002", "-0.001"}, Case{"08", "1", "9"}}) {
    EXPECT_EQ(add_decimals(left, right), sum) << left << " + " << right;
    EXPECT_EQ(add_decimals(right, left), sum) << right << " + " << left;
  }
}

// Computed by hand from the floats: 190.36 is 190.3600006103515625, 13.9 is 13.8999996185302734375,
// 0.1 is 0.100000001490116…, 1234567.88 is 1234567.875, 16777216.5 is 16777216.
TEST(Decimal, NoiseIsWhatTheNearestFloatPrints) {
  EXPECT_EQ(round_float_noise("190.36000061035", 2), "190.36");
  EXPECT_EQ(round_float_noise("-190.36000061035156", 2), "-190.36");
  EXPECT_EQ(round_float_noise("190.3600006103515625", 2), "190.36");
  EXPECT_EQ(round_float_noise("190.360001", 2), "190.36");
  EXPECT_EQ(round_float_noise("13.89999962", 2), "13.90");
  EXPECT_EQ(round_float_noise("13.8999996", 2), "13.90");
  EXPECT_EQ(round_float_noise("0.100000001", 2), "0.10");
  EXPECT_EQ(round_float_noise("1234567.875", 2), "1234567.88");
}

TEST(Decimal, WhatNoFloatPrintsStays) {
  for (auto const* meant : {"13.89999940", "13.8999994", "13.90000001", "190.36000061036",
                            "190.3600006103515626", "150000.0042", "0.1000001", "1.2345", "-1.0049",
                            "1.01000001", "13.0000001", "16777216.5049", "0.00000001",
                            // Short enough to be intended: 83886.12 is 83886.1171875 as a float.
                            "83886.117"}) {
    EXPECT_EQ(round_float_noise(meant, 2), meant);
  }
  EXPECT_EQ(round_float_noise("12.5", 2), "12.5");
  EXPECT_EQ(round_float_noise("12", 2), "12");
  auto const huge = std::string(60, '9') + ".123";
  EXPECT_EQ(round_float_noise(huge, 2), huge);
}

}  // namespace
}  // namespace affsync::decimal_test
