// `affsync psql`: psql on the database of the configuration.
#include <chrono>
#include <filesystem>

#include "tests/acceptance/plain_broker.hpp"
#include "tests/support/terminal_process.hpp"

namespace affsync::test::psql_test {
namespace {

class Psql : public PlainAcceptance {
 protected:
  void SetUp() override {
    PlainAcceptance::SetUp();
    serve_rows({R"({"id":1,"amount":"1.50","currency":"USD","day":"2026-01-02"})"});
  }
};

TEST_F(Psql, opens_the_configured_database) {
  ASSERT_EQ(sync().status, 0);
  auto const sum =
      affsync({"psql", "--", "-X", "-A", "-t", "-c", "select sum(amount) from affsync.commission"});
  EXPECT_EQ(sum.status, 0) << sum.err;
  EXPECT_EQ(sum.out, "1.50\n");
  auto const wrong = affsync({"psql", "--", "-X", "-c", "select nonsense"});
  EXPECT_EQ(wrong.status, 1) << wrong.err;
}

TEST_F(Psql, shows_no_password_to_other_users) {
  use_database("{url: \"" + database_url() + " password=planted-secret\"}");
  // psql's own command line, as `ps` shows it.
  auto const shown = affsync({"psql", "--", "-X", "-c", "\\! tr '\\0' ' ' < /proc/$PPID/cmdline"});
  EXPECT_EQ(shown.status, 0) << shown.err;
  EXPECT_NE(shown.out.find("psql -X -c"), std::string::npos) << shown.out;
  EXPECT_EQ(shown.out.find("planted"), std::string::npos) << shown.out;
}

TEST_F(Psql, keeps_an_embedded_server_for_as_long_as_it_runs) {
  use_embedded_database();
  auto const none = affsync({"psql", "--", "-c", "select 1"});
  EXPECT_EQ(none.status, 3) << none.err;
  EXPECT_NE(none.err.find("affsync sync"), std::string::npos) << none.err;
  EXPECT_FALSE(std::filesystem::exists(dir_.path() / "pg"));

  ASSERT_EQ(affsync({"sync"}).status, 0);
  TerminalProcess person(command({"psql", "--", "-X", "-P", "pager=off"}));
  person.answer("affsync=#", "select 'sum ' || sum(amount) from affsync.commission;");
  person.wait_for("sum 1.50");
  person.answer("affsync=#", "select pg_sleep(600);");
  auto const sleeps = [&] {
    return affsync({"psql", "--", "-XAtc",
                    "select count(*) from pg_stat_activity where query like 'select pg_sleep%'"})
        .out;
  };
  auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (sleeps() != "1\n" && std::chrono::steady_clock::now() < end) continue;
  person.type("\x03");  // ends the query, not psql or its server
  person.wait_for("canceling statement");
  person.answer("affsync=#", "select 6 * 7 as answer;");
  person.wait_for("42");
  person.answer("affsync=#", "\\q");
  EXPECT_EQ(person.wait(), 0) << person.screen();
  EXPECT_FALSE(std::filesystem::exists(dir_.path() / "pg/postgresql/data/postmaster.pid"));
}

}  // namespace
}  // namespace affsync::test::psql_test
