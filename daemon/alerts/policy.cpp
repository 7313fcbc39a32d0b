#include "daemon/alerts/policy.hpp"

namespace affsync::alerts {

schema::DiskNow disk_of(std::filesystem::space_info const& space) {
  schema::DiskNow disk;
  disk.free_bytes = static_cast<std::int64_t>(space.available);
  disk.size_bytes = static_cast<std::int64_t>(space.capacity - space.free + space.available);
  return disk;
}

std::optional<schema::QuietHours> quiet_of(std::optional<config::QuietHours> const& quiet) {
  if (!quiet) return std::nullopt;
  schema::QuietHours hours;
  hours.from = quiet->from;
  hours.to = quiet->to;
  hours.zone = quiet->zone;
  hours.except = quiet->except;
  return hours;
}

schema::AlertPolicy policy_of(config::AlertsConfig const& config) {
  schema::AlertPolicy policy;
  for (auto const& [name, given] : config.rules) {
    schema::AlertRule rule;
    rule.name = name;
    rule.enabled = given.enabled;
    rule.settings = given.settings;
    rule.receivers = given.to;
    policy.rules.push_back(std::move(rule));
  }
  for (auto const& receiver : config.receivers) policy.receivers.push_back(receiver.name);
  policy.quiet = quiet_of(config.quiet);
  policy.settle = config.gather;
  policy.personal = config.with_names;
  return policy;
}

}  // namespace affsync::alerts
