// Streams that the broker refuses after it has given some of their rows, and passes over chosen
// days of the past: neither may look like a stream that is up to date.
#include <atomic>
#include <chrono>

#include "base/clock.hpp"
#include "tests/acceptance/strangers.hpp"

namespace affsync::test::withdrawn_stream_test {
namespace {

class WithdrawnStream : public Strangers {
 protected:
  void list(std::string const& how, Answer answer) {
    start_own_broker(R"(credentials: {key: {description: k}}
auth: {type: static_token, header: X-Auth, value: "${credentials.key}"}
streams:
  rows:
    table: commission
    path: /list
    records: data
    key: id
    map:
      amount: {from: sum, required: true}
      currency: {const: EUR}
      occurred_on: {from: day, as: date}
)" + how,
                     "{key: kk-planted-gone}", std::move(answer));
  }
  static std::string row(std::string const& id, std::string const& day) {
    return R"({"id":")" + id + R"(","sum":2,"day":")" + day + "\"}";
  }
  static std::string refusal() { return reply(R"({"detail":"not for you"})", "403 Forbidden"); }
};

std::string day_before(int days) {
  return format_day(std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()) -
                    std::chrono::days(days));
}

TEST_F(WithdrawnStream, a_refusal_amid_the_list_is_a_failure) {
  std::atomic<bool> refuses = true;
  list("    page: {type: page, size: 2}\n", [&](Asked const& asked) {
    auto const page = asked.number("page", 1);
    if (page == 1) {
      return reply(R"({"data":[)" + row("a", "2026-01-01") + "," + row("b", "2026-01-02") + "]}");
    }
    if (refuses) return refusal();
    return reply(page == 2 ? R"({"data":[)" + row("c", "2026-01-03") + "]}" : R"({"data":[]})");
  });
  auto const first = pass();
  EXPECT_EQ(first.of("rows", "status"), "failed") << first.out;
  EXPECT_EQ(first.of("rows", "error_code"), "permission_denied");
  EXPECT_EQ(first.status, 1);
  // This one begins where the first one was refused.
  auto const resumed = pass();
  EXPECT_EQ(resumed.of("rows", "status"), "failed") << resumed.out;
  EXPECT_EQ(resumed.status, 1);
  refuses = false;
  auto const whole = pass();
  EXPECT_EQ(whole.of("rows", "status"), "succeeded") << whole.out;
  EXPECT_EQ(live_count(), "3");
}

TEST_F(WithdrawnStream, a_stream_that_was_read_before_is_missed_by_the_exit_status) {
  std::atomic<bool> refuses = true;
  list("", [&](Asked const&) {
    return refuses ? refusal() : reply(R"({"data":[)" + row("a", "2026-01-01") + "]}");
  });
  auto const never = pass();
  EXPECT_EQ(never.of("rows", "status"), "skipped") << never.out;
  EXPECT_EQ(never.status, 0);
  refuses = false;
  ASSERT_EQ(pass().status, 0);
  refuses = true;
  auto const withdrawn = pass();
  EXPECT_EQ(withdrawn.of("rows", "status"), "skipped") << withdrawn.out;
  EXPECT_EQ(withdrawn.of("rows", "error_code"), "permission_denied");
  EXPECT_EQ(withdrawn.status, 1);
  EXPECT_EQ(live_count(), "1");
}

TEST_F(WithdrawnStream, chosen_days_of_the_past_are_no_news_of_the_stream) {
  std::atomic<bool> broken = false;
  list("    window: {from: f, to: t, start: " + day_before(20) +
           ", lookback: 2d, column: occurred_on}\n",
       [&](Asked const& asked) {
         if (broken) return reply("{}", "500 Internal Server Error");
         std::string rows;
         for (int back = 20; back >= 0; --back) {
           auto const day = day_before(back);
           if (day < asked("f") || day > asked("t")) continue;
           rows += (rows.empty() ? "" : ",") + row(day, day);
         }
         return reply(R"({"data":[)" + rows + "]}");
       });
  auto const state = [&] {
    return query(
        "select last_success_at::text || ' ' || consecutive_failures"
        " from affsync.stream_state");
  };
  ASSERT_EQ(pass().status, 0);
  auto const fresh = state();
  broken = true;
  ASSERT_EQ(pass().status, 1);
  auto const failing = state();
  EXPECT_EQ(failing.substr(0, failing.rfind(' ')), fresh.substr(0, fresh.rfind(' ')));
  EXPECT_EQ(failing.back(), '1');

  broken = false;
  auto const past =
      run_command({"sync", "--since", day_before(9), "--until", day_before(5), "--output", "json"});
  EXPECT_EQ(past.status, 0) << past.out;
  EXPECT_EQ(state(), failing);

  auto const present = run_command({"sync", "--since", day_before(9), "--output", "json"});
  EXPECT_EQ(present.status, 0) << present.out;
  EXPECT_NE(state(), failing);
  EXPECT_EQ(state().back(), '0');
}

}  // namespace
}  // namespace affsync::test::withdrawn_stream_test
