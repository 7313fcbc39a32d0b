// The answer of each path, with a store that answers, fails or hangs.
#include "daemon/serve/pages.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "base/json.hpp"
#include "base/utf8.hpp"
#include "tests/unit/serve/fake_store.hpp"

namespace affsync::serve::pages_test {
namespace {

using namespace std::chrono_literals;

constexpr char const* connectors_document =
    R"({"connectors":[{"name":"exness","title":"Exness","documentation":null,)"
    R"("base_url":null,"file":null,"credentials":[],"settings":[],)"
    R"("streams":[{"name":"rewards","title":"R","table":"commission",)"
    R"("also":[],"every":"1h","enabled":true,"evidence":null}]}]})";

class FixedClock final : public Clock {
 public:
  TimePoint time = TimePoint(1'700'000'000s);
  TimePoint now() const override { return time; }
};

class PagesTest : public ::testing::Test {
 protected:
  PagesTest() : metrics_(clock_.time), pages_(parts()) {
    schema::StreamHealth health;
    health.source = "exness-main";
    health.connector = "exness";
    health.stream = "rewards";
    health.table = "commission";
    health.last_status = "succeeded";
    health.last_success_at = clock_.time - 10min;
    health.rows = 1'234'567;
    store_.streams.push_back(health);
  }

  PagesParts parts() {
    PagesParts parts;
    parts.executor = io_.get_executor();
    parts.store = &store_;
    parts.metrics = &metrics_;
    parts.clock = &clock_;
    parts.interval = [](std::string const& source, std::string const&) {
      return source == "elsewhere" ? std::nullopt : std::optional<std::chrono::seconds>(15min);
    };
    parts.earnings = [](std::optional<Day> since, std::optional<Day> until, std::string by) {
      if (by == "colour") throw Failure(ErrorCode::usage, "no colour", "There is month.");
      ReportQuery query;
      query.sql = "by " + by;
      auto const text = [](std::optional<Day> day) {
        return day ? std::optional<std::string>(format_day(*day)) : std::nullopt;
      };
      query.parameters = {text(since), text(until)};
      query.to_json = [](schema::Store::Table const& table, schema::Store::Table const&) {
        return "{\"rows\":" + std::to_string(table.rows.size()) + "}";
      };
      return query;
    };
    parts.connectors = [this]() -> std::function<std::string()> {
      ++connectors_made_;
      return [] { return std::string(connectors_document); };
    };
    parts.hosts = {"affsync.example"};
    parts.notes = [this] { return notes_; };
    parts.full_disk = [this]() -> std::optional<NotReady> {
      if (full_disk_.empty()) return std::nullopt;
      return NotReady{{}, {}, "database_full", full_disk_};
    };
    parts.started_at = clock_.time - 24h;
    parts.database_url = "host=/var/lib/affsync dbname=affsync";
    parts.ping_limit = 50ms;
    return parts;
  }

  HttpResponse get(std::string const& target, std::string const& accept = {}) {
    return get_from(pages_, target, accept);
  }
  HttpResponse get_from(Pages& pages, std::string const& target, std::string const& accept = {}) {
    HttpRequest request(Method::get, target);
    if (!accept.empty()) request.headers.add("Accept", accept);
    return run(pages.answer(std::move(request)));
  }
  HttpResponse run(asio::awaitable<HttpResponse> work) {
    auto answer = asio::co_spawn(io_, std::move(work), asio::use_future);
    io_.restart();
    while (answer.wait_for(0s) != std::future_status::ready) {
      if (io_.run_one() == 0)
        throw std::logic_error("deadlock: the answer waits, but no work is left");
    }
    return answer.get();
  }
  static Json json(HttpResponse const& response) { return parse_json(response.body).value(); }
  static std::string text(Json const& document, char const* path) {
    auto const* found = JsonPath(path).in(document);
    return found == nullptr ? "missing" : std::string(found->scalar_text().value_or("null"));
  }

