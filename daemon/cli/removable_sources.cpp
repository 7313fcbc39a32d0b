#include "daemon/cli/removable_sources.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "config/load.hpp"
#include "daemon/embedded/layout.hpp"
#include "daemon/embedded/server.hpp"
#include "daemon/instance.hpp"

namespace affsync::cli {

namespace {

constexpr unsigned patience_seconds = 3;

// Of a server that runs.
std::string url_of(config::DatabaseConfig const& database) {
  if (!database.embedded()) return database.url;
  auto const layout = embedded::describe_layout(database.state_dir);
  if (!layout || !embedded::running_server(*layout)) return {};
  return embedded::connection_string(*layout, "affsync");
}

}  // namespace

std::vector<SourceInDatabase> removable_sources(std::string const& config_file) {
  std::signal(SIGALRM, [](int) { ::_exit(0); });
  ::alarm(patience_seconds);
  auto const env = config::process_environment();
  auto const file = config::find_config_file(config_file, env);
  if (!file) return {};
  auto const config = config::load_config(*file, env, config::Secrets::of_database);
  if (!config) return {};
  auto const url = url_of(config->database);
  if (url.empty()) return {};
  auto connection = PlainConnection::open(url);
  if (!connection) return {};
  auto sources = sources_in(*connection);
  if (!sources) return {};
  auto const own = config->instance.empty() ? instance_of(config->file) : config->instance;
  std::erase_if(*sources, [&](SourceInDatabase const& source) {
    bool const configured = std::ranges::any_of(
        config->sources, [&](auto const& one) { return one.name == source.name; });
    if (configured || other_instance(source, own)) return true;
    auto const read = is_read_by_daemon(*connection, source.name);
    return !read || *read;
  });
  ::alarm(0);
  return std::move(*sources);
}

}  // namespace affsync::cli
