// `affsync prune`: deletes rows whose retention has passed, and adds up days for reports, now
// instead of by the daemon.
#include <boost/asio/use_awaitable.hpp>
#include <iostream>

#include "daemon/app.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/open_database.hpp"

namespace affsync::cli {
namespace {

std::string count_text(std::int64_t count, char const* one, char const* several) {
  return std::to_string(count) + " " + (count == 1 ? one : several);
}

}  // namespace

int run_prune(CommonOptions const& common, PruneOptions const& options) {
  App app(common.config_file, common.log_level(), config::Secrets::of_database);
  schema::Pruned pruned;
  bool const nothing_there = !is_database_there(app);
  if (!nothing_there) {
    open_database(app);
    if (!options.dry_run) refuse_newer_database(app);
    auto work = [&]() -> boost::asio::awaitable<void> {
      auto const retention = app.retention();
      pruned = co_await app.store().prune(retention, options.dry_run);
      constexpr int most_rows = 20'000;
      while (!options.dry_run && co_await app.store().fold_earnings(most_rows)) continue;
    };
    app.run(work());
  }
  if (options.output == Output::json) {
    std::cout << "{\"dry_run\":" << (options.dry_run ? "true" : "false")
              << ",\"runs\":" << pruned.runs << ",\"quarantine\":" << pruned.quarantine
              << ",\"alerts\":" << pruned.alerts << ",\"months_made\":" << pruned.months_made
              << "}\n";
    return 0;
  }
  std::cout << (options.dry_run ? "would remove " : "removed ")
            << count_text(pruned.runs, "run", "runs") << " and "
            << count_text(pruned.quarantine, "resolved row", "resolved rows")
            << " of the quarantine";
  if (pruned.alerts > 0) {
    std::cout << ", and " << count_text(pruned.alerts, "alert or message", "alerts and messages")
              << " about them";
  }
  std::cout << "\n";
  return 0;
}

}  // namespace affsync::cli
