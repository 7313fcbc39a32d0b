#include "daemon/cli/terminal/progress.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "daemon/log/utf8.hpp"

namespace affsync::cli::progress_test {
namespace {

using namespace std::chrono_literals;

// A manual clock, and the text that would be on stderr.
struct Stage {
  std::ostringstream text;
  log::Terminal terminal;
  std::chrono::steady_clock::time_point now{std::chrono::hours(100)};
  log::Console console{[this](std::string_view part) { text << part; },
                       [this] { return terminal; }};

  ProgressOptions options() {
    ProgressOptions made;
    made.now = [this] { return now; };
    made.own_thread = false;
    return made;
  }
  void become_terminal(int columns, int rows = 24) {
    terminal.interactive = true;
    terminal.columns = columns;
    terminal.rows = rows;
  }
  std::string take() {
    auto out = text.str();
    text.str("");
    return out;
  }
};

RunReport run_of(std::string const& stream, std::int64_t rows = 0, std::int64_t pages = 0) {
  RunReport report;
  report.source = "main";
  report.stream = stream;
  report.rows_read = rows;
  report.pages = pages;
  return report;
}

RunReport ended(std::string const& stream, std::int64_t rows, RunStatus status) {
  auto report = run_of(stream, rows);
  report.status = status;
  report.inserted = rows;
  report.finished_at = report.started_at + 1500ms;
  return report;
}

TEST(ProgressPlain, SaysStartAndEnd) {
  Stage stage;
  Progress progress(stage.console, stage.options());
  progress.on_run_started(run_of("rewards"));
  progress.on_run_ended(ended("rewards", 1234, RunStatus::succeeded));
  EXPECT_EQ(stage.take(),
            "main/rewards: started\n"
            "main/rewards: succeeded, 1,234 rows (1,234 new) in 1.5 s\n");
}

TEST(ProgressPlain, SaysHowItGoesOnEveryFewSecondsOnly) {
  Stage stage;
  Progress progress(stage.console, stage.options());
  progress.on_run_started(run_of("rewards"));
  stage.take();
  stage.now += 4s;
  progress.on_progress(run_of("rewards", 400, 4), 2000);
  EXPECT_EQ(stage.take(), "");
  stage.now += 1s;
  progress.on_progress(run_of("rewards", 500, 5), 2000);
  EXPECT_EQ(stage.take(), "main/rewards: 500 of 2,000 rows, 5 pages, 100 rows/s\n");
  stage.now += 1s;
  progress.on_progress(run_of("rewards", 600, 6), 2000);
  EXPECT_EQ(stage.take(), "");
}

// In a first load that goes through its days, the day shows the progress: the broker has counted
// only the days at hand.
TEST(ProgressPlain, SaysWhichDayAFirstLoadHasReached) {
  using namespace std::chrono;
  Stage stage;
  Progress progress(stage.console, stage.options());
  auto report = run_of("rewards");
  report.window_from = Day(year(2021) / 1 / 1);
  report.window_to = Day(year(2021) / 1 / 10);
  progress.on_run_started(report);
  stage.take();
  stage.now += 5s;
  progress.on_progress(report, 0);
  EXPECT_EQ(stage.take(), "main/rewards: 2021-01-01, 0 %, 0 rows, 0 pages, 0 rows/s\n");
  stage.now += 5s;
  report.reached = Day(year(2021) / 1 / 4);
  progress.on_progress(report, 7);
  EXPECT_EQ(stage.take(), "main/rewards: 2021-01-04, 40 %, 0 rows, 0 pages, 0 rows/s\n");
  report.reached = report.window_to;
  stage.now += 5s;
  progress.on_progress(report, 7);
  EXPECT_EQ(stage.take(), "main/rewards: 2021-01-10, 100 %, 0 rows, 0 pages, 0 rows/s\n");
}

TEST(ProgressPlain, ADryRunDoesNotSayThatNothingChanged) {
  Stage stage;
  Progress progress(stage.console, stage.options());
  auto report = ended("clients", 10, RunStatus::succeeded);
  report.inserted = 0;
  report.dry_run = true;
  progress.on_run_ended(report);
  EXPECT_EQ(stage.take(), "main/clients: succeeded, 10 rows (nothing is stored) in 1.5 s\n");
}

TEST(ProgressPlain, EndNamesWhatChangedOnly) {
  Stage stage;
  Progress progress(stage.console, stage.options());
  auto report = ended("clients", 10, RunStatus::succeeded);
  report.inserted = 0;
  progress.on_run_ended(report);
  EXPECT_EQ(stage.take(), "main/clients: succeeded, 10 rows (no change) in 1.5 s\n");
  report.updated = 2;
  report.deleted = 1;
  report.quarantined = 3;
  progress.on_run_ended(report);
  EXPECT_EQ(stage.take(),
            "main/clients: succeeded, 10 rows (2 changed, 1 gone, 3 quarantined) in 1.5 s\n");
}

TEST(ProgressPlain, SaysAFailureWithItsReason) {
  Stage stage;
  Progress progress(stage.console, stage.options());
  auto report = ended("payouts", 0, RunStatus::failed);
  report.error = Error(ErrorCode::timeout, "no answer\nwithin 30 s");
  progress.on_run_ended(report);
  EXPECT_EQ(stage.take(), "main/payouts: failed in 1.5 s: no answer within 30 s\n");
}

TEST(ProgressPlain, SaysAPauseOnceWhileItLasts) {
  Stage stage;
  Progress progress(stage.console, stage.options());
  progress.on_throttled("main", 30s, true);
  progress.on_throttled("main", 29s, true);
  EXPECT_EQ(stage.take(), "main: waits 30s: the broker asked\n");
  stage.now += 31s;
  progress.on_throttled("main", 5s, true);
  EXPECT_EQ(stage.take(), "main: waits 5s: the broker asked\n");
}

TEST(ProgressPlain, SaysWhosePauseItIs) {
  Stage stage;
  Progress progress(stage.console, stage.options());
  progress.on_throttled("main", 40s, false);
  EXPECT_EQ(stage.take(), "main: waits 40s: throttled, affsync backs off\n");
  stage.now += 41s;
  progress.on_throttled("main", 5s, true);
  EXPECT_EQ(stage.take(), "main: waits 5s: the broker asked\n");
}

TEST(ProgressPlain, ALongPauseIsToldInMinutes) {
  Stage stage;
  Progress progress(stage.console, stage.options());
  progress.on_throttled("main", 40s, true);
  EXPECT_EQ(stage.take(), "main: waits 40s: the broker asked\n");
}

TEST(ProgressPlain, WritesNoControlSequences) {
  Stage stage;
  {
    Progress progress(stage.console, stage.options());
    progress.on_run_started(run_of("a"));
    stage.now += 1min;
    progress.on_progress(run_of("a", 5, 1), std::nullopt);
    progress.on_run_ended(ended("a", 5, RunStatus::succeeded));
  }
  EXPECT_EQ(stage.take().find('\x1b'), std::string::npos);
}

TEST(ProgressLive, ShowsABarWhenTheCountIsKnown) {
  Stage stage;
  stage.become_terminal(80);
  Progress progress(stage.console, stage.options());
  progress.on_run_started(run_of("rewards"));
  stage.take();
  stage.now += 2s;
  progress.on_progress(run_of("rewards", 500, 5), 1000);
  EXPECT_EQ(stage.take(),
            "\x1b[1A\r\x1b[J"
            "main/rewards  ██████████▌░░░░░░░░░░  50%  500 of 1,000 rows  250/s  5 pages  2s\n");
}

TEST(ProgressLive, RedrawsAtMostTenTimesASecond) {
  Stage stage;
  stage.become_terminal(80);
  Progress progress(stage.console, stage.options());
  progress.on_run_started(run_of("rewards"));
  stage.take();
  int drawn = 0;
  for (int i = 1; i <= 1000; ++i) {
    stage.now += 1ms;
    progress.on_progress(run_of("rewards", i, i), std::nullopt);
    if (!stage.take().empty()) ++drawn;
  }
  EXPECT_EQ(drawn, 10);
}

TEST(ProgressLive, LinesFitTheWindow) {
  for (int const columns : {20, 40, 60, 80, 140}) {
    Stage stage;
    stage.become_terminal(columns);
    Progress progress(stage.console, stage.options());
    progress.on_run_started(run_of("a_stream_with_a_long_name"));
    stage.take();
    stage.now += 10s;
    progress.on_progress(run_of("a_stream_with_a_long_name", 123'456, 250), 1'234'567);
    auto text = stage.take();
    auto const line = text.substr(text.find("\x1b[J") + 3);
    EXPECT_LT(log::display_width(line), columns) << line;
    EXPECT_NE(line.find("main/"), std::string::npos) << line;
  }
}

TEST(ProgressLive, EndedStreamLeavesALineAboveTheOthers) {
  Stage stage;
  stage.become_terminal(80);
  Progress progress(stage.console, stage.options());
  progress.on_run_started(run_of("a"));
  stage.now += 1s;
  progress.on_run_started(run_of("b"));
  stage.take();
  progress.on_run_ended(ended("a", 7, RunStatus::succeeded));
  EXPECT_EQ(stage.take(),
            "\x1b[2A\r\x1b[J"
            "main/a: succeeded, 7 rows (7 new) in 1.5 s\n"
            "main/b  0 rows  0/s  0 pages  0s\n");
}

TEST(ProgressLive, WaitForTheBrokerCountsDown) {
  Stage stage;
  stage.become_terminal(80);
  Progress progress(stage.console, stage.options());
  progress.on_run_started(run_of("a"));
  stage.now += 1s;
  progress.on_throttled("main", 30s, true);
  EXPECT_NE(stage.take().find("waits 30s: the broker asked"), std::string::npos);
  stage.now += 20s;
  progress.on_progress(run_of("a", 1, 1), std::nullopt);
  EXPECT_NE(stage.take().find("waits 10s: the broker asked"), std::string::npos);
  stage.now += 11s;
  progress.on_progress(run_of("a", 2, 2), std::nullopt);
  EXPECT_EQ(stage.take().find("waits"), std::string::npos);
}

TEST(ProgressLive, MoreStreamsThanRowsAreCounted) {
  Stage stage;
  stage.become_terminal(80, 6);  // four lines fit
  Progress progress(stage.console, stage.options());
  for (auto const* name : {"a", "b", "c", "d", "e", "f"}) {
    stage.now += 1s;
    stage.take();
    progress.on_run_started(run_of(name));
  }
  auto const text = stage.take();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);
  EXPECT_NE(text.find("and 3 more streams\n"), std::string::npos) << text;
}

TEST(ProgressLive, EndTakesTheLiveLinesAway) {
  Stage stage;
  stage.become_terminal(80);
  Progress progress(stage.console, stage.options());
  progress.on_run_started(run_of("a"));
  stage.take();
  progress.finish();
  EXPECT_EQ(stage.take(), "\x1b[1A\r\x1b[J");
  stage.now += 1s;
  progress.on_run_ended(ended("a", 1, RunStatus::succeeded));
  EXPECT_EQ(stage.take().find('\x1b'), std::string::npos);
}

TEST(ProgressLive, OwnThreadEndsWithTheObject) {
  Stage stage;
  stage.become_terminal(80);
  auto options = stage.options();
  options.own_thread = true;
  options.redraw_every = 1ms;
  Progress progress(stage.console, options);
  progress.on_run_started(run_of("a"));
  progress.finish();  // would wait forever if the thread did not end
  // It has drawn its last: the live line is gone, and none comes after it.
  EXPECT_TRUE(stage.take().ends_with("\x1b[1A\r\x1b[J"));
  progress.on_run_ended(ended("a", 1, RunStatus::succeeded));
  EXPECT_EQ(stage.take().find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace affsync::cli::progress_test
