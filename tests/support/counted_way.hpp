// A way to a PostgreSQL server on a Unix socket that counts the round trips on it: how often a
// client sends something and then waits for an answer.
#pragma once

#include <atomic>
#include <list>
#include <string>
#include <thread>

#include "tests/support/temp_dir.hpp"

namespace affsync::test {

class CountedWay {
 public:
  // `url`: a libpq keyword string with host (a directory) and port of the server.
  explicit CountedWay(std::string const& url);
  ~CountedWay();
  CountedWay(CountedWay const&) = delete;
  CountedWay& operator=(CountedWay const&) = delete;

  // The same keyword string, but through this way.
  std::string const& url() const { return url_; }
  long round_trips() const { return round_trips_; }

 private:
  void accept_all();
  void serve(int client);

  TempDir dir_;
  std::string server_, url_;
  int listener_ = -1;
  std::atomic<bool> stopping_{false};
  std::atomic<long> round_trips_{0};
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace affsync::test
