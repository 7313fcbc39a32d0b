#include "daemon/proof/proof_time.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace affsync::proof {

boost::asio::awaitable<void> ProofTime::sleep(Duration time) {
  if (time <= Duration::zero()) co_return;
  now_ += time;
  auto executor = co_await boost::asio::this_coro::executor;
  co_await boost::asio::post(executor, boost::asio::use_awaitable);
}

}  // namespace affsync::proof
