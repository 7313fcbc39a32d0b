// `affsync alerts test`: sends a sample to the receivers of the configuration and shows what came
// back. Needs no database.
#include <unistd.h>

#include <iostream>

#include "daemon/alerts/receiver.hpp"
#include "daemon/alerts/words.hpp"
#include "daemon/app.hpp"
#include "daemon/chosen_names.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/terminal/table.hpp"
#include "daemon/log/terminal.hpp"

namespace affsync::cli {
namespace {

alerts::SendOutcome try_one(App& app, config::AlertReceiver const& receiver) {
  auto const made = alerts::make_receiver(app.io().get_executor(), receiver);
  if (!made) {
    alerts::SendOutcome outcome;
    outcome.problem = outcome.said = made.error().message;
    return outcome;
  }
  auto message = alerts::sample_message(receiver.name, alerts::random_key(), SystemClock().now());
  return app.run((*made)->send(std::move(message)));
}

}  // namespace

int run_alerts_test(CommonOptions const& common, AlertsOptions const& options) {
  App app(common.config_file, common.log_level());
  auto const& configured = app.config().alerts.receivers;
  if (configured.empty()) {
    throw Failure(ErrorCode::usage, "the configuration names no receiver of alerts",
                  "Such as: alerts: {to: [{name: ops, webhook: \"https://…\"}]}; see "
                  "docs/alerts.md.");
  }
  std::vector<std::string> names;
  for (auto const& receiver : configured) names.push_back(receiver.name);
  refuse_unknown(options.names, names, "receiver");
  auto const terminal = log::look_at_terminal(STDOUT_FILENO);
  bool all_sent = true;
  Json::Array results;
  for (auto const& receiver : configured) {
    if (!chosen(options.names, receiver.name)) continue;
    auto const outcome = try_one(app, receiver);
    all_sent = all_sent && outcome.sent;
    auto const& text = outcome.sent ? outcome.said : outcome.problem;
    if (options.output == Output::json) {
      results.push_back(Json::object({{"receiver", Json::string(receiver.name)},
                                      {"kind", Json::string(receiver.kind())},
                                      {"sent", Json::boolean(outcome.sent)},
                                      {"answer", Json::string(text)}}));
      continue;
    }
    auto const word = outcome.sent ? styled("sent", Style::good, terminal)
                                   : styled("not sent", Style::bad, terminal);
    std::cout << receiver.name << " (" << receiver.kind() << "): " << word << ", " << text << "\n"
              << std::flush;
  }
  if (options.output == Output::json) {
    std::cout << Json::object({{"receivers", Json::array(std::move(results))}}).dump() << "\n";
  }
  return all_sent ? 0 : 1;
}

}  // namespace affsync::cli
