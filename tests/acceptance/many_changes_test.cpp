// A broker changes thousands of rows at once, and the program crashes while two sessions merge
// them: what one of them has stored already is neither lost nor stored twice.
#include <algorithm>
#include <chrono>
#include <csignal>

#include "base/crash_point.hpp"
#include "tests/acceptance/plain_broker.hpp"
#include "tests/support/change_replay.hpp"

namespace affsync::test::many_changes_test {
namespace {

class ManyChanges : public PlainAcceptance, public testing::WithParamInterface<std::string> {
 protected:
  static constexpr int all_rows = 20'000, page_size = 1000;

  void serve_amounts() {
    more_yaml =
        "      status: {from: state, table: {open: pending}, default: unknown}\n"
        "      broker_status: state\n";
    page_yaml = "{type: offset, size: 1000, offset: offset, limit: limit, total: total}";
    serve([this](std::string const& target) {
      auto const from = std::stoi("0" + parameter_of(target, "offset"));
      std::string body = R"({"total":)" + std::to_string(all_rows) + R"(,"data":[)";
      for (int i = from; i < std::min(from + page_size, all_rows); ++i) {
        if (i > from) body += ',';
        body += R"({"id":"k)" + std::to_string(100'000 + i) + R"(","amount":)" + amount_ +
                R"(,"currency":"USD","day":"2026-02-03","state":")" + state_ + R"("})";
      }
      return answer_of(body + "]}");
    });
  }
  // The server notices the end of a killed program by itself; its lease is free only then.
  void wait_until_forgotten() const {
    auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (query("select count(*) from pg_stat_activity where datname = current_database()"
                 " and pid <> pg_backend_pid()") != "0") {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "the killed program is still connected";
    }
  }
  void set(std::string const& amount, std::string const& state) {
    amount_ = amount;
    state_ = state;
  }

 private:
  std::string amount_ = "1", state_ = "open";  // changed only while no request is under way
};

TEST_P(ManyChanges, kill_9_while_two_sessions_merge) {
  if (!crash_points_built) GTEST_SKIP() << "built without AFFSYNC_CRASH_POINTS";
  serve_amounts();
  auto const first = sync();
  ASSERT_EQ(first.status, 0) << first.out << first.err;
  ASSERT_EQ(first.count("rows", "inserted"), all_rows);
  set("2", "disputed");  // a word that the connector does not know
  environment["AFFSYNC_CRASH_AT"] = GetParam();
  EXPECT_EQ(sync({"--full"}).status, 128 + SIGKILL);
  environment.erase("AFFSYNC_CRASH_AT");
  wait_until_forgotten();
  auto const resumed = sync({"--full"});
  EXPECT_EQ(resumed.status, 0) << resumed.out << resumed.err;
  EXPECT_EQ(query("select count(*) || ' ' || min(amount) || ' ' || max(amount) || ' ' ||"
                  " min(revision) || ' ' || max(revision) from affsync.commission"
                  " where deleted_at is null"),
            "20000 2 2 2 2");
  EXPECT_EQ(query("select count(*) || ' ' || count(distinct external_id) || ' ' ||"
                  " min(before ->> 'amount') || ' ' || max(after ->> 'amount')"
                  " from affsync.record_change"),
            "20000 20000 1 2");
  EXPECT_EQ(query("select live_rows from affsync.stream_state"), "20000");
  // What belongs to a row is stored with it, and so is its place in the count of its run.
  EXPECT_EQ(query("select count(*) from affsync.unknown_row"), "20000");
  EXPECT_EQ(query("select string_agg(word || ' ' || rows, ', ') from reporting.unknown_words"),
            "disputed 20000");
  EXPECT_EQ(query("select sum(updated) from affsync.sync_run"), "20000");
  for (auto const& line : rows(change_replay_sql)) ADD_FAILURE() << line[0];
}

std::string name_of(testing::TestParamInfo<std::string> const& at) {
  auto name = at.param;
  std::replace(name.begin(), name.end(), ':', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(At, ManyChanges,
                         testing::Values("merged_ahead", "merged_ahead:2", "merged_ahead:3",
                                         "merged_ahead:4"),
                         name_of);

}  // namespace
}  // namespace affsync::test::many_changes_test
