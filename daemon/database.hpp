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
  // Starts the embedded cluster when the configuration asks for it; connects nothing yet.
  // `instance` tells this configuration from others on the same database. `on_event` is told, on
  // another thread, what becomes of the embedded server. Throws Failure(database_unavailable).
  Database(config::DatabaseConfig const& config, std::string instance,
           std::function<void(std::string const&)> on_event);

  schema::StoreOptions const& options() const { return options_; }
  // For psql and BI tools: without a password.
  std::string shown_url() const;
  // An embedded server that ends with this process.
  bool started_here() const;

 private:
  std::unique_ptr<embedded::Cluster> cluster_;
  schema::StoreOptions options_;
};

}  // namespace affsync
