// Limits that a connector states: each of them holds, for the streams that it names.
#include "connectors/engine/pace/quotas.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "connectors/engine/pace/limiter.hpp"

namespace affsync::engine::quotas_test {
namespace {

using namespace std::chrono_literals;

TimePoint const start{std::chrono::hours(500'000)};

RateLimit limit(int requests, std::chrono::seconds per, std::vector<std::string> of = {}) {
  RateLimit out;
  out.requests = requests;
  out.per = per;
  out.of = std::move(of);
  return out;
}

TEST(Quotas, WithoutLimitsNothingWaits) {
  Quotas quotas({});
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(quotas.reserve(start, "rows", 1), 0s);
}

TEST(Quotas, TheNextWindowBeginsWithTheFirstRequestThatLeavesIt) {
  Quotas quotas({limit(2, 10s)});
  EXPECT_EQ(quotas.reserve(start, "rows", 1), 0s);
  EXPECT_EQ(quotas.reserve(start + 3s, "rows", 1), 0s);
  EXPECT_EQ(quotas.wait_for(start + 4s, "rows", 1), 6s);
  EXPECT_EQ(quotas.reserve(start + 4s, "rows", 1), 6s);  // sent at 10 s
  EXPECT_EQ(quotas.reserve(start + 4s, "rows", 1), 9s);  // sent at 13 s
  EXPECT_EQ(quotas.reserve(start + 4s, "rows", 1), 16s);
}

TEST(Quotas, EachLimitHolds) {
  Quotas quotas({limit(2, 1s), limit(5, 60s)});
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 7; ++i) waits.push_back(quotas.reserve(start, "rows", 1) / 1s);
  EXPECT_EQ(waits, (std::vector<std::int64_t>{0, 0, 1, 1, 2, 60, 60}));
}

TEST(Quotas, ALimitCountsItsStreamsTogetherAndNoOthers) {
  Quotas quotas({limit(2, 10s, {"a", "b"})});
  EXPECT_EQ(quotas.reserve(start, "a", 1), 0s);
  EXPECT_EQ(quotas.reserve(start, "b", 1), 0s);
  EXPECT_EQ(quotas.reserve(start, "c", 1), 0s);
  EXPECT_EQ(quotas.reserve(start, std::string(login_requests), 1), 0s);
  EXPECT_EQ(quotas.reserve(start, "a", 1), 10s);
}

TEST(Quotas, ARequestMayCostMore) {
  Quotas quotas({limit(10, 10s)});
  EXPECT_EQ(quotas.reserve(start, "heavy", 4), 0s);
  EXPECT_EQ(quotas.reserve(start + 1s, "heavy", 4), 0s);
  EXPECT_EQ(quotas.wait_for(start + 2s, "light", 2), 0s);
  EXPECT_EQ(quotas.reserve(start + 2s, "heavy", 4), 8s);
}

// In no window of the limit are there more requests than it allows, however many there are.
TEST(Quotas, AManyRequestLimitHoldsInEveryWindow) {
  Quotas quotas({limit(1000, 3600s)});
  std::vector<TimePoint> sent;
  auto now = start;
  for (int i = 0; i < 5000; ++i) {
    now += std::chrono::milliseconds(i % 7 * 100);
    sent.push_back(now + quotas.reserve(now, "rows", 1));
  }
  for (std::size_t i = 1000; i < sent.size(); ++i) EXPECT_GE(sent[i] - sent[i - 1000], 3600s);
  // Nor does it wait much longer than it must: 5000 requests take about four hours.
  EXPECT_LT(sent.back() - start, 4 * 3600s + 1800s);
}

TEST(Quotas, WhatAnotherProcessSentCounts) {
  Quotas quotas({limit(10, 3600s), limit(6, 7200s, {"rows"})});
  EXPECT_EQ(quotas.longest(), 7200s);
  quotas.note_past(start, "rows", 4);
  quotas.note_past(start + 1800s, "clients", 5);
  // One is left of the hour; the next is possible when the first four leave it.
  EXPECT_EQ(quotas.reserve(start + 2000s, "clients", 1), 0s);
  EXPECT_EQ(quotas.wait_for(start + 2000s, "clients", 1), 1600s);
  // Of the streams with a limit of their own two are left then.
  EXPECT_EQ(quotas.wait_for(start + 2000s, "rows", 2), 1600s);
  EXPECT_EQ(quotas.wait_for(start + 2000s, "rows", 3), 5200s);
  EXPECT_EQ(Quotas({}).longest(), 0s);
}

TEST(Quotas, AClockThatGoesBackKeepsNobodyWaiting) {
  Quotas quotas({limit(1, 10s)});
  EXPECT_EQ(quotas.reserve(start, "rows", 1), 0s);
  EXPECT_LE(quotas.reserve(start - 24h, "rows", 1), 10s);
}

Manifest parse(std::string const& rate, std::string const& stream_words = "") {
  auto const manifest = parse_manifest(
      "name: one\nbase_url: https://b.example\nauth: {type: none}\nrate: {" + rate +
          "}\nstreams:\n  s: {table: payout, path: /r, records: $, key: id, map: {amount: a}" +
          stream_words + "}\n",
      "one.yaml");
  if (!manifest) throw Failure(manifest.error());
  return *manifest;
}

TEST(Quotas, AreReadFromTheFile) {
  auto const manifest = parse(
      "limits: [{requests: 10, per: 1s}, {requests: 1000, per: 1d, of: [s, login]}]", ", cost: 5");
  ASSERT_EQ(manifest.rate.limits.size(), 2U);
  EXPECT_EQ(manifest.rate.limits[1].requests, 1000);
  EXPECT_EQ(manifest.rate.limits[1].per, 24h);
  EXPECT_EQ(manifest.rate.limits[1].of, (std::vector<std::string>{"s", "login"}));
  EXPECT_EQ(manifest.streams[0].cost, 5);
}

TEST(Quotas, MistakesAreToldWithTheirPlace) {
  auto const told = [](std::string const& rate, std::string const& words = "") {
    try {
      parse(rate, words);
      return std::string("no error");
    } catch (Failure const& failure) {
      return failure.error().to_line();
    }
  };
  EXPECT_EQ(told("limits: [{requests: 1, per: 1s, of: [r]}]"),
            "one.yaml:4:45: \"r\" is not a stream of this connector. One of: login, s.");
  EXPECT_EQ(told("limits: [{requests: 3, per: 1s}]", ", cost: 4"),
            "one.yaml:4:28: a request of \"s\" costs 4, more than this limit");
  EXPECT_EQ(told("limits: [{requests: 3}]"),
            "one.yaml:4:17: a limit of the rate needs the key `per`");
  EXPECT_EQ(told("remaining_header: [A, B], reset_header: R"),
            "one.yaml:4:26: each quota needs both of its headers. Give `remaining_header` and "
            "`reset_header` as many names.");
}

// An earlier process may have sent as much as a number can say, in each of its runs.
TEST(Quotas, HoweverMuchWasSentItIsAddedUp) {
  constexpr int most = std::numeric_limits<int>::max();
  Quotas together({limit(500, 1h)}), apart({limit(5, 1h)});
  for (auto const ago : {30min, 20min}) apart.note_past(start - ago, "rows", most);
  together.note_past(start - 20min - 2s, "rows", most);
  together.note_past(start - 20min, "rows", most);
  EXPECT_EQ(apart.wait_for(start, "rows", 1), 40min);
  EXPECT_EQ(together.wait_for(start, "rows", 1), 40min - 2s + 36s);  // a share of the hour late
}

// Of several quotas that headers announce, the one with the least left decides.
TEST(Quotas, HeadersMayAnnounceSeveral) {
  auto const manifest = parse(
      "requests_per_second: 100, burst: 1, remaining_header: [Minute-Left, Day-Left],"
      " reset_header: [Minute-Reset, Day-Reset]");
  Limiter limiter(manifest.rate);
  limiter.reserve(start);
  Headers headers;
  headers.add("Minute-Left", "90");
  headers.add("Minute-Reset", "60");
  headers.add("Day-Left", "8");
  headers.add("Day-Reset", "80");
  limiter.on_success(start + 1s, start, headers);
  EXPECT_DOUBLE_EQ(limiter.rate(), 0.1);  // 8 in 80 s
}

}  // namespace
}  // namespace affsync::engine::quotas_test
