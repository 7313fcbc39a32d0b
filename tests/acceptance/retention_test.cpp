// A broker that shows only its last days, read over weeks: rows it no longer shows are kept, and
// days that were never read are reported.
#include <atomic>
#include <chrono>

#include "base/clock.hpp"
#include "tests/acceptance/plain_broker.hpp"
#include "tests/support/clock/wall_clock.hpp"

namespace affsync::test::retention_test {
namespace {

using std::chrono::days;

class Retention : public PlainAcceptance {
 protected:
  static constexpr int rows_a_day = 2;
  static constexpr int passed = 90;

  void SetUp() override {
    PlainAcceptance::SetUp();
    clock_.add_to_environment(environment);
    set_ahead(0);
    first_ = today() - days(60);
  }
  // The database does not follow the clock and shows no days that have not come for it, so the
  // weeks are those that have passed.
  Day day_of(int ahead) const {
    return std::chrono::floor<days>(std::chrono::system_clock::now()) + days(ahead - passed);
  }
  Day today() const { return day_of(ahead_); }
  void set_ahead(int ahead) {
    ahead_ = ahead;
    clock_.set_ahead(std::chrono::hours(24 * (ahead - passed)));
  }
  // The broker has rows of each day for the last 60 days and shows those of the last `keeps` days.
  // It refuses older days or returns nothing for them. `window` and `more` are YAML of the stream.
  void serve_days(std::string const& window, std::string const& more = "") {
    serve([this](std::string const& target) { return answer(target); });
    connector = "days";
    credentials_yaml = "{}";
    use_connector("days", R"(name: days
title: Rows of days
auth: {type: none}
streams:
  rows:
    table: commission
    path: /rows
    records: data
    key: id
    page: {type: none, total: total}
)" + (window.empty() ? "" : "    window: " + window + "\n") +
                              more + R"(    map:
      amount: amount
      currency: {const: USD}
      grain: {const: day}
      occurred_on: day
)");
  }
  std::string window(std::string const& lookback, std::string const& start = "") const {
    return "{from: from, to: to, span: 31d, start: " +
           (start.empty() ? format_day(first_) : start) + ", lookback: " + lookback +
           ", column: occurred_on}";
  }
  std::string live() {
    return query("select count(*) from affsync.commission where deleted_at is null");
  }
  std::string marked() {
    return query("select count(*) from affsync.commission where deleted_at is not null");
  }
  std::string day(int ahead) const { return format_day(day_of(ahead)); }
  std::vector<std::vector<std::string>> coverage() {
    return rows("select day_from, day_to, state from reporting.coverage order by day_from");
  }

  int keeps = 30;
  bool refuses = false;

 private:
  std::string answer(std::string const& target) const {
    auto from = first_, to = today();
    if (auto const text = parameter_of(target, "from"); !text.empty()) {
      from = std::max(first_, *parse_day(text));
      to = std::min(to, *parse_day(parameter_of(target, "to")));
      if (refuses && *parse_day(text) < oldest()) {
        std::string const body = R"({"error":"from must be within the last days"})";
        return "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body;
      }
    }
    std::string list;
    int count = 0;
    for (auto at = std::max(from, oldest()); at <= to; at += days(1)) {
      for (int i = 0; i < rows_a_day; ++i) {
        auto const name = format_day(at);
        list += (count++ > 0 ? "," : "") + (R"({"id":")" + name + "-" + std::to_string(i)) +
                R"(","amount":"1.5","day":")" + name + "\"}";
      }
    }
    return answer_of(R"({"total":)" + std::to_string(count) + R"(,"data":[)" + list + "]}");
  }
  Day oldest() const { return today() - days(keeps - 1); }

