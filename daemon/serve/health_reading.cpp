#include "daemon/serve/health_reading.hpp"

#include <utility>

namespace affsync::serve {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds slow_query{100};
constexpr int sharing = 20;  // times the duration of the query

}  // namespace

struct HealthReading::Read {
  Health streams;
  TimePoint at{};
  steady_clock::time_point end{};
  steady_clock::duration took{};
};

asio::awaitable<HealthReading::Read> HealthReading::run(schema::Store& store, Clock const& clock) {
  auto const began = steady_clock::now();
  Read read;
  read.streams = co_await store.health();
  read.at = clock.now();
  read.end = steady_clock::now();
  read.took = read.end - began;
  co_return read;
}

asio::awaitable<Health> HealthReading::read() {
  if (!call_ || call_->done()) call_ = PendingCall<Read>::start(executor_, run(store_, clock_));
  auto const call = call_;
  auto read = co_await PendingCall<Read>::wait(call, schema::page_query_limit, "the status query");
  known_ = with_believed_runs(std::move(read.streams), interval_, read.at);
  known_at_ = read.at;
  end_ = read.end;
  took_ = read.took;
  co_return known_;
}

bool HealthReading::does_for_a_while() const {
  return known_at_ && took_ >= slow_query && steady_clock::now() - end_ < sharing * took_;
}

}  // namespace affsync::serve
