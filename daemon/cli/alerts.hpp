// The text of `affsync alerts`. Performs no I/O.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "daemon/log/terminal.hpp"
#include "schema/store/alerts/alerts.hpp"

namespace affsync::cli {

// A rule that tells nothing now, because it cannot be judged or is muted.
struct SilentRule {
  std::string rule;
  std::optional<std::string> error;  // why it cannot be judged; nullopt: it is muted
  std::optional<std::string> until;  // end of the mute; nullopt: `affsync alerts unmute`
  std::optional<std::string> reason;
};

std::string alerts_json(std::vector<schema::AlertLine> const& alerts,
                        std::vector<schema::AlertQueue> const& queues,
                        std::vector<SilentRule> const& silent);
// What is not told: empty if everything is.
std::string silent_rules_text(std::vector<SilentRule> const& silent, log::Terminal const& terminal);
std::string alerts_table(std::vector<schema::AlertLine> const& alerts,
                         log::Terminal const& terminal);
// Receivers whose messages wait, and why.
std::string queues_text(std::vector<schema::AlertQueue> const& queues,
                        log::Terminal const& terminal);

}  // namespace affsync::cli
