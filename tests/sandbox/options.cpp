// The command line. Only this file includes CLI11.
#include "tests/sandbox/options.hpp"

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>

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

std::string valid_time(std::string const& text) {
  return parse_instant(text) ? std::string() : "'" + text + "' is not an ISO 8601 time";
}

std::string valid_path(std::string const& text) {
  auto const equals = text.find('=');
  return equals != std::string::npos && text.substr(equals + 1).starts_with('/')
             ? std::string()
             : "'" + text + "' is not NAME=/PATH";
}

// Values that several brokers share.
struct Shared {
  PartnerOptions partner;
  LoginOptions login;
  std::string today, clock;
  std::vector<std::string> paths;
  long long lifetime = login.token_lifetime.count();
  std::string api_key = "sandbox-key";
};

void add_world(CLI::App& app, Options& options, Shared& shared) {
  auto& partner = shared.partner;
  app.add_option("--seed", partner.seed)->capture_default_str();
  app.add_option("--clients", partner.clients, "0: the broker's default");
  app.add_option("--days", partner.days, "length of the history; 0: the broker's default");
  app.add_option("--rows,--rewards", partner.rows,
                 "exact number of rewards, ledger rows or exchanges; 0: the broker's default");
  app.add_option("--payouts", partner.payouts, "payout requests or withdrawals (not exness)");
  app.add_option("--accounts-per-client", options.exness.world.accounts_per_client, "exness")
      ->capture_default_str();
  app.add_option(
         "--today", shared.today,
         "last day of the history; for brokers other than exness the day after it (default: "
         "today, UTC)")
      ->check(CLI::Validator(valid_day, "DATE"));
  app.add_option("--clock", shared.clock, "the broker's time at the start")
      ->check(CLI::Validator(valid_time, "TIME"));
}

void add_access(CLI::App& app, Options& options, Shared& shared) {
  auto& endpoints = shared.partner.endpoints;
  app.add_option("--login", shared.login.login)->capture_default_str();
  app.add_option("--password", shared.login.password)->capture_default_str();
  app.add_option("--token-lifetime", shared.lifetime, "seconds")->capture_default_str();
  app.add_option("--api-key", shared.api_key, "not exness")->capture_default_str();
  app.add_option("--api-key-header", options.wintrado.api_key_header, "wintrado; lower case")
      ->capture_default_str();
  app.add_option("--payouts-path", options.exness.payouts_path,
                 "exness: path of the payouts report");
  app.add_option("--path", shared.paths, "replaces the path of an endpoint (not exness)")
      ->check(CLI::Validator(valid_path, "NAME=PATH"));
  app.add_option("--hide", endpoints.hidden, "an endpoint that answers 404 (not exness)");
  app.add_option("--deny", endpoints.denied, "an endpoint that answers 403 (not exness)");
}

void add_behaviour(CLI::App& app, Options& options, std::size_t& max_limit) {
  app.add_option("--zone", options.iexexchanger.zone, "iexexchanger: time zone of created_at")
      ->capture_default_str();
  app.add_option("--carbon", options.iexexchanger.carbon,
                 "iexexchanger: major version of Carbon, 2 or 3")
      ->check(CLI::Range(2, 3))
      ->capture_default_str();
  auto& v3 = options.iexexchanger_v3;
  app.add_option("--hmac-secret", v3.hmac_secret, "iexexchanger_v3: requires signatures");
  app.add_option("--per-minute", v3.per_minute, "iexexchanger_v3: requests")->capture_default_str();
  app.add_option("--daily-quota", v3.daily_quota, "iexexchanger_v3: requests")
      ->capture_default_str();
  app.add_option("--monthly-quota", v3.monthly_quota, "iexexchanger_v3: requests")
      ->capture_default_str();
  app.add_option("--max-limit", max_limit, "the largest page size; 0: the broker's default");
  app.add_option("--rate", options.rate.rate, "allowed requests per second; 0: no limit");
  app.add_option("--burst", options.rate.burst)->capture_default_str();
  app.add_option("--throttle-form", options.rate.form)
      ->check(CLI::IsMember(
          {"own", "drf", "seconds", "date", "none", "zero", "huge", "text", "503", "body200"}))
      ->capture_default_str();
  app.add_option("--rate-headers", options.rate.headers, "format of X-RateLimit-Reset")
      ->check(CLI::IsMember({"off", "seconds", "milliseconds", "epoch"}))
      ->capture_default_str();
  app.add_option("--fault", options.faults, "may be repeated; see --list-faults")
      ->check(CLI::Validator(valid_fault, "FAULT"));
}

void give_to_brokers(Options& options, Shared shared, std::size_t max_limit) {
  auto& partner = shared.partner;
  for (auto const& path : shared.paths) {
    auto const equals = path.find('=');
    partner.endpoints.paths.emplace_back(path.substr(0, equals), path.substr(equals + 1));
  }
  if (!shared.clock.empty()) options.clock = *parse_instant(shared.clock);
  auto const now = options.clock.value_or(SystemClock().now());
  partner.today =
      shared.today.empty() ? std::chrono::floor<std::chrono::days>(now) : *parse_day(shared.today);
  shared.login.token_lifetime = std::chrono::seconds(shared.lifetime);
  options.seed = partner.seed;

  auto& world = options.exness.world;
  world.seed = partner.seed;
  world.clients = chosen(partner.clients, world.clients);
  world.days = chosen(partner.days, world.days);
  world.rewards = partner.rows;
  world.today = partner.today;
  options.exness.login = shared.login;
  options.wintrado.partner = partner;
  options.wintrado.login = shared.login;
  options.wintrado.api_key = options.iexexchanger.api_key = shared.api_key;
  options.iexexchanger.partner = partner;
  options.iexexchanger_v3.partner = partner;
  options.rates.seed = partner.seed;
  options.rates.endpoints = partner.endpoints;
  options.iexexchanger_v3.api_key = shared.api_key;
  if (max_limit > 0) options.exness.max_limit = options.wintrado.max_limit = max_limit;
}

}  // namespace

bool parse_options(int argc, char** argv, Options& options, int& exit_status) {
  CLI::App app("A fake broker for tests, demonstrations and benchmarks.", "affsync-sandbox");
  Shared shared;
  std::size_t max_limit = 0;
  bool list_faults = false;
  app.add_option("--port", options.port, "0: any free port")->capture_default_str();
  app.add_option("--listen", options.listen, "address to listen on")->capture_default_str();
  app.add_option("--broker", options.broker)
      ->check(CLI::IsMember(
          {"exness", "hooks", "iexexchanger", "iexexchanger_v3", "rates", "wintrado"}))
      ->capture_default_str();
  add_world(app, options, shared);
  add_access(app, options, shared);
  add_behaviour(app, options, max_limit);
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
  give_to_brokers(options, std::move(shared), max_limit);
  return true;
}

}  // namespace affsync::sandbox
