// Answers without rows: errors in a successful envelope, throttling in many formats, firewall
// pages, and their effect on the next pass.
#include <atomic>
#include <chrono>
#include <ctime>

#include "base/clock.hpp"
#include "tests/acceptance/strangers.hpp"

namespace affsync::test::strangers_answers_test {
namespace {

class StrangersAnswers : public Strangers {
 protected:
  void list(std::string const& rules, Answer answer, std::string const& stream = "") {
    start_own_broker(R"(credentials: {key: {description: k}}
auth: {type: static_token, header: X-Auth, value: "${credentials.key}"}
)" + rules + R"(streams:
  rows:
    table: commission
    path: /list
    records: data
    key: id
    map: {amount: {from: sum, required: true}, currency: {const: EUR}}
)" + stream,
                     "{key: kk-planted-ans}", std::move(answer));
  }
  static std::string rows(int count) {
    std::string out;
    for (int i = 0; i < count; ++i) {
      out += (i == 0 ? "" : ",") + std::string(R"({"id":)") + std::to_string(i) + R"(,"sum":2})";
    }
    return "[" + out + "]";
  }
};

// An unknown error code comes with an empty list, again and again: it must not count as an empty
// list.
TEST_F(StrangersAnswers, errors_in_a_good_envelope) {
  std::string body = R"({"code":0,"msg":"ok","data":)" + rows(12) + "}";
  list(R"(errors:
  - {json: code, equals: ["40129"], class: transient}
  - {json: maintenance, class: transient}
good:
  - {json: code, equals: "0"}
  - {json: msg, not_equals: [failed, denied], class: permission}
)",
       [&](Asked const&) { return reply(body); });
  expect_green(pass(), 12);
  for (auto const& bad :
       {R"({"code":91,"msg":"?","data":[]})", R"({"code":0,"data":[]})",
        R"({"msg":"ok","data":[]})", R"({"code":0,"msg":"denied","data":[]})",
        R"({"code":"00","msg":"ok","data":[]})", R"({"error":"gone","data":null})", "[]", "",
        "null", R"({"code":0,"msg":"ok"})", R"({"code":0,"msg":"ok","data":"none"})"}) {
    body = bad;
    auto const synced = pass();
    EXPECT_NE(synced.of("rows", "status"), "succeeded") << bad << synced.out;
    EXPECT_EQ(live_count(), "12") << bad;
  }
  EXPECT_EQ(marked(), "");
  body =
      R"({"code":0,"msg":"ok","error":null,"errors":[],"maintenance":0,"data":)" + rows(12) + "}";
  expect_no_change();
}

// What says that there are no rows may also be the name of a campaign.
TEST_F(StrangersAnswers, text_for_no_rows_inside_a_row) {
  std::string body = R"({"data":[{"id":1,"sum":2,"note":"No Data Roaming SIM"}]})";
  list("errors:\n  - {contains: No data, status: 200, login: false, class: empty}\n",
       [&](Asked const&) { return reply(body); });
  expect_green(pass(), 1);
  body = R"({"data":[{"id":1,"sum":2,"note":"No Data Roaming SIM"},{"id":2,"sum":3}]})";
  expect_green(pass(), 1);
  for (auto const* none : {R"({"message":"No data"})", R"({"data":[],"message":"no DATA"})",
                           R"({"data":[{"id":"No data"}]})", "No data", "<p>No data</p>"}) {
    body = none;
    // All rows have vanished at once: that is for the guard to tell.
    auto const synced = pass();
    EXPECT_EQ(synced.of("rows", "error_code"), "mass_drop") << none << synced.out << synced.err;
    EXPECT_EQ(synced.count("rows", "rows_read"), 0) << none;
  }
  EXPECT_EQ(live_count(), "2");
}

TEST_F(StrangersAnswers, text_for_no_rows_inside_a_table) {
  std::string const head = "Date,Campaign,Income\n";
  std::string body = head + "2026-01-02,No Records GmbH,10\n2026-01-03,Other,20\n";
  start_own_broker(R"(credentials: {key: {description: k}}
auth: {type: static_token, header: X-Auth, value: "${credentials.key}"}
errors:
  - {contains: No Records, class: empty}
streams:
  rows:
    table: commission
    path: /list
    format: csv
    key: [Date, Campaign]
    map: {amount: {from: Income, required: true}, currency: {const: EUR}, occurred_on: Date}
)",
                   "{key: kk-planted-ans}",
                   [&](Asked const&) { return reply(body, "200 OK", "", "text/csv"); });
  expect_green(pass(), 2);
  for (std::string const none : {"No Records", "no records,,\n"}) {
    body = head + none;
    auto const synced = pass();
    EXPECT_NE(synced.of("rows", "error_code"), "rows_quarantined") << none << synced.out;
    EXPECT_NE(synced.of("rows", "error_code"), "malformed_answer") << none << synced.out;
    EXPECT_EQ(live_count(), "2") << none;
  }
}

