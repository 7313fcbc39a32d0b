// Which clock is believed when they differ.
#include "daemon/sync/broker_clock.hpp"

#include <gtest/gtest.h>

namespace affsync::sync::broker_clock_test {
namespace {

using namespace std::chrono_literals;

TimePoint const now = TimePoint(1'790'000'000s);

TEST(ClockWitnesses, OneBrokerAloneIsBelieved) {
  ClockWitnesses witnesses;
  EXPECT_FALSE(witnesses.are_for_us("https://a.example", 4 * 24h, now));
  witnesses.note("https://a.example", 4 * 24h, now);
  EXPECT_FALSE(witnesses.are_for_us("https://a.example", 4 * 24h, now));
}

TEST(ClockWitnesses, WhomOthersContradictIsNot) {
  ClockWitnesses witnesses;
  witnesses.note("https://a.example", 4 * 24h, now);
  witnesses.note("https://b.example", 3s, now);
  EXPECT_TRUE(witnesses.are_for_us("https://a.example", 4 * 24h, now));
  // Another one that is wrong in its own way says nothing for either.
  witnesses.note("https://c.example", -900 * 24h, now);
  EXPECT_TRUE(witnesses.are_for_us("https://a.example", 4 * 24h, now));
  EXPECT_TRUE(witnesses.are_for_us("https://c.example", -900 * 24h, now));
}

TEST(ClockWitnesses, TwoThatSayTheSameAreBelieved) {
  ClockWitnesses witnesses;
  witnesses.note("https://a.example", 3h, now);
  witnesses.note("https://b.example", 3s, now);
  witnesses.note("https://c.example", 3h + 1s, now);
  EXPECT_FALSE(witnesses.are_for_us("https://a.example", 3h, now));
}

// They spoke of the time before the jump.
TEST(ClockWitnesses, WhatWasSaidBeforeOurClockJumpedIsVoid) {
  ClockWitnesses witnesses;
  witnesses.note("https://b.example", 3s, now);
  auto const later = now + 24h;
  witnesses.note("https://a.example", 24h, later);
  EXPECT_FALSE(witnesses.are_for_us("https://a.example", 24h, later));
  witnesses.note("https://b.example", 3s, later);
  EXPECT_TRUE(witnesses.are_for_us("https://a.example", 24h, later));
}

}  // namespace
}  // namespace affsync::sync::broker_clock_test
