// CLI11 stays in this file.
#include "tests/sandbox/options.hpp"

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>

#include "base/clock.hpp"
#include "tests/sandbox/faults.hpp"

namespace affsync::sandbox {
namespace {

std::string valid_fault(std::string const& spec) {
  auto const fault = Fault::parse(spec);
  return fault ? std::string() : fault.error().message + ". " + fault.error().hint;
}

std::string valid_day(std::string const& text) {
  return parse_day(text) ? std::string() : "'" + text + "' is no YYYY-MM-DD";
}

}  // namespace

bool parse_options(int argc, char** argv, Options& options, int& exit_status) {
  CLI::App app("A fake broker for tests, demonstrations and benchmarks.", "affsync-sandbox");
  auto& world = options.exness.world;
  auto& login = options.exness.login;
  std::string today;
  long long lifetime = login.token_lifetime.count();
  bool list_faults = false;
  app.add_option("--port", options.port, "0: any free port")->capture_default_str();
  app.add_option("--listen", options.listen, "address to listen on")->capture_default_str();
  app.add_option("--broker", options.broker)
      ->check(CLI::IsMember({"exness"}))
      ->capture_default_str();
  app.add_option("--seed", world.seed)->capture_default_str();
  app.add_option("--clients", world.clients)->capture_default_str();
  app.add_option("--accounts-per-client", world.accounts_per_client)->capture_default_str();
  app.add_option("--days", world.days, "length of the history")->capture_default_str();
  app.add_option("--rewards", world.rewards, "exact number of reward rows; 0: as it comes");
  app.add_option("--today", today, "last day of the history (default: today, UTC)")
      ->check(CLI::Validator(valid_day, "DATE"));
  app.add_option("--login", login.login)->capture_default_str();
  app.add_option("--password", login.password)->capture_default_str();
  app.add_option("--token-lifetime", lifetime, "seconds")->capture_default_str();
  app.add_option("--payouts-path", options.exness.payouts_path, "offers payouts there");
  app.add_option("--max-limit", options.exness.max_limit)->capture_default_str();
  app.add_option("--rate", options.rate.rate, "requests a second allowed; 0: any");
  app.add_option("--burst", options.rate.burst)->capture_default_str();
  app.add_option("--throttle-form", options.rate.form)
      ->check(CLI::IsMember(
          {"own", "drf", "seconds", "date", "none", "zero", "huge", "text", "503", "body200"}))
      ->capture_default_str();
  app.add_option("--rate-headers", options.rate.headers, "X-RateLimit-Reset in")
      ->check(CLI::IsMember({"off", "seconds", "milliseconds", "epoch"}))
      ->capture_default_str();
  app.add_option("--fault", options.faults, "may be repeated; see --list-faults")
      ->check(CLI::Validator(valid_fault, "FAULT"));
  app.add_flag("--list-faults", list_faults);
  app.add_flag("--outlive-parent", options.outlive_parent, "do not end with the starting process");
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    exit_status = app.exit(error) == 0 ? 0 : 2;
    return false;
  }
  if (list_faults) {
    std::cout << fault_catalogue();
    exit_status = 0;
    return false;
  }
  world.today = today.empty()
                    ? std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now())
                    : *parse_day(today);
  login.token_lifetime = std::chrono::seconds(lifetime);
  return true;
}

}  // namespace affsync::sandbox
