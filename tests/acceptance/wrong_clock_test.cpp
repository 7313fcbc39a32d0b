// A machine whose clock is minutes off shares a database with others: what it stores is dated by
// the database, and nothing looks late or fresh, to it or to anybody else.
#include <pqxx/pqxx>

#include "tests/acceptance/fixture.hpp"
#include "tests/support/clock/wall_clock.hpp"
#include "tests/support/http_get.hpp"
#include "tests/support/postgres_server.hpp"

namespace affsync::test::wrong_clock_test {
namespace {

class WrongClock : public Acceptance, public testing::WithParamInterface<int> {
 protected:
  // Starts a daemon that serves HTTP and returns it with its address.
  std::pair<std::unique_ptr<Process>, std::string> serve(bool with_this_clock) {
    auto const right = environment;
    if (with_this_clock) clock_.add_to_environment(environment);
    auto daemon = start({"run"});
    environment = right;
    daemon->wait_for_err("started");
    auto const log = daemon->err();
    auto const at = log.find("listen=") + 7;
    return {std::move(daemon), "http://" + log.substr(at, log.find_first_of(" \n", at) - at)};
  }

  void configure_for_minutes() {
    auto text = config_text();
    text.replace(text.find("{listen: \"off\"}"), 15, "{listen: \"127.0.0.1:0\"}");
    text += "defaults: {every: 1m}\n";
    dir_.write("affsync.yaml", text);
  }

  // Times in the database that are further than two minutes from its own clock.
  std::string misdated() {
    constexpr auto off =
        ") not between now() - interval '2 minutes' and now() + interval '2 minutes'";
    return query(std::string("select (select count(*) from affsync.sync_run where (started_at") +
                 off + " or (finished_at" + off +
                 ") + (select count(*) from affsync.stream_state where"
                 " (last_success_at" +
                 off + " or (last_finished_at" + off +
                 ") + (select count(*) from affsync.commission where (changed_at" + off + ")");
  }

  WallClock clock_;
};

TEST_P(WrongClock, neither_it_nor_another_daemon_takes_anything_for_late) {
  start_broker();
  configure_for_minutes();
  clock_.set_ahead(std::chrono::seconds(GetParam()));
  auto const [off, off_address] = serve(true);
  wait_until("select count(*) from affsync.stream_state where last_status = 'succeeded'",
             query("select count(*) from affsync.stream"));
  EXPECT_EQ(misdated(), "0");
  auto const [right, right_address] = serve(false);
  for (auto const& address : {off_address, right_address}) {
    auto const ready = http_get(address + "/readyz");
    EXPECT_EQ(ready.status, 200) << ready.body;
  }
  auto const shown = affsync({"status"});
  EXPECT_EQ(shown.status, 0) << shown.out << shown.err;
  EXPECT_EQ(right->stop(), 0);
  EXPECT_EQ(off->stop(), 0);
  EXPECT_EQ(query("select count(*) from affsync.alert"), "0");
  // The other daemon's passes, as the machine with the wrong clock sees them.
  clock_.add_to_environment(environment);
  auto const seen = affsync({"status", "--output", "json"});
  EXPECT_EQ(seen.status, 0) << seen.out << seen.err;
}

INSTANTIATE_TEST_SUITE_P(By, WrongClock, testing::Values(600, -600, 7200), [](auto const& given) {
  return (given.param < 0 ? "behind_" : "ahead_") + std::to_string(std::abs(given.param));
});

// A machine that has both, whose clock is set.
class ClockOfAll : public Acceptance {
 protected:
  std::string ask(std::string const& sql) const {
    pqxx::connection connection(server_.url());
    pqxx::nontransaction tx(connection);
    return tx.exec(sql)[0][0].c_str();
  }
  void wait_for(std::string const& sql, std::string const& wanted) const {
    auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (ask(sql) != wanted) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << sql << " is not " << wanted;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  PostgresServer server_;
};

TEST_F(ClockOfAll, at_most_one_run_follows_a_jump_and_none_is_lost) {
  WallClock clock;
  std::map<std::string, std::string> of_server;
  clock.add_to_environment(of_server);
  server_.start("", of_server);
  streams_yaml = "      wallets: {every: 1s}\n";
  start_broker();
  use_database("{url: \"" + server_.url() + "\"}");
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  clock.add_to_environment(environment);
  auto const process = start({"run"});
  auto const count = [](std::string const& stream) {
    return "select count(*) from affsync.sync_run where status = 'succeeded' and stream = '" +
           stream + "'";
  };
  auto const wallets_go_on = [&] {
    auto const more = ask(count("wallets") + " and true") + " + 3";
    wait_for("select (" + count("wallets") + ") >= " + more, "t");
  };
  wait_for(count("rewards"), "1");
  wait_for(count("clients"), "1");
  wallets_go_on();
  clock.set_ahead(std::chrono::hours(24));
  wait_for(count("clients"), "2");
  wallets_go_on();
  clock.set_ahead(-std::chrono::hours(24));
  wait_for(count("clients"), "3");
  wallets_go_on();
  clock.set_ahead(std::chrono::hours(0));
  wait_for(count("clients"), "4");
  wallets_go_on();
  EXPECT_EQ(ask(count("clients")), "4") << "at most one run after each jump";
  EXPECT_EQ(ask(count("rewards")), "4");
  EXPECT_EQ(ask("select count(*) from affsync.sync_run where status not in"
                " ('succeeded', 'running')"),
            "0");
  EXPECT_EQ(process->stop(Process::Seconds(5)), 0) << process->err();
}

}  // namespace
}  // namespace affsync::test::wrong_clock_test
