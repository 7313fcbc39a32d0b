#include "daemon/log/log_format.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.hpp"

namespace affsync::log::log_format_test {
namespace {

using config::LogFormat;

// 2026-11-21 03:14:15.123456
TimePoint const moment =
    Day(std::chrono::year(2026) / 11 / 21) + std::chrono::microseconds(11'655'123'456);

std::string format(LogFormat how, LogLevel level, std::string_view text,
                   std::vector<LogField> const& fields) {
  return format_record(how, false, LogRecord{moment, level, text, fields});
}

TEST(LogFormat, TextHasTimeLevelPlaceMessageAndFields) {
  EXPECT_EQ(format(LogFormat::text, LogLevel::info, "stored a page",
                   {{"source", "exness-main"}, {"stream", "rewards"}, {"rows", "500"}}),
            "2026-11-21 03:14:15.123 info  exness-main/rewards: stored a page rows=500");
}

TEST(LogFormat, TextWithoutPlace) {
  EXPECT_EQ(format(LogFormat::text, LogLevel::error, "no database", {}),
            "2026-11-21 03:14:15.123 error no database");
}

TEST(LogFormat, TextQuotesValuesThatNeedIt) {
  EXPECT_EQ(format(LogFormat::text, LogLevel::warn, "m",
                   {{"a", "two words"}, {"b", "x=\"y\""}, {"c", ""}, {"d", "plain"}}),
            "2026-11-21 03:14:15.123 warn  m a=\"two words\" b=\"x=\\\"y\\\"\" c=\"\" d=plain");
}

TEST(LogFormat, PeerCannotBreakTheLineOrMoveTheCursor) {
  EXPECT_EQ(format(LogFormat::text, LogLevel::info, "a\nb\x1b[2J", {{"k", "x\r\ny"}}),
            "2026-11-21 03:14:15.123 info  a\\nb\\u{1b}[2J k=\"x\\r\\ny\"");
}

TEST(LogFormat, ColourOnlyWhenAsked) {
  std::vector<LogField> const none;
  auto const line =
      format_record(LogFormat::text, true, LogRecord{moment, LogLevel::warn, "m", none});
  EXPECT_EQ(line, "2026-11-21 03:14:15.123 \x1b[33mwarn\x1b[0m  m");
}

TEST(LogFormat, JsonIsOneObject) {
  EXPECT_EQ(format(LogFormat::json, LogLevel::info, "stored", {{"source", "s"}, {"rows", "5"}}),
            R"({"time":"2026-11-21T03:14:15.123456Z","level":"info","message":"stored",)"
            R"("source":"s","rows":"5"})");
}

TEST(LogFormat, JsonHasNumbersAsNumbersAndMoneyAsText) {
  EXPECT_EQ(format(LogFormat::json, LogLevel::info, "m",
                   {number_field("rows", 5), number_field("ms", -7), {"broker", "10.50"}}),
            R"({"time":"2026-11-21T03:14:15.123456Z","level":"info","message":"m",)"
            R"("rows":5,"ms":-7,"broker":"10.50"})");
  EXPECT_EQ(format(LogFormat::text, LogLevel::info, "m", {number_field("rows", 5)}),
            "2026-11-21 03:14:15.123 info  m rows=5");
}

TEST(LogFormat, JsonEscapesExactly) {
  std::string const text = "quote \" slash \\ line\n tab\t bell\x07 é 用";
  auto const line = format(LogFormat::json, LogLevel::info, text, {{"k\"", "v\x01"}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  auto const parsed = parse_json(line);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->find("message")->as_string(), text);
  EXPECT_EQ(parsed->find("k\"")->as_string(), "v\x01");
}

TEST(LogFormat, JsonHoldsValidUtf8WhateverAPeerSent) {
  auto const parsed = parse_json(format(LogFormat::json, LogLevel::info, "a\xff", {}));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->find("message")->as_string(), "a\ufffd");
}

TEST(LogFormat, JsonNamesNoMemberTwice) {
  auto const parsed = parse_json(
      format(LogFormat::json, LogLevel::info, "m", {{"level", "x"}, {"k", "1"}, {"k", "2"}}));
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->has_duplicate());
  EXPECT_EQ(parsed->find("level")->as_string(), "info");
  EXPECT_EQ(parsed->find("level_")->as_string(), "x");
  EXPECT_EQ(parsed->find("k_")->as_string(), "2");
}

TEST(LogFormat, JournaldHasPriorityAndNoTime) {
  std::vector<LogField> const place = {{"source", "s"}, {"stream", "t"}};
  EXPECT_EQ(format(LogFormat::journald, LogLevel::error, "m", place), "<3>s/t: m");
  EXPECT_EQ(format(LogFormat::journald, LogLevel::warn, "m", {}), "<4>m");
  EXPECT_EQ(format(LogFormat::journald, LogLevel::info, "m", {}), "<6>m");
  EXPECT_EQ(format(LogFormat::journald, LogLevel::debug, "m", {}), "<7>m");
}

TEST(LogFormat, AJournalEntryHasAFieldForEachThing) {
  std::vector<LogField> const fields = {{"source", "exness-main"},
                                        {"stream", "rewards"},
                                        {"code", "timeout"},
                                        number_field("run", 7),
                                        {"odd key", "a\nb\xff"}};
  EXPECT_EQ(journal_entry(LogRecord{moment, LogLevel::error, "no answer", fields}),
            (std::vector<std::string>{
                "MESSAGE=exness-main/rewards: no answer code=timeout run=7 odd key=\"a\\nb\ufffd\"",
                "PRIORITY=3", "SYSLOG_IDENTIFIER=affsync", "AFFSYNC_SOURCE=exness-main",
                "AFFSYNC_STREAM=rewards", "AFFSYNC_CODE=timeout", "AFFSYNC_RUN=7",
                "AFFSYNC_ODD_KEY=a\nb\ufffd"}));
}

TEST(LogFormat, AutomaticMeansJournaldOnlyForItsOwnStream) {
  int const fd = ::open("/dev/null", O_WRONLY);
  ASSERT_GE(fd, 0);
  struct stat file = {};
  ASSERT_EQ(fstat(fd, &file), 0);
  auto const own = std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino);
  EXPECT_EQ(choose_format(LogFormat::automatic, own.c_str(), fd), LogFormat::journald);
  EXPECT_EQ(choose_format(LogFormat::automatic, "1:2", fd), LogFormat::text);
  EXPECT_EQ(choose_format(LogFormat::automatic, nullptr, fd), LogFormat::text);
  EXPECT_EQ(choose_format(LogFormat::json, own.c_str(), fd), LogFormat::json);
  ::close(fd);
}

}  // namespace
}  // namespace affsync::log::log_format_test
