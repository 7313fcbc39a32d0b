// The text of `affsync alerts`. Performs no I/O.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "daemon/log/terminal.hpp"
#include "schema/store/alerts/alerts.hpp"

namespace affsync::cli {

std::string alerts_json(std::vector<schema::AlertLine> const& alerts,
                        std::vector<schema::AlertQueue> const& queues);
std::string alerts_table(std::vector<schema::AlertLine> const& alerts,
                         log::Terminal const& terminal);
// Receivers whose messages wait, and why.
std::string queues_text(std::vector<schema::AlertQueue> const& queues,
                        log::Terminal const& terminal);

}  // namespace affsync::cli
