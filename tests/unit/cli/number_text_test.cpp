#include "daemon/cli/terminal/numbers.hpp"

#include <gtest/gtest.h>

#include "daemon/reports/spans.hpp"

namespace affsync::cli::number_text_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(NumberText, GroupsThousands) {
  EXPECT_EQ(group_thousands("0"), "0");
  EXPECT_EQ(group_thousands("999"), "999");
  EXPECT_EQ(group_thousands("1000"), "1,000");
  EXPECT_EQ(group_thousands("-1234567.5"), "-1,234,567.5");
  EXPECT_EQ(group_thousands("-123"), "-123");
  EXPECT_EQ(group_thousands(std::int64_t{1234567}), "1,234,567");
}

TEST(NumberText, GroupingKeepsEveryDigitOfAnAmountNoDoubleHolds) {
  EXPECT_EQ(group_thousands("835449167911924693.123456789123456789"),
            "835,449,167,911,924,693.123456789123456789");
}

TEST(NumberText, WhatIsNoDecimalIsLeftAlone) {
  EXPECT_EQ(group_thousands("NaN"), "NaN");
  EXPECT_EQ(shown_amount("Infinity", "USD"), "Infinity");
}

TEST(NumberText, FitScaleTrimsAndFills) {
  EXPECT_EQ(fit_scale("1234.5000", 2), "1234.50");
  EXPECT_EQ(fit_scale("7", 2), "7.00");
  EXPECT_EQ(fit_scale("1.2345", 2), "1.2345");
  EXPECT_EQ(fit_scale("10.00", 0), "10");
}

TEST(NumberText, AmountHasTwoDigits) {
  EXPECT_EQ(shown_amount("1234.5", "USD"), "1,234.50");
  EXPECT_EQ(shown_amount("1756.287846940199989393", "USDT"), "1,756.29");
  EXPECT_EQ(shown_amount("-0.005", "EUR"), "-0.005");
  EXPECT_EQ(shown_amount("0.004", ""), "0.004");
}

TEST(NumberText, AmountRoundsHalfAwayFromZero) {
  EXPECT_EQ(shown_amount("1.005", "USD"), "1.01");
  EXPECT_EQ(shown_amount("-1.005", "USD"), "-1.01");
  EXPECT_EQ(shown_amount("999.995", "USD"), "1,000.00");
}

TEST(NumberText, CoinsKeepEightDigits) {
  EXPECT_EQ(shown_amount("1.234567891", "BTC"), "1.23456789");
  EXPECT_EQ(shown_amount("1.5", "ETH"), "1.50000000");
}

TEST(NumberText, SmallAmountsNeverBecomeNothing) {
  EXPECT_EQ(shown_amount("0.00001234", "USD"), "0.000012");
  EXPECT_EQ(shown_amount("0.00000000001", "BTC"), "0.00000000001");
  EXPECT_EQ(shown_amount("0.000", "USD"), "0.00");
}

TEST(NumberText, TellsWhenDigitsWereLeftAway) {
  bool rounded = false;
  shown_amount("1.50000", "USD", &rounded);
  EXPECT_FALSE(rounded);
  shown_amount("1.50100", "USD", &rounded);
  EXPECT_TRUE(rounded);
}

TEST(NumberText, Durations) {
  EXPECT_EQ(shown_duration(milliseconds(0)), "0 ms");
  EXPECT_EQ(shown_duration(milliseconds(999)), "999 ms");
  EXPECT_EQ(shown_duration(milliseconds(12'345)), "12.3 s");
  EXPECT_EQ(shown_duration(milliseconds(245'000)), "4 m 05 s");
  EXPECT_EQ(shown_duration(milliseconds(7'380'000)), "2 h 03 m");
}

TEST(NumberText, AgesHaveOneUnit) {
  EXPECT_EQ(reports::short_span_text(seconds(59)), "59s");
  EXPECT_EQ(reports::short_span_text(seconds(185)), "3m");
  EXPECT_EQ(reports::short_span_text(seconds(3600 * 47)), "47h");
  EXPECT_EQ(reports::short_span_text(seconds(86'400 * 3)), "3d");
  EXPECT_EQ(reports::short_span_text(seconds(-5)), "0s");
}

TEST(NumberText, LongAgesNameTheirUnit) {
  EXPECT_EQ(reports::long_span_text(seconds(59)), "0 minutes");
  EXPECT_EQ(reports::long_span_text(seconds(119 * 60)), "119 minutes");
  EXPECT_EQ(reports::long_span_text(seconds(120 * 60)), "2 hours");
  EXPECT_EQ(reports::long_span_text(seconds(3600 * 47 + 3599)), "47 hours");
  EXPECT_EQ(reports::long_span_text(seconds(86'400 * 2)), "2 days");
}

TEST(NumberText, TimesAreUtcToTheMinute) {
  TimePoint const moment = Day(std::chrono::year(2026) / 11 / 21) + std::chrono::seconds(11'655);
  EXPECT_EQ(shown_time(moment), "2026-11-21 03:14");
  EXPECT_EQ(shown_time(std::nullopt), "");
}

}  // namespace
}  // namespace affsync::cli::number_text_test
