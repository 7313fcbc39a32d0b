#include "daemon/serve/pages.hpp"

#include <boost/asio/this_coro.hpp>

#include "base/text.hpp"
#include "daemon/async/workers.hpp"
#include "daemon/serve/answers.hpp"
#include "daemon/serve/host_names.hpp"
#include "daemon/serve/page_models.hpp"
#include "daemon/serve/pending_call.hpp"
#include "daemon/serve/query_string.hpp"
#include "daemon/serve/readings.hpp"
#include "daemon/serve/status_json.hpp"
#include "daemon/serve/web_files.hpp"

namespace affsync::serve {

namespace {

using std::chrono::milliseconds;
using Health = std::vector<schema::StreamHealth>;

constexpr milliseconds query_limit = schema::page_query_limit;
// How long a page waits for figures; those that are not there by then are shown as they were.
constexpr milliseconds page_patience{4'000};
// Maximum age of the figures from the database before they are queried again; a scrape never waits.
constexpr std::chrono::minutes health_age{1};
constexpr std::chrono::seconds ping_age{5};
constexpr std::chrono::seconds figures_pause{15};
constexpr int runs_on_page = 50;
constexpr char const* parts_of_site =
    "Known pages: / /sources/NAME /sources/NAME/STREAM /connectors /healthz /readyz /metrics "
    "/api/openapi.yaml";

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
  explicit Impl(PagesParts given)
      : parts(std::move(given)), readings(parts.executor, *parts.store, *parts.clock) {}

  PagesParts parts;
  Readings readings;
  std::shared_ptr<PendingCall<bool>> ping_call;
  std::shared_ptr<PendingCall<Health>> health_call;
  std::shared_ptr<PendingCall<Health>> standing_call;
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

  PageState state_with(Health const& streams) const {
    PageState state;
    state.started_at = parts.started_at;
    state.now = parts.clock->now();
    state.not_ready = not_ready(streams, parts.interval, parts.started_at, state.now);
    if (parts.notes) state.notes = parts.notes();
    for (auto const& health : streams) {
      StreamView view;
      view.health = health;
      view.every = parts.interval(health.source, health.stream);
      if (auto const* run = parts.metrics->running(health.source, health.stream)) {
        view.running = *run;
      }
      view.late =
          std::any_of(state.not_ready.begin(), state.not_ready.end(), [&](NotReady const& entry) {
            return entry.source == health.source && entry.stream == health.stream;
          });
      state.streams.push_back(std::move(view));
    }
    return state;
  }

  // The state, or what was known of it if the database does not answer.
  asio::awaitable<PageState> state() {
    std::optional<Error> problem;
    try {
      co_await ping();
      co_await health();
    } catch (Failure const& failure) {
      problem = failure.error();
    }
    auto state = state_with(known);
    state.problem = std::move(problem);
    state.known_at = health_at;
    co_return state;
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

  asio::awaitable<HttpResponse> ready_page() {
    std::vector<NotReady> reasons;
    try {
      co_await ping();
      Health streams = co_await standing();
      reasons = state_with(streams).not_ready;
    } catch (Failure const& failure) {
      NotReady entry;
      entry.reason = "database";
      entry.message = failure.error().message;
      reasons.push_back(std::move(entry));
    }
    co_return answer_of(reasons.empty() ? 200 : 503, json_type, readiness_json(reasons) + "\n");
  }

  // Answers immediately with the known figures, whatever the database does.
  HttpResponse metrics_page() {
    refresh_soon();
    return answer_of(200, metrics_type, parts.metrics->render(parts.clock->now()));
  }

  // Runs `work`, which computes a text, off this thread if there are threads for it.
  template <class Work>
  asio::awaitable<std::string> computed(Work work) {
    if (parts.workers == nullptr) co_return work();
    co_return co_await parts.workers->run(std::move(work));
  }

  PageFrame frame(bool signed_in) const {
    PageFrame frame;
    frame.database_url = parts.database_url;
    frame.signed_in = signed_in;
    frame.started_at = parts.started_at;
    frame.now = parts.clock->now();
    return frame;
  }

  asio::awaitable<HttpResponse> status_page() {
    auto const now = std::make_shared<PageState const>(co_await state());
    if (now->problem) throw Failure(*now->problem);
    auto work = [now] { return status_json(*now) + "\n"; };
    co_return answer_of(200, json_type, co_await computed(std::move(work)));
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
        throw unknown_parameter(name, "since, until and by");
      }
    }
    auto const query = parts.earnings(since, until, by);
    PageQuery asked(query.sql, query.parameters);
    auto const table = co_await readings.read_once(std::move(asked), query_limit);
    auto work = [table, to_json = query.to_json] { return to_json(*table) + "\n"; };
    co_return answer_of(200, json_type, co_await computed(std::move(work)));
  }