// Nothing shows whether lines are missing where a connection ends.
TEST_F(StrangersAnswers, lines_that_end_with_their_connection) {
  std::string const head =
      "HTTP/1.0 200 OK\r\nContent-Type: text/csv\r\nX-Count: 3\r\n\r\nid,sum,cur\n";
  std::string body = "1,1.00,EUR\n2,26.00,EUR\n3,3.00,EUR\n";
  std::string const stream = R"(credentials: {key: {description: k}}
auth: {type: static_token, header: X-Auth, value: "${credentials.key}"}
streams:
  rows:
    table: commission
    path: /list
    format: csv
    key: id
    map: {amount: {from: sum, required: true}, currency: cur}
)";
  start_own_broker(stream, "{key: kk-planted-ans}", [&](Asked const&) { return head + body; });
  for (auto const* cut : {"1,1.00,EUR\n2,26.00,EUR\n3,3.00,EUR\n", "1,1.00,EUR\n2,26.00,EUR\n",
                          "1,1.00,EUR\n2,26.00,E", "1,1.00,EUR\n", "1,1.00,EUR\n"}) {
    body = cut;
    auto const synced = pass();
    EXPECT_EQ(synced.of("rows", "status"), "partial") << cut << synced.out;
    EXPECT_EQ(synced.of("rows", "error_code"), "sweep_unverified") << cut << synced.out;
    EXPECT_NE(synced.out.find("neither Content-Length nor chunks"), std::string::npos);
    EXPECT_EQ(live_count(), "3") << cut;
  }
  EXPECT_EQ(marked(), "");
  EXPECT_EQ(query("select amount || ' ' || currency from affsync.commission"
                  " where external_id = '2'"),
            "26.00 EUR");
  // A count that agrees shows that all of it is there.
  replace_connector(stream + "    page: {type: none, total: {header: X-Count}}\n");
  body = "1,1.00,EUR\n2,27.00,EUR\n3,3.00,EUR\n";
  auto const counted = pass();
  EXPECT_EQ(counted.of("rows", "status"), "succeeded") << counted.out;
  EXPECT_EQ(counted.count("rows", "updated"), 1) << counted.out;
  body = "1,1.00,EUR\n2,27.00,EUR\n";
  EXPECT_EQ(pass().of("rows", "error_code"), "sweep_unverified");
  EXPECT_EQ(live_count(), "3");
}

// Which of two lists is the list, nobody knows: the one without rows is not taken for it.
TEST_F(StrangersAnswers, member_twice_around_the_rows) {
  std::string body = R"({"data":)" + rows(3) + "}";
  list("", [&](Asked const&) { return reply(body); }, "    page: {type: none, total: total}\n");
  for (std::string const& bad :
       {R"({"data":)" + rows(4) + R"(,"data":[]})", R"({"data":[],"data":)" + rows(4) + "}",
        R"({"total":4,"data":)" + rows(4) + R"(,"total":0})"}) {
    body = bad;
    auto const synced = pass();
    EXPECT_EQ(synced.status, 1) << bad;
    EXPECT_EQ(synced.of("rows", "error_code"), "malformed_answer") << bad << synced.out;
    EXPECT_EQ(live_count(), "0") << bad;
  }
  body = R"({"total":3,"data":)" + rows(3) + "}";
  expect_green(pass(), 3);
}

