#include "daemon/serve/pages.hpp"

#include <boost/asio/this_coro.hpp>

#include "base/random.hpp"
#include "base/text.hpp"
#include "daemon/serve/home_page.hpp"
#include "daemon/serve/host_names.hpp"
#include "daemon/serve/pending_call.hpp"
#include "daemon/serve/query_string.hpp"
#include "daemon/serve/readiness.hpp"
#include "daemon/serve/status_json.hpp"

namespace affsync::serve {

namespace {

using std::chrono::milliseconds;
using Health = std::vector<schema::StreamHealth>;

constexpr milliseconds query_limit{10'000};
// Maximum age of the figures from the database before they are queried again; a scrape never waits.
constexpr std::chrono::minutes health_age{1};
constexpr std::chrono::seconds ping_age{5};
constexpr std::chrono::seconds figures_pause{15};

constexpr char const* json_type = "application/json";
constexpr char const* html_type = "text/html; charset=utf-8";
constexpr char const* text_type = "text/plain; charset=utf-8";
constexpr char const* metrics_type = "text/plain; version=0.0.4; charset=utf-8";

HttpResponse page_of(int status, char const* type, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", type);
  response.headers.add("Cache-Control", "no-store");
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.headers.add("Referrer-Policy", "no-referrer");
  response.body = std::move(body);
  return response;
}

// Answers an error of the caller with 400, one of the database with 503.
HttpResponse refusal(Error const& error) {
  bool const callers = error.code == ErrorCode::usage;
  return page_of(callers ? 400 : 503, json_type, error_json(error) + "\n");
}

Day day_of(std::string const& name, std::string const& text) {
  auto const day = parse_day(text);
  if (day) return *day;
  throw Failure(ErrorCode::usage, name + " is not a day: \"" + text + "\"",
                "Write it like 2026-01-31.");
}

asio::awaitable<bool> ping_store(schema::Store& store) {
  co_await store.ping();
  co_return true;
}

}  // namespace

struct Pages::Impl {
  PagesParts parts;
  std::shared_ptr<PendingCall<bool>> ping_call;
  std::shared_ptr<PendingCall<Health>> health_call;
  std::shared_ptr<PendingCall<Health>> standing_call;
  std::shared_ptr<PendingCall<schema::Store::Table>> report_call;
  Health known;  // result of the query at `health_at`
  std::optional<TimePoint> health_at;
  std::optional<TimePoint> refreshed_at;
  bool refreshing = false;

  // ping(), health() and standing() join a call that is in progress.
  asio::awaitable<void> ping() {
    if (!ping_call || ping_call->done()) {
      ping_call = PendingCall<bool>::start(parts.executor, ping_store(*parts.store));
    }
    bool answers = false;
    std::exception_ptr problem;
    try {
      answers =
          co_await PendingCall<bool>::wait(ping_call, parts.ping_limit, "the database's answer");
    } catch (Failure const&) {
      problem = std::current_exception();
    }
    parts.metrics->on_database(answers);
    if (problem) std::rethrow_exception(problem);
  }

  asio::awaitable<Health> health() {
    if (!health_call || health_call->done()) {
      health_call = PendingCall<Health>::start(parts.executor, parts.store->health());
    }
    auto streams = co_await PendingCall<Health>::wait(health_call, query_limit, "the status query");
    health_at = parts.clock->now();
    known = streams;
    parts.metrics->on_health(streams);
    co_return streams;
  }

  asio::awaitable<Health> standing() {
    if (!standing_call || standing_call->done()) {
      standing_call = PendingCall<Health>::start(parts.executor, parts.store->standing());
    }
    co_return co_await PendingCall<Health>::wait(standing_call, query_limit, "the status query");
  }

  StatusView view_of(Health streams) const {
    StatusView view;
    view.streams = std::move(streams);
    view.started_at = parts.started_at;
    view.now = parts.clock->now();
    view.not_ready = not_ready(view.streams, parts.interval, parts.started_at, view.now);
    return view;
  }

  asio::awaitable<void> refresh() {
    try {
      co_await ping();
      bool const old = !health_at || parts.clock->now() - *health_at >= health_age;
      if (old) co_await health();
    } catch (Failure const&) {
      // affsync_database_up shows the failure.
    }
  }

  // Starts refresh() in the background if the figures are old.
  void refresh_soon() {
    auto const now = parts.clock->now();
    if (refreshing || (refreshed_at && now - *refreshed_at < ping_age && now >= *refreshed_at)) {
      return;
    }
    refreshing = true;
    refreshed_at = now;
    auto work = refresh();
    auto done = [this](std::exception_ptr) { refreshing = false; };
    asio::co_spawn(parts.executor, std::move(work), std::move(done));
  }

  asio::awaitable<StatusView> status() {
    co_await ping();
    Health streams = co_await health();
    co_return view_of(std::move(streams));
  }

