// The metrics of alerts: how many are open by rule, and how the messages to each receiver stand.
// The figures are those of the latest judgement, so a scrape asks no database. Lives on the I/O
// thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/alerts/observer.hpp"
#include "daemon/serve/exposition.hpp"

namespace affsync::serve {

class AlertFigures final : public alerts::DeliveryObserver {
 public:
  void on_standing(std::vector<schema::AlertCount> const& alerts,
                   std::vector<schema::AlertQueue> const& queues) override;
  void on_attempt(std::string const& receiver, bool sent, TimePoint now) override;
  void on_receivers(std::vector<std::string> const& names) override;

  void write(Exposition& out) const;

 private:
  struct Receiver {
    std::int64_t waiting = 0, given_up = 0;  // in the database
    std::int64_t sent = 0, failed = 0;       // attempts of this process
    std::optional<TimePoint> last_sent;
  };

  std::vector<schema::AlertCount> alerts_;
  std::map<std::string, Receiver> receivers_;
};

}  // namespace affsync::serve
