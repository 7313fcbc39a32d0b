// The daemons that run on a database, and what stands against them, for `affsync status`.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "daemon/log/terminal.hpp"
#include "schema/store/store.hpp"

namespace affsync::cli {

struct DaemonState {
  std::string instance;  // its configuration
  std::string version;
  std::optional<TimePoint> started_at, seen_at;
  std::string reload_error;  // empty: the configuration read last is in use
  std::optional<TimePoint> reload_failed_at;
  std::vector<std::string> needs_restart;
  std::vector<std::string> sources;  // that it reads
  DaemonState() = default;
};

// Those that were seen lately and have not ended, on whatever machine they run.
boost::asio::awaitable<std::vector<DaemonState>> read_daemons(schema::Store& store);

// Returns whether one of the daemons reads the source, and so waits for its next run.
bool is_read(std::string const& source, std::vector<DaemonState> const& daemons);

// Explains what stands against each; empty if nothing does. Performs no I/O.
std::string explain_daemons(std::vector<DaemonState> const& daemons, log::Terminal const& terminal);
Json daemons_to_json(std::vector<DaemonState> const& daemons);

}  // namespace affsync::cli
