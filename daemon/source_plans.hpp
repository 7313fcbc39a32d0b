// Converts the sources of the configuration into plans of the engine.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/model.hpp"
#include "connectors/engine/plan/shared_specs.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "daemon/net/http_client.hpp"
#include "schema/store/store.hpp"

namespace affsync {

// Everything that is derived from one source of the configuration.
struct PreparedSource {
  config::SourceConfig const* config = nullptr;
  engine::SourcePlan plan;
  net::ClientOptions client;
  std::optional<net::ClientOptions> login_client;  // of a login that has an address of its own
  std::string warning;  // about a setting that is not applied as given; empty if none
};

// Shares with other sources what is in `shared`, if it is given. Errors: config_invalid with file
// and line of the mistake in the configuration.
Result<PreparedSource> prepare_source(config::SourceConfig const& source,
                                      std::vector<engine::Manifest> const& manifests,
                                      engine::SharedSpecs* shared = nullptr);

// Returns the chosen sources; none chosen: all. Throws Failure: usage for a name that no source, or
// no stream of theirs, has; the errors of prepare_source.
std::vector<PreparedSource> prepare_chosen(config::Config const& config,
                                           std::vector<engine::Manifest> const& manifests,
                                           engine::SharedSpecs* shared,
                                           std::vector<std::string> const& sources,
                                           std::vector<std::string> const& streams);
std::vector<std::string> names_of_sources(config::Config const& config);
// Throws Failure(config_invalid) if there is none: a file that was cut off is no wish to read
// nothing.
void refuse_without_sources(config::Config const& config);

// Returns what makes the client that the source's requests go to.
std::function<std::unique_ptr<net::HttpClient>()> client_maker(
    PreparedSource const& source, boost::asio::any_io_executor executor);
// The same of its logins; empty if they go where the other requests do.
std::function<std::unique_ptr<net::HttpClient>()> login_client_maker(
    PreparedSource const& source, boost::asio::any_io_executor executor);

// Returns the secrets of the proxies that the source's requests go through.
std::vector<Secret> proxy_secrets(PreparedSource const& source);

// Returns by what a refused login of the source is kept.
schema::BlockKey block_key_of(engine::SourcePlan const& plan, int source_id);

// Returns what the database registers of the source.
schema::SourceRegistration registration_of(PreparedSource const& source);

// Returns when a stream runs. The stream's setting wins, then that of the source or `defaults`,
// then the connector's.
Result<Schedule> schedule_of(config::SourceConfig const& source, engine::StreamSpec const& stream);
// Returns the schedule of full passes; nullopt if none are scheduled.
Result<std::optional<Schedule>> full_schedule_of(config::SourceConfig const& source,
                                                 engine::StreamSpec const& stream);

// Returns whether totals that differ from a stream's rows are only logged and do not make a run
// partial.
bool reconcile_warns(config::SourceConfig const& source, std::string const& stream);

// Returns whether both read the same account of the same broker, so that all it says would count
// twice.
bool is_same_account(PreparedSource const& one, PreparedSource const& other);

// Returns for each source that reads the account of an earlier one a sentence that says so.
std::vector<std::pair<std::string, std::string>> repeated_accounts(
    std::vector<PreparedSource> const& sources);

}  // namespace affsync
