#include "daemon/net/resolve.hpp"

#include <netdb.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <charconv>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

#include "base/error.hpp"
#include "daemon/async/durations.hpp"
#include "daemon/async/event.hpp"

namespace affsync::net {
namespace {

using Endpoint = asio::ip::tcp::endpoint;

struct Lookup {
  std::string host;
  std::string port;
  std::mutex mutex;            // guards everything below
  std::function<void()> wake;  // empty once the caller no longer waits
  bool done = false;
  int status = 0;  // returned by getaddrinfo
  std::vector<Endpoint> found;
};

void look_up(Lookup& lookup) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  int const status = getaddrinfo(lookup.host.c_str(), lookup.port.c_str(), &hints, &list);
  std::vector<Endpoint> found;
  for (addrinfo const* entry = list; entry != nullptr; entry = entry->ai_next) {
    Endpoint endpoint;
    if (entry->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
    endpoint.resize(entry->ai_addrlen);
    found.push_back(endpoint);
  }
  if (list != nullptr) freeaddrinfo(list);

  std::lock_guard const lock(lookup.mutex);
  lookup.status = status;
  lookup.found = std::move(found);
  lookup.done = true;
  if (lookup.wake) lookup.wake();
}

// A pool of threads: starts one when all are busy; each ends after 30 s without work.
class LookupThreads {
 public:
  // Never destroyed: a thread inside getaddrinfo may outlive main.
  static LookupThreads& instance() {
    static auto* const threads = new LookupThreads;
    return *threads;
  }

  // Throws Failure(connect_failed) if there is no thread for it.
  void add(std::shared_ptr<Lookup> const& lookup) {
    std::lock_guard const lock(mutex_);
    if (idle_ <= queue_.size() && threads_ < max_threads) start_one(*lookup);
    queue_.push_back(lookup);
    ready_.notify_one();
  }

 private:
  static constexpr std::size_t max_threads = 16;

  void start_one(Lookup const& lookup) {
    try {
      std::thread([this] { work(); }).detach();
      ++threads_;
    } catch (std::system_error const& error) {
      if (threads_ > 0) return;  // it waits for those
      throw Failure(ErrorCode::connect_failed,
                    "no thread could be started to look up the host " + lookup.host + ": " +
                        error.code().message(),
                    "The limit of threads or of memory is reached: `ulimit -u`, or TasksMax of "
                    "the unit.");
    }
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      bool const found =
          ready_.wait_for(lock, std::chrono::seconds(30), [this] { return !queue_.empty(); });
      --idle_;
      if (!found) break;
      auto const lookup = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      look_up(*lookup);
      lock.lock();
    }
    --threads_;
  }

  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::shared_ptr<Lookup>> queue_;
  std::size_t idle_ = 0;
  std::size_t threads_ = 0;
};

// Removes the callback of a coroutine that no longer waits or has been destroyed.
class Waiting {
 public:
  explicit Waiting(std::shared_ptr<Lookup> lookup) : lookup_(std::move(lookup)) {}
  Waiting(Waiting const&) = delete;
  Waiting& operator=(Waiting const&) = delete;
  ~Waiting() {
    std::lock_guard const lock(lookup_->mutex);
    lookup_->wake = nullptr;
  }

 private:
  std::shared_ptr<Lookup> lookup_;
};

}  // namespace

asio::awaitable<std::vector<Endpoint>> resolve(std::string host, std::string port,
                                               std::chrono::milliseconds limit) {
  unsigned short number = 0;
  auto const [end, flaw] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (flaw != std::errc() || end != port.data() + port.size()) {
    throw Failure(ErrorCode::config_invalid, "\"" + port + "\" is not a port number");
  }
  boost::system::error_code not_an_address;
  auto const address = asio::ip::make_address(host, not_an_address);
  if (!not_an_address) co_return std::vector<Endpoint>(1, Endpoint(address, number));

  auto const executor = co_await asio::this_coro::executor;
  auto const until = std::chrono::steady_clock::now() + limit;
  auto const resolved = std::make_shared<async::Event>();
  auto const lookup = std::make_shared<Lookup>();
  lookup->host = host;
  lookup->port = port;
  lookup->wake = [executor, resolved] { asio::post(executor, [resolved] { resolved->tell(); }); };
  Waiting const waiting(lookup);
  LookupThreads::instance().add(lookup);

  bool const in_time = co_await resolved->told_before(until);
  std::lock_guard const lock(lookup->mutex);
  if (!lookup->done) {
    // It was woken, but by a cancellation.
    if (in_time) throw boost::system::system_error(asio::error::operation_aborted);
    throw Failure(ErrorCode::timeout,
                  "the name " + host + " was not resolved within " + async::to_text(limit),
                  "Check the name servers of this machine.");
  }
  if (lookup->found.empty()) {
    throw Failure(ErrorCode::unknown_host,
                  "the host " + host + " cannot be found (" + gai_strerror(lookup->status) + ")",
                  "Check the spelling of base_url and the name servers of this machine.");
  }
  co_return lookup->found;
}

}  // namespace affsync::net
