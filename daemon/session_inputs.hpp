// What the session of a source is made of. A reload keeps the session while all of it is the same.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/source_settings.hpp"
#include "daemon/net/http_client.hpp"
#include "daemon/source_plans.hpp"

namespace affsync {

struct SessionInputs {
  std::string connector_hash;  // everything in the connector file counts
  // The settings, without those that only others read: what registers and schedules the streams,
  // and what judges a pass. A member that is added to them counts, until it is left out.
  SourceSettings settings;
  net::ClientOptions client;  // also by the environment, which may name a proxy
  std::optional<net::ClientOptions> login_client;
  std::string hash_salt;  // the database gives it
  // When the files of TLS were changed: a certificate may be renewed in its place.
  std::vector<std::optional<std::filesystem::file_time_type>> changed;
  friend bool operator==(SessionInputs const&, SessionInputs const&) = default;
};

SessionInputs session_inputs(PreparedSource const& source);

}  // namespace affsync
