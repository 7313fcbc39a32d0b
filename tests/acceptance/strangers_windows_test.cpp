// Brokers that do not obey the parameters of a window as the connector sends them.
#include <algorithm>
#include <chrono>

#include "base/clock.hpp"
#include "tests/acceptance/strangers.hpp"

namespace affsync::test::strangers_windows_test {
namespace {

using std::chrono::days;

// A broker with one row for each of the last sixty days. What it is not asked for by the names of
// its own parameters, it takes to be the last thirty days.
class StrangersWindows : public Strangers {
 protected:
  void SetUp() override {
    Strangers::SetUp();
    today_ = std::chrono::floor<days>(std::chrono::system_clock::now());
    for (int day = 59; day >= 0; --day) books_.push_back(format_day(today_ - days(day)));
  }
  std::string day(int ago) const { return format_day(today_ - days(ago)); }
  std::string connector_with(std::string const& parameters) const {
    return R"(auth: {type: none}
streams:
  rows:
    table: commission
    path: /list
    records: rows
    key: id
    map: {amount: sum, currency: {const: EUR}, occurred_on: day}
    window: {)" +
           parameters + ", span: 10d, lookback: 3d, column: occurred_on, start: " + day(59) + "}\n";
  }
  std::string answer(Asked const& asked) const {
    auto const from = asked.has("start_date") ? asked("start_date") : day(29);
    auto const to = asked.has("end_date") ? asked("end_date") : day(0);
    std::vector<std::string> rows;
    for (auto const& one : books_) {
      bool const is_given = one >= from && (is_exclusive ? one < to : one <= to);
      if (is_given) rows.push_back(R"({"id":")" + one + R"(","sum":1.5,"day":")" + one + "\"}");
    }
    return reply(R"({"rows":)" + slice(rows) + "}");
  }
  void start(std::string const& parameters) {
    start_own_broker(connector_with(parameters), "{}",
                     [this](Asked const& asked) { return answer(asked); });
  }
  std::string proven_days() const {
    return query("select coalesce(sum(days), 0) from reporting.coverage where state = 'proven'");
  }

  bool is_exclusive = false;

 private:
  std::chrono::sys_days today_;
  std::vector<std::string> books_;
};

// What the broker gives by default are other days than those asked for: the history of the others
// is missing, and nothing else would tell it.
TEST_F(StrangersWindows, mistyped_parameters_are_no_history) {
  start("from: startDate, to: endDate");
  auto const synced = pass();
  EXPECT_EQ(synced.of("rows", "status"), "partial") << synced.out << synced.err;
  EXPECT_NE(synced.out.find("does not seem to obey `startDate` and `endDate`"), std::string::npos)
      << synced.out;
  EXPECT_EQ(proven_days(), "0");
  // Those of now as well: what it gives reaches back further than the lookback.
  EXPECT_EQ(pass().of("rows", "status"), "partial");
  auto const checked = run_command({"check"});
  EXPECT_NE(checked.out.find("`startDate` and `endDate`"), std::string::npos) << checked.out;
  EXPECT_NE(checked.out.find("warning"), std::string::npos) << checked.out;

  replace_connector(connector_with("from: start_date, to: end_date"));
  auto const corrected = pass({"--full"});
  EXPECT_EQ(corrected.status, 0) << corrected.out << corrected.err;
  EXPECT_EQ(corrected.of("rows", "status"), "succeeded") << corrected.out;
  EXPECT_EQ(live_count(), "60");
  EXPECT_EQ(proven_days(), "60");
  expect_no_change();
  EXPECT_EQ(run_command({"check"}).out.find("warning"), std::string::npos);
}

// `from` and `to` are both sent, and the broker takes the second one for the first day that it does
// not give. A pass cannot see which rows it lacks; `check` asks for one day alone.
TEST_F(StrangersWindows, check_finds_a_last_day_that_is_never_given) {
  is_exclusive = true;
  start("from: start_date, to: end_date");
  auto checked = run_command({"check"});
  EXPECT_NE(checked.out.find("`last: exclusive`"), std::string::npos) << checked.out;
  EXPECT_NE(checked.out.find("warning"), std::string::npos) << checked.out;

  replace_connector(connector_with("from: start_date, to: end_date, last: exclusive"));
  checked = run_command({"check"});
  EXPECT_EQ(checked.out.find("warning"), std::string::npos) << checked.out;
  expect_green(pass(), 60);

  is_exclusive = false;
  replace_connector(connector_with("from: start_date, to: end_date"));
  checked = run_command({"check"});
  EXPECT_EQ(checked.out.find("warning"), std::string::npos) << checked.out;
}

TEST_F(StrangersWindows, check_fails_for_a_start_ahead_as_a_pass_does) {
  auto yaml = connector_with("from: start_date, to: end_date");
  auto const at = yaml.find("start: ") + 7;
  start("from: start_date, to: end_date");
  replace_connector(yaml.replace(at, 10, day(-30)));
  auto const checked = run_command({"check"});
  EXPECT_EQ(checked.status, 1) << checked.out;
  EXPECT_NE(checked.out.find("failed"), std::string::npos) << checked.out;
  EXPECT_NE(checked.out.find("correct `start` of the stream"), std::string::npos) << checked.out;
  auto const synced = pass();
  EXPECT_NE((synced.out + synced.err).find("correct `start` of the stream"), std::string::npos)
      << synced.out << synced.err;
}

}  // namespace
}  // namespace affsync::test::strangers_windows_test
