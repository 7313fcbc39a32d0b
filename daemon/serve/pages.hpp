// What the HTTP server answers: health, metrics, the JSON behind the dashboard, and a page for
// people. Read-only. Lives on the I/O thread; no answer waits longer than a few seconds for the
// database.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "daemon/net/http_server.hpp"
#include "daemon/serve/metrics.hpp"
#include "schema/store/store.hpp"

namespace affsync::serve {

namespace asio = boost::asio;

// What a report asks the database, and how its rows become JSON.
struct ReportQuery {
  std::string sql;
  std::vector<std::optional<std::string>> parameters;
  std::function<std::string(schema::Store::Table const&)> to_json;
};

// Pointers are borrowed and must outlive the pages.
struct PagesParts {
  asio::any_io_executor executor;
  schema::Store* store = nullptr;
  Metrics* metrics = nullptr;
  Clock const* clock = nullptr;
  // Distance of two runs of a stream; nullopt for one that this daemon does not run.
  std::function<std::optional<std::chrono::seconds>(std::string const& source,
                                                    std::string const& stream)>
      interval;
  // The earnings report, the same as on the command line; throws Failure(usage) for a `by` that it
  // does not know. Days are YYYY-MM-DD or nullopt.
  std::function<ReportQuery(std::optional<Day> since, std::optional<Day> until, std::string by)>
      earnings;
  // What is wrong with the daemon itself, for people; empty: nothing. May be null.
  std::function<std::vector<std::string>()> notes;
  // Names under which the server may be asked for, beside localhost and addresses: those of other
  // people's pages that a browser was lured to resolve to this machine are refused.
  std::vector<std::string> hosts;
  TimePoint started_at{};
  std::string database_url;  // shown to people: without a password
  // How long the database may take for a sign of life.
  std::chrono::milliseconds ping_limit{2000};
};

class Pages {
 public:
  explicit Pages(PagesParts parts);
  ~Pages();

  asio::awaitable<HttpResponse> answer(HttpRequest request);
  // Asks for what the metrics show, again and again until cancelled, so that no scrape waits for
  // it.
  asio::awaitable<void> keep_figures_fresh();
  // For make_http_server; refers to this object.
  net::RequestHandler handler();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace affsync::serve
