#include "daemon/log/console.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "daemon/log/log_sink.hpp"

namespace affsync::log::console_test {
namespace {

struct Recorded {
  std::string text;
  Terminal terminal;
  Console console{[this](std::string_view part) { text += part; }, [this] { return terminal; }};
};

TEST(Console, PrintAddsTheMissingLineFeed) {
  Recorded out;
  out.console.print("one");
  out.console.print("two\n");
  EXPECT_EQ(out.text, "one\ntwo\n");
}

TEST(Console, LiveLinesAreReplacedInPlace) {
  Recorded out;
  out.terminal.columns = 80;
  out.console.show({{"aa", 2}, {"bb", 2}});
  EXPECT_EQ(out.text, "aa\nbb\n");
  out.text.clear();
  out.console.show({{"cc", 2}});
  EXPECT_EQ(out.text, "\x1b[2A\r\x1b[Jcc\n");
}

TEST(Console, PrintedLineGoesAboveTheLiveOnes) {
  Recorded out;
  out.terminal.columns = 80;
  out.console.show({{"live", 4}});
  out.text.clear();
  out.console.print("logged");
  EXPECT_EQ(out.text, "\x1b[1A\r\x1b[Jlogged\nlive\n");
}

TEST(Console, LinesThatANarrowerWindowWrappedAreErasedWhole) {
  Recorded out;
  out.terminal.columns = 80;
  out.console.show({{std::string(50, 'x'), 50}, {"y", 1}});
  out.text.clear();
  out.terminal.columns = 20;  // 50 columns are three rows now
  out.console.show({});
  EXPECT_EQ(out.text, "\x1b[4A\r\x1b[J");
}

TEST(Console, NothingIsWrittenForNothing) {
  Recorded out;
  out.console.show({});
  EXPECT_EQ(out.text, "");
}

TEST(ConsoleLog, LevelCanBeChangedWhileRunning) {
  Recorded out;
  ConsoleLog sink(LogLevel::warn, config::LogFormat::journald, out.console);
  Logger const logger(sink);
  logger.info("first");
  EXPECT_FALSE(sink.enabled(LogLevel::info));
  sink.set_level(LogLevel::info);
  logger.info("second");
  EXPECT_EQ(out.text, "<6>second\n");
}

TEST(ConsoleLog, FormatCanBeChangedWhileRunning) {
  Recorded out;
  ConsoleLog sink(LogLevel::info, config::LogFormat::json, out.console);
  sink.set_format(config::LogFormat::journald);
  Logger(sink).error("m");
  EXPECT_EQ(out.text, "<3>m\n");
}

TEST(ConsoleLog, LinesOfSeveralThreadsStayWhole) {
  Recorded out;
  ConsoleLog sink(LogLevel::info, config::LogFormat::journald, out.console);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&sink] {
      for (int i = 0; i < 200; ++i) Logger(sink).info("abcdefghij");
    });
  }
  for (auto& thread : threads) thread.join();
  std::string expected;
  for (int i = 0; i < 800; ++i) expected += "<6>abcdefghij\n";
  EXPECT_EQ(out.text, expected);
}

}  // namespace
}  // namespace affsync::log::console_test
