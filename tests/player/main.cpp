// affsync-player: the broker of any connector as a program, see player.hpp. It prints its address
// on one line of stdout, what it plays and what was wrong with requests on stderr, and runs until
// SIGTERM, SIGINT or the end of its parent.
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <iostream>
#include <optional>

#include "connectors/engine/request/signature.hpp"
#include "daemon/net/http_server.hpp"
#include "tests/player/player.hpp"

namespace {

namespace asio = boost::asio;
using namespace affsync;

struct Options {
  std::string connector, fixtures;
  int port = 0;
  int days = 30;
};

void end_with(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(0);  // the parent ended between fork and prctl
}

engine::Manifest manifest_of(std::string const& name) {
  for (auto& manifest : engine::builtin_manifests().value()) {
    if (manifest.name == name) return manifest;
  }
  throw Failure(ErrorCode::usage, "there is no connector " + name);
}

void run(Options const& options) {
  constexpr std::size_t longest_body = 1024 * 1024;
  SystemClock clock;
  std::optional<player::Player> player;
  std::set<std::string> told;
  asio::io_context context(1);
  auto handler = [&](HttpRequest request, std::string) -> asio::awaitable<HttpResponse> {
    auto response = player->answer(request);
    for (auto const& complaint : player->complaints()) {
      if (told.insert(complaint).second) std::cerr << "wrong request: " << complaint << '\n';
    }
    co_return response;
  };
  net::ServerLimits limits;
  limits.body_bytes = longest_body;
  auto const listen = "127.0.0.1:" + std::to_string(options.port);
  auto const server =
      net::make_http_server(context.get_executor(), listen, std::move(handler), limits).value();
  auto const manifest = manifest_of(options.connector);
  auto folder = proof::read_fixtures(options.fixtures).value();
  auto const url = folder.source.get("base_url", manifest.base_url);
  auto const address =
      "http://127.0.0.1:" + std::to_string(server->port()) + engine::base_path_of(url);
  player.emplace(manifest, std::move(folder), address, options.days, clock);
  for (auto const& note : player->notes()) std::cerr << options.connector << ", " << note << '\n';

  asio::signal_set signals(context, SIGTERM, SIGINT);
  auto stop = [&context](boost::system::error_code, int) { context.stop(); };
  signals.async_wait(std::move(stop));
  asio::co_spawn(context, server->serve(), asio::detached);
  std::cout << "listening on " << address << std::endl;
  context.run();
}

}  // namespace

int main(int argc, char** argv) {
  auto const parent = getppid();
  try {
    Options options;
    CLI::App app("Plays the broker of a connector by its fixtures.");
    app.add_option("--connector", options.connector, "name of a built-in connector")->required();
    app.add_option("--fixtures", options.fixtures, "folder of its fixtures")->required();
    app.add_option("--port", options.port, "0: any free one");
    app.add_option("--days", options.days, "on how many days the rows are shown, up to yesterday");
    CLI11_PARSE(app, argc, argv);
    end_with(parent);
    run(options);
    return 0;
  } catch (std::exception const& error) {
    std::cerr << "affsync-player: " << error.what() << '\n';
    return 1;
  }
}
