#include "tests/acceptance/fixture.hpp"

#include <pqxx/pqxx>

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "base/clock.hpp"
#include "daemon/embedded/cluster.hpp"
#include "daemon/embedded/layout.hpp"
#include "tests/support/cluster_template.hpp"
#include "tests/support/places/places.hpp"
#include "tests/support/postgres_server.hpp"

namespace affsync::test {
namespace {

std::vector<std::vector<std::string>> run_sql(std::string const& url, std::string const& sql) {
  for (;;) {
    try {
      pqxx::connection connection(url);
      pqxx::nontransaction tx(connection);
      std::vector<std::vector<std::string>> rows;
      for (auto const& row : tx.exec(sql)) {
        auto& out = rows.emplace_back();
        for (auto const& field : row) out.emplace_back(field.is_null() ? "" : field.c_str());
      }
      return rows;
    } catch (pqxx::deadlock_detected const&) {
      continue;  // with a daemon that works meanwhile; PostgreSQL has undone all statements
    }
  }
}

// Whether Citus is to distribute the tables: all shards are on a second server.
bool on_citus() {
  return std::getenv("AFFSYNC_TEST_CITUS") != nullptr;
}

// One cluster per test program; it stops at the program's end.
class Server {
 public:
  // The database that has the schema already; tests get copies of it.
  static constexpr char const* migrated = "affsync";

  Server() {
    // The server's user must be able to enter the directory when the tests run as root.
    std::filesystem::permissions(dir_.path(), std::filesystem::perms(0755));
    auto const state = dir_.path() / "state";
    if (on_citus()) {
      cluster_ = start(state);
      start_worker();
      distribute();
      return;
    }
    copy_cluster(state,
                 [](std::filesystem::path const& empty) {
                   auto const server = start(empty);
                   migrate(server->url(migrated));
                 },
                 {in_build("affsync")});
    cluster_ = start(state);
  }
  embedded::Cluster& cluster() { return *cluster_; }

  // Of a database: its name is the same on each server.
  void run_on_each(std::string const& sql) const {
    run_sql(cluster_->url("postgres"), sql);
    if (worker_) run_sql(worker_->url(), sql);
  }

 private:
  static std::unique_ptr<embedded::Cluster> start(std::filesystem::path const& state) {
    embedded::ClusterOptions options;
    options.state_dir = state;
    options.durable = false;
    if (on_citus())
      options.settings = {"shared_preload_libraries=citus", "wal_level=logical",
                          "citus.shard_count=4", "max_connections=300"};
    return embedded::Cluster::start(std::move(options)).value();
  }

  void start_worker() {
    worker_.emplace();
    worker_->start(
        "shared_preload_libraries = 'citus'\nwal_level = logical\nmax_connections = 300\n");
    run_sql(worker_->url(), "create role affsync superuser login");
    run_sql(worker_->url(), std::string("create database ") + migrated + " template template0");
    run_sql(worker_->url(migrated), "create extension citus");
  }

  void distribute() const {
    auto const url = cluster_->url(migrated);
    auto const socket = embedded::describe_layout(dir_.path() / "state").value().socket.string();
    run_sql(url, "create extension citus");
    run_sql(url, "select citus_set_coordinator_host('" + socket + "', 5432)");
    run_sql(url, "select citus_add_node('" + worker_->socket_directory() + "', 5432)");
    migrate(url);
    migrate(url, {"--distributed"});
    // Nobody may be in a database that is copied, not even a process of Citus.
    run_on_each(std::string("alter database ") + migrated + " with allow_connections false");
    for (auto const& server : {cluster_->url("postgres"), worker_->url()}) {
      std::string const end =
          "select pg_terminate_backend(pid) from pg_stat_activity where datname = '";
      while (!run_sql(server, end + migrated + "'").empty()) {
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
      }
    }
  }

  static void migrate(std::string const& url, std::vector<std::string> const& more = {}) {
    TempDir const dir;
    ProcessOptions options;
    options.program = in_build("affsync");
    auto const config = dir.write("affsync.yaml", "database: {url: \"" + url + "\"}\n");
    options.arguments = {"--config", config.string(), "migrate"};
    options.arguments.insert(options.arguments.end(), more.begin(), more.end());
    auto const done = run(options);
    if (done.status != 0) throw std::runtime_error("affsync migrate: " + done.err);
  }

