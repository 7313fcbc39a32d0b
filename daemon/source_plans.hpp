// The configuration's sources in the engine's words.
#pragma once

#include <string>
#include <vector>

#include "config/model.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "daemon/net/http_client.hpp"
#include "schema/store/store.hpp"

namespace affsync {

// Everything that one source of the configuration comes to.
struct PreparedSource {
  config::SourceConfig const* config = nullptr;
  engine::SourcePlan plan;
  net::ClientOptions client;
  std::string warning;  // of what the configuration says and does not get; empty: nothing
};

// Errors: config_invalid with the place of the source in the configuration.
Result<PreparedSource> prepare_source(config::SourceConfig const& source,
                                      std::vector<engine::Manifest> const& manifests);

// What the database is to know of it.
schema::SourceRegistration registration_of(PreparedSource const& source);

// When a stream runs: what the stream says, else the source or `defaults`, else the connector.
Result<config::Schedule> schedule_of(config::SourceConfig const& source,
                                     engine::StreamSpec const& stream);
// The interval of full passes; nullopt: never by themselves.
Result<std::optional<config::Schedule>> full_schedule_of(config::SourceConfig const& source,
                                                         engine::StreamSpec const& stream);

// Totals of the broker that differ from a stream's rows are told only, and make no run partial.
bool reconcile_warns(config::SourceConfig const& source, std::string const& stream);

// Equal for equal configurations of a source, secrets included (as a hash): a reload keeps the
// sessions of sources that did not change.
std::string fingerprint(PreparedSource const& source);

}  // namespace affsync