// Each format of "wait a moment", a few in each pass. The pass continues after them and succeeds.
TEST_F(StrangersAnswers, throttled_in_many_forms) {
  std::string const too_many = "429 Too Many Requests";
  auto const epoch_ms = [] {
    using namespace std::chrono;
    return std::to_string(
        duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count() + 900);
  };
  std::vector<std::function<std::string()>> const forms{
      [&] { return reply("", too_many, "Retry-After: 1\r\n"); },
      [&] { return reply("{}", too_many, "Retry-After: 0.5\r\n"); },
      [&] { return reply("{}", too_many, "Retry-After-Ms: 400\r\n"); },
      [&] { return reply("{}", too_many, "X-RateLimit-Reset: " + epoch_ms() + "\r\n"); },
      [&] { return reply("{}", too_many, "RateLimit: limit=10, remaining=0, reset=1\r\n"); },
      [&] {
        return reply("{}", too_many,
                     "RateLimit-Policy: \"p\";q=10;w=1\r\nRateLimit: \"p\";r=0;t=1\r\n");
      },
      [&] { return reply(R"({"error":{"retryAfterMs":700}})", too_many); },
      [&] { return reply("slow down, try again in 800ms", too_many, "", "text/plain"); },
      [&] { return reply("<html>Too many</html>", too_many, "Retry-After: 1\r\n", "text/html"); },
      [&] { return reply(R"({"result":"FLOOD","left":"wait 1s"})"); },
      [&] { return reply("{}", "503 Service Unavailable", "Retry-After: 1\r\n"); },
  };
  std::size_t next = 0, allowed = 3;
  char const* const head =
      R"(rate: {requests_per_second: 500, burst: 500, wait_text: "\"left\":\"wait "}
errors:
  - {json: result, equals: FLOOD, class: throttled}
)";
  auto const answer = [&](Asked const& asked) {
    auto const page = asked.number("page", 1);
    if (page > 1 && next < std::min(allowed, forms.size())) {
      return forms[next++]();
    }
    return reply(R"({"data":)" +
                 (page == 1   ? rows(12)
                  : page == 2 ? R"([{"id":99,"sum":2}])"
                              : "[]") +
                 "}");
  };
  list(head, answer, "    page: {type: page}\n");
  expect_green(pass(), 13);
  for (; next < forms.size(); allowed += 3) expect_no_change();
  EXPECT_EQ(query("select sum(throttled) from affsync.sync_run"), "11");
  EXPECT_EQ(query("select sum(retries) from affsync.sync_run"), "0");
}

TEST_F(StrangersAnswers, throttled_for_hours_is_left_alone) {
  bool closed = false;
  list("", [&](Asked const&) {
    if (closed)
      return reply(R"({"message":"Daily quota. Retry in 5 hours"})", "429 Too Many Requests",
                   "Retry-After: 18000\r\n");
    return reply(R"({"data":)" + rows(3) + "}");
  });
  expect_green(pass(), 3);
  closed = true;
  auto const synced = pass();
  EXPECT_EQ(synced.status, 1);
  EXPECT_EQ(synced.of("rows", "error_code"), "throttled") << synced.out;
  // The message names the time to wait until, and does not claim that affsync waits.
  EXPECT_NE(synced.out.find("wait until"), std::string::npos) << synced.out;
  EXPECT_EQ((synced.out + synced.err).find("waits"), std::string::npos) << synced.err;
  asked();
  EXPECT_EQ(pass().status, 1);
  EXPECT_EQ(run_command({"check"}).status, 1);
  EXPECT_EQ(asked().size(), 0U);
  EXPECT_EQ(live_count(), "3");
}

// A challenge page with status 200 or 403 is not a refused key, changes no rows and blocks nothing.
TEST_F(StrangersAnswers, pages_of_a_firewall) {
  std::string answer;
  list("errors:\n  - {status: 403, class: auth_invalid}\n", [&](Asked const&) { return answer; });
  auto const good = reply(R"({"data":)" + rows(5) + "}");
  auto const page = std::string("<!DOCTYPE html><html><title>Just a moment...</title></html>");
  answer = good;
  expect_green(pass(), 5);
  for (std::string const status : {"200 OK", "403 Forbidden"}) {
    for (std::string const type : {"text/html; charset=UTF-8", "application/json"}) {
      answer = reply(page, status, "", type);
      auto const synced = pass();
      EXPECT_EQ(synced.status, 1) << status << type;
      EXPECT_EQ(synced.of("rows", "status"), "failed") << synced.out;
      EXPECT_NE(synced.of("rows", "error_code"), "auth_invalid");
      answer = good;
      expect_no_change();
    }
  }
  EXPECT_EQ(query("select count(*) from affsync.source_block"), "0");
  EXPECT_EQ(marked(), "");
}

