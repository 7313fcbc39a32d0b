#include "tests/torture/stage.hpp"

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <pqxx/pqxx>
#include <thread>

#include "base/clock.hpp"
#include "tests/support/places/places.hpp"

namespace affsync::torture {
namespace {

namespace fs = std::filesystem;
using std::chrono::days;

Day today() {
  return std::chrono::floor<days>(std::chrono::system_clock::now());
}

constexpr int history_days = 40;
constexpr int days_to_come = 6;

std::string replaced(std::string text, char sign, std::string const& value) {
  for (auto at = text.find(sign); at != std::string::npos; at = text.find(sign)) {
    text.replace(at, 1, value);
  }
  return text;
}

}  // namespace

Stage::Stage(Random& random, std::string program)
    : program_(program.empty() ? test::in_build("affsync").string() : std::move(program)),
      children_(
          [this](std::string text) { problem(std::move(text)); },
          [this](Clock::time_point since) { return last_outage_ && *last_outage_ >= since; }) {
  // PostgreSQL runs as another user if this program runs as root.
  fs::permissions(dir_.path(), fs::perms(0755));
  embedded::ClusterOptions options;
  options.state_dir = dir_.path() / "state";
  options.durable = false;
  options.settings = {"max_connections=80"};
  cluster_ = embedded::Cluster::start(std::move(options)).value();
  make_brokers(random);
  configure(random);
}

Stage::~Stage() = default;

void Stage::make_brokers(Random& random) {
  for (auto const& kind : broker_kinds()) {
    Broker broker;
    broker.kind = &kind;
    broker.source = "at-" + kind.name;
    std::vector<std::string> arguments{"--broker",  kind.name,
                                       "--seed",    std::to_string(below(random, 100'000)),
                                       "--clients", std::to_string(10 + below(random, 60)),
                                       "--rows",    std::to_string(60 + below(random, 500)),
                                       "--days",    std::to_string(history_days)};
    if (kind.name == "exness") {
      broker.days_left = days_to_come;
      arguments.insert(arguments.end(), {"--today", format_day(today() - days(days_to_come))});
    } else {
      arguments.insert(arguments.end(), {"--payouts", std::to_string(5 + below(random, 50))});
    }
    if (kind.logs_in && below(random, 2) == 0) {
      arguments.insert(arguments.end(), {"--token-lifetime", "400"});
    }
    broker.process = std::make_unique<test::SandboxProcess>(arguments);
    std::string line = "broker at " + broker.process->url() + ":";
    for (auto const& argument : arguments) line += " " + argument;
    note(line);
    brokers_.push_back(std::move(broker));
  }
}

void Stage::note(std::string const& text) {
  auto const seconds = std::chrono::duration<double>(Clock::now() - began_).count();
  char stamp[32];
  std::snprintf(stamp, sizeof stamp, "%8.2f  ", seconds);
  log_.push_back(stamp + text);
}

void Stage::problem(std::string text) {
  note("PROBLEM " + text.substr(0, text.find('\n')));
  // Keep a core file if the system wrote one into the working directory.
  std::error_code none;
  if (fs::exists(dir_.path() / "core", none)) {
    auto const kept = fs::current_path() / ("core.torture." + std::to_string(problems_.size()));
    fs::copy_file(dir_.path() / "core", kept, fs::copy_options::overwrite_existing, none);
    fs::remove(dir_.path() / "core", none);
    text += "core file: " + kept.string() + "\n";
  }
  problems_.push_back(std::move(text));
}

std::string Stage::log() const {
  std::string text;
  for (auto const& line : log_) text += line + "\n";
  return text;
}

std::string Stage::source_text(Broker const& broker, SourceText const& how) const {
  std::string text = "  - name: " + broker.source + "\n    connector: " + broker.kind->name +
                     "\n    base_url: " + broker.process->url() +
                     "\n    credentials: " + broker.kind->credentials +
                     "\n    rate_limit: {requests_per_second: 500, burst: 500, concurrency: 3}\n"
                     "    timeout: 2s\n    every: " +
                     how.every + "\n    privacy: " + how.privacy +
                     "\n    mass_drop: " + how.mass_drop + "\n";
  if (!broker.kind->streams.empty()) text += "    streams:\n";
  for (auto const& stream : broker.kind->streams) {
    auto line = replaced(stream, '@', std::to_string(how.page_size));
    line = replaced(line, '%', format_day(today() - days(history_days + days_to_come + 10)));
    text += "      " + line + "\n";
  }
  return text;
}

void Stage::write_configuration(std::vector<std::string> const& sources) {
  std::string text = "database: {url: \"" + database_url() + "\", connections: 3}\n" +
                     "http: {listen: \"off\"}\nlog: {level: info, format: text}\nsources:\n";
  for (auto const& source : sources) text += source;
  // Renamed into place, so that no process reads an incomplete file.
  dir_.write("next.yaml", text);
  fs::rename(dir_.path() / "next.yaml", dir_.path() / "affsync.yaml");
}

void Stage::configure(Random& random) {
  std::vector<std::string> const intervals{"1s", "1s", "2s", "5s"};
  std::vector<std::string> const drops{"10%", "10%", "40%", "100%"};
  std::vector<std::string> const privacies{"drop", "drop", "drop", "hash", "keep"};
  std::vector<std::string> sources;
  std::string line = "configuration:";
  auto const left_out = below(random, 2 * brokers_.size());
  for (std::size_t i = 0; i < brokers_.size(); ++i) {
    SourceText how;
    how.every = any_of(random, intervals);
    how.mass_drop = any_of(random, drops);
    how.privacy = any_of(random, privacies);
    how.page_size = 5 + below(random, 95);
    if (i == left_out) continue;
    sources.push_back(source_text(brokers_[i], how));
    line += " " + brokers_[i].kind->name + "(every " + how.every + ", pages of " +
            std::to_string(how.page_size) + ", mass_drop " + how.mass_drop + ", " + how.privacy +
            ")";
  }
  write_configuration(sources);
  note(line);
}

void Stage::configure_for_the_end() {
  std::vector<std::string> sources;
  for (auto const& broker : brokers_) {
    SourceText how;
    how.every = "1m";
    how.mass_drop = "100%";
    how.privacy = "drop";
    sources.push_back(source_text(broker, how));
  }
  write_configuration(sources);
}

test::ProcessOptions Stage::affsync(std::vector<std::string> arguments) const {
  test::ProcessOptions options;
  options.program = program_;
  options.arguments = std::move(arguments);
  options.environment = {{"AFFSYNC_CONFIG", (dir_.path() / "affsync.yaml").string()}};
  options.directory = dir_.path();
  return options;
}

void Stage::start_daemon(std::string name) {
  note("start " + name);
  std::vector<std::string> arguments{"run"};
  children_.start(std::move(name), true, affsync(std::move(arguments)));
}

void Stage::control(Broker& broker, std::map<std::string, std::string> const& parameters) {
  std::string line = broker.kind->name + ":";
  for (auto const& [name, text] : parameters) line += " " + name + "=" + text;
  try {
    broker.process->control(parameters);
  } catch (std::exception const& error) {
    line += std::string(" refused: ") + error.what();
  }
  note(line);
}

std::vector<std::vector<std::string>> Stage::rows(std::string const& sql) const {
  pqxx::connection connection(database_url());
  pqxx::nontransaction tx(connection);
  std::vector<std::vector<std::string>> all;
  for (auto const& row : tx.exec(sql)) {
    auto& cells = all.emplace_back();
    for (auto const& field : row) cells.emplace_back(field.is_null() ? "" : field.c_str());
  }
  return all;
}

std::string Stage::value(std::string const& sql) const {
  auto const all = rows(sql);
  return all.empty() || all[0].empty() ? "" : all[0][0];
}

void Stage::note_outage() {
  last_outage_ = Clock::now();
  outages_.push_back("timestamptz '" + format_time(SystemClock().now()) + "'");
}

std::string Stage::outage_between(std::string const& from, std::string const& to) const {
  std::string list;
  for (auto const& outage : outages_) list += (list.empty() ? "" : ", ") + outage;
  return "exists (select from unnest(array[" + list +
         "]::timestamptz[]) outage where outage between " + from + " and " + to + ")";
}

void Stage::end_backends() {
  note_outage();
  try {
    auto const ended = value(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()");
    note("ended " + ended + " sessions of the database");
  } catch (std::exception const&) {
    note("the database is unavailable");
  }
}

void Stage::crash_database() {
  note_outage();
  for (auto const& entry : fs::recursive_directory_iterator(
           dir_.path() / "state", fs::directory_options::skip_permission_denied)) {
    if (entry.path().filename() != "postmaster.pid") continue;
    std::ifstream file(entry.path());
    pid_t pid = 0;
    if (file >> pid && pid > 1) {
      note("immediate shutdown of the database server");
      ::kill(pid, SIGQUIT);
    }
    return;
  }
  note("the database server is already down");
}

void Stage::wait_for_database() {
  auto const end = Clock::now() + std::chrono::seconds(90);
  for (;;) {
    try {
      value("select 1");
      return;
    } catch (std::exception const&) {
      if (Clock::now() > end) throw;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace affsync::torture
