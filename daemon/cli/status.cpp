// `affsync status`: the health of every stream, from the database.
#include "daemon/cli/status.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <utility>

#include "daemon/alert_parts.hpp"
#include "daemon/app.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/open_alerts.hpp"
#include "daemon/cli/open_database.hpp"
#include "daemon/serve/readiness.hpp"
#include "daemon/source_plans.hpp"

namespace affsync::cli {
namespace {

// Returns the interval of a stream of the configuration; nullopt for other streams.
std::optional<std::chrono::seconds> interval_of(App const& app, std::string const& name,
                                                std::string const& stream) {
  auto const& sources = app.config().sources;
  auto const source = std::ranges::find(sources, name, &config::SourceConfig::name);
  if (source == sources.end()) return std::nullopt;
  auto const& all = app.manifests();
  auto const manifest = std::ranges::find(all, source->connector, &engine::Manifest::name);
  auto const* spec = manifest == all.end() ? nullptr : manifest->find_stream(stream);
  if (spec == nullptr) return std::nullopt;
  auto const every = schedule_of(*source, *spec);
  return every ? std::optional(every->interval()) : std::nullopt;
}

std::int64_t removed_sources(App& app) {
  auto const found = app.run(app.store().query(
      "SELECT count(*) FROM affsync.source s WHERE to_jsonb(s) ->> 'retired_at' IS NOT NULL", {}));
  return std::stoll(found.rows.at(0).at(0).value_or("0"));
}

}  // namespace

int run_status(CommonOptions const& common, Output output) {
  App app(common.config_file, common.log_level(), config::Secrets::of_database);
  open_database(app, true);
  auto health = app.run(app.store().health());
  auto const daemons = app.run(read_daemons(app.store()));
  auto const now = SystemClock().now();
  auto const interval = [&](std::string const& source, std::string const& stream) {
    return interval_of(app, source, stream);
  };
  auto const streams = serve::with_believed_runs(std::move(health), interval, now);
  auto const removed = streams.empty() ? removed_sources(app) : 0;
  if (output == Output::json) {
    std::cout << status_json(streams, now, app.shown_database_url(), daemons) << std::endl;
  } else {
    std::cout << status_table(streams, now, app.shown_database_url(),
                              log::look_at_terminal(STDOUT_FILENO), daemons, removed)
              << (app.serves_database() ? "That server runs only while affsync runs: `affsync "
                                          "psql` opens it, `affsync run` keeps it.\n"
                                        : "")
              << std::flush;
    if (auto const line = open_alerts_line(count_open_alerts(app)); !line.empty()) {
      std::cout << "\n" << line << std::flush;
    }
  }
  tell_about_database(app);
  if (auto const full = told_if_full(app.config().database); !full.empty()) {
    std::cerr << "affsync: " << full << "\n";
  }
  return 0;
}

}  // namespace affsync::cli
