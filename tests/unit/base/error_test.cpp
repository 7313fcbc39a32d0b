#include "base/error.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace affsync::error_test {
namespace {

TEST(Error, LineSaysWhereWhatAndWhatToDo) {
  Error error(ErrorCode::not_found, "there is no such path", "Set `path` of the stream.");
  EXPECT_EQ(error.to_line(), "there is no such path. Set `path` of the stream.");
  error.at("GET /api/x").in("main", "rewards");
  EXPECT_EQ(error.to_line(),
            "main/rewards: GET /api/x: there is no such path. Set `path` of the stream.");
  Error const without_stream = Error(ErrorCode::timeout, "no answer").in("main", "");
  EXPECT_EQ(without_stream.to_line(), "main: no answer");
}

TEST(Error, InnermostKnowledgeWins) {
  Error error(ErrorCode::timeout, "no answer");
  error.at("inner").in("main", "rewards");
  error.at("outer").in("other", "orders");
  EXPECT_EQ(error.where, "inner");
  EXPECT_EQ(error.source, "main");
  EXPECT_EQ(error.stream, "rewards");
}

TEST(Error, SentenceIsNotEndedTwice) {
  EXPECT_EQ(Error(ErrorCode::internal, "Done.", "Next").to_line(), "Done. Next");
  EXPECT_EQ(Error(ErrorCode::internal, "Really?", "Next").to_line(), "Really? Next");
}

TEST(Error, LineIsOneLine) {
  EXPECT_EQ(Error(ErrorCode::database_error, "ERROR: bad\nDETAIL: more\n").to_line(),
            "ERROR: bad DETAIL: more");
  EXPECT_EQ(Error(ErrorCode::internal, "\n").to_line(), "");
}

TEST(Error, ExitStatusTellsConfigurationDatabaseAndTheRestApart) {
  EXPECT_EQ(to_exit_status(ErrorCode::usage), 2);
  EXPECT_EQ(to_exit_status(ErrorCode::config_invalid), 2);
  EXPECT_EQ(to_exit_status(ErrorCode::secret_missing), 2);
  EXPECT_EQ(to_exit_status(ErrorCode::database_unavailable), 3);
  EXPECT_EQ(to_exit_status(ErrorCode::migration_failed), 3);
  EXPECT_EQ(to_exit_status(ErrorCode::throttled), 1);
  EXPECT_EQ(to_exit_status(ErrorCode::internal), 1);
}

TEST(Error, EveryCodeHasItsOwnWord) {
  std::set<std::string_view> words;
  int const last = static_cast<int>(ErrorCode::internal);
  for (int code = 0; code <= last; ++code) words.insert(to_string(static_cast<ErrorCode>(code)));
  EXPECT_EQ(words.size(), static_cast<std::size_t>(last) + 1);
}

TEST(Error, ValueOfAFailedResultThrowsItsError) {
  Result<int> const result = Error(ErrorCode::paging_broken, "again", "Stop.");
  try {
    (void)result.value();
    FAIL() << "no exception";
  } catch (Failure const& failure) {
    EXPECT_EQ(failure.error().code, ErrorCode::paging_broken);
    EXPECT_STREQ(failure.what(), "again. Stop.");
  }
}

}  // namespace
}  // namespace affsync::error_test
