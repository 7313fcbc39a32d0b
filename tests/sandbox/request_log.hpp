// Counts what clients did, for GET /sandbox/log.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "tests/sandbox/http.hpp"

namespace affsync::sandbox {

class RequestLog {
 public:
  void connection_opened();
  void connection_closed() { --open_connections_; }
  void request_begun();
  // Counts a `reply` before it is sent. `read_only`: a GET or a login. affsync must never send
  // anything else.
  void request_answered(Request const& request, Reply const& reply, bool read_only);
  void delivered() { --concurrent_; }
  void logged_in(bool accepted) { ++(accepted ? logins_ : logins_refused_); }
  void throttled() { ++throttled_; }
  void rows_served(std::uint64_t rows) { rows_served_ += rows; }
  void clear();

  // Returns JSON; includes the targets of the latest requests if `with_targets`.
  std::string to_json(bool with_targets) const;

 private:
  struct Entry {
    std::string method, target;
    int status;
  };
  static constexpr std::size_t most_entries = 20'000;

  std::map<std::string, std::uint64_t> by_path_;
  std::map<int, std::uint64_t> by_status_;
  std::deque<Entry> latest_;
  std::uint64_t requests_ = 0, connections_ = 0, logins_ = 0, logins_refused_ = 0, throttled_ = 0,
                unauthorized_ = 0, other_methods_ = 0, rows_served_ = 0, bytes_ = 0;
  std::int64_t open_connections_ = 0, most_connections_ = 0, concurrent_ = 0, most_concurrent_ = 0;
};

}  // namespace affsync::sandbox