  WallClock clock_;
  std::atomic<int> ahead_ = 0;
  Day first_{};
};

TEST_F(Retention, a_list_of_the_last_days_keeps_what_has_left_it) {
  serve_days("");
  for (int ahead = 0; ahead < 20; ahead += 4) {
    set_ahead(ahead);
    auto const synced = sync();
    EXPECT_EQ(synced.status, 0) << synced.out;
    EXPECT_EQ(synced.of("rows", "status"), "succeeded");
  }
  EXPECT_EQ(marked(), "0");
  EXPECT_EQ(live(), std::to_string((30 + 16) * rows_a_day));
  EXPECT_EQ(query("select count(*) from reporting.clawbacks"), "0");
  EXPECT_EQ(query("select count(*) from reporting.reconciliations where not matched"), "0");
}

TEST_F(Retention, a_full_pass_over_windows_keeps_what_the_broker_has_forgotten) {
  keeps = 100;
  serve_days(window("7d"), "    full_every: 7d\n");
  ASSERT_EQ(sync().status, 0);
  keeps = 30;
  for (int ahead = 8; ahead < 30; ahead += 7) {
    set_ahead(ahead);
    auto const synced = sync();
    EXPECT_EQ(synced.status, 0) << synced.out;
  }
  EXPECT_EQ(query("select string_agg(distinct mode, ' ') from affsync.sync_run"), "full");
  EXPECT_EQ(marked(), "0");
  EXPECT_EQ(live(), std::to_string((61 + 29) * rows_a_day));
}

TEST_F(Retention, asleep_for_longer_than_the_broker_remembers_the_gap_is_told_once) {
  serve_days(window("7d", day(-20)));
  ASSERT_EQ(sync().status, 0);
  set_ahead(45);
  auto const synced = sync();
  EXPECT_EQ(synced.status, 1) << synced.out;
  EXPECT_EQ(synced.of("rows", "status"), "partial");
  EXPECT_EQ(synced.of("rows", "error_code"), "coverage_gap");
  EXPECT_NE(synced.of("rows", "error").find(day(1) + " to " + day(15)), std::string::npos)
      << synced.out;
  EXPECT_EQ(marked(), "0");
  using Lines = std::vector<std::vector<std::string>>;
  EXPECT_EQ(coverage(), (Lines{{day(-20), day(0), "proven"},
                               {day(1), day(15), "lost"},
                               {day(16), day(45), "proven"}}));
  auto const again = sync();
  EXPECT_EQ(again.status, 0) << again.out;
  EXPECT_EQ(coverage().size(), 3U);
}

TEST_F(Retention, asleep_beside_windows_that_are_replaced_the_gap_is_told_once) {
  serve_days(window("7d", day(-20)), "    mode: replace_window\n");
  ASSERT_EQ(sync().status, 0);
  set_ahead(45);
  auto const synced = sync();
  EXPECT_EQ(synced.of("rows", "error_code"), "coverage_gap") << synced.out;
  EXPECT_EQ(marked(), "0");
  using Lines = std::vector<std::vector<std::string>>;
  EXPECT_EQ(coverage(), (Lines{{day(-20), day(0), "proven"},
                               {day(1), day(15), "lost"},
                               {day(16), day(45), "proven"}}));
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(sync({"--full"}).status, 0);
  EXPECT_EQ(marked(), "0");
  EXPECT_EQ(query("select count(*) from reporting.reconciliations where not matched"), "0");
}

TEST_F(Retention, asleep_with_a_known_retention_nothing_older_is_asked_for) {
  serve_days(window("7d", day(-20)), "    keeps: 30d\n");
  ASSERT_EQ(sync().status, 0);
  set_ahead(45);
  plain().forget_requests();
  auto const synced = sync();
  EXPECT_EQ(synced.of("rows", "error_code"), "coverage_gap") << synced.out;
  EXPECT_EQ(parameter_of(plain().targets().front(), "from"), day(16));
  EXPECT_EQ(coverage()[1], (std::vector<std::string>{day(1), day(15), "lost"}));
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(marked(), "0");
}

TEST_F(Retention, a_window_that_is_refused_as_too_old_moves_on_to_what_is_given) {
  refuses = true;
  serve_days(window("7d", day(-20)));
  ASSERT_EQ(sync().status, 0);
  set_ahead(27);
  // The week of lookback is too old by now, but no day is missing: the broker still shows 27 days.
  auto const late = sync();
  EXPECT_EQ(late.status, 0) << late.out;
  EXPECT_EQ(live(), std::to_string((21 + 27) * rows_a_day));
  set_ahead(27 + 45);
  auto const too_late = sync();
  EXPECT_EQ(too_late.of("rows", "error_code"), "coverage_gap") << too_late.out;
  EXPECT_EQ(live(), std::to_string((21 + 27 + 30) * rows_a_day));
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(marked(), "0");
}

TEST_F(Retention, the_source_may_say_how_long_its_account_is_shown) {
  streams_yaml = "      rows: {keeps: 30d}\n";
  serve_days(window("7d"), "    keeps: 60d\n");
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(parameter_of(plain().targets().front(), "from"), day(-29));
}

}  // namespace
}  // namespace affsync::test::retention_test
