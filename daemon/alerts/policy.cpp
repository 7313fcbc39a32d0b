#include "daemon/alerts/policy.hpp"

namespace affsync::alerts {

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
  if (config.quiet) {
    auto& quiet = policy.quiet.emplace();
    quiet.from = config.quiet->from;
    quiet.to = config.quiet->to;
    quiet.zone = config.quiet->zone;
    quiet.except = config.quiet->except;
  }
  policy.settle = config.gather;
  policy.personal = config.with_names;
  return policy;
}

}  // namespace affsync::alerts
