// affsync-sandbox: a fake broker as a program. It prints its address on one line of stdout and runs
// until SIGTERM, SIGINT or the end of its parent.
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <iostream>

#include "tests/sandbox/options.hpp"
#include "tests/sandbox/server.hpp"

namespace {

namespace asio = boost::asio;
using namespace affsync::sandbox;

void end_with(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(0);  // the parent ended between fork and prctl
}

int run(Options const& options) {
  RequestLog log;
  SandboxClock clock;
  if (options.clock) clock.set(*options.clock, false);
  Sandbox sandbox(make_broker(options, log, clock), log, clock, options.rate, options.seed);
  for (auto const& spec : options.faults) sandbox.faults().add(Fault::parse(spec).value());

  asio::io_context context(1);
  asio::ip::tcp::endpoint const endpoint(asio::ip::make_address(options.listen), options.port);
  asio::ip::tcp::acceptor acceptor(context, endpoint);
  asio::signal_set signals(context, SIGTERM, SIGINT);
  auto stop = [&context](boost::system::error_code, int) { context.stop(); };
  signals.async_wait(std::move(stop));
  auto failed = [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  };
  asio::co_spawn(context, serve(acceptor, sandbox), std::move(failed));
  std::cout << "listening on http://" << acceptor.local_endpoint() << std::endl;
  context.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  auto const parent = getppid();
  try {
    Options options;
    int exit_status = 0;
    if (!parse_options(argc, argv, options, exit_status)) return exit_status;
    if (!options.outlive_parent) end_with(parent);
    return run(options);
  } catch (std::exception const& error) {
    std::cerr << "affsync-sandbox: " << error.what() << '\n';
    return 1;
  }
}