  TempDir dir_;
  std::unique_ptr<embedded::Cluster> cluster_;
  std::optional<PostgresServer> worker_;
};

Server& server() {
  static Server one;
  return one;
}

embedded::Cluster& cluster() {
  return server().cluster();
}

std::string text_of(Json const& value) {
  auto const text = value.scalar_text();
  return text ? std::string(*text) : "null";
}

}  // namespace

std::string Synced::of(std::string const& stream, std::string const& member) const {
  Json const* streams = summary.find("streams");
  if (streams != nullptr && streams->is_array()) {
    for (auto const& entry : streams->items()) {
      Json const* name = entry.find("stream");
      Json const* value = entry.find(member);
      if (name == nullptr || value == nullptr || name->as_string() != stream) continue;
      return text_of(*value);
    }
  }
  ADD_FAILURE() << "no " << member << " of " << stream << " in: " << out << err;
  return "";
}

long Synced::count(std::string const& stream, std::string const& member) const {
  return std::stol(of(stream, member));
}

void Acceptance::SetUpTestSuite() {
  cluster();
}

void Acceptance::create_database(std::string const& copied_from) {
  server().run_on_each("create database " + database_ + " template " + copied_from);
}

void Acceptance::SetUp() {
  static int number = 0;
  database_ = "t" + std::to_string(getpid()) + "_" + std::to_string(++number);
  create_database(Server::migrated);
  if (auto const* mode = std::getenv("AFFSYNC_TEST_POOLER")) {
    PoolerOptions options;
    options.mode = mode;
    options.more = "server_round_robin = 1\n";
    pooler_ = std::make_unique<PoolerProcess>(cluster().url(database_), options);
  }
}

void Acceptance::renew_database() {
  server().run_on_each("drop database " + database_ + " with (force)");
  create_database(Server::migrated);
}

void Acceptance::use_empty_database() {
  server().run_on_each("drop database " + database_ + " with (force)");
  create_database("template0");
}

void Acceptance::TearDown() {
  broker_.reset();
  pooler_.reset();
  // Each has processes of Citus of its own.
  if (on_citus()) server().run_on_each("drop database if exists " + database_ + " with (force)");
}

std::string Acceptance::database_url() const {
  if (!embedded_url.empty()) return embedded_url;
  return cluster().url(database_);
}

SandboxProcess& Acceptance::start_broker(std::vector<std::string> arguments) {
  std::vector<std::string> all{"--seed", "5",  "--clients",  "60",
                               "--days", "40", "--password", password};
  all.insert(all.end(), arguments.begin(), arguments.end());
  broker_ = std::make_unique<SandboxProcess>(std::move(all));
  configure();
  return *broker_;
}

std::string Acceptance::first_day() {
  auto const today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  return format_day(today - std::chrono::days(45));
}

void Acceptance::configure() {
  bool const pooled =
      pooler_ && embedded_url.empty() && database_options.find(" host=") == std::string::npos;
  std::string const detour = pooled ? pooler_->connection_suffix() : "";
  std::string text = "database: {url: \"" + database_url() + detour + database_options + "\"}\n";
  if (!embedded_state.empty()) {
    text = "database: {url: embedded, state_dir: " + embedded_state + "}\n";
  }
  text += "http: {listen: \"off\"}\n" + top_yaml;
  text += "sources:\n  - name: " + source_name + "\n    connector: " + connector + "\n";
  auto const own_url = broker_ ? broker_->url() : "http://127.0.0.1:9";
  text += "    base_url: " + (base_url.empty() ? own_url : base_url) + "\n";
  text += "    credentials: " + credentials_yaml + "\n";
  text += "    rate_limit: " + rate_limit_yaml + "\n";
  text += source_yaml;
  std::string streams = streams_yaml;
  if (connector == "exness" && streams.find("rewards:") == std::string::npos) {
    streams += "      rewards: {start: " + first_day() + ", page_size: 100}\n";
  }
  if (!streams.empty()) text += "    streams:\n" + streams;
  dir_.write("affsync.yaml", text);
}

void Acceptance::use_connector(std::string const& name, std::string_view text) {
  auto const directory = dir_.path() / "connectors";
  std::filesystem::create_directory(directory);
  dir_.write("connectors/" + name + ".yaml", text);
  top_yaml = "connectors_dir: " + directory.string() + "\n";
  configure();
}

std::string Acceptance::shipped_connector(std::string const& name) {
  std::ifstream file(in_source("connectors/" + name + ".yaml"));
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string Acceptance::config_text() const {
  std::ifstream file(config_file());
  return {std::istreambuf_iterator<char>(file), {}};
}

void Acceptance::use_database(std::string const& value) {
  auto text = config_text();
  auto const begin = text.find("database:");
  text.replace(begin, text.find('\n', begin) - begin, "database: " + value);
  dir_.write("affsync.yaml", text);
}

void Acceptance::use_embedded_database() {
  use_database("{url: embedded, state_dir: " + (dir_.path() / "pg").string() + "}");
  // Started by root, the server runs as another user, who has to enter the directory.
  std::filesystem::permissions(dir_.path(), std::filesystem::perms(0755));
}

ProcessOptions Acceptance::command(std::vector<std::string> arguments) const {
  ProcessOptions options;
  options.program = in_build("affsync");
  options.arguments = std::move(arguments);
  options.environment = environment;
  options.environment["AFFSYNC_CONFIG"] = config_file();
  options.directory = dir_.path();
  return options;
}

Finished Acceptance::affsync(std::vector<std::string> arguments, double seconds) const {
  return run(command(std::move(arguments)), Process::Seconds(seconds));
}

std::unique_ptr<Process> Acceptance::start(std::vector<std::string> arguments) const {
  return std::make_unique<Process>(command(std::move(arguments)));
}

Synced Acceptance::sync(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), {"sync", "--output", "json"});
  Finished const finished = affsync(std::move(arguments));
  Synced synced;
  synced.status = finished.status;
  synced.out = finished.out;
  synced.err = finished.err;
  synced.peak_memory_kib = finished.peak_memory_kib;
  auto parsed = parse_json(finished.out);
  if (parsed) synced.summary = std::move(*parsed);
  return synced;
}

