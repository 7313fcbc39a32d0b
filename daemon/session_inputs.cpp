#include "daemon/session_inputs.hpp"

#include <system_error>

namespace affsync {
namespace {

SourceSettings settings_of_session(SourceSettings settings, engine::SourcePlan const& plan) {
  settings.base_url = plan.base_url;  // also if it is the connector's
  settings.where.clear();
  settings.places.clear();
  settings.former_credentials.clear();
  settings.every = Schedule();
  settings.every_given = false;
  settings.mass_drop_limit = 0;
  settings.reconcile_warns = false;
  for (auto& [name, stream] : settings.streams) {
    stream.where.clear();
    stream.every.reset();
    stream.full_every.reset();
    stream.reconcile_warns.reset();
  }
  // One of which nothing is left changes nothing.
  std::erase_if(settings.streams,
                [](auto const& entry) { return entry.second == StreamSettings(); });
  return settings;
}

}  // namespace

SessionInputs session_inputs(PreparedSource const& source) {
  SessionInputs inputs;
  inputs.connector_hash = source.plan.connector_hash;
  inputs.settings = settings_of_session(*source.config, source.plan);
  inputs.client = source.client;
  inputs.login_client = source.login_client;
  // It is the same for all streams.
  if (!source.plan.streams.empty()) inputs.hash_salt = source.plan.streams.front()->hash_salt;
  auto const& settings = inputs.settings;
  for (auto const& file : {settings.ca_file, settings.certificate_file, settings.key_file}) {
    std::error_code missing;
    auto const changed = std::filesystem::last_write_time(file, missing);
    inputs.changed.push_back(missing ? std::nullopt : std::optional(changed));
  }
  return inputs;
}

}  // namespace affsync