  asio::io_context io_;
  FixedClock clock_;
  FakeStore store_;
  std::vector<std::string> notes_;
  std::string full_disk_;  // empty: there is room
  int connectors_made_ = 0;
  Metrics metrics_;
  Pages pages_;
};

TEST_F(PagesTest, alive_needs_no_database) {
  store_.problem = Error(ErrorCode::database_unavailable, "gone");
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_EQ(store_.pings, 0);
}

TEST_F(PagesTest, ready_while_the_database_answers_and_nothing_is_late) {
  auto const response = get("/readyz");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "{\"ready\":true,\"reasons\":[]}\n");
  EXPECT_EQ(response.headers.find("content-type"), "application/json");
}

TEST_F(PagesTest, not_ready_without_the_database_and_the_reason_is_said) {
  store_.problem = Error(ErrorCode::database_unavailable, "connection refused");
  auto const response = get("/readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(text(json(response), "ready"), "false");
  EXPECT_EQ(text(json(response), "reasons.0.reason"), "database");
  EXPECT_EQ(text(json(response), "reasons.0.message"), "connection refused");
}

TEST_F(PagesTest, a_silence_of_the_database_is_told_once_and_its_end_too) {
  std::vector<std::string> told;
  auto watched = parts();
  watched.on_database_silence = [&](Duration lasted, std::optional<Error> const& problem) {
    told.push_back(std::to_string(std::chrono::floor<std::chrono::seconds>(lasted).count()) +
                   (problem ? " " + std::string(to_string(problem->code)) : ""));
  };
  Pages pages(std::move(watched));
  auto const ask = [&](std::chrono::seconds later) {
    clock_.time += later;
    get_from(pages, "/readyz");
  };
  ask(1s);
  store_.hangs = true;
  ask(15s);
  ask(29s);
  EXPECT_TRUE(told.empty());
  ask(1s);
  ask(600s);
  EXPECT_EQ(told, (std::vector<std::string>{"30 timeout"}));
}

TEST_F(PagesTest, a_database_that_is_away_for_a_moment_is_not_told) {
  std::vector<std::string> told;
  auto watched = parts();
  watched.on_database_silence = [&](Duration lasted, std::optional<Error> const& problem) {
    told.push_back(std::to_string(std::chrono::floor<std::chrono::seconds>(lasted).count()) +
                   (problem ? " away" : " back"));
  };
  Pages pages(std::move(watched));
  auto const ask = [&](std::chrono::seconds later, bool away) {
    clock_.time += later;
    store_.problem.reset();
    if (away) store_.problem = Error(ErrorCode::database_unavailable, "gone");
    get_from(pages, "/readyz");
  };
  ask(15s, true);
  ask(15s, true);
  ask(1s, false);
  ask(15s, true);
  ask(29s, true);
  EXPECT_TRUE(told.empty());
  ask(31s, true);
  ask(40s, false);
  ask(15s, false);
  EXPECT_EQ(told, (std::vector<std::string>{"60 away", "100 back"}));
}

TEST_F(PagesTest, a_database_that_hangs_is_not_ready_and_costs_one_call) {
  store_.hangs = true;
  EXPECT_EQ(get("/readyz").status, 503);
  auto const response = get("/readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_NE(text(json(response), "reasons.0.message").find("50 ms"), std::string::npos);
  EXPECT_EQ(store_.pings, 1);
}

TEST_F(PagesTest, not_ready_when_a_stream_is_past_three_intervals) {
  store_.streams[0].last_success_at = clock_.time - 45min;
  EXPECT_EQ(get("/readyz").status, 200);
  store_.streams[0].last_success_at = clock_.time - 45min - 1s;
  auto const response = get("/readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(text(json(response), "reasons.0.reason"), "late");
  EXPECT_EQ(text(json(response), "reasons.0.source"), "exness-main");
  EXPECT_EQ(text(json(response), "reasons.0.stream"), "rewards");
}

TEST_F(PagesTest, a_stream_without_success_has_three_intervals_from_the_start) {
  store_.streams[0].last_success_at.reset();
  auto const response = get("/readyz");  // the process has been running for a day
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(text(json(response), "reasons.0.reason"), "never_succeeded");
  clock_.time -= 24h - 45min;
  EXPECT_EQ(get("/readyz").status, 200);
}

TEST_F(PagesTest, a_stream_of_another_instance_does_not_count) {
  store_.streams[0].source = "elsewhere";
  store_.streams[0].last_success_at = clock_.time - 72h;
  EXPECT_EQ(get("/readyz").status, 200);
}

TEST_F(PagesTest, not_ready_at_once_when_every_stream_of_a_source_has_failed) {
  store_.streams[0].ended_status = "failed";
  store_.streams[0].last_error = "connection refused";
  auto second = store_.streams[0];
  second.stream = "clients";
  second.ended_status = "succeeded";
  store_.streams.push_back(second);
  EXPECT_EQ(get("/readyz").status, 200);
  store_.streams[1].ended_status = "failed";
  auto const response = get("/readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(text(json(response), "reasons.0.reason"), "all_failed");
  EXPECT_EQ(text(json(response), "reasons.0.source"), "exness-main");
  EXPECT_EQ(text(json(response), "reasons.0.stream"), "null");
  EXPECT_NE(text(json(response), "reasons.0.message").find("connection refused"),
            std::string::npos);
}

// A clock that was a day ahead wrote it; the daemon does not wait for it.
TEST_F(PagesTest, a_next_run_that_no_run_waits_for_is_not_shown) {
  store_.streams[0].next_run_at = clock_.time + 26h;
  auto const status = get("/api/status");
  EXPECT_EQ(text(json(status), "streams.0.next_run_at"),
            format_time(std::chrono::floor<std::chrono::seconds>(clock_.time + 6min)));
  auto const figures = get("/metrics").body;
  auto const seconds = std::chrono::floor<std::chrono::seconds>(clock_.time + 6min);
  EXPECT_NE(figures.find("affsync_stream_next_run_timestamp_seconds{source=\"exness-main\","
                         "stream=\"rewards\"} " +
                         std::to_string(seconds.time_since_epoch().count())),
            std::string::npos)
      << figures;
}

// The rule of alerts that tells it cannot: it is judged, and written down, in that database.
TEST_F(PagesTest, not_ready_while_the_disk_of_the_database_is_full) {
  full_disk_ = "the disk is full";
  auto const response = get("/readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(text(json(response), "reasons.0.reason"), "database_full");
  EXPECT_EQ(text(json(response), "reasons.0.message"), "the disk is full");
  full_disk_.clear();
  EXPECT_EQ(get("/readyz").status, 200);
}

TEST_F(PagesTest, not_ready_at_once_when_a_source_is_blocked_and_ready_when_that_is_over) {
  store_.streams[0].blocked_until = clock_.time + 1h;
  store_.streams[0].blocked_code = "auth_invalid";
  store_.streams[0].blocked_reason = "wrong password";
  auto const response = get("/readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(text(json(response), "reasons.0.reason"), "blocked");
  EXPECT_EQ(text(json(response), "reasons.0.message"),
            "no requests are sent to the source until 2023-11-14T23:13:20Z (auth_invalid): wrong "
            "password");
  store_.streams[0].blocked_until = clock_.time;
  EXPECT_EQ(get("/readyz").status, 200);
}

TEST_F(PagesTest, readiness_asks_for_no_more_than_it_needs) {
  get("/readyz");
  EXPECT_EQ(store_.health_calls, 0);
  EXPECT_EQ(store_.standing_calls, 1);
}

TEST_F(PagesTest, metrics_never_wait_for_the_database) {
  store_.hangs = true;
  EXPECT_EQ(get("/metrics").status, 200);
  EXPECT_EQ(get("/metrics").status, 200);
  EXPECT_LE(store_.pings, 1);
}

TEST_F(PagesTest, what_a_scrape_asks_for_is_in_the_next_one) {
  EXPECT_EQ(get("/metrics").headers.find("content-type"),
            "text/plain; version=0.0.4; charset=utf-8");
  io_.restart();
  io_.run();
  auto const good = get("/metrics");
  EXPECT_NE(good.body.find("\naffsync_database_up 1\n"), std::string::npos);
  EXPECT_NE(good.body.find("affsync_last_success_timestamp_seconds{source=\"exness-main\","
                           "stream=\"rewards\"} 1699999400\n"),
            std::string::npos);
  store_.problem = Error(ErrorCode::database_unavailable, "gone");
  clock_.time += 5s;
  get("/metrics");
  io_.restart();
  io_.run();
  auto const bad = get("/metrics");
  EXPECT_EQ(bad.status, 200);
  EXPECT_NE(bad.body.find("\naffsync_database_up 0\n"), std::string::npos);
}

TEST_F(PagesTest, a_scrape_does_not_query_the_health_every_time) {
  auto const scrape = [&] {
    get("/metrics");
    io_.restart();
    io_.run();
    clock_.time += 10s;
  };
  for (int scrapes = 0; scrapes < 6; ++scrapes) scrape();
  EXPECT_EQ(store_.health_calls, 1);
  scrape();
  EXPECT_EQ(store_.health_calls, 2);
}

TEST_F(PagesTest, the_lag_of_a_replica_is_measured_with_the_other_figures) {
  get("/metrics");
  EXPECT_EQ(metrics_.render(clock_.time).find("replica_lag"), std::string::npos);
  auto reading_elsewhere = parts();
  reading_elsewhere.reads_replica = true;
  Pages pages(std::move(reading_elsewhere));
  auto answer =
      asio::co_spawn(io_, pages.answer(HttpRequest(Method::get, "/metrics")), asio::use_future);
  io_.restart();
  io_.run();
  EXPECT_NE(metrics_.render(clock_.time).find("affsync_database_replica_lag_seconds 0\n"),
            std::string::npos);
}

TEST_F(PagesTest, names_that_are_not_its_own_are_refused) {
  auto const asked_as = [&](std::string const& host) {
    HttpRequest request(Method::get, "/api/earnings");
    request.headers.add("Host", host);
    auto answer = asio::co_spawn(io_, pages_.answer(std::move(request)), asio::use_future);
    io_.restart();
    io_.run();
    return answer.get().status;
  };
  for (char const* host : {"localhost:9464", "LOCALHOST", "127.0.0.1:9464", "[::1]:9464",
                           "10.0.0.7", "affsync.example:9464", "Affsync.Example."}) {
    EXPECT_EQ(asked_as(host), 200) << host;
  }
  for (char const* host :
       {"evil.example", "evil.example:9464", "127.0.0.1.evil.example", "localhost.evil.example",
        "affsync.example.evil", "", ":9464", "[evil]"}) {
    EXPECT_EQ(asked_as(host), 421) << host;
  }
}

TEST_F(PagesTest, the_page_is_green_only_when_nothing_stands_against_any_stream) {
  auto& stream = store_.streams[0];
  stream.ended_status = "succeeded";
  auto const is_green = [&] {
    return get("/").body.find("<p class=\"good\">") != std::string::npos;
  };
  EXPECT_TRUE(is_green());
  auto const good = stream;
  auto const not_green = [&](char const* what) {
    EXPECT_FALSE(is_green()) << what;
    stream = good;
  };
  stream.ended_status = stream.last_status = "failed";
  not_green("failed");
  // The next run is in progress, but the result of the last one still counts.
  stream.ended_status = "failed";
  stream.last_status = "running";
  not_green("failed, running again");
  stream.ended_status = stream.last_status = "partial";
  not_green("partial");
  stream.ended_status = stream.last_status = "skipped";
  not_green("skipped");
  stream.quarantined = 1;
  not_green("quarantined");
  stream.unreconciled = 1;
  not_green("unreconciled");
  stream.doubtful_days = 1;
  not_green("doubtful");
  stream.lost_days = 1;
  not_green("lost");
  stream.clock_skew_seconds = -301;
  not_green("clock off");
  stream.last_success_at = clock_.time - 46min;
  not_green("late");
  stream.blocked_until = clock_.time + 1h;
  not_green("blocked");
  stream.ended_status = stream.last_status = "";
  not_green("never read");
  notes_ = {"the new configuration is not used"};
  not_green("note");
  notes_.clear();
  stream.accepted = 5;
  EXPECT_TRUE(is_green());
}

TEST_F(PagesTest, a_blocked_source_is_not_said_to_be_asked_sooner) {
  store_.streams[0].next_run_at = clock_.time + 25s;
  store_.streams[0].blocked_until = clock_.time + 6h;
  store_.streams[0].blocked_code = "auth_invalid";
  auto const body = get("/").body;
  EXPECT_EQ(body.find("in 25 s"), std::string::npos) << body;
  EXPECT_NE(body.find("in 6 h"), std::string::npos) << body;
}

TEST_F(PagesTest, days_in_doubt_and_lost_are_named) {
  store_.streams[0].lost_days = 31;
  schema::CoverageSpan gap;
  gap.state = schema::DayState::lost;
  gap.from = *parse_day("2026-01-01");
  gap.to = *parse_day("2026-01-31");
  store_.streams[0].gaps.push_back(gap);
  EXPECT_NE(get("/").body.find("lost: 2026-01-01 to 2026-01-31"), std::string::npos);
}

TEST_F(PagesTest, a_run_that_goes_on_says_how_far_it_has_come) {
  RunReport report;
  report.source = "exness-main";
  report.stream = "rewards";
  metrics_.on_run_started(report);
  report.rows_read = 12'000;
  report.reached = parse_day("2026-03-01");
  report.window_to = parse_day("2026-11-20");
  report.waiting_until = clock_.time + 5min;
  metrics_.on_progress(report, std::nullopt);
  auto const body = get("/sources/exness-main").body;
  EXPECT_NE(body.find("12\u202f000 rows, up to 2026-03-01 of 2026-11-20"), std::string::npos)
      << body;
  EXPECT_NE(body.find("waiting 5 min as the broker asks"), std::string::npos) << body;
  auto const overview = get("/").body;
  EXPECT_NE(overview.find("up to 2026-03-01 of 2026-11-20"), std::string::npos) << overview;
}

TEST_F(PagesTest, status_has_every_field_of_a_stream) {
  store_.streams[0].lag_seconds = 599.7;
  store_.streams[0].last_error = "a \"quoted\" reason";
  auto const response = get("/api/status");
  EXPECT_EQ(response.status, 200);
  auto const document = json(response);
  EXPECT_EQ(text(document, "ready"), "true");
  EXPECT_EQ(text(document, "started_at"), "2023-11-13T22:13:20Z");
  EXPECT_EQ(text(document, "streams.0.source"), "exness-main");
  EXPECT_EQ(text(document, "streams.0.connector"), "exness");
  EXPECT_EQ(text(document, "streams.0.table"), "commission");
  EXPECT_EQ(text(document, "streams.0.last_success_at"), "2023-11-14T22:03:20Z");
  EXPECT_EQ(text(document, "streams.0.next_run_at"), "null");
  EXPECT_EQ(text(document, "streams.0.lag_seconds"), "600");
  EXPECT_EQ(text(document, "streams.0.interval_seconds"), "900");
  EXPECT_EQ(text(document, "streams.0.rows"), "1234567");
  EXPECT_EQ(text(document, "streams.0.last_error"), "a \"quoted\" reason");
  EXPECT_EQ(text(document, "streams.0.last_error_code"), "null");
}

TEST_F(PagesTest, status_without_the_database_is_503_with_the_code) {
  store_.problem = Error(ErrorCode::database_unavailable, "gone", "Start it.");
  auto const response = get("/api/status");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(text(json(response), "error.code"), "database_unavailable");
  EXPECT_EQ(text(json(response), "error.hint"), "Start it.");
}

TEST_F(PagesTest, earnings_hands_days_and_cut_to_the_report) {
  store_.table.rows.resize(3);
  auto const response = get("/api/earnings?since=2026-01-31&until=2026-02-28&by=month");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "{\"rows\":3}\n");
  EXPECT_EQ(store_.sql, "by month");
  std::vector<std::optional<std::string>> const days{"2026-01-31", "2026-02-28"};
  EXPECT_EQ(store_.parameters, days);
}

TEST_F(PagesTest, a_refusal_is_valid_json_whatever_was_asked) {
  for (std::string const path :
       {"/api/earnings?f%ff=1", "/api/earnings?since=%ff",
        "/sources/exness-main/rewards?before=%ff", "/api/earnings?since=0000-01-01",
        "/api/earnings?since=2026-01-01&since=2026-01-02",
        "/api/earnings?since=2026-01-02&until=2026-01-01",
        "/sources/exness-main/rewards?before=1&before=2"}) {
    auto const response = get(path);
    EXPECT_EQ(response.status, 400) << path;
    EXPECT_EQ(printable_utf8(response.body), response.body) << path;
    EXPECT_EQ(response.body.find("--"), std::string::npos) << response.body;
  }
}

TEST_F(PagesTest, earnings_without_parameters_asks_for_everything) {
  EXPECT_EQ(get("/api/earnings").status, 200);
  std::vector<std::optional<std::string>> const open{std::nullopt, std::nullopt};
  EXPECT_EQ(store_.parameters, open);
}

TEST_F(PagesTest, earnings_refuses_what_it_does_not_know_without_a_query) {
  for (std::string const wrong :
       {"since=2026-02-30", "until=1%27%3Bdrop", "by=colour", "limit=5", "since="}) {
    auto const response = get("/api/earnings?" + wrong);
    EXPECT_EQ(response.status, 400) << wrong;
    EXPECT_EQ(text(json(response), "error.code"), "usage") << wrong;
    EXPECT_NE(text(json(response), "error.hint"), "null") << wrong;
  }
  EXPECT_EQ(store_.sql, "");
}

TEST_F(PagesTest, the_document_of_the_connectors_is_made_once_until_they_are_others) {
  EXPECT_EQ(get("/api/connectors").body, std::string(connectors_document) + "\n");
  EXPECT_EQ(get("/connectors").status, 200);
  EXPECT_NE(get("/connectors/exness").body.find("Exness"), std::string::npos);
  EXPECT_EQ(get("/connectors/none").status, 404);
  EXPECT_EQ(connectors_made_, 1);
  pages_.forget_connectors();
  EXPECT_EQ(get("/api/connectors").status, 200);
  EXPECT_EQ(connectors_made_, 2);
}

// Who comes while it is being read waits for a moment only, which says nothing about the query.
TEST_F(PagesTest, a_status_query_that_takes_long_is_shared_also_after_two_came_at_once) {
  store_.holds_health = true;
  auto const ask = [&] {
    HttpRequest request(Method::get, "/api/status");
    return asio::co_spawn(io_, pages_.answer(std::move(request)), asio::use_future);
  };
  auto first = ask();
  io_.restart();
  io_.run_for(300ms);  // so long the query takes
  auto second = ask();
  io_.restart();
  io_.poll();
  store_.release();
  io_.restart();
  while (first.wait_for(0s) != std::future_status::ready ||
         second.wait_for(0s) != std::future_status::ready) {
    io_.run_one();
  }
  EXPECT_EQ(first.get().status, 200);
  EXPECT_EQ(second.get().status, 200);
  EXPECT_EQ(get("/api/status").status, 200);
  EXPECT_EQ(store_.health_calls, 1);
}

TEST_F(PagesTest, a_report_that_has_to_wait_behind_too_many_others_is_refused_for_a_moment) {
  store_.holds_queries = true;
  std::vector<std::future<HttpResponse>> others;
  for (int day = 10; day <= 26; ++day) {
    HttpRequest request(Method::get, "/api/earnings?since=2026-01-" + std::to_string(day));
    others.push_back(asio::co_spawn(io_, pages_.answer(std::move(request)), asio::use_future));
    io_.restart();
    io_.poll();
  }
  auto const response = get("/api/earnings?since=2026-02-01");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.find("retry-after"), "10");
  EXPECT_EQ(text(json(response), "error.code"), "throttled") << response.body;
  store_.holds_queries = false;
  store_.release();
  io_.restart();
  for (auto& other : others) {
    while (other.wait_for(0s) != std::future_status::ready) io_.run_one();
    EXPECT_EQ(other.get().status, 200);
  }
}

TEST_F(PagesTest, unknown_addresses_are_not_found_and_broken_ones_refused) {
  EXPECT_EQ(get("/favicon.ico").status, 404);
  EXPECT_EQ(get("/metrics/").status, 404);
  EXPECT_EQ(get("/%zz").status, 400);
}

TEST_F(PagesTest, the_page_for_people_shows_the_streams_and_allows_nothing_from_elsewhere) {
  auto const response = get("/sources/exness-main");
  EXPECT_EQ(response.status, 200);
  EXPECT_NE(response.body.find("exness-main"), std::string::npos);
  EXPECT_NE(response.body.find("rewards"), std::string::npos);
  EXPECT_NE(response.body.find("1\u202f234\u202f567"), std::string::npos);
  EXPECT_NE(response.body.find("10 min ago"), std::string::npos);
  auto const policy = std::string(*response.headers.find("content-security-policy"));
  EXPECT_EQ(policy.rfind("default-src 'none';", 0), 0U);
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_EQ(policy.find("nonce"), std::string::npos);
  EXPECT_EQ(policy.find("http"), std::string::npos);
  // Styles and scripts are files of this server.
  for (std::string const target : {"/", "/sources/exness-main", "/sources/exness-main/rewards",
                                   "/connectors", "/connectors/exness", "/nowhere"}) {
    auto const body = get(target, "text/html").body;
    EXPECT_EQ(body.find("http://"), std::string::npos) << target;
    EXPECT_EQ(body.find("https://"), std::string::npos) << target;
    EXPECT_EQ(body.find("<style"), std::string::npos) << target;
    EXPECT_EQ(body.find("style="), std::string::npos) << target;
    EXPECT_EQ(body.find(" onclick"), std::string::npos) << target;
    EXPECT_EQ(body.find("<script>"), std::string::npos) << target;
    EXPECT_NE(body.find("<script src=\"/assets/"), std::string::npos) << target;
  }
}

TEST_F(PagesTest, what_brokers_and_users_wrote_is_text_on_the_page) {
  store_.streams[0].last_error = "<img src=x onerror=\"alert('1')\">&";
  store_.streams[0].ended_status = "failed";
  store_.streams[0].source = "<b>";
  for (char const* page : {"/", "/sources/%3Cb%3E", "/sources/%3Cb%3E/rewards"}) {
    auto const body = get(page).body;
    EXPECT_NE(body.find("&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;"),
              std::string::npos)
        << page;
    EXPECT_NE(body.find("href=\"/sources/%3Cb%3E"), std::string::npos) << page;
    EXPECT_EQ(body.find("<b>"), std::string::npos) << page;
    EXPECT_EQ(body.find("<img"), std::string::npos) << page;
  }
}

TEST_F(PagesTest, the_page_for_people_says_when_the_database_is_away) {
  store_.problem = Error(ErrorCode::database_unavailable, "connection refused");
  auto const response = get("/");
  EXPECT_EQ(response.status, 200);
  EXPECT_NE(response.body.find("connection refused"), std::string::npos);
  // What was never asked for is not nothing.
  for (auto const* claim :
       {"Nothing was earned", "No broker tells a balance", "Nothing that is known to be unpaid",
        "No payout is on its way", "Nothing was taken back"}) {
    EXPECT_EQ(response.body.find(claim), std::string::npos) << claim;
  }
}

TEST_F(PagesTest, without_the_database_what_was_known_stays_with_what_to_do) {
  get("/");
  store_.problem = Error(ErrorCode::database_unavailable, "connection refused", "Start it.");
  clock_.time += 3min;
  auto const body = get("/").body;
  EXPECT_NE(body.find("Start it."), std::string::npos);
  EXPECT_NE(body.find("known 3 min ago"), std::string::npos) << body;
  EXPECT_NE(body.find("exness-main"), std::string::npos);
  EXPECT_NE(get("/sources/exness-main").body.find("rewards"), std::string::npos);
  EXPECT_EQ(body.find("<p class=\"good\">"), std::string::npos);
}

TEST_F(PagesTest, a_replica_that_is_away_is_named_and_is_not_the_database) {
  auto with_replica = parts();
  with_replica.reads_replica = true;
  Pages pages(std::move(with_replica));
  store_.health_problem = Error(ErrorCode::database_unavailable, "refused", "Look at it.");
  auto const body = get_from(pages, "/").body;
  EXPECT_NE(body.find("The replica for reports (<code>database.read_url</code>) does not answer"),
            std::string::npos)
      << body;
  EXPECT_EQ(body.find("The database does not answer"), std::string::npos);
  auto const document = json(get_from(pages, "/api/overview"));
  EXPECT_EQ(text(document, "replica_is_away"), "true");
  EXPECT_EQ(text(document, "attention.0.title"),
            "The replica for reports (database.read_url) does not answer");
  store_.problem = store_.health_problem;
  EXPECT_NE(get_from(pages, "/").body.find("The database does not answer"), std::string::npos);
}

TEST_F(PagesTest, a_stream_shows_its_own_alerts_and_those_of_its_whole_source) {
  store_.table.columns = {"rule",  "source", "stream", "severity",
                          "title", "text",   "remedy", "opened_at"};
  auto const alert = [&](char const* source, std::optional<std::string> stream, char const* title) {
    store_.table.rows.push_back(
        {"payout_overdue", source, std::move(stream), "warning", title, "", "", {}});
  };
  alert("exness-main", "rewards", "of the stream, 2497.73 USD");
  alert("exness-main", "payouts", "of another stream");
  alert("exness-main", {}, "of the whole source");
  alert("elsewhere", "rewards", "of another source");
  auto const body = get("/sources/exness-main/rewards").body;
  EXPECT_NE(body.find("of the stream, 2\u202f497.73 USD"), std::string::npos) << body;
  EXPECT_NE(body.find("of the whole source"), std::string::npos);
  EXPECT_EQ(body.find("of another"), std::string::npos);
}

TEST_F(PagesTest, what_has_no_worth_in_us_dollars_is_unknown_not_zero) {
  store_.table.columns = {"source",    "connector",      "currency",       "day",
                          "today_usd", "this_month_usd", "last_month_usd", "amount_usd"};
  store_.table.rows = {{"exness-main", "exness", "USDT", {}, "0", {}, {}, {}},
                       {{}, {}, {}, {}, "0", {}, {}, {}}};
  auto const body = get("/").body;
  EXPECT_NE(body.find("<dt>This month</dt>\n<dd><span class=\"unit\">unknown in USD</span></dd>"),
            std::string::npos)
      << body;
  EXPECT_NE(body.find("<dt>Today</dt>\n<dd>0.00 <span class=\"unit\">USD</span></dd>"),
            std::string::npos);
  EXPECT_NE(body.find("<td class=\"num\"><span class=\"dim\">unknown</span></td>"),
            std::string::npos);
}

TEST_F(PagesTest, a_file_that_the_browser_has_is_not_sent_again) {
  auto const page = get("/").body;
  auto const begin = page.find("/assets/");
  auto const address = page.substr(begin, page.find('"', begin) - begin);
  HttpRequest request(Method::get, address);
  request.headers.add("If-None-Match", std::string(get(address).headers.find("etag").value()));
  EXPECT_EQ(run(pages_.answer(std::move(request))).status, 304);
}

TEST_F(PagesTest, what_does_not_exist_is_said_in_the_form_that_was_asked_for) {
  EXPECT_EQ(get("/sources/nobody", "text/html").status, 404);
  EXPECT_EQ(get("/sources/exness-main/nothing").status, 404);
  EXPECT_EQ(get("/connectors/nothing").status, 404);
  EXPECT_EQ(get("/api/sources/nobody").status, 404);
  EXPECT_EQ(get("/nowhere").headers.find("content-type"), "text/plain; charset=utf-8");
  auto const page = get("/nowhere", "text/html,*/*");
  EXPECT_EQ(page.status, 404);
  EXPECT_EQ(page.headers.find("content-type"), "text/html; charset=utf-8");
  // What was known of the sources holds while the database is away.
  store_.problem = Error(ErrorCode::database_unavailable, "gone");
  EXPECT_EQ(get("/sources/nobody").status, 404);
  EXPECT_EQ(get("/api/sources/exness-main/nothing").status, 404);
  EXPECT_EQ(get("/api/sources/exness-main").status, 200);
}

TEST_F(PagesTest, without_the_database_since_the_start_nobody_knows_which_sources_there_are) {
  store_.problem = Error(ErrorCode::database_unavailable, "gone");
  EXPECT_EQ(get("/sources/nobody").status, 200);
}

TEST_F(PagesTest, the_documents_behind_the_pages_hold_what_is_known_while_the_database_is_away) {
  EXPECT_EQ(text(json(get("/api/overview")), "sources.0.source"), "exness-main");
  EXPECT_EQ(text(json(get("/api/sources/exness-main")), "streams.0.rows"), "1234567");
  EXPECT_EQ(text(json(get("/api/sources/exness-main/rewards")), "stream.state"), "none");
  store_.problem = Error(ErrorCode::database_unavailable, "gone", "Start it.");
  clock_.time += 1h;
  auto const overview = json(get("/api/overview"));
  EXPECT_EQ(text(overview, "problem.hint"), "Start it.");
  EXPECT_EQ(text(overview, "known_at"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(text(overview, "earnings.known_at"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(text(overview, "earnings.problem.message"), "gone");
  EXPECT_EQ(text(overview, "sources.0.source"), "exness-main");
  EXPECT_EQ(text(overview, "attention.0.kind"), "database");
}

TEST_F(PagesTest, older_runs_are_asked_for_by_the_number_of_the_last_one) {
  get("/sources/exness-main/rewards?before=120");
  std::vector<std::optional<std::string>> const given{"exness-main", "rewards", "120"};
  EXPECT_EQ(store_.parameters, given);
  for (auto const* wrong : {"before=", "before=x", "before=-1", "before=1%27", "after=1"}) {
    EXPECT_EQ(get(std::string("/sources/exness-main/rewards?") + wrong).status, 400) << wrong;
  }
}

TEST_F(PagesTest, nothing_is_kept_or_guessed_by_browsers) {
  for (char const* path : {"/", "/healthz", "/readyz", "/metrics", "/api/status"}) {
    auto const response = get(path);
    EXPECT_EQ(response.headers.find("cache-control"), "no-store") << path;
    EXPECT_EQ(response.headers.find("x-content-type-options"), "nosniff") << path;
  }
}

}  // namespace
}  // namespace affsync::serve::pages_test
