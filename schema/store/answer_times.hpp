// When a connection has had its latest answer.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>

#include <pqxx/connection>

namespace affsync::schema {

class AnswerTimes {
 public:
  // From now on, and as long as the connection lives, last() is the time of its latest answer;
  // until there is one, that of this call.
  void listen_to(pqxx::connection& connection);
  // May be called from any thread.
  std::chrono::steady_clock::time_point last() const;

 private:
  using Ticks = std::atomic<std::chrono::steady_clock::rep>;
  // Shared with what libpq calls.
  std::shared_ptr<Ticks> ticks_ = std::make_shared<Ticks>(0);
};

}  // namespace affsync::schema
