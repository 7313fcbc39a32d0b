// Reports that a broker makes on request: asked for, waited for, fetched.
#include <atomic>

#include "tests/acceptance/plain_broker.hpp"

namespace affsync::test::reports_test {
namespace {

class MadeReports : public PlainAcceptance {
 protected:
  void serve_with(std::string const& download, PlainBroker::Answer answer) {
    serve(std::move(answer));
    use_connector("plain", R"(name: plain
credentials:
  api_key: {description: any}
auth: {type: static_token, value: "Bearer ${credentials.api_key}"}
)" + rate_yaml + R"(streams:
  rows:
    table: commission
    path: /reports
    query: {kind: conversions}
    report:
      id: report.id
      poll: /reports/${report.id}
      until: {json: report.state, equals: done}
      failed: {json: report.state, equals: [failed]}
      download: )" + download + R"(
      every: 1s
    format: csv
    key: id
    map: {amount: amount, currency: currency}
)" + more_of_stream);
  }

  std::string rate_yaml, more_of_stream;

  static std::string file_of(std::string const& text) {
    return "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: " +
           std::to_string(text.size()) + "\r\n\r\n" + text;
  }
};

constexpr char const* made = "id;amount;currency\n1;10.50;USD\n2;-3.25;EUR\n";

TEST_F(MadeReports, a_report_is_asked_for_waited_for_and_fetched) {
  std::atomic<int> asked = 0;
  serve_with("/reports/${report.id}/file", [&](std::string const& target) {
    if (target.ends_with("/file")) return file_of(made);
    if (target.starts_with("/reports?"))
      return answer_of(R"({"report":{"id":"r 7","state":"new"}})");
    return answer_of(++asked < 3 ? R"({"report":{"state":"running"}})"
                                 : R"({"report":{"state":"DONE"}})");
  });
  auto const synced = sync();
  EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
  EXPECT_EQ(synced.count("rows", "inserted"), 2);
  EXPECT_EQ(plain().targets(),
            (std::vector<std::string>{"/reports?kind=conversions", "/reports/r%207",
                                      "/reports/r%207", "/reports/r%207", "/reports/r%207/file"}));
  EXPECT_EQ(query("select sum(amount) from affsync.commission"), "7.25");
}

TEST_F(MadeReports, a_link_is_followed_below_the_base_url_only) {
  std::string link = "/files/a?sign=1";
  serve_with("report.url", [&](std::string const& target) {
    if (target.starts_with("/files/")) return file_of(made);
    return answer_of(R"({"report":{"id":7,"state":"done","url":")" + link + R"("}})");
  });
  EXPECT_EQ(sync().count("rows", "inserted"), 2);
  link = "https://files.example/a";
  auto const elsewhere = sync();
  EXPECT_EQ(elsewhere.status, 1);
  EXPECT_NE(elsewhere.of("rows", "error").find("leads to another place than `base_url`"),
            std::string::npos)
      << elsewhere.out;
}

// As a browser would follow it; the path of `base_url` comes once.
TEST_F(MadeReports, a_link_may_be_an_absolute_path_or_spell_the_host_in_its_own_way) {
  std::string link = "/v1/files/a?sign=1";
  serve_with("report.url", [&](std::string const& target) {
    if (target == "/v1/files/a?sign=1") return file_of(made);
    if (target.starts_with("/v1/reports")) {
      return answer_of(R"({"report":{"id":7,"state":"done","url":")" + link + R"("}})");
    }
    return std::string("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
  });
  auto const port = std::to_string(plain().port());
  base_url = "http://127.0.0.1:" + port + "/v1";
  configure();
  EXPECT_EQ(sync().count("rows", "inserted"), 2);
  for (auto const& other : {"HTTP://127.0.0.1:" + port + "/v1/files/a?sign=1",
                            std::string("files/a?sign=1"), std::string("/files/a?sign=1")}) {
    link = other;
    auto const synced = sync();
    EXPECT_EQ(synced.status, 0) << other << synced.out << synced.err;
  }
}

// What asks for a report, and for its state, are requests of its stream like that for its rows.
TEST_F(MadeReports, every_request_of_a_report_counts_in_the_limits_of_its_stream) {
  rate_yaml =
      "rate: {requests_per_second: 500, burst: 500, limits: [{requests: 6, per: 1d, of: "
      "[rows]}]}\n";
  more_of_stream = "    cost: 3\n";
  serve_with("/reports/${report.id}/file", [&](std::string const& target) {
    if (target.ends_with("/file")) return file_of(made);
    return answer_of(R"({"report":{"id":"7","state":")" +
                     std::string(target.starts_with("/reports?") ? "new" : "done") + R"("}})");
  });
  auto const synced = sync();
  EXPECT_EQ(synced.of("rows", "error_code"), "throttled") << synced.out << synced.err;
  EXPECT_EQ(plain().targets(),
            (std::vector<std::string>{"/reports?kind=conversions", "/reports/7"}));
}

TEST_F(MadeReports, a_report_that_fails_is_told) {
  serve_with("/file", [&](std::string const&) {
    return answer_of(R"({"report":{"id":7,"state":"Failed"}})");
  });
  auto const synced = sync();
  EXPECT_EQ(synced.status, 1);
  EXPECT_NE(
      synced.of("rows", "error").find("could not make the report: `report.state` is \"Failed\""),
      std::string::npos)
      << synced.out;
}

}  // namespace
}  // namespace affsync::test::reports_test
