#include "daemon/serve/pages.hpp"

#include <boost/asio/this_coro.hpp>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "daemon/async/workers.hpp"
#include "daemon/serve/answers.hpp"
#include "daemon/serve/door.hpp"
#include "daemon/serve/host_names.hpp"
#include "daemon/serve/page_models.hpp"
#include "daemon/serve/parameters.hpp"
#include "daemon/serve/pending_call.hpp"
#include "daemon/serve/query_string.hpp"
#include "daemon/serve/readings.hpp"
#include "daemon/serve/replica_age.hpp"
#include "daemon/serve/status_json.hpp"
#include "daemon/serve/web_files.hpp"

namespace affsync::serve {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds query_limit = schema::page_query_limit;
// How long a page waits for figures; those that are not there by then are shown as they were.
constexpr milliseconds page_patience{4'000};
// Maximum age of the figures from the database before they are queried again; a scrape never waits.
constexpr std::chrono::minutes health_age{1};
constexpr std::chrono::seconds ping_age{5};
constexpr std::chrono::seconds figures_pause{15};
constexpr int runs_on_page = 50, runs_of_source = 20;
constexpr char const* parts_of_site =
    "Known pages: / /sources/NAME /sources/NAME/STREAM /connectors /healthz /readyz /metrics "
    "/api/openapi.yaml";

asio::awaitable<bool> ping_store(schema::Store& store) {
  co_await store.ping();
  co_return true;
}

}  // namespace

struct Pages::Impl {
  explicit Impl(PagesParts given)
      : parts(std::move(given)),
        last_health(parts.executor, *parts.store, *parts.clock, parts.interval),
        readings(parts.executor, *parts.store, *parts.clock),
        connector_list(parts.executor, parts.connectors, parts.workers),
        door(parts.access, parts.proxies, *parts.metrics, parts.on_guessing),
        silence(parts.on_database_silence) {}

  PagesParts parts;
  HealthReading last_health;
  Readings readings;
  ConnectorList connector_list;
  Door door;
  DatabaseSilence silence;
  std::shared_ptr<PendingCall<bool>> ping_call;
  std::shared_ptr<PendingCall<Health>> standing_call;
  ReplicaAge replica;
  std::optional<TimePoint> refreshed_at;
  bool refreshing = false;

  // ping(), health() and standing() join a call that is in progress.
  asio::awaitable<void> ping() {
    if (!ping_call || ping_call->done()) {
      ping_call = PendingCall<bool>::start(parts.executor, ping_store(*parts.store));
    }
    std::optional<Error> problem;
    try {
      co_await PendingCall<bool>::wait(ping_call, parts.ping_limit, "the database's answer");
    } catch (Failure const& failure) {
      problem = failure.error();
    }
    parts.metrics->on_database(!problem);
    silence.on_answer(problem, parts.clock->now());
    if (problem) throw Failure(*problem);
  }

  asio::awaitable<Health> health() {
    auto streams = co_await last_health.read();
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
    if (auto full = parts.full_disk()) state.not_ready.push_back(std::move(*full));
    if (parts.notes) state.notes = parts.notes();
    std::set<std::pair<std::string, std::string>> late;
    for (auto const& entry : state.not_ready) late.emplace(entry.source, entry.stream);
    for (auto const& health : streams) {
      StreamView view;
      view.health = health;
      view.every = parts.interval(health.source, health.stream);
      if (auto const* run = parts.metrics->running(health.source, health.stream)) {
        view.running = *run;
      }
      view.late = late.contains({health.source, health.stream});
      state.streams.push_back(std::move(view));
    }
    return state;
  }

  // The state, or what was known of it if the database does not answer.
  asio::awaitable<PageState> state() {
    std::optional<Error> problem;
    Health primary;
    bool primary_answers = false;
    try {
      co_await ping();
      if (parts.reads_replica) primary = co_await standing();
      primary_answers = true;
      if (!last_health.does_for_a_while()) co_await health();
    } catch (Failure const& failure) {
      problem = failure.error();
    }
    auto state = state_with(last_health.known());
    state.replica_behind = worth_telling(replica.look(primary, last_health.known(), state.now));
    state.replica_is_away = problem && primary_answers && parts.reads_replica;
    state.problem = std::move(problem);
    state.known_at = last_health.known_at();
    co_return state;
  }

