// What the delivery of alerts tells metrics.
#pragma once

#include <string>
#include <vector>

#include "schema/store/alerts/alerts.hpp"

namespace affsync::alerts {

class DeliveryObserver {
 public:
  virtual ~DeliveryObserver() = default;
  // How alerts and messages stand in the database; after each judgement.
  virtual void on_standing(std::vector<schema::AlertCount> const& alerts,
                           std::vector<schema::AlertQueue> const& queues) {
    (void)alerts, (void)queues;
  }
  // An attempt to send a message has ended.
  virtual void on_attempt(std::string const& receiver, bool sent, TimePoint now) {
    (void)receiver, (void)sent, (void)now;
  }
  // The receivers of the configuration.
  virtual void on_receivers(std::vector<std::string> const& names) { (void)names; }
};

}  // namespace affsync::alerts
