#include "daemon/serve/alert_figures.hpp"

#include <algorithm>

namespace affsync::serve {

void AlertFigures::on_standing(std::vector<schema::AlertCount> const& alerts,
                               std::vector<schema::AlertQueue> const& queues) {
  alerts_ = alerts;
  for (auto& [name, figures] : receivers_) figures.waiting = figures.given_up = 0;
  for (auto const& queue : queues) {
    auto const found = receivers_.find(queue.receiver);
    if (found == receivers_.end()) continue;  // another daemon's, or one of the past
    found->second.waiting = queue.waiting;
    found->second.given_up = queue.given_up;
  }
}

void AlertFigures::on_attempt(std::string const& receiver, bool sent, TimePoint now) {
  auto const found = receivers_.find(receiver);
  if (found == receivers_.end()) return;
  ++(sent ? found->second.sent : found->second.failed);
  if (!sent) return;
  found->second.last_sent = now;
  // Until the next judgement reads how the messages stand.
  if (found->second.waiting > 0) --found->second.waiting;
}

void AlertFigures::on_receivers(std::vector<std::string> const& names) {
  std::erase_if(receivers_, [&](auto const& entry) {
    return std::ranges::find(names, entry.first) == names.end();
  });
  for (auto const& name : names) receivers_.try_emplace(name);
}

void AlertFigures::write(Exposition& out) const {
  out.family("affsync_alerts", "gauge",
             "Alerts by rule: open, of these muted, of these opening again and again.");
  for (auto const& one : alerts_) {
    out.series({{"rule", one.rule}, {"state", "open"}}, one.open);
    out.series({{"rule", one.rule}, {"state", "muted"}}, one.muted);
    out.series({{"rule", one.rule}, {"state", "flapping"}}, one.flapping);
  }
  out.family("affsync_alert_rule_failed", "gauge", "1 while the rule cannot be judged, else 0.");
  for (auto const& one : alerts_) {
    out.series({{"rule", one.rule}}, std::int64_t{one.failed});
  }
  out.family("affsync_alert_messages_waiting", "gauge",
             "Messages to the receiver that are not sent yet.");
  for (auto const& [name, figures] : receivers_) {
    out.series({{"receiver", name}}, figures.waiting);
  }
  out.family("affsync_alert_messages_given_up", "gauge",
             "Messages to the receiver that were given up within the last day.");
  for (auto const& [name, figures] : receivers_) {
    out.series({{"receiver", name}}, figures.given_up);
  }
  out.family("affsync_alert_attempts_total", "counter",
             "Attempts to send a message to the receiver, by outcome.");
  for (auto const& [name, figures] : receivers_) {
    out.series({{"receiver", name}, {"outcome", "sent"}}, figures.sent);
    out.series({{"receiver", name}, {"outcome", "failed"}}, figures.failed);
  }
  out.family("affsync_alert_last_sent_timestamp_seconds", "gauge",
             "When a message to the receiver was last sent.");
  for (auto const& [name, figures] : receivers_) {
    if (!figures.last_sent) continue;
    auto const seconds = std::chrono::duration<double>(figures.last_sent->time_since_epoch());
    out.series({{"receiver", name}}, seconds.count());
  }
}

}  // namespace affsync::serve
