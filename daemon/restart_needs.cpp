#include "daemon/restart_needs.hpp"

namespace affsync {

std::vector<std::string> keep_what_needs_a_restart(config::Config& fresh,
                                                   config::Config const& used) {
  std::vector<std::string> changed;
  auto const keep = [&](char const* name, auto& now, auto const& before) {
    if (now != before) changed.emplace_back(name);
    now = before;
  };
  keep("database.url", fresh.database.url, used.database.url);
  keep("database.read_url", fresh.database.read_url, used.database.read_url);
  keep("database.connections", fresh.database.connections, used.database.connections);
  keep("database.state_dir", fresh.database.state_dir, used.database.state_dir);
  bool const listens_elsewhere =
      fresh.http.enabled != used.http.enabled || fresh.http.listen != used.http.listen;
  if (listens_elsewhere) changed.emplace_back("http.listen");
  fresh.http.enabled = used.http.enabled;
  fresh.http.listen = used.http.listen;
  keep("http.hosts", fresh.http.hosts, used.http.hosts);
  // Another token takes its place at once, so that a leaked one is worth nothing any more.
  if (fresh.http.token.empty() || used.http.token.empty()) {
    keep("http.token", fresh.http.token, used.http.token);
  }
  keep("http.metrics_open", fresh.http.metrics_open, used.http.metrics_open);
  keep("http.tls", fresh.http.tls, used.http.tls);
  keep("instance", fresh.instance, used.instance);
  keep("log.format", fresh.log.format, used.log.format);
  return changed;
}

}  // namespace affsync
