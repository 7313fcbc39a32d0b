#include <unistd.h>
#include <algorithm>
#include <iostream>
#include <map>

#include "config/load.hpp"
#include "daemon/app.hpp"
#include "daemon/cli/check.hpp"
#include "daemon/cli/init/plan.hpp"
#include "daemon/embedded/layout.hpp"
#include "daemon/embedded/programs.hpp"
#include "daemon/log/terminal.hpp"
#include "daemon/source_plans.hpp"

namespace affsync::cli {
namespace {

// How secrets are written while they are only tried, and the environment that has them.
struct Trial {
  WrittenSecrets secrets;
  std::map<std::string, std::string> variables;
};

Trial trial_of(InitPlan const& plan) {
  Trial trial;
  for (std::size_t i = 0; i < plan.source.credentials.size(); ++i) {
    auto const& credential = plan.source.credentials[i];
    auto const variable = "AFFSYNC_INIT_" + std::to_string(i);
    trial.variables[variable] = credential.value.reveal();
    trial.secrets.credentials[credential.name] = "\"${" + variable + "}\"";
  }
  trial.variables["AFFSYNC_INIT_DATABASE"] = plan.database.url.reveal();
  trial.secrets.database_url = "\"${AFFSYNC_INIT_DATABASE}\"";
  return trial;
}

std::string today_text() {
  return format_day(std::chrono::floor<std::chrono::days>(SystemClock().now()));
}

enum class TrialOutcome { good, flawed, refused, unreachable };

TrialOutcome outcome_of(std::vector<SourceCheck> const& lines) {
  auto outcome = TrialOutcome::good;
  for (auto const& line : lines) {
    if (line.result != "failed" || !line.error) continue;
    switch (line.error->code) {
      case ErrorCode::auth_invalid:
      case ErrorCode::login_refused:
        return TrialOutcome::refused;
      case ErrorCode::unknown_host:
      case ErrorCode::connect_failed:
      case ErrorCode::tls_failed:
      case ErrorCode::timeout:
      case ErrorCode::truncated:
      case ErrorCode::server_error:
      case ErrorCode::throttled:
        outcome = TrialOutcome::unreachable;
        break;
      default:
        if (outcome == TrialOutcome::good) outcome = TrialOutcome::flawed;
    }
  }
  return outcome;
}

// Leaves out when a refused login is tried again, and how to hasten that: nothing is configured
// yet, so nobody tries it.
void forget_next_try(std::vector<SourceCheck>& lines) {
  for (auto& line : lines) {
    if (!line.error) continue;
    auto& hint = line.error->hint;
    for (auto const* begin : {"The login is tried again after", "The key is tried again after"}) {
      hint.erase(std::min(hint.find(begin), hint.size()));
    }
    hint.erase(hint.find_last_not_of(' ') + 1);
  }
}

// Asks the broker like `affsync check`. Whatever it says about the database is left out: that may
// not exist yet.
std::vector<SourceCheck> ask_broker(config::Config config, std::string const& source,
                                    bool database) {
  if (!database) {  // no place for remembered refusals yet
    config.database.url = "embedded";
    config.database.state_dir = "/nonexistent";
  }
  App app(std::move(config), LogLevel::error);
  CheckOptions options;
  options.sources = {source};
  options.database = false;
  sync::Observer observer;
  SystemClock clock;
  auto lines = app.run(check_all(app, options, observer, clock));
  forget_next_try(lines);
  return lines;
}

Error first_error(std::vector<SourceCheck> const& lines) {
  for (auto const& line : lines) {
    if (line.result == "failed" && line.error) return *line.error;
  }
  return Error(ErrorCode::internal, "the broker's answers are not as expected");
}

// Returns why a private PostgreSQL could not work in its directory; makes nothing.
std::optional<Error> embedded_problem(InitPlan const& plan) {
  if (plan.service) return std::nullopt;  // systemd makes the directory for the service
  auto const layout = embedded::describe_layout(plan.database.state_dir);
  if (!layout) return layout.error();
  auto const user = embedded::find_server_user(layout->data);
  if (!user) return user.error();
  auto const programs =
      embedded::find_server_programs({}, embedded::major_of_cluster(layout->data));
  if (!programs) return programs.error();
  auto const usable = embedded::check_state_directory(*layout, *user);
  if (usable) return std::nullopt;
  Error error = usable.error();
  error.hint += " Or name another place for the configuration with --config FILE.";
  return error;
}

std::vector<Secret> values_of(SourceAnswers const& source) {
  std::vector<Secret> values;
  for (auto const& credential : source.credentials) values.push_back(credential.value);
  return values;
}

}  // namespace

std::vector<std::string> source_names(InitPlan const& plan) {
  std::vector<std::string> names;
  if (!plan.add) return names;
  for (auto const& source : plan.existing->config.sources) names.push_back(source.name);
  return names;
}

std::string text_of_plan(InitPlan const& plan, WrittenSecrets const& secrets) {
  if (!plan.add) return new_config_text(plan.source, plan.database, secrets, today_text());
  auto text = with_source(plan.existing->text, plan.source, plan.database, secrets);
  if (text) return std::move(*text);
  throw Failure(ErrorCode::usage,
                plan.file.string() +
                    ": its list of sources is not written line by line, so "
                    "nothing can be added to it",
                "`affsync connectors " + plan.source.manifest.name + "` shows a text to paste.");
}

config::Config tried_config(InitPlan const& plan, std::vector<engine::Manifest> const& manifests) {
  auto const trial = trial_of(plan);
  config::Environment env = [&](std::string const& name) -> std::optional<std::string> {
    auto const found = trial.variables.find(name);
    return found == trial.variables.end() ? config::process_environment()(name)
                                          : std::optional(found->second);
  };
  env.stands_in = plan.add;  // for secrets of the other sources, which only the service may have
  auto config = config::parse_config(text_of_plan(plan, trial.secrets), plan.file.string(), env);
  if (config) {
    auto const* const source = config->find_source(plan.source.name);
    auto const wanted = source_names(plan).size() + 1;
    if (source == nullptr || config->sources.size() != wanted) {
      throw Failure(
          ErrorCode::usage, "the source cannot be added to " + plan.file.string(),
          "`affsync connectors " + plan.source.manifest.name + "` shows a text to paste.");
    }
    auto const prepared = prepare_source(*source, manifests);
    if (prepared) return std::move(*config);
    config = prepared.error();
  }
  Error error = config.error();
  error.where.clear();  // a line of a file that is not there
  throw Failure(std::move(error));
}

std::string note_on_account(config::Config const& config, std::string const& source,
                            std::vector<engine::Manifest> const& manifests) {
  std::vector<PreparedSource> sources;
  for (auto const& known : config.sources) {
    if (auto prepared = prepare_source(known, manifests)) sources.push_back(std::move(*prepared));
  }
  for (auto const& [name, sentence] : repeated_accounts(sources)) {
    if (name == source) return name + ": " + sentence;
  }
  return {};
}

bool try_source(InitPlan& plan, std::vector<engine::Manifest> const& manifests,
                Questions const& questions) {
  auto const& prompt = questions.prompt();
  std::vector<std::vector<Secret>> refused;
  for (;;) {
    if (plan.source.base_url.starts_with("file://")) {
      (void)tried_config(plan, manifests);
      return true;  // files may come later
    }
    auto const values = values_of(plan.source);
    if (std::find(refused.begin(), refused.end(), values) != refused.end()) {
      prompt.say("These were refused a moment ago, and are not sent again.");
      questions.credentials_again(plan.source);
      continue;
    }
    auto config = tried_config(plan, manifests);
    auto const* const source = config.find_source(plan.source.name);
    auto const address =
        source->base_url.empty() ? plan.source.manifest.base_url : source->base_url;
    prompt.say("\nTrying " + plan.source.name + " at " + address + " ...");
    bool const has_database = !plan.service && !plan.database.create &&
                              (plan.add || plan.database.given) &&
                              config.database.url.find(config::missing_secret) == std::string::npos;
    auto const lines = ask_broker(std::move(config), plan.source.name, has_database);
    auto const outcome = outcome_of(lines);
    std::cerr << check_table(lines, log::look_at_terminal(STDERR_FILENO));
    if (outcome == TrialOutcome::good) return true;
    if (!questions.interactive()) {
      Error error = first_error(lines);
      error.hint += (error.hint.empty() ? "" : " ") +
                    std::string("Nothing was written; --no-check writes without trying.");
      throw Failure(std::move(error));
    }
    if (outcome == TrialOutcome::refused) {
      refused.push_back(values);
      auto const chosen = prompt.choose(
          "The broker refuses the login. What to do?",
          {"enter it again", "write the configuration anyway", "stop; nothing is written"});
      if (chosen > 0) return chosen == 1;
      questions.credentials_again(plan.source);
      continue;
    }
    bool const away = outcome == TrialOutcome::unreachable;
    return prompt.confirm(away ? "The broker cannot be reached now. Write the configuration anyway?"
                               : "Not everything works. Write the configuration anyway?",
                          !away);
  }
}

bool try_database(InitPlan& plan, Questions const& questions) {
  while (plan.database.given && !plan.database.create) {
    auto const url = plan.database.url.reveal();
    auto const problem =
        url == "embedded" ? embedded_problem(plan) : database_problem(url, plan.service);
    if (!problem) break;
    if (!questions.interactive()) {
      Error error = *problem;
      error.hint += (error.hint.empty() ? "" : " ") +
                    std::string("Nothing was written; --no-check writes without trying.");
      throw Failure(std::move(error));
    }
    questions.prompt().say("\nThe database: " + problem->message +
                           (problem->hint.empty() ? "" : "\n→ " + problem->hint));
    auto const chosen = questions.prompt().choose(
        "What to do?",
        {"choose again", "write the configuration anyway", "stop; nothing is written"});
    if (chosen > 0) return chosen == 1;
    plan.database = questions.database(plan.service, plan.state_dir);
  }
  return true;
}

}  // namespace affsync::cli