  asio::awaitable<HttpResponse> ready_page() {
    std::vector<NotReady> reasons;
    try {
      co_await ping();
      Health streams = co_await standing();
      reasons = view_of(std::move(streams)).not_ready;
    } catch (Failure const& failure) {
      NotReady entry;
      entry.reason = "database";
      entry.message = failure.error().message;
      reasons.push_back(std::move(entry));
    }
    co_return page_of(reasons.empty() ? 200 : 503, json_type, readiness_json(reasons) + "\n");
  }

  // Answers immediately with the known figures, whatever the database does.
  HttpResponse metrics_page() {
    refresh_soon();
    return page_of(200, metrics_type, parts.metrics->render(parts.clock->now()));
  }

  asio::awaitable<HttpResponse> status_page() {
    auto const view = co_await status();
    co_return page_of(200, json_type, status_json(view, parts.interval) + "\n");
  }

  asio::awaitable<HttpResponse> earnings_page(Target target) {
    std::optional<Day> since;
    std::optional<Day> until;
    std::string by;
    for (auto const& [name, value] : target.parameters) {
      if (name == "since") {
        since = day_of(name, value);
      } else if (name == "until") {
        until = day_of(name, value);
      } else if (name == "by") {
        by = value;
      } else {
        throw Failure(ErrorCode::usage, "there is no parameter \"" + name + "\"",
                      "Known parameters: since, until and by.");
      }
    }
    auto const query = parts.earnings(since, until, by);
    auto const table = co_await report(query);
    co_return page_of(200, json_type, query.to_json(table) + "\n");
  }

  // Runs one report at a time, so that any number of requests costs the database one query and the
  // daemon the memory of one answer.
  asio::awaitable<schema::Store::Table> report(ReportQuery const& query) {
    using Call = PendingCall<schema::Store::Table>;
    auto const deadline = std::chrono::steady_clock::now() + query_limit;
    while (report_call && !report_call->done()) {
      auto const left =
          std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
      if (left <= milliseconds(0)) {
        throw Failure(ErrorCode::timeout, "other reports were still running",
                      "Try again in a few seconds.");
      }
      auto const other = report_call;
      co_await other->ended(left);
    }
    auto work = parts.store->query_for_page(query.sql, query.parameters);
    auto const call = Call::start(parts.executor, std::move(work));
    report_call = call;
    co_return co_await Call::wait(call, query_limit, "the report");
  }

  asio::awaitable<HttpResponse> dashboard_page() {
    HomePage page;
    page.database_url = parts.database_url;
    page.nonce = hex_of(random_bytes(16));
    page.interval = parts.interval;
    page.running = [this](std::string const& source, std::string const& stream) {
      return parts.metrics->running(source, stream);
    };
    if (parts.notes) page.notes = parts.notes();
    try {
      page.status = co_await status();
    } catch (Failure const& failure) {
      page.problem = failure.error();
      page.status = view_of(known);
      page.known_at = health_at;
    }
    auto response = page_of(200, html_type, home_page(page));
    response.headers.add("Content-Security-Policy", content_security_policy(page.nonce));
    co_return response;
  }

  asio::awaitable<HttpResponse> route(Target target) {
    if (target.path == "/") co_return co_await dashboard_page();
    if (target.path == "/healthz") co_return page_of(200, text_type, "alive\n");
    if (target.path == "/readyz") co_return co_await ready_page();
    if (target.path == "/metrics") co_return metrics_page();
    if (target.path == "/api/status") co_return co_await status_page();
    if (target.path == "/api/earnings") co_return co_await earnings_page(std::move(target));
    co_return page_of(404, text_type,
                      "There is no such page. Known pages: / /healthz /readyz /metrics /api/status "
                      "/api/earnings\n");
  }
};

Pages::Pages(PagesParts parts) : impl_(std::make_unique<Impl>()) {
  impl_->parts = std::move(parts);
}

Pages::~Pages() = default;

asio::awaitable<void> Pages::keep_figures_fresh() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    impl_->refresh_soon();
    timer.expires_after(figures_pause);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

asio::awaitable<HttpResponse> Pages::answer(HttpRequest request) {
  if (!is_asked_by_its_name(request, impl_->parts.hosts)) {
    co_return page_of(421, text_type,
                      "This server does not accept the name in the Host header. Add the name to "
                      "http.hosts in the configuration.\n");
  }
  auto target = parse_target(request.target);
  if (!target) co_return page_of(400, text_type, "The address is not well-formed.\n");
  std::optional<Error> problem;
  try {
    co_return co_await impl_->route(std::move(*target));
  } catch (Failure const& failure) {
    problem = failure.error();
  }
  co_return refusal(*problem);
}

net::RequestHandler Pages::handler() {
  return [this](HttpRequest request) { return answer(std::move(request)); };
}

}  // namespace affsync::serve
