// What the log of the daemon says of runs that failed for the sake of the database.
#include "daemon/run_log.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace affsync::run_log_test {
namespace {

class Lines final : public LogSink {
 public:
  bool enabled(LogLevel level) const override { return level >= LogLevel::info; }
  void write(LogLevel, std::string_view text, std::vector<LogField> const&) override {
    lines.emplace_back(text);
  }
  std::vector<std::string> lines;
};

// What is logged of a run that fails with this, and of the next one, which succeeds.
std::vector<std::string> told(Error error) {
  Lines lines;
  sync::Observer nobody;
  RunLog log(nobody, Logger(lines));
  RunReport failed;
  failed.source = "s";
  failed.stream = "t";
  failed.status = RunStatus::failed;
  failed.error = std::move(error);
  log.on_run_ended(failed);
  RunReport succeeded;
  succeeded.source = "s";
  succeeded.stream = "t";
  succeeded.status = RunStatus::succeeded;
  log.on_run_ended(succeeded);
  return lines.lines;
}

TEST(RunLogOfTheDatabase, AnOutageHasAnEnd) {
  auto const lines = told(Error(ErrorCode::database_unavailable, "no connection"));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1], "the database answers again");
}

TEST(RunLogOfTheDatabase, ALockOfSomebodyElseIsNoOutage) {
  Error locked(ErrorCode::database_unavailable, "held by process 7");
  locked.is_contended = true;
  EXPECT_EQ(told(locked).size(), 1U);
}

}  // namespace
}  // namespace affsync::run_log_test
