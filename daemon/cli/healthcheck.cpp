// `affsync healthcheck`: asks the daemon of this configuration how it is, for containers, which
// have no curl.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <iostream>

#include "config/load.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/net/http_client.hpp"

namespace affsync::cli {
namespace {

namespace asio = boost::asio;

// A daemon that listens on all addresses is reached on this machine's own.
std::string daemon_address(std::string const& listen) {
  auto const colon = listen.rfind(':');
  auto const host = listen.substr(0, colon);
  if (host == "0.0.0.0") return "127.0.0.1" + listen.substr(colon);
  if (host == "[::]" || host == "*") return "[::1]" + listen.substr(colon);
  return listen;
}

HttpResponse ask_daemon(config::HttpConfig const& http, std::string const& path) {
  asio::io_context loop;
  net::ClientOptions options;
  options.origin =
      net::parse_origin((http.tls ? "https://" : "http://") + daemon_address(http.listen), true)
          .value();
  // Its certificate names the host that others know it by, and may come from an authority of one's
  // own. The question and the answer hold no secret; health needs no token.
  options.unverified = true;
  constexpr std::chrono::milliseconds limit{4000};
  options.deadlines.connect = options.deadlines.handshake = limit;
  options.deadlines.read = options.deadlines.request = limit;
  auto const client = net::make_http_client(loop.get_executor(), std::move(options)).value();
  HttpRequest request;
  request.target = path;
  HttpResponse answer;
  std::exception_ptr failed;
  auto work = [&]() -> asio::awaitable<void> {
    answer = co_await client->send(std::move(request));
    client->close();
  };
  asio::co_spawn(loop, work, [&](std::exception_ptr error) { failed = error; });
  loop.run();
  if (failed) std::rethrow_exception(failed);
  return answer;
}

}  // namespace

int run_healthcheck(CommonOptions const& common, bool ready) {
  auto const env = config::process_environment();
  auto const file = config::find_config_file(common.config_file, env);
  if (!file) throw Failure(file.error());
  auto const config = config::load_config(*file, env, config::Secrets::of_database);
  if (!config) throw Failure(config.error());
  if (!config->http.enabled) {
    throw Failure(ErrorCode::usage, "http.listen is off: there is nobody to ask");
  }
  HttpResponse answer;
  try {
    answer = ask_daemon(config->http, ready ? "/readyz" : "/healthz");
  } catch (Failure const& failure) {
    throw Failure(failure.error().code, "the daemon does not answer: " + failure.error().message);
  }
  std::cout << answer.body << (answer.body.ends_with("\n") ? "" : "\n");
  return answer.status == 200 ? 0 : 1;
}

}  // namespace affsync::cli