  // The results of the queries; what was known of them if the database does not answer.
  asio::awaitable<std::vector<Reading>> figures(std::vector<PageQuery> queries, bool answers) {
    if (!answers) co_return readings.known(queries);
    co_return co_await readings.read(std::move(queries), page_patience);
  }

  asio::awaitable<HttpResponse> overview(bool as_page, bool signed_in) {
    auto const data = std::make_shared<OverviewParts>();
    data->state = co_await state();
    MoneyQueries money(PageDays::at(data->state.now), std::string());
    data->days = money.days;
    auto queries = std::move(money.queries);
    auto const count = queries.size();
    queries.push_back(quarantine_query());
    data->money = co_await figures(std::move(queries), !data->state.problem);
    data->quarantine = data->money.at(count);
    data->money.resize(count);
    if (!as_page) {
      auto work = [data] { return overview_json(*data).dump() + "\n"; };
      co_return answer_of(200, json_type, co_await computed(std::move(work)));
    }
    auto work = [data, about = frame(signed_in)] { return overview_page(*data, about); };
    co_return answer_of(200, html_type, co_await computed(std::move(work)));
  }

  asio::awaitable<HttpResponse> source(std::string name, bool as_page, bool signed_in) {
    auto const data = std::make_shared<SourceParts>();
    data->source = name;
    data->state = only(co_await state(), name);
    if (data->state.streams.empty() && !data->state.problem) co_return not_found(as_page);
    MoneyQueries money(PageDays::at(data->state.now), name);
    data->days = money.days;
    auto queries = std::move(money.queries);
    auto const count = queries.size();
    queries.push_back(quarantine_query());
    queries.push_back(runs_query(name, {}, {}, runs_on_page));
    data->money = co_await figures(std::move(queries), !data->state.problem);
    data->quarantine = data->money.at(count);
    data->runs = data->money.at(count + 1);
    data->money.resize(count);
    if (!as_page) {
      auto work = [data] { return source_json(*data).dump() + "\n"; };
      co_return answer_of(200, json_type, co_await computed(std::move(work)));
    }
    auto work = [data, about = frame(signed_in)] { return source_page(*data, about); };
    co_return answer_of(200, html_type, co_await computed(std::move(work)));
  }

  asio::awaitable<HttpResponse> stream(std::string source, std::string name, Target target,
                                       bool as_page, bool signed_in) {
    auto const data = std::make_shared<StreamParts>();
    for (auto const& [parameter, value] : target.parameters) {
      if (parameter != "before") throw unknown_parameter(parameter, "before");
      data->before = value;
      if (value.empty() || value.size() > 18 ||
          value.find_first_not_of("0123456789") != std::string::npos) {
        throw Failure(ErrorCode::usage, "before is not the number of a run: \"" + value + "\"",
                      "Give the run_id of the last run of the page before.");
      }
    }
    data->source = source;
    data->stream = name;
    data->runs_limit = runs_on_page;
    data->state = only(co_await state(), source, name);
    if (data->state.streams.empty() && !data->state.problem) co_return not_found(as_page);
    std::vector<PageQuery> queries;
    queries.push_back(quarantine_query());
    queries.push_back(runs_query(source, name, data->before, runs_on_page));
    auto const results = co_await figures(std::move(queries), !data->state.problem);
    data->quarantine = results.at(0);
    data->runs = results.at(1);
    if (!as_page) {
      auto work = [data] { return stream_page_json(*data).dump() + "\n"; };
      co_return answer_of(200, json_type, co_await computed(std::move(work)));
    }
    auto work = [data, about = frame(signed_in)] { return stream_page(*data, about); };
    co_return answer_of(200, html_type, co_await computed(std::move(work)));
  }

