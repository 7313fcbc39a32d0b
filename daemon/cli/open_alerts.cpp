#include "daemon/cli/open_alerts.hpp"

#include "daemon/cli/terminal/numbers.hpp"

namespace affsync::cli {

OpenAlerts count_open_alerts(App& app) {
  try {
    auto const there = app.run(app.store().query(
        "SELECT to_regclass('affsync.alert') IS NOT NULL AND to_regclass('affsync.alert_mute')"
        " IS NOT NULL",
        {}));
    if (there.rows.at(0).at(0) != "t") return {};
    auto const counted = app.run(app.store().query(
        "SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT FROM affsync.alert_mute m"
        " WHERE (m.rule = a.rule OR m.alert_id = a.alert_id)"
        " AND m.ended_at IS NULL AND (m.until IS NULL OR m.until > now())))"
        " FROM affsync.alert a WHERE a.closed_at IS NULL",
        {}));
    OpenAlerts alerts;
    alerts.all = std::stoll(counted.rows.at(0).at(0).value_or("0"));
    alerts.muted = std::stoll(counted.rows.at(0).at(1).value_or("0"));
    return alerts;
  } catch (Failure const&) {
    OpenAlerts unknown;
    unknown.known = false;
    return unknown;
  }
}

std::string open_alerts_line(OpenAlerts const& alerts) {
  if (!alerts.known) {
    return "Whether alerts are open is not known: the database did not answer.\n";
  }
  if (alerts.all == 0) return {};
  return group_thousands(alerts.all) + (alerts.all == 1
                                            ? " alert is open: `affsync alerts` lists it.\n"
                                            : " alerts are open: `affsync alerts` lists them.\n");
}

}  // namespace affsync::cli
