// Sends the messages of one receiver that are due, in their order.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/log.hpp"
#include "config/alerts.hpp"
#include "daemon/alerts/observer.hpp"
#include "daemon/alerts/receiver.hpp"
#include "schema/store/alerts/alert_store.hpp"

namespace affsync::alerts {

// The pointers are not owned.
struct SenderParts {
  asio::any_io_executor executor;
  schema::AlertStore* store = nullptr;
  Clock const* clock = nullptr;
  DeliveryObserver* observer = nullptr;
  std::function<double()> random;  // in [0, 1)
};

// When messages may be sent, beside the times that are in the database.
struct SendLimits {
  int per_hour = 20;
  std::optional<config::QuietHours> quiet;
  bool operator==(SendLimits const&) const = default;
};
SendLimits limits_of(config::AlertsConfig const& config);

class Sender {
 public:
  // A receiver that cannot be made (its CA file is gone) fails each attempt with that reason.
  Sender(SenderParts parts, config::AlertReceiver receiver, SendLimits limits, Logger log);

  config::AlertReceiver const& receiver() const { return receiver_; }
  SendLimits const& limits() const { return limits_; }

  // Sends until nothing can be taken. Each message is leased while it is sent: nobody else sends it
  // meanwhile, and if this process dies, it is sent again with the same key. Returns when to look
  // again at the latest, if a message failed. Throws Failure for errors of the database only.
  asio::awaitable<std::optional<TimePoint>> send_due();

 private:
  asio::awaitable<SendOutcome> attempt(Message const& message);
  void tell(Message const& message, SendOutcome const& outcome, schema::AlertAttempt next) const;

  SenderParts parts_;
  config::AlertReceiver receiver_;
  SendLimits limits_;
  Logger log_;
  std::unique_ptr<Receiver> to_;
  std::string unusable_;  // why there is no `to_`
};

}  // namespace affsync::alerts
