#include "daemon/net/idle_pool.hpp"

#include <utility>

namespace affsync::net {
namespace {

using std::chrono::steady_clock;

// Servers close idle connections after 5 to 75 s. With a thousand sources that send requests every
// 15 minutes, idle TLS connections would take more memory than everything else.
constexpr std::chrono::seconds idle_limit{20};
// All clients together; the oldest is closed for a new one.
constexpr std::size_t most_idle = 64;

}  // namespace

std::optional<Stream> IdlePool::take() {
  while (!idle_.empty()) {
    Stream stream = std::move(idle_.back().stream);
    idle_.pop_back();
    if (stream.is_quiet()) return stream;
  }
  return std::nullopt;
}

void IdlePool::give(Stream stream) {
  if (size_ == 0 || !stream.is_quiet()) return;
  if (idle_.size() >= size_) idle_.erase(idle_.begin());
  idle_.emplace_back(std::move(stream), steady_clock::now());
  if (idle_.size() == 1) watch();
  if (!std::exchange(is_listed_, true)) pools().push_back(weak_from_this());
  limit_all();
}

void IdlePool::clear() {
  idle_.clear();
  timer_.cancel();
}

// Those of this thread that have idle connections, and perhaps some that had.
std::vector<std::weak_ptr<IdlePool>>& IdlePool::pools() {
  thread_local std::vector<std::weak_ptr<IdlePool>> all;
  return all;
}

void IdlePool::limit_all() {
  std::size_t open = 0;
  std::shared_ptr<IdlePool> oldest;
  std::erase_if(pools(), [&](std::weak_ptr<IdlePool> const& one) {
    auto const pool = one.lock();
    if (!pool) return true;
    pool->is_listed_ = !pool->idle_.empty();
    if (!pool->is_listed_) return true;
    open += pool->idle_.size();
    bool const older = !oldest || pool->idle_.front().since < oldest->idle_.front().since;
    if (older) oldest = pool;
    return false;
  });
  if (open > most_idle) oldest->idle_.erase(oldest->idle_.begin());
}

void IdlePool::watch() {
  timer_.expires_at(idle_.front().since + idle_limit);
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    auto const self = weak.lock();
    if (error || !self) return;
    auto& idle = self->idle_;
    auto const limit = steady_clock::now() - idle_limit;
    std::erase_if(idle, [&](Idle const& one) { return one.since <= limit; });
    if (!idle.empty()) self->watch();
  });
}

}  // namespace affsync::net
