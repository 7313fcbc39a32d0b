// Servers as their administrators set them up: replicas, synchronous standbys, TLS with client
// certificates, roles with few rights.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <pqxx/pqxx>
#include <thread>

#include "tests/acceptance/fixture.hpp"
#include "tests/support/http_get.hpp"
#include "tests/support/postgres_server.hpp"

namespace affsync::test::servers_test {
namespace {

int free_port() {
  int const listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no free port");
  }
  ::close(listener);
  return ntohs(address.sin_port);
}

class Servers : public Acceptance {
 protected:
  // The configuration uses this server. With `more` further keys of `database`.
  void use(std::string const& url, std::string const& more = "") {
    use_database("{url: \"" + url + "\"" + more + "}");
  }
  static std::string ask(std::string const& url, std::string const& sql) {
    pqxx::connection connection(url);
    pqxx::nontransaction tx(connection);
    auto const rows = tx.exec(sql);
    return rows.empty() || rows[0][0].is_null() ? "" : rows[0][0].c_str();
  }
  static void wait_on(std::string const& url, std::string const& sql, std::string const& wanted) {
    auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (ask(url, sql) != wanted) {
      if (std::chrono::steady_clock::now() > end)
        throw std::runtime_error(sql + ": " + ask(url, sql));
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
};

TEST_F(Servers, reports_and_status_are_read_from_a_replica) {
  PostgresServer primary;
  primary.start();
  PostgresServer replica(primary);
  replica.start();
  start_broker();
  use(primary.url(), ", read_url: \"" + replica.url() + "\"");
  ASSERT_EQ(sync().status, 0);
  auto const count = "select count(*) from affsync.commission where deleted_at is null";
  wait_on(replica.url(), "select to_regclass('affsync.commission') is not null", "t");
  wait_on(replica.url(), count, ask(primary.url(), count));
  auto const read = affsync({"report", "earnings", "--output", "csv"});
  ASSERT_EQ(read.status, 0) << read.err;

  auto const checked = affsync({"check"});
  EXPECT_EQ(checked.status, 0) << checked.out;
  EXPECT_NE(checked.out.find("a standby"), std::string::npos) << checked.out;

  ask(replica.url(), "select pg_wal_replay_pause()");
  wait_on(replica.url(), "select pg_get_wal_replay_pause_state()", "paused");
  broker().control({{"do", "change"}, {"feed", "rewards"}, {"rows", "30"}, {"seed", "4"}});
  ASSERT_EQ(sync({"--full"}).status, 0);
  EXPECT_EQ(affsync({"report", "earnings", "--output", "csv"}).out, read.out);
  // How old what it has is, as soon as it is worth telling.
  std::string told;
  for (int i = 0; i < 600 && told.find("replica") == std::string::npos; ++i) {
    auto const status = affsync({"status"});
    ASSERT_EQ(status.status, 0) << status.err;
    told = status.err;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_NE(told.find("Read from a replica whose latest change is "), std::string::npos) << told;
  ask(replica.url(), "select pg_wal_replay_resume()");
  wait_on(replica.url(), "select count(*) from affsync.record_change",
          ask(primary.url(), "select count(*) from affsync.record_change"));
  EXPECT_NE(affsync({"report", "earnings", "--output", "csv"}).out, read.out);
}

TEST_F(Servers, pages_are_read_from_a_replica_while_the_primary_is_written) {
  PostgresServer primary;
  primary.start();
  PostgresServer replica(primary);
  replica.start();
  start_broker();
  auto const port = std::to_string(free_port());
  top_yaml = "";
  configure();
  use(primary.url(), ", read_url: \"" + replica.url() + "\"");
  auto text = config_text();
  auto const listen = text.find("\"off\"");
  text.replace(listen, 5, "127.0.0.1:" + port);
  std::ofstream(config_file(), std::ios::trunc) << text;
  auto const daemon = start({"run"});
  daemon->wait_for_err("started streams");
  wait_on(primary.url(), "select count(*) > 0 from affsync.commission", "t");
  auto const ours = "select count(*) > 0 from pg_stat_activity where application_name = 'affsync'";
  wait_on(replica.url(), "select to_regclass('reporting.source_health') is not null", "t");
  EXPECT_EQ(http_get("http://127.0.0.1:" + port + "/api/status").status, 200);
  EXPECT_EQ(ask(replica.url(), ours), "t");
  EXPECT_EQ(daemon->stop(), 0) << daemon->err();
}

TEST_F(Servers, commits_that_wait_for_a_standby_are_told) {
  PostgresServer server;
  server.start();
  start_broker();
  use(server.url());
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  ask(server.url(), "alter system set synchronous_standby_names = 'away'");
  ask(server.url(), "select pg_reload_conf()");
  auto const process = start({"run"});
  process->wait_for_err("commits wait for a synchronous standby that does not answer");
  auto const status = affsync({"status"});
  EXPECT_EQ(status.status, 0) << status.err;
  EXPECT_NE(status.err.find("commits wait for a synchronous standby"), std::string::npos)
      << status.err;
  ask(server.url(), "alter system reset synchronous_standby_names");
  ask(server.url(), "select pg_reload_conf()");
  process->wait_for_err("the synchronous standby answers again");
  EXPECT_EQ(process->stop(), 0) << process->err();
}

TEST_F(Servers, a_client_certificate_opens_the_database) {
  auto const in = [&](std::string const& name) { return (dir_.path() / name).string(); };
  auto const openssl = [&](std::vector<std::string> arguments) {
    ProcessOptions options;
    options.program = "openssl";
    options.arguments = std::move(arguments);
    auto const finished = run(std::move(options));
    ASSERT_EQ(finished.status, 0) << finished.err;
  };
  openssl({"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test-ca",
           "-keyout", in("ca.key"), "-out", in("ca.crt")});
  for (std::string const name : {"localhost", "keeper"}) {
    openssl({"req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + name, "-keyout",
             in(name + ".key"), "-out", in(name + ".csr")});
    openssl({"x509", "-req", "-in", in(name + ".csr"), "-CA", in("ca.crt"), "-CAkey", in("ca.key"),
             "-CAcreateserial", "-days", "2", "-out", in(name + ".crt")});
  }
  auto const text_of = [&](std::string const& name) {
    std::ifstream file(in(name));
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  PostgresServer server;
  for (std::string const name : {"localhost.crt", "localhost.key", "ca.crt"}) {
    server.write(name, text_of(name));
  }
  server.write("pg_hba.conf", "local all all trust\nhostssl all all 127.0.0.1/32 cert\n");
  auto const port = std::to_string(free_port());
  server.start("listen_addresses = '127.0.0.1'\nport = " + port +
               "\nssl = on\nssl_cert_file = 'localhost.crt'\nssl_key_file = 'localhost.key'\n"
               "ssl_ca_file = 'ca.crt'\n");
  auto const admin = server.url() + " port=" + port;
  ask(admin, "create role keeper login");
  ask(admin, "create database books owner keeper");
  start_broker();
  auto const tls = "postgresql://keeper@localhost:" + port +
                   "/books?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=" + in("ca.crt");
  use(tls + "&sslcert=" + in("keeper.crt") + "&sslkey=" + in("keeper.key"));
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(
      ask(server.url("books") + " port=" + port, "select count(*) > 0 from affsync.commission"),
      "t");
  EXPECT_EQ(affsync({"status"}).status, 0);
  EXPECT_EQ(affsync({"check"}).status, 0);
  use(tls + "&sslcert=" + in("none.crt") + "&sslkey=" + in("none.key"));
  auto const refused = affsync({"status"});
  EXPECT_EQ(refused.status, 3);
  EXPECT_NE(refused.err.find("certificate"), std::string::npos) << refused.err;
}

TEST_F(Servers, what_a_migration_warns_of_is_told) {
  PostgresServer server;
  server.start();
  ask(server.url(), "create role keeper login");
  ask(server.url(), "create database books owner keeper");
  start_broker();
  auto url = server.url("books");
  url.replace(url.find("user=postgres"), 13, "user=keeper");
  use(url);
  auto const migrated = affsync({"migrate"});
  EXPECT_EQ(migrated.status, 0) << migrated.err;
  EXPECT_NE(migrated.err.find("the role affsync_writer was not made: this user may not"),
            std::string::npos)
      << migrated.err;
  EXPECT_EQ(migrated.err.find("skipping"), std::string::npos) << migrated.err;
  auto const again = affsync({"migrate"});
  EXPECT_EQ(again.err, "");
}

// Somebody else has migrated; the program may neither create nor remove anything.
TEST_F(Servers, a_role_without_create_reads_and_writes) {
  PostgresServer server;
  server.start();
  start_broker();
  use(server.url());
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  ask(server.url(), "create role little login in role affsync_writer");
  ask(server.url(), "revoke all on database postgres from public");
  ask(server.url(), "grant connect on database postgres to little");
  auto url = server.url();
  url.replace(url.find("user=postgres"), 13, "user=little");
  use(url);
  auto const first = sync();
  ASSERT_EQ(first.status, 0) << first.out << first.err;
  EXPECT_GT(first.count("rewards", "inserted"), 300);
  broker().control({{"do", "change"}, {"feed", "rewards"}, {"rows", "300"}, {"seed", "4"}});
  auto const changed = sync({"--full"});
  EXPECT_EQ(changed.status, 0) << changed.out << changed.err;
  EXPECT_EQ(changed.count("rewards", "updated"), 300);
  for (auto const* command : {"migrate", "status", "check", "prune"}) {
    auto const done = affsync({command});
    EXPECT_EQ(done.status, 0) << command << done.err;
  }
  for (auto const* forbidden :
       {"create table public.t (i int)", "drop table affsync.payout", "delete from affsync.payout",
        "update affsync.record_change set operation = ''",
        "insert into affsync.schema_migration"
        " values (0, '', '')",
        "delete from affsync.record_change"}) {
    EXPECT_THROW(ask(url, forbidden), pqxx::sql_error) << forbidden;
  }
}

}  // namespace
}  // namespace affsync::test::servers_test