std::vector<std::vector<std::string>> Acceptance::rows(std::string const& sql) const {
  return run_sql(database_url(), sql);
}

std::string Acceptance::query(std::string const& sql) const {
  auto const all = rows(sql);
  return all.empty() || all[0].empty() ? "" : all[0][0];
}

void Acceptance::wait_until(std::string const& sql, std::string const& wanted,
                            double seconds) const {
  auto const end = std::chrono::steady_clock::now() + Process::Seconds(seconds);
  while (query(sql) != wanted) {
    if (std::chrono::steady_clock::now() > end) {
      throw std::runtime_error(sql + " is " + query(sql) + ", not " + wanted);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void Acceptance::execute(std::string const& sql) const {
  run_sql(database_url(), sql);
}

void Acceptance::expect_book_equal(std::string const& feed, std::string const& table,
                                   std::string const& stream,
                                   std::map<std::string, std::string> const& sums,
                                   bool by_currency) const {
  Book const book = broker_->book(feed);
  std::string const from =
      " from affsync." + table + " where stream = '" + stream + "' and deleted_at is null";
  EXPECT_EQ(query("select count(*)" + from), std::to_string(book.rows)) << feed;
  for (auto const& [field, column] : sums) {
    for (auto const& [currency, sum] : book.sums.at(field)) {
      auto const rows =
          currency.empty() || !by_currency ? from : from + " and currency = '" + currency + "'";
      // The broker adds exactly. Apart from trailing zeros the digits must be equal.
      EXPECT_EQ(query("select (coalesce(sum(" + column + "), 0) - (" + sum +
                      "))::text::numeric = 0" + rows),
                "t")
          << feed << "." << field << " " << currency << " is " << sum
          << " in the broker's books, stored " << query("select sum(" + column + ")" + rows);
    }
  }
}

void Acceptance::expect_books_equal() const {
  expect_book_equal("clients", "client", "clients",
                    {{"reward_usd", "earned_usd"}, {"rebate_amount_usd", "rebate_usd"}}, false);
  expect_book_equal("accounts", "trading_account", "accounts",
                    {{"reward_usd", "reward_usd"}, {"volume_lots", "volume_lots"}}, false);
  expect_book_equal("rewards", "commission", "rewards",
                    {{"reward_usd", "amount_usd"}, {"volume_lots", "volume_lots"}}, false);
}

}  // namespace affsync::test
