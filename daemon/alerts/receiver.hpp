// One who is told, as an interface: a webhook, a chat of Telegram or a command.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>

#include "base/error.hpp"
#include "config/alerts.hpp"
#include "daemon/alerts/message.hpp"

namespace affsync::alerts {

namespace asio = boost::asio;

class Receiver {
 public:
  virtual ~Receiver() = default;
  // Makes one attempt, which takes little more than the receiver's timeout. Whatever goes wrong is
  // in the outcome; only cancellation throws (operation_aborted).
  virtual asio::awaitable<SendOutcome> send(Message message) = 0;
};

// Errors: config_invalid (a proxy or a CA file that cannot be used), without secrets.
Result<std::unique_ptr<Receiver>> make_receiver(asio::any_io_executor executor,
                                                config::AlertReceiver const& receiver);

// Used by make_receiver.
Result<std::unique_ptr<Receiver>> make_http_receiver(asio::any_io_executor executor,
                                                     config::AlertReceiver const& receiver);
std::unique_ptr<Receiver> make_command_receiver(config::AlertReceiver const& receiver);

}  // namespace affsync::alerts
