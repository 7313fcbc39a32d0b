#include "daemon/database.hpp"

#include <libpq-fe.h>

#include <utility>

#include "daemon/embedded/layout.hpp"
#include "daemon/embedded/programs.hpp"
#include "schema/store/conninfo.hpp"

namespace affsync {
namespace {

// Returns host, port, dbname and user of a connection string as a keyword string.
std::string without_password(std::string const& url) {
  char* message = nullptr;
  PQconninfoOption* options = PQconninfoParse(url.c_str(), &message);
  if (message != nullptr) PQfreemem(message);
  if (options == nullptr) return "(the configured database)";
  std::string shown;
  for (auto const* option = options; option->keyword != nullptr; ++option) {
    if (option->val == nullptr || *option->val == '\0') continue;
    std::string const keyword = option->keyword;
    bool const wanted =
        keyword == "host" || keyword == "port" || keyword == "dbname" || keyword == "user";
    if (!wanted) continue;
    if (!shown.empty()) shown += ' ';
    std::string const value = option->val;
    bool const is_plain = value.find_first_of(" '\\") == std::string::npos;
    shown += keyword + "=" + (is_plain ? value : schema::conninfo_value(value));
  }
  PQconninfoFree(options);
  return shown;
}

// A cluster runs with the version that created it, until that one is no longer installed: better be
// told while both are.
void tell_of_newer_version(std::string const& state_dir,
                           std::function<void(std::string const&)> const& tell) {
  auto const layout = embedded::describe_layout(state_dir);
  auto const newest = embedded::find_server_programs({}, 0);
  if (!layout || !newest) return;
  auto const used = embedded::major_of_cluster(layout->data);
  if (used == 0 || newest->major <= used) return;
  tell("The embedded database is of PostgreSQL " + std::to_string(used) + ", and " +
       std::to_string(newest->major) +
       " is installed. Before the old version is removed, stop affsync and run `affsync "
       "upgrade-database`");
}

}  // namespace

Database::Database(config::DatabaseConfig const& config, std::string instance,
                   std::function<void(std::string const&)> on_event,
                   std::function<void(std::string const&)> on_start_step) {
  options_.instance = std::move(instance);
  options_.connections = config.connections;
  options_.url = config.url;
  options_.read_url = config.read_url;
  options_.on_event = on_event;
  if (!config.embedded()) return;
  embedded::ClusterOptions cluster;
  cluster.state_dir = config.state_dir;
  auto const told = on_event;
  cluster.on_event = std::move(on_event);
  cluster.on_start_step = std::move(on_start_step);
  cluster_ = embedded::Cluster::start(std::move(cluster)).value();
  options_.url = cluster_->url();
  if (told) tell_of_newer_version(config.state_dir, told);
  // If another command started the server, it stops it at its end; then ours starts it again. Wait
  // that long before a connection fails.
  options_.patience = std::chrono::seconds(3);
}

bool Database::started_here() const {
  return cluster_ && cluster_->started_here();
}

schema::StoreOptions Database::reading_options() const {
  auto options = options_;
  if (!options.read_url.empty()) options.url = options.read_url;
  return options;
}

std::string Database::shown_url() const {
  return without_password(options_.url);
}

bool is_database_there(config::DatabaseConfig const& database) {
  if (!database.embedded()) return true;
  auto const layout = embedded::describe_layout(database.state_dir);
  return !layout || embedded::has_cluster(*layout);
}

}  // namespace affsync
