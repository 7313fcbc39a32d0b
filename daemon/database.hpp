// The database that a command works with: the configured one, or the embedded cluster.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "config/model.hpp"
#include "daemon/embedded/cluster.hpp"
#include "schema/store/store.hpp"

namespace affsync {

class Database {
 public:
  // Starts the embedded cluster if the configuration asks for it; connects to nothing yet.
  // `instance` tells this configuration from others on the same database. `on_event` receives
  // events of the embedded server, `on_start_step` every few seconds what its start is doing, both
  // on another thread. Throws Failure(database_unavailable).
  Database(config::DatabaseConfig const& config, std::string instance,
           std::function<void(std::string const&)> on_event,
           std::function<void(std::string const&)> on_start_step = {});

  schema::StoreOptions const& options() const { return options_; }
  // The same for a command that only reads: on the replica if there is one.
  schema::StoreOptions reading_options() const;
  // Returns a connection string for psql and BI tools, without the password.
  std::string shown_url() const;
  // True if this process started the embedded server, which then ends with it.
  bool started_here() const;

 private:
  std::unique_ptr<embedded::Cluster> cluster_;
  schema::StoreOptions options_;
};

// Returns false if the embedded cluster has not been created yet. True also if its directory cannot
// be read: then the start reports why.
bool is_database_there(config::DatabaseConfig const& database);

}  // namespace affsync
