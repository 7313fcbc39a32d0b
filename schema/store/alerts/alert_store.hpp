// The coroutines of alerts: each runs on a session of its own, so that no run waits for a rule, and
// no rule for a run. Call members only from the I/O thread. All throw Failure as Store does.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "schema/store/alerts/alerts.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

class AlertStore {
 public:
  virtual ~AlertStore() = default;
  // See alerts.hpp.
  virtual asio::awaitable<AlertChanges> judge(AlertPolicy policy) = 0;
  virtual asio::awaitable<std::vector<AlertMessage>> take(TakeMessages take) = 0;
  virtual asio::awaitable<bool> note_sent(std::int64_t message_id, std::string token,
                                          TimePoint now) = 0;
  virtual asio::awaitable<AlertAttempt> note_failed(std::int64_t message_id, std::string token,
                                                    FailedAttempt failed, TimePoint now) = 0;
  virtual asio::awaitable<std::vector<AlertQueue>> queues(TimePoint now) = 0;
  virtual asio::awaitable<std::vector<AlertLine>> list(AlertFilter filter, TimePoint now) = 0;
  virtual asio::awaitable<std::vector<AlertCount>> count(TimePoint now) = 0;
  virtual asio::awaitable<std::int64_t> mute(AlertMute mute) = 0;
  virtual asio::awaitable<std::int64_t> unmute(AlertMute mute) = 0;

  // As Store::shut_down.
  virtual void shut_down(std::chrono::milliseconds patience) = 0;
};

// Does not connect until it is used.
std::unique_ptr<AlertStore> make_pg_alert_store(StoreOptions options);

}  // namespace affsync::schema
