// What is told to one receiver at a time, and what came of it.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "schema/store/alerts/alerts.hpp"

namespace affsync::alerts {

using Message = schema::AlertMessage;

// The end of one attempt. No text holds a secret of the receiver.
struct SendOutcome {
  bool sent = false;
  std::string said;      // what came back: "HTTP 204"
  std::string problem;   // why it counts as not sent; empty if it was
  bool refused = false;  // it is this message that the receiver does not want
  std::optional<std::chrono::milliseconds> wait;  // the receiver asks to wait so long
  std::string moved_to;  // the new number of a Telegram chat; empty: it has not moved
  SendOutcome() = default;
};

}  // namespace affsync::alerts
