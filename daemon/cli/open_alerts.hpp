// What `sync` and `status` say of open alerts: without receivers nobody is told of them otherwise.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/app.hpp"

namespace affsync::cli {

struct OpenAlerts {
  std::int64_t all = 0;    // as `affsync alerts` lists them
  std::int64_t muted = 0;  // of them
  bool known = true;       // false: the database did not answer
  bool is_news() const { return !known || all > muted; }
};

// None if the database knows no alerts yet.
OpenAlerts count_open_alerts(App& app);

// Returns "13 alerts are open: `affsync alerts` lists them." as a line, or that it is not known;
// empty if none is open.
std::string open_alerts_line(OpenAlerts const& alerts);

}  // namespace affsync::cli
