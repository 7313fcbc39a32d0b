// Limits that a connector states: so many requests in so much time, of all streams or of some. Each
// holds exactly, beside the rate that the limiter learns. Arithmetic over a clock that the caller
// provides; used from one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine {

class Quotas {
 public:
  explicit Quotas(std::vector<RateLimit> limits);

  // Returns how long a request of this stream would have to wait; zero: it can be sent now. The
  // login's requests are those of the stream `login_requests`.
  Duration wait_for(TimePoint now, std::string_view stream, int cost);

  // Reserves the request and returns how long to wait before it is sent.
  Duration reserve(TimePoint now, std::string_view stream, int cost);

  // Returns the longest time that a limit looks back; zero without limits.
  Duration longest() const;
  // Counts requests that another process sent. In the order of their times, before any other.
  void note_past(TimePoint at, std::string_view stream, int cost);

 private:
  // Requests that are counted together, since a limit of a day may have many.
  struct Sent {
    TimePoint until{};      // counts until then
    std::int64_t cost = 0;  // of all of them, each of which may cost as much as an int holds
  };
  struct Window {
    RateLimit limit;
    std::deque<Sent> sent;  // oldest first
    bool counts(std::string_view stream) const;
    TimePoint earliest(TimePoint at, int cost) const;
    void add(TimePoint at, int cost);
  };
  void notice_clock(TimePoint now);
  TimePoint earliest(TimePoint now, std::string_view stream, int cost) const;
  std::vector<Window> windows_;
  TimePoint seen_at_{};
};

}  // namespace affsync::engine
