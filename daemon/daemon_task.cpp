#include "daemon/daemon_task.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <optional>
#include <stdexcept>

#include "base/crash_point.hpp"

namespace affsync {
namespace {

namespace asio = boost::asio;

// For tests: a failure as it may come at any time.
asio::awaitable<void> fail_if_ordered(std::string const& name) {
  if (!daemon_task_shall_fail(name)) co_return;
  auto executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
  throw std::runtime_error("a failure that a test ordered");
}

}  // namespace

asio::awaitable<void> daemon_task(std::string name, asio::awaitable<void> work, Logger log) {
  std::optional<std::string> problem;
  try {
    co_await fail_if_ordered(name);
    co_await std::move(work);
  } catch (boost::system::system_error const& error) {
    if (error.code() != asio::error::operation_aborted) problem = error.what();
  } catch (Failure const& failure) {
    problem = failure.error().to_line();
  } catch (std::exception const& error) {
    problem = error.what();
  }
  if (!problem) co_return;
  Error error(ErrorCode::internal, "the daemon's task `" + name + "` has failed: " + *problem,
              "The daemon ends, so that the service manager starts it again.");
  log.error(error);
  throw Failure(std::move(error));
}

}  // namespace affsync
