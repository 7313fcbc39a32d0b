#include "daemon/async/until_cancelled.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

namespace affsync::async {

asio::awaitable<void> until_cancelled(asio::awaitable<void> work) {
  try {
    co_await std::move(work);
  } catch (boost::system::system_error const& error) {
    if (error.code() != asio::error::operation_aborted) throw;
  }
}

}  // namespace affsync::async
