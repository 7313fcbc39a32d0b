// `affsync alerts`, `alerts mute` and `alerts unmute`: what is open, and what nobody is told of.
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <iostream>

#include "base/alert_rules.hpp"
#include "base/suggest.hpp"
#include "daemon/app.hpp"
#include "daemon/cli/alerts.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/known_names.hpp"
#include "daemon/cli/open_database.hpp"
#include "daemon/cli/system_user.hpp"
#include "daemon/cli/terminal/table.hpp"
#include "daemon/log/terminal.hpp"
#include "daemon/reports/json_text.hpp"
#include "daemon/reports/plan.hpp"
#include "schema/store/alerts/alert_store.hpp"

namespace affsync::cli {
namespace {

std::vector<schema::AlertQueue> queues_of(App& app, schema::AlertStore& store) {
  auto queues = app.run(store.queues(SystemClock().now()));
  // Messages to receivers of the past concern nobody.
  std::erase_if(queues, [&](schema::AlertQueue const& queue) {
    return app.config().alerts.find(queue.receiver) == nullptr;
  });
  return queues;
}

// Rules that an older or a newer program knows are no concern of this one.
std::vector<SilentRule> silent_rules(App& app) {
  auto const found = app.run(app.store().query(
      "SELECT rule, coalesce(error, '?'), NULL, NULL FROM affsync.alert_rule WHERE failed_at IS "
      "NOT NULL"
      " UNION ALL SELECT rule, NULL, " +
          reports::moment_sql("until") +
          ", reason FROM affsync.alert_mute WHERE rule IS NOT NULL AND ended_at IS NULL"
          " AND (until IS NULL OR until > now()) ORDER BY 1, 2",
      {}));
  std::vector<SilentRule> silent;
  for (auto const& row : found.rows) {
    auto const rule = row.at(0).value_or("");
    if (find_alert_rule(rule) == nullptr) continue;
    silent.push_back({rule, row.at(1), row.at(2), row.at(3)});
  }
  return silent;
}

// A rule's name, or the number of an alert.
schema::AlertMute mute_of(std::string const& what) {
  schema::AlertMute mute;
  mute.now = SystemClock().now();
  auto const* const end = what.data() + what.size();
  auto const [stop, error] = std::from_chars(what.data(), end, mute.alert_id);
  if (error == std::errc{} && stop == end && mute.alert_id > 0) return mute;
  mute.alert_id = 0;
  mute.rule = what;
  if (find_alert_rule(what) != nullptr) return mute;
  std::vector<std::string> known;
  std::string list;
  for (auto const& rule : alert_rules()) {
    known.emplace_back(rule.name);
    list += (list.empty() ? "" : ", ") + known.back();
  }
  auto const meant = nearest(what, known);
  throw Failure(ErrorCode::usage, "`" + what + "` is neither a rule nor the number of an alert",
                meant ? "Did you mean `" + *meant + "`?"
                      : "Rules are: " + list + ". `affsync alerts` shows the numbers of alerts.");
}

std::unique_ptr<schema::AlertStore> open_alerts(App& app) {
  open_database(app);
  auto const there =
      app.run(app.store().query("SELECT to_regclass('affsync.alert') IS NOT NULL", {}));
  if (there.rows.at(0).at(0) != "t") {
    throw Failure(ErrorCode::migration_failed, "the database knows no alerts yet",
                  "Run `affsync migrate`, or a newer `affsync run` or `affsync sync`.");
  }
  return schema::make_pg_alert_store(app.database_options());
}

}  // namespace

int run_alerts_list(CommonOptions const& common, AlertsOptions const& options) {
  App app(common.config_file, common.log_level(), config::Secrets::of_database);
  auto const store = open_alerts(app);
  require_known_source(app, options.source);
  schema::AlertFilter filter;
  filter.open_only = !options.all;
  filter.source = options.source;
  auto const alerts = app.run(store->list(filter, SystemClock().now()));
  auto const queues = queues_of(app, *store);
  auto const silent = silent_rules(app);
  if (options.output == Output::json) {
    std::cout << alerts_json(alerts, queues, silent) << "\n";
    return 0;
  }
  auto const terminal = log::look_at_terminal(STDOUT_FILENO);
  if (alerts.empty()) {
    bool const judged =
        std::ranges::none_of(silent, [](auto const& one) { return one.error.has_value(); });
    std::cout << (options.all ? "There were no alerts.\n"
                  : judged    ? "Nothing needs attention.\n"
                              : "No alert is open.\n");
  } else {
    std::cout << alerts_table(alerts, terminal);
  }
  std::cout << silent_rules_text(silent, terminal) << queues_text(queues, terminal);
  if (app.config().alerts.receivers.empty()) {
    std::cout << wrap_text(
        "Nobody is told: the configuration has no `alerts: {to: …}`, see "
        "docs/alerts.md.",
        "", terminal.columns);
  }
  return 0;
}

int run_alerts_mute(CommonOptions const& common, AlertsOptions const& options) {
  auto mute = mute_of(options.what);
  mute.reason = options.because;
  mute.system_user = system_user();
  if (options.until) {
    mute.until = TimePoint(*options.until);
    if (*mute.until <= mute.now) {
      throw Failure(ErrorCode::usage, "--until " + format_day(*options.until) + " is over already",
                    "It ends at the beginning of that day, in UTC.");
    }
  }
  App app(common.config_file, common.log_level(), config::Secrets::of_database);
  auto const store = open_alerts(app);
  refuse_newer_database(app);
  app.run(store->mute(mute));
  std::cout << (mute.rule.empty() ? "alert " + options.what : "rule " + mute.rule) << " is muted "
            << (options.until ? "until " + format_day(*options.until)
                              : "until `affsync alerts unmute " + options.what + "`")
            << "; `affsync alerts` still lists it.\n";
  return 0;
}

int run_alerts_unmute(CommonOptions const& common, AlertsOptions const& options) {
  auto mute = mute_of(options.what);
  mute.system_user = system_user();
  App app(common.config_file, common.log_level(), config::Secrets::of_database);
  auto const store = open_alerts(app);
  refuse_newer_database(app);
  auto const ended = app.run(store->unmute(mute));
  auto const name = mute.rule.empty() ? "alert " + options.what : "rule " + mute.rule;
  std::cout << name << (ended > 0 ? " is told again.\n" : " was not muted.\n");
  return 0;
}

}  // namespace affsync::cli