  asio::awaitable<void> refresh() {
    try {
      co_await ping();
      auto const at = last_health.known_at();
      bool const old = !at || parts.clock->now() - *at >= health_age;
      if (!old) co_return;
      co_await health();
      if (!parts.reads_replica) co_return;
      auto const primary = co_await standing();
      parts.metrics->on_replica(replica.look(primary, last_health.known(), parts.clock->now()));
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

  // Strangers are not told the reasons, which name sources.
  asio::awaitable<HttpResponse> ready_page(bool with_reasons) {
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
    int const status = reasons.empty() ? 200 : 503;
    auto const text = with_reasons ? readiness_json(reasons) : bare_readiness_json(status == 200);
    co_return answer_of(status, json_type, text + "\n");
  }

  // Answers immediately with the known figures, whatever the database does.
  HttpResponse metrics_page() {
    parts.metrics->on_leases(parts.store->leases_held());
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
    auto const asked_for = earnings_parameters(target);
    auto const query = parts.earnings(asked_for.since, asked_for.until, asked_for.by);
    std::vector<PageQuery> asked;
    asked.emplace_back(query.sql, query.parameters);
    asked.emplace_back(query.notes_sql, query.parameters);
    auto const tables = co_await readings.read_once(std::move(asked), query_limit);
    auto work = [tables, to_json = query.to_json] {
      return to_json(*tables[0], *tables[1]) + "\n";
    };
    co_return answer_of(200, json_type, co_await computed(std::move(work)));
  }

  // The results of the queries; what was known of them if the database does not answer for `why`.
  asio::awaitable<std::vector<Reading>> figures(std::vector<PageQuery> queries,
                                                std::optional<Error> const& why) {
    if (why) co_return readings.known(queries, *why);
    co_return co_await readings.read(std::move(queries), page_patience);
  }

  // The document as JSON, or the page that is filled with it.
  template <class Parts>
  asio::awaitable<HttpResponse> shown(std::shared_ptr<Parts> data, bool as_page, bool signed_in,
                                      Json (*json)(Parts const&),
                                      std::string (*page)(Parts const&, PageFrame const&)) {
    auto work = [data, as_page, json, page, about = frame(signed_in)] {
      return as_page ? page(*data, about) : json(*data).dump() + "\n";
    };
    auto body = co_await computed(std::move(work));
    co_return answer_of(200, as_page ? html_type : json_type, std::move(body));
  }

  asio::awaitable<HttpResponse> overview(bool as_page, bool signed_in) {
    auto const data = std::make_shared<OverviewParts>();
    data->state = co_await state();
    MoneyQueries money(PageDays::at(data->state.now), std::string());
    data->days = money.days;
    auto queries = std::move(money.queries);
    auto const count = queries.size();
    queries.push_back(quarantine_query());
    queries.push_back(alerts_query());
    data->money = co_await figures(std::move(queries), data->state.problem);
    data->quarantine = data->money.at(count);
    data->alerts = data->money.at(count + 1);
    data->money.resize(count);
    co_return co_await shown(data, as_page, signed_in, overview_json, overview_page);
  }

  asio::awaitable<HttpResponse> source(std::string name, bool as_page, bool signed_in) {
    auto const data = std::make_shared<SourceParts>();
    data->source = name;
    data->state = only(co_await state(), name);
    if (data->state.is_unknown) co_return not_found(as_page);
    MoneyQueries money(PageDays::at(data->state.now), name);
    data->days = money.days;
    auto queries = std::move(money.queries);
    auto const count = queries.size();
    queries.push_back(quarantine_query());
    queries.push_back(alerts_query());
    queries.push_back(runs_query(name, {}, {}, runs_of_source));
    data->money = co_await figures(std::move(queries), data->state.problem);
    data->quarantine = data->money.at(count);
    data->alerts = data->money.at(count + 1);
    data->runs = data->money.at(count + 2);
    data->money.resize(count);
    co_return co_await shown(data, as_page, signed_in, source_json, source_page);
  }

  asio::awaitable<HttpResponse> stream(std::string source, std::string name, Target target,
                                       bool as_page, bool signed_in) {
    auto const data = std::make_shared<StreamParts>();
    data->before = before_parameter(target);
    data->source = source;
    data->stream = name;
    data->runs_limit = runs_on_page;
    data->state = only(co_await state(), source, name);
    if (data->state.is_unknown) co_return not_found(as_page);
    std::vector<PageQuery> queries;
    queries.push_back(quarantine_query());
    queries.push_back(alerts_query());
    queries.push_back(runs_query(source, name, data->before, runs_on_page));
    auto const results = co_await figures(std::move(queries), data->state.problem);
    data->quarantine = results.at(0);
    data->alerts = results.at(1);
    data->runs = results.at(2);
    co_return co_await shown(data, as_page, signed_in, stream_page_json, stream_page);
  }

  // All connectors, or the one of that name.
  asio::awaitable<HttpResponse> connectors(std::string name, bool signed_in) {
    auto const list = co_await connector_list.get(query_limit);
    auto const now = std::make_shared<PageState const>(state_with(last_health.known()));
    auto work = [list, now, name, about = frame(signed_in)] {
      return name.empty() ? connectors_page(list->all, *now, about)
                          : connector_page(list->all, name, *now, about);
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

  asio::awaitable<HttpResponse> route(Target target, bool html, Access::Who who) {
    bool const signed_in = who == Access::Who::signed_in;
    auto const& path = target.path;
    if (path == "/") co_return co_await overview(true, signed_in);
    if (path == "/healthz") co_return answer_of(200, text_type, "alive\n");
    if (path == "/readyz") co_return co_await ready_page(who != Access::Who::stranger);
    if (path == "/metrics") co_return metrics_page();
    if (path == "/connectors") co_return co_await connectors(std::string(), signed_in);
    if (path == "/api/status") co_return co_await status_page();
    if (path == "/api/overview") co_return co_await overview(false, signed_in);
    if (path == "/api/connectors") {
      auto const list = co_await connector_list.get(query_limit);
      co_return answer_of(200, json_type, list->text);
    }
    if (path == "/api/openapi.yaml")
      co_return answer_of(200, yaml_type, std::string(openapi_text()));
    if (path == "/api/earnings") co_return co_await earnings_page(std::move(target));
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

asio::awaitable<HttpResponse> Pages::answer(HttpRequest request, std::string peer) {
  if (!is_asked_by_its_name(request, impl_->parts.hosts)) {
    co_return answer_of(421, text_type,
                        "This server does not accept the name in the Host header. Add the name to "
                        "http.hosts in the configuration.\n");
  }
  auto target = parse_target(request.target);
  if (!target) co_return answer_of(400, text_type, "The address is not well-formed.\n");
  auto admission = impl_->door.admit(request, *target, peer, impl_->parts.clock->now());
  if (admission.answer) co_return std::move(*admission.answer);
  if (target->path.starts_with("/assets/")) {
    auto found = asset(target->path, request.headers.find("if-none-match").value_or(""));
    co_return found ? std::move(*found) : impl_->not_found(false);
  }
  std::optional<Error> problem;
  try {
    co_return co_await impl_->route(std::move(*target), asks_for_html(request), admission.who);
  } catch (Failure const& failure) {
    problem = failure.error();
  }
  co_return refusal(*problem);
}

void Pages::forget_connectors() {
  impl_->connector_list.forget();
}

void Pages::set_access(AccessRules rules) {
  impl_->door.set_rules(std::move(rules));
}

}  // namespace affsync::serve
