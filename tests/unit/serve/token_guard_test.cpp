// Guessing the token: who has to wait, for how long, and who need not.
#include "daemon/serve/token_guard.hpp"

#include <gtest/gtest.h>

#include "daemon/serve/door.hpp"

namespace affsync::serve::token_guard_test {
namespace {

using namespace std::chrono_literals;

TimePoint const start = TimePoint(1'700'000'000s);
constexpr char const* token = "planted-0123456789";

TEST(TokenGuard, TheFifthGuessHasToWaitAndEachFurtherOneTwiceAsLong) {
  TokenGuard guard;
  auto now = start;
  for (std::uint64_t guess = 1; guess <= 4; ++guess) {
    EXPECT_FALSE(guard.on_wrong("192.0.2.7", guess, now));
    EXPECT_EQ(guard.wait("192.0.2.7", now), 0s);
  }
  EXPECT_TRUE(guard.on_wrong("192.0.2.7", 5, now));
  EXPECT_EQ(guard.wait("192.0.2.7", now), 1s);
  EXPECT_EQ(guard.wait("192.0.2.7", now + 999ms), 1s);
  EXPECT_EQ(guard.wait("192.0.2.7", now + 1s), 0s);
  EXPECT_EQ(guard.wait("192.0.2.8", now), 0s);
  std::uint64_t guess = 6;
  for (auto const expected : {2s, 4s, 8s, 16s, 32s, 64s, 128s, 256s, 512s, 900s, 900s}) {
    now += guard.wait("192.0.2.7", now);
    EXPECT_FALSE(guard.on_wrong("192.0.2.7", guess++, now)) << "is told once";
    EXPECT_EQ(guard.wait("192.0.2.7", now), expected);
  }
}

TEST(TokenGuard, TheSameWrongTokenAgainIsNoGuess) {
  TokenGuard guard;
  for (int time = 0; time < 100; ++time) {
    guard.on_wrong("192.0.2.7", 1, start + time * 15s);  // a program with an old token
    guard.on_wrong("192.0.2.7", 2, start + time * 15s);  // and a browser with an old cookie
  }
  EXPECT_EQ(guard.wait("192.0.2.7", start + 1500s), 0s);
}

TEST(TokenGuard, IsForgottenAnHourAfterTheLastGuess) {
  TokenGuard guard;
  for (std::uint64_t guess = 1; guess <= 9; ++guess) guard.on_wrong("192.0.2.7", guess, start);
  EXPECT_FALSE(guard.on_wrong("192.0.2.7", 10, start + 1h));
  EXPECT_EQ(guard.wait("192.0.2.7", start + 1h), 0s);
}

TEST(TokenGuard, AClockThatIsSetBackShutsNobodyOut) {
  TokenGuard guard;
  for (std::uint64_t guess = 1; guess <= 9; ++guess) guard.on_wrong("192.0.2.7", guess, start);
  EXPECT_EQ(guard.wait("192.0.2.7", start - 24h), 0s);
}

TEST(TokenGuard, RemembersABoundedNumberOfCallersAndForgetsTheOldest) {
  TokenGuard guard;
  for (int caller = 0; caller < 5000; ++caller) {
    auto const now = start + caller * 1ms;
    for (std::uint64_t guess = 1; guess <= 5; ++guess) {
      guard.on_wrong("caller " + std::to_string(caller), guess, now);
    }
  }
  EXPECT_EQ(guard.size(), 1024u);
  EXPECT_EQ(guard.wait("caller 4999", start + 5s), 1s);
  EXPECT_EQ(guard.wait("caller 0", start + 1ms), 0s);
}

TEST(CallerOf, IsTheAddressOrTheNetworkOfThePeer) {
  HttpRequest const plain;
  EXPECT_EQ(caller_of("192.0.2.7", plain), "192.0.2.7");
  EXPECT_EQ(caller_of("::ffff:192.0.2.7", plain), "192.0.2.7");
  EXPECT_EQ(caller_of("2001:db8:1:2:3:4:5:6", plain), "2001:db8:1:2::/64");
  EXPECT_EQ(caller_of("fe80::1%3", plain), "fe80::/64");
  EXPECT_EQ(caller_of("", plain), "");
}

TEST(CallerOf, IsToldByAProxyOfThisMachineAlone) {
  HttpRequest forwarded;
  forwarded.headers.add("X-Forwarded-For", "203.0.113.9, 198.51.100.4");
  EXPECT_EQ(caller_of("127.0.0.1", forwarded), "198.51.100.4 through a proxy");
  EXPECT_EQ(caller_of("::1", forwarded), "198.51.100.4 through a proxy");
  EXPECT_EQ(caller_of("192.0.2.7", forwarded), "192.0.2.7") << "anybody may send this header";
  HttpRequest odd;
  odd.headers.add("X-Forwarded-For", "<script>");
  EXPECT_EQ(caller_of("127.0.0.1", odd), "127.0.0.1");
}

class DoorTest : public ::testing::Test {
 protected:
  Door door(std::string const& its_token = token) {
    AccessRules rules;
    rules.token = Secret(its_token);
    rules.cookie = "affsync_session_9464";
    auto tell = [this](std::string const& caller) { told_.push_back(caller); };
    return Door(rules, {}, metrics_, tell);
  }
  Admission ask(Door& door, std::string const& bearer, std::string const& peer,
                std::string const& path = "/api/status") {
    HttpRequest request(Method::get, path);
    request.headers.add("Host", "localhost:9464");
    if (!bearer.empty()) request.headers.add("Authorization", "Bearer " + bearer);
    return door.admit(request, parse_target(path).value(), peer, now_);
  }
  Admission sign_in(Door& door, std::string const& text, std::string const& peer) {
    HttpRequest request(Method::post, "/login");
    request.headers.add("Host", "localhost:9464");
    request.body = "token=" + text;
    return door.admit(request, parse_target("/login").value(), peer, now_);
  }
  void guess(Door& door, std::string const& peer, int times) {
    for (int time = 0; time < times; ++time) {
      auto const answer = ask(door, "planted-wrong-" + std::to_string(time), peer).answer;
      EXPECT_EQ(answer->status, 401) << time;
    }
  }

  TimePoint now_ = start;
  Metrics metrics_{start};
  std::vector<std::string> told_;
};

TEST_F(DoorTest, WhoGuessesIsHeldOffWithTheTimeToWaitAndOthersAreNot) {
  auto its = door();
  guess(its, "192.0.2.7", 5);
  auto const held_off = ask(its, "planted-wrong-another", "192.0.2.7");
  ASSERT_TRUE(held_off.answer);
  EXPECT_EQ(held_off.answer->status, 429);
  EXPECT_EQ(held_off.answer->headers.find("retry-after"), "1");
  EXPECT_NE(held_off.answer->body.find("too many wrong tokens"), std::string::npos);
  EXPECT_EQ(held_off.answer->body.find("planted"), std::string::npos);
  // Not even the right token is told from others, else guessing would go on.
  EXPECT_EQ(ask(its, token, "192.0.2.7").answer->status, 429);
  EXPECT_EQ(sign_in(its, token, "192.0.2.7").answer->status, 429);
  EXPECT_FALSE(ask(its, token, "192.0.2.8").answer);
  EXPECT_EQ(sign_in(its, token, "192.0.2.8").answer->status, 303);
  now_ += 1s;
  EXPECT_FALSE(ask(its, token, "192.0.2.7").answer);
}

TEST_F(DoorTest, WhatIsOpenStaysOpenButTellsTheGuesserNothing) {
  auto its = door();
  guess(its, "192.0.2.7", 5);
  for (auto const* path : {"/healthz", "/readyz"}) {
    auto const admission = ask(its, token, "192.0.2.7", path);
    EXPECT_FALSE(admission.answer) << path;
    EXPECT_EQ(admission.who, Access::Who::stranger) << path;
  }
  EXPECT_EQ(ask(its, "", "192.0.2.7").answer->status, 401) << "who gives none is asked for it";
  EXPECT_EQ(ask(its, "", "192.0.2.7", "/login").answer->status, 200);
}

TEST_F(DoorTest, TheFormAndACookieAreGuessesToo) {
  auto its = door();
  for (auto const* text : {"planted-a", "planted-b", "planted-c"}) {
    EXPECT_EQ(sign_in(its, text, "192.0.2.7").answer->status, 401);
  }
  for (auto const* value : {"1700009999.aa", "1700009999.bb", "1600000000.expired", "odd"}) {
    HttpRequest request(Method::get, "/");
    request.headers.add("Host", "localhost:9464");
    request.headers.add("Cookie", std::string("affsync_session_9464=") + value);
    EXPECT_EQ(its.admit(request, parse_target("/").value(), "192.0.2.7", now_).answer->status, 401);
  }
  auto const held_off = sign_in(its, "planted-d", "192.0.2.7");
  EXPECT_EQ(held_off.answer->status, 429);
  EXPECT_NE(held_off.answer->body.find("Try again in 1 second."), std::string::npos)
      << held_off.answer->body;
}

TEST_F(DoorTest, IsToldOnceAndCounted) {
  auto its = door();
  guess(its, "192.0.2.7", 5);
  ask(its, "planted-x", "192.0.2.7");
  now_ += 1s;
  ask(its, "planted-y", "192.0.2.7");
  EXPECT_EQ(told_, (std::vector<std::string>{"192.0.2.7"}));
  auto const text = metrics_.render(now_);
  EXPECT_NE(text.find("affsync_http_tokens_refused_total{reason=\"wrong\"} 6\n"),
            std::string::npos);
  EXPECT_NE(text.find("affsync_http_tokens_refused_total{reason=\"too_many\"} 1\n"),
            std::string::npos);
}

TEST_F(DoorTest, WithoutATokenNobodyWaits) {
  auto its = door("");
  for (int time = 0; time < 50; ++time) {
    EXPECT_FALSE(ask(its, "planted-" + std::to_string(time), "127.0.0.1").answer) << time;
  }
  EXPECT_TRUE(told_.empty());
}

}  // namespace
}  // namespace affsync::serve::token_guard_test
