// The answers of the HTTP server: health, metrics, the pages and their JSON. Read-only. Lives on
// the I/O thread; pages are filled on other threads. An answer waits at most some ten seconds for
// the database.
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
#include "daemon/async/workers.hpp"
#include "daemon/net/http_server.hpp"
#include "daemon/serve/access.hpp"
#include "daemon/serve/connector_list.hpp"
#include "daemon/serve/database_silence.hpp"
#include "daemon/serve/health_reading.hpp"
#include "daemon/serve/metrics.hpp"
#include "daemon/serve/readiness.hpp"
#include "schema/store/store.hpp"

namespace affsync::serve {

namespace asio = boost::asio;

// The query of a report and the function that turns its rows into JSON.
struct ReportQuery {
  using Table = schema::Store::Table;
  std::string sql;
  std::string notes_sql;  // with the same parameters: what the report leaves out; may be empty
  std::vector<std::optional<std::string>> parameters;
  std::function<std::string(Table const& rows, Table const& notes)> to_json;
};

// The pointers are not owned; what they point to must outlive the pages.
struct PagesParts {
  asio::any_io_executor executor;
  schema::Store* store = nullptr;
  Metrics* metrics = nullptr;
  Clock const* clock = nullptr;
  IntervalOf interval;
  // The earnings report of the command line. Throws Failure(usage) for an unknown `by`.
  std::function<ReportQuery(std::optional<Day> since, std::optional<Day> until, std::string by)>
      earnings;
  MakeConnectors connectors;
  // Threads that make the pages; null: they are made on the I/O thread.
  async::Workers* workers = nullptr;
  // Returns problems of the daemon itself, for the dashboard. May be null.
  std::function<std::vector<std::string>()> notes;
  // Returns the reason not to be ready if the disk of the database is full.
  std::function<std::optional<NotReady>()> full_disk = [] { return std::optional<NotReady>(); };
  // Host names that requests may use besides localhost and addresses; see host_names.hpp.
  std::vector<std::string> hosts;
  // Names of proxies in front of this server, whose pages may send forms.
  std::vector<std::string> proxies;
  AccessRules access;
  // Is told when somebody has to wait after several wrong tokens; see caller_of(). May be null.
  std::function<void(std::string const& caller)> on_guessing;
  DatabaseSilence::Told on_database_silence;  // may be null
  TimePoint started_at{};
  std::string database_url;    // shown on the dashboard, without a password
  bool reads_replica = false;  // the figures are read from another server than the runs write to
  // Timeout of the check whether the database answers.
  std::chrono::milliseconds ping_limit{2000};
};

class Pages {
 public:
  explicit Pages(PagesParts parts);
  ~Pages();

  // `peer`: the address that it comes from.
  asio::awaitable<HttpResponse> answer(HttpRequest request, std::string peer = {});
  // Of a configuration that was read again. Call it on the executor.
  void set_access(AccessRules rules);
  // The connectors are others now. Call it on the executor.
  void forget_connectors();
  // Refreshes the metrics' figures from the database regularly until cancelled, so that no scrape
  // waits for it.
  asio::awaitable<void> keep_figures_fresh();
  // For make_http_server; refers to this object.
  net::RequestHandler handler() {
    return [this](HttpRequest request, std::string peer) {
      return answer(std::move(request), std::move(peer));
    };
  }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace affsync::serve
