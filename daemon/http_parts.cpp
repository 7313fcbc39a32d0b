#include "daemon/http_parts.hpp"

#include <unistd.h>

namespace affsync {

std::vector<std::string> own_names(config::HttpConfig const& http) {
  auto names = http.hosts;
  names.push_back(http.listen.substr(0, http.listen.rfind(':')));
  char machine[256] = {};
  if (::gethostname(machine, sizeof machine - 1) == 0 && machine[0] != '\0') {
    names.emplace_back(machine);
  }
  return names;
}

serve::AccessRules access_of(config::HttpConfig const& http) {
  serve::AccessRules rules;
  rules.token = http.token;
  rules.metrics_open = http.metrics_open;
  rules.over_tls = http.tls.has_value();
  // Browsers send a cookie to all ports of a host, so its name tells servers from each other.
  rules.cookie = "affsync_session_" + http.listen.substr(http.listen.rfind(':') + 1);
  return rules;
}

std::unique_ptr<net::HttpServer> server_of(config::HttpConfig const& http,
                                           boost::asio::any_io_executor executor,
                                           net::RequestHandler handler, Logger log) {
  net::ServerLimits limits;
  if (!http.token.empty()) limits.body_bytes = 4096;  // the form to sign in
  net::ServerTlsFiles tls;
  if (http.tls) {
    tls.certificate = http.tls->certificate;
    tls.key = http.tls->key;
    tls.on_refused = [log = std::move(log)](Error error) {
      error.message += "; the certificate from before stays in use until the next start";
      log.error(error);
    };
  }
  return net::make_http_server(std::move(executor), http.listen, std::move(handler), limits,
                               std::move(tls))
      .value();
}

}  // namespace affsync
