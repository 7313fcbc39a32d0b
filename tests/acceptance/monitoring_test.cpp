// A real Prometheus reads the daemon, evaluates the shipped rules, and answers the queries of the
// shipped dashboard, whose SQL is run as a reader of the database.
#include <chrono>
#include <csignal>
#include <fstream>
#include <pqxx/pqxx>
#include <set>
#include <sstream>
#include <thread>

#include "tests/acceptance/dashboard.hpp"
#include "tests/acceptance/fixture.hpp"
#include "tests/support/places/places.hpp"
#include "tests/support/prometheus_process.hpp"

namespace affsync::test::monitoring_test {
namespace {

std::string replaced(std::string text, std::string const& from, std::string const& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

template <class Condition>
bool eventually(Condition met, double seconds = 60) {
  auto const end = std::chrono::steady_clock::now() + Process::Seconds(seconds);
  while (!met()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

// The brokers of the demo with a short history, each read every two seconds.
class Monitoring : public Acceptance {
 protected:
  void SetUp() override {
    if (!PrometheusProcess::program()) {
      GTEST_SKIP() << "Prometheus is not installed (Debian package prometheus)";
    }
    Acceptance::SetUp();
  }

  SandboxProcess& start_demo_broker(std::string const& kind, std::vector<std::string> more) {
    std::vector<std::string> arguments{"--broker", kind, "--days", "40", "--clients", "30"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto& broker = brokers_[kind];
    broker = std::make_unique<SandboxProcess>(std::move(arguments));
    return *broker;
  }

  void start_demo_brokers() {
    start_demo_broker("exness", {"--seed", "1", "--payouts-path", "/api/payouts/"});
    start_demo_broker("wintrado", {"--seed", "2"});
    start_demo_broker("iexexchanger", {"--seed", "3"});
    start_demo_broker("iexexchanger_v3", {"--seed", "4"});
    start_demo_broker("rates", {"--seed", "5"});
  }

  // The demo's own configuration; `password`: of exness.
  void write_demo_config(std::string const& exness_password = "sandbox-password") {
    std::ostringstream file;
    file << std::ifstream(in_source("config/demo.yaml")).rdbuf();
    auto text = replaced(file.str(), "url: embedded", "url: \"" + database_url() + "\"");
    text = replaced(text, "every: 1m", "every: 2s");
    text = replaced(text, "@state@", dir_.path().string());
    text = replaced(text, "@listen@", "127.0.0.1:0");
    text = replaced(text, "@history@", first_day());
    for (auto const& [kind, broker] : brokers_)
      text = replaced(text, "@" + kind + "@", broker->url());
    std::filesystem::create_directories(dir_.path() / "connectors");
    text = replaced(text, "@connectors@", (dir_.path() / "connectors").string());
    // No receiver of alerts takes part here.
    auto const alerts = text.find("# Both receivers");
    text.erase(alerts, text.find("sources:\n") - alerts);
    auto const first = text.find("sandbox-password");
    text.replace(first, std::string("sandbox-password").size(), exness_password);
    dir_.write("affsync.yaml", text);
  }

  // Reads the whole history of the stream, where the daemon's own runs do not go, and expects
  // `status`. What the daemon is reading at this moment is skipped, which is a failure too: then
  // once more.
  void read_fully(std::string const& source, std::string const& stream, int status) {
    Finished read;
    ASSERT_TRUE(eventually([&] {
      read = affsync({"sync", "--source", source, "--stream", stream, "--full"});
      return read.out.find("another affsync is reading") == std::string::npos;
    })) << read.out;
    EXPECT_EQ(read.status, status) << read.out << read.err;
  }

  std::string address_of(Process& daemon) {
    daemon.wait_for_err("serving");
    auto const text = daemon.err();
    auto const at = text.find("listen=", text.find("serving")) + 7;
    return text.substr(at, text.find_first_of(" \n", at) - at);
  }

  // The number of rows that a reader of the database gets.
  std::size_t rows_for_reader(std::string const& sql) const {
    pqxx::connection connection(database_url());
    pqxx::work tx(connection);
    tx.exec("SET ROLE affsync_reader");
    tx.exec("SET TRANSACTION READ ONLY");
    return tx.exec(sql).size();
  }

  std::string states_of(PrometheusProcess const& prometheus) const {
    std::string text;
    for (auto const& rule : prometheus.rules()) {
      if (rule.state != "inactive") text += rule.name + " " + rule.state + "; ";
    }
    return text;
  }

  std::map<std::string, std::unique_ptr<SandboxProcess>> brokers_;
  std::filesystem::path const rules = in_source("config/prometheus/alerts.yml");
};

TEST_F(Monitoring, prometheus_reads_the_daemon_and_its_rules_and_dashboard_work) {
  start_demo_brokers();
  write_demo_config();
  auto const synced = affsync({"sync"});
  ASSERT_EQ(synced.status, 0) << synced.out << synced.err;
  auto const daemon = start({"run"});
  auto const address = address_of(*daemon);
  PrometheusProcess const prometheus(address, rules);

  // All is well, and the money is that of the database.
  ASSERT_TRUE(eventually([&] { return prometheus.value("up{job=\"affsync\"}") == "1"; }));
  ASSERT_TRUE(eventually([&] {
    return prometheus.value("affsync_balance_amount{source=\"northfx\"}") != "" &&
           prometheus.value("sum(affsync_runs_total{status=\"succeeded\"}) > 30") != "";
  })) << daemon->err();
  ASSERT_TRUE(eventually([&] {
    for (auto const& rule : prometheus.rules()) {
      if (rule.health != "ok") return false;
    }
    return prometheus.rules().size() > 10;
  }));
  EXPECT_TRUE(eventually([&] { return states_of(prometheus).empty(); })) << states_of(prometheus);

  // Names and units are as Prometheus asks.
  ProcessOptions lint;
  lint.program = PrometheusProcess::program()->parent_path() / "promtool";
  lint.arguments = {"check", "metrics"};
  lint.input = http_get("http://" + address + "/metrics").body;
  Process promtool(lint);
  EXPECT_EQ(promtool.wait(), 0) << promtool.out() << promtool.err();

  // Rows that cannot be read, and rows that are lowered: what the dashboard shows of trouble.
  brokers_["exness"]->fault("drop_field:path=rewards,row=1");
  brokers_["exness"]->fault("set_field:path=rewards,row=2,field=reward_usd,value=99999");
  brokers_["wintrado"]->control(
      {{"do", "correct"}, {"feed", "ledger"}, {"rows", "3"}, {"seed", "7"}});
  ASSERT_NO_FATAL_FAILURE(read_fully("northfx", "commissions", 0));
  ASSERT_NO_FATAL_FAILURE(read_fully("exness", "rewards", 1));
  wait_until("select count(*) > 0 from reporting.clawbacks", "t");
  wait_until("select sum(quarantined) > 0 and sum(unreconciled) > 0 from reporting.source_health",
             "t");
  wait_until("select count(*) > 0 from reporting.coverage where state <> 'proven'", "t");
  wait_until("select count(*) > 0 from affsync.alert where closed_at is null", "t");
  // The page asks the database, whose answer is in the metrics then.
  ASSERT_TRUE(eventually([&] {
    http_get("http://" + address + "/api/status");
    return prometheus.value("sum(affsync_quarantine_open) > 0") != "";
  }));

  DashboardValues values;
  values.job = "affsync";
  for (auto const& row : rows("select name from affsync.source order by 1")) {
    values.sources.push_back(row.at(0));
  }
  values.from = first_day() + "T00:00:00Z";
  // In whole seconds, and what was stored in the present one belongs to it.
  values.to = query(
      "select to_char((now() + interval '1 second') at time zone 'UTC', "
      "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')");
  auto const queries = dashboard_queries(values);
  EXPECT_GT(queries.size(), 50U);
  for (auto const& asked : queries) {
    SCOPED_TRACE(asked.panel + ": " + asked.text);
    try {
      if (asked.is_sql) {
        EXPECT_GT(rows_for_reader(asked.text), 0U);
      } else {
        // Amounts are read from the database each minute.
        EXPECT_TRUE(eventually([&] { return !prometheus.query(asked.text).empty(); }, 120));
      }
    } catch (std::exception const& error) {
      ADD_FAILURE() << error.what();
    }
  }

  // A wrong password fires the rule that is about it.
  write_demo_config("wrong");
  daemon->signal(SIGHUP);
  auto const firing = [&] {
    for (auto const& alert : prometheus.alerts()) {
      if (alert.state != "firing") continue;
      EXPECT_EQ(alert.name, "AffsyncSourceBlocked");
      EXPECT_EQ(alert.source, "exness");
      EXPECT_NE(alert.summary.find("exness (auth_invalid)"), std::string::npos) << alert.summary;
      return true;
    }
    return false;
  };
  EXPECT_TRUE(eventually(firing)) << daemon->err();
  EXPECT_EQ(daemon->stop(), 0);
}

// Grafana shows nothing of a panel whose number another one has, and draws over each other what is
// at the same place.
TEST(Dashboard, panels_are_distinct_and_use_the_two_data_sources_only) {
  auto const document = dashboard();
  std::set<std::string> numbers;
  std::set<std::pair<int, int>> taken;
  for (auto const& panel : document.find("panels")->items()) {
    auto const title = panel.find("title")->as_string();
    EXPECT_FALSE(title.empty());
    EXPECT_TRUE(numbers.insert(panel.find("id")->number_text()).second) << title;
    auto const place = [&](char const* name) {
      return std::stoi(panel.find("gridPos")->find(name)->number_text());
    };
    EXPECT_LE(place("x") + place("w"), 24) << title;
    for (int x = place("x"); x < place("x") + place("w"); ++x) {
      for (int y = place("y"); y < place("y") + place("h"); ++y) {
        EXPECT_TRUE(taken.insert({x, y}).second) << title;
      }
    }
    auto const* targets = panel.find("targets");
    if (targets == nullptr) continue;
    for (auto const& target : targets->items()) {
      bool const is_sql = target.find("rawSql") != nullptr;
      EXPECT_EQ(JsonPath("datasource.uid").in(target)->as_string(),
                is_sql ? "${postgresql}" : "${prometheus}")
          << title;
    }
  }
}

}  // namespace
}  // namespace affsync::test::monitoring_test