// A stream that the account may not read is skipped; the other stream is read.
TEST_F(StrangersAnswers, one_stream_that_is_not_for_this_account) {
  list(
      "",
      [&](Asked const& asked) {
        if (asked.path == "/list")
          return reply(R"({"detail":"not in your plan"})", "403 Forbidden");
        if (asked.path == "/gone") return reply("not found", "404 Not Found", "", "text/plain");
        return reply(R"({"data":)" + rows(4) + "}");
      },
      R"(  others:
    table: payout
    path: /other
    records: data
    key: id
    map: {amount: sum}
  gone:
    table: balance
    path: /gone
    path_hint: ask the broker where it went
    records: data
    key: id
    map: {metric: {const: m}, amount: sum}
)");
  auto const synced = pass();
  EXPECT_EQ(synced.of("rows", "status"), "skipped") << synced.out;
  EXPECT_EQ(synced.of("rows", "error_code"), "permission_denied");
  EXPECT_EQ(synced.of("gone", "status"), "skipped");
  EXPECT_EQ(synced.of("others", "status"), "succeeded");
  EXPECT_EQ(live_count("payout"), "4");
  auto const check = run_command({"check"});
  EXPECT_NE((check.out + check.err).find("ask the broker where it went"), std::string::npos)
      << check.out;
  EXPECT_NE((check.out + check.err).find("not in your plan"), std::string::npos) << check.out;
}

// Not even one day is accepted: the error quotes the broker and says what that may mean.
TEST_F(StrangersAnswers, window_that_is_always_too_large) {
  list(
      "errors: [{json: err, class: window_too_large}]\n",
      [&](Asked const& asked) {
        return asked.path == "/list" ? reply(R"({"data":[]})") : reply(R"({"err":"too many"})");
      },
      R"(  days:
    table: commission
    path: /days
    records: data
    key: id
    map: {amount: sum, occurred_on: day}
    window: {from: f, to: t, span: 8d, start: 2026-11-01, column: occurred_on}
)");
  auto const synced = pass();
  EXPECT_EQ(synced.of("days", "error_code"), "window_too_large") << synced.out;
  EXPECT_NE(synced.out.find("too many"), std::string::npos) << synced.out;
  EXPECT_NE(synced.out.find("shortest window"), std::string::npos) << synced.out;
}

// The two clocks differ by half an hour: reported wherever a state is shown, until they agree.
TEST_F(StrangersAnswers, clock_that_differs_is_told) {
  int minutes_behind = 30;
  list("", [&](Asked const&) {
    auto const time = std::time(nullptr) - 60 * minutes_behind;
    char date[64];
    std::strftime(date, sizeof date, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", std::gmtime(&time));
    return reply(R"({"data":)" + rows(3) + "}", "200 OK", date);
  });
  expect_green(pass(), 3);
  auto const status = run_command({"status"});
  EXPECT_NE(status.out.find("30m"), std::string::npos) << status.out;
  EXPECT_NE(status.out.find("ahead of the broker's"), std::string::npos) << status.out;
  auto const skew = query("select clock_skew_seconds from reporting.source_health");
  EXPECT_NEAR(std::stoi(skew), 1800, 10);
  minutes_behind = 0;
  pass();
  EXPECT_EQ(run_command({"status"}).out.find("the broker's at the latest"), std::string::npos);
}

// Content-Length counts characters: the last amount is cut, which nothing in the text shows.
TEST_F(StrangersAnswers, a_table_that_is_longer_than_it_says_is_not_stored) {
  start_own_broker(R"(auth: {type: none}
streams:
  rows:
    table: commission
    path: /list
    format: csv
    key: id
    map: {client_ref: user, amount: {from: sum, required: true}, currency: {const: USD}}
)",
                   "{}", [&](Asked const& asked) {
                     EXPECT_EQ(asked.header("Accept"), "text/csv, */*;q=0.5");
                     auto out =
                         reply("id,user,sum\n1,Anna,5\n3,\xD0\x9E\xD0\xBB\xD0\xB5\xD0\xB3,11",
                               "200 OK", "", "text/csv");
                     return out + "2.50";
                   });
  auto const synced = pass();
  EXPECT_EQ(synced.of("rows", "status"), "failed") << synced.out;
  EXPECT_EQ(synced.of("rows", "error_code"), "truncated") << synced.out;
  EXPECT_EQ(live(), "");
}

}  // namespace
}  // namespace affsync::test::strangers_answers_test