  // All connectors, or the one of that name.
  asio::awaitable<HttpResponse> connectors(std::string name, bool signed_in) {
    auto const text = std::make_shared<std::string>(parts.connectors());
    auto const now = std::make_shared<PageState const>(state_with(known));
    auto work = [text, now, name, about = frame(signed_in)] {
      auto const all = parse_json(*text).value();
      return name.empty() ? connectors_page(all, *now, about)
                          : connector_page(all, name, *now, about);
    };
    auto page = co_await computed(std::move(work));
    if (page.empty()) co_return not_found(true);
    co_return answer_of(200, html_type, std::move(page));
  }

  HttpResponse not_found(bool as_page) const {
    std::string const text = "There is no such page.";
    if (as_page) return answer_of(404, html_type, message_page(text, parts_of_site, frame(false)));
    return answer_of(404, text_type, text + " " + parts_of_site + "\n");
  }

  static Failure unknown_parameter(std::string const& name, std::string const& known_ones) {
    return Failure(ErrorCode::usage, "there is no parameter \"" + name + "\"",
                   "Known parameters: " + known_ones + ".");
  }

  asio::awaitable<HttpResponse> route(Target target, bool html, bool signed_in) {
    auto const& path = target.path;
    if (path == "/") co_return co_await overview(true, signed_in);
    if (path == "/healthz") co_return answer_of(200, text_type, "alive\n");
    if (path == "/readyz") co_return co_await ready_page();
    if (path == "/metrics") co_return metrics_page();
    if (path == "/connectors") co_return co_await connectors(std::string(), signed_in);
    if (path == "/api/status") co_return co_await status_page();
    if (path == "/api/overview") co_return co_await overview(false, signed_in);
    if (path == "/api/connectors") {
      co_return answer_of(200, json_type, parts.connectors() + "\n");
    }
    if (path == "/api/openapi.yaml") {
      co_return answer_of(200, yaml_type, std::string(openapi_text()));
    }
    if (path == "/api/earnings") co_return co_await earnings_page(std::move(target));
    if (path.starts_with("/assets/")) {
      auto found = asset(path);
      co_return found ? *found : not_found(false);
    }
    if (auto const names = segments_below(path, "connectors"); names.size() == 1) {
      co_return co_await connectors(names[0], signed_in);
    }
    for (bool const as_page : {true, false}) {
      auto const names = segments_below(path, as_page ? "sources" : "api/sources");
      if (names.size() == 1) co_return co_await source(names[0], as_page, signed_in);
      if (names.size() == 2) {
        co_return co_await stream(names[0], names[1], std::move(target), as_page, signed_in);
      }
    }
    co_return not_found(html);
  }
};

Pages::Pages(PagesParts parts) : impl_(std::make_unique<Impl>(std::move(parts))) {}

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
    co_return answer_of(421, text_type,
                        "This server does not accept the name in the Host header. Add the name to "
                        "http.hosts in the configuration.\n");
  }
  auto target = parse_target(request.target);
  if (!target) co_return answer_of(400, text_type, "The address is not well-formed.\n");
  std::optional<Error> problem;
  try {
    co_return co_await impl_->route(std::move(*target), asks_for_html(request), false);
  } catch (Failure const& failure) {
    problem = failure.error();
  }
  co_return refusal(*problem);
}

net::RequestHandler Pages::handler() {
  return [this](HttpRequest request) { return answer(std::move(request)); };
}

}  // namespace affsync::serve
