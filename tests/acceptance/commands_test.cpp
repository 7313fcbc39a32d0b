// The output and exit status of the commands.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/acceptance/fixture.hpp"

namespace affsync::test::commands_test {
namespace {

using testing::Test;

bool has(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

class Commands : public Acceptance {};

TEST_F(Commands, cli_prints) {
  auto const help = affsync({"--help"});
  EXPECT_EQ(help.status, 0);
  for (auto const* command : {"run", "sync", "check", "inspect", "migrate", "status", "report",
                              "connectors", "version"}) {
    EXPECT_TRUE(has(help.out, command)) << command;
    EXPECT_EQ(affsync({command, "--help"}).status, 0) << command;
  }
  EXPECT_EQ(affsync({"version"}).status, 0);
  EXPECT_TRUE(has(affsync({"version"}).out, "affsync "));
  EXPECT_EQ(affsync({}).status, 2);
  EXPECT_EQ(affsync({"frobnicate"}).status, 2);
  EXPECT_EQ(affsync({"sync", "--since", "yesterday"}).status, 2);
  EXPECT_TRUE(has(affsync({"connectors"}).out, "exness"));
}

// The commands that a help page lists under "Subcommands".
std::vector<std::string> subcommands(std::string const& help) {
  std::vector<std::string> names;
  auto at = help.find("Subcommands:\n");
  while (at != std::string::npos) {
    at = help.find('\n', at) + 1;
    if (help.compare(at, 2, "  ") != 0) break;
    if (help[at + 2] != ' ') names.push_back(help.substr(at + 2, help.find(' ', at + 2) - at - 2));
  }
  return names;
}

TEST_F(Commands, each_help_shows_examples) {
  int seen = 0;
  auto const commands = subcommands(affsync({"--help"}).out);
  for (auto const& command : commands) {
    auto const help = affsync({command, "--help"}).out;
    EXPECT_TRUE(has(help, "Examples:\n  affsync " + command)) << help;
    for (auto const& below : subcommands(help)) {
      auto const page = affsync({command, below, "--help"}).out;
      EXPECT_TRUE(has(page, "Examples:\n  affsync " + command + " " + below)) << page;
      ++seen;
    }
  }
  EXPECT_GE(commands.size(), 20u);
  EXPECT_GE(seen, 15);
}

// A service has secrets that the shell of its administrator does not have.
TEST_F(Commands, what_needs_no_broker_needs_no_secret_of_one) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  environment.erase("SANDBOX_PASSWORD");
  for (auto const& command :
       std::vector<std::vector<std::string>>{{"status"},
                                             {"report", "earnings"},
                                             {"sources"},
                                             {"alerts"},
                                             {"quarantine"},
                                             {"prune", "--dry-run"},
                                             {"migrate"},
                                             {"connectors"},
                                             {"backup", (dir_.path() / "a.dump").string()}}) {
    auto const done = affsync(command);
    EXPECT_EQ(done.status, 0) << command[0] << done.err;
    EXPECT_FALSE(has(done.out + done.err, "secret-is-missing")) << done.out << done.err;
  }
  auto const health = affsync({"healthcheck"}).err;  // no daemon serves
  EXPECT_FALSE(has(health, "SANDBOX_PASSWORD")) << health;
  for (auto const* command : {"check", "sync", "run"}) {
    auto const refused = affsync({command});
    EXPECT_EQ(refused.status, 2) << command;
    EXPECT_TRUE(has(refused.err, "SANDBOX_PASSWORD is not set")) << refused.err;
  }
}

TEST_F(Commands, an_account_that_is_read_twice_is_told) {
  start_broker();
  ASSERT_EQ(affsync({"sync", "-q"}).err, "");
  std::ifstream file(config_file());
  std::string const text{std::istreambuf_iterator<char>(file), {}};
  auto const at = text.find("  - name: main");
  ASSERT_NE(at, std::string::npos) << text;
  auto again = text.substr(at);
  again.replace(again.find("main"), 4, "twin");
  std::ofstream(config_file(), std::ios::app) << again;
  auto const synced = affsync({"sync", "-q"});
  EXPECT_TRUE(has(synced.err, "twin")) << synced.err;
  EXPECT_TRUE(has(synced.err, "same account as the source main")) << synced.err;
  auto const checked = affsync({"check", "--output", "json"});
  EXPECT_EQ(checked.status, 0) << checked.out;
  EXPECT_TRUE(has(checked.out, R"("source":"twin","stream":null,"result":"warning")"))
      << checked.out;
  EXPECT_TRUE(has(checked.out, "same account as the source main")) << checked.out;
  EXPECT_FALSE(has(synced.err, password)) << synced.err;
}

TEST_F(Commands, check_ok) {
  use_empty_database();
  start_broker();
  auto const check = affsync({"check"});
  EXPECT_EQ(check.status, 0) << check.out << check.err;
  for (auto const* stream :
       {"clients", "accounts", "rewards", "rebate_groups", "rebates", "wallets"}) {
    EXPECT_TRUE(has(check.out, stream)) << stream;
  }
  EXPECT_EQ(query("select count(*) from pg_namespace where nspname in ('affsync', 'reporting')"),
            "0");
}

TEST_F(Commands, check_warns_of_a_secret_that_everyone_can_read) {
  start_broker();
  namespace fs = std::filesystem;
  auto const file = dir_.write("password", password);
  credentials_yaml = "{login: partner@example.com, password: {file: " + file.string() + "}}";
  configure();
  auto const warning = "every user of this machine can read or change " + file.string();
  fs::permissions(dir_.path(), fs::perms(0755));
  fs::permissions(file, fs::perms(0666));
  auto const open = affsync({"check", "--output", "json"});
  EXPECT_EQ(open.status, 0) << open.out << open.err;
  EXPECT_TRUE(has(open.out, warning)) << open.out;
  EXPECT_TRUE(has(open.out, "chmod o= " + file.string())) << open.out;
  fs::permissions(file, fs::perms(0640));
  EXPECT_FALSE(has(affsync({"check"}).out, "every user"));
  // In a folder that others cannot enter.
  fs::permissions(file, fs::perms(0666));
  fs::permissions(dir_.path(), fs::perms(0700));
  EXPECT_FALSE(has(affsync({"check"}).out, "every user"));
  // Named by a variable.
  credentials_yaml = "{login: partner@example.com, password: \"${BROKER_PASSWORD}\"}";
  configure();
  environment["BROKER_PASSWORD_FILE"] = file.string();
  fs::permissions(dir_.path(), fs::perms(0755));
  EXPECT_TRUE(has(affsync({"check"}).out, warning));
  fs::permissions(file, fs::perms(0600));
  EXPECT_FALSE(has(affsync({"check"}).out, "every user"));
}

TEST_F(Commands, check_warns_of_a_configuration_with_secrets_that_everyone_can_read) {
  start_broker();
  namespace fs = std::filesystem;
  configure();
  fs::permissions(dir_.path(), fs::perms(0755));
  fs::permissions(config_file(), fs::perms(0644));
  EXPECT_FALSE(has(affsync({"check"}).out, "every user")) << "the password is in the environment";
  credentials_yaml = "{login: partner@example.com, password: " + std::string(password) + "}";
  configure();
  auto const open = affsync({"check"});
  EXPECT_TRUE(has(open.out, "every user of this machine can read or change")) << open.out;
  EXPECT_FALSE(has(open.out, password)) << open.out;
  fs::permissions(config_file(), fs::perms(0640));
  EXPECT_FALSE(has(affsync({"check"}).out, "every user"));
}

TEST_F(Commands, a_mistyped_name_changes_nothing) {
  use_empty_database();
  start_broker();
  configure();
  auto const made = "select count(*) from pg_namespace where nspname in ('affsync', 'reporting')";
  EXPECT_EQ(affsync({"sync", "--source", "nope"}).status, 2);
  EXPECT_EQ(affsync({"sync", "--stream", "nope"}).status, 2);
  EXPECT_EQ(query(made), "0");
  dir_.write("affsync.yaml", "database: {url: \"" + database_url() + "\"}\n");
  EXPECT_EQ(affsync({"sync"}).status, 2);
  EXPECT_EQ(query(made), "0");
}

TEST_F(Commands, a_second_at_sign_in_the_url_of_the_database_shows_nothing_of_the_password) {
  start_broker();
  configure();
  for (auto const* place : {"127.0.0.1:1/aff", "/aff?host=/nowhere", "?host=/nowhere"}) {
    use_database("{url: \"postgresql://aff:planted@PART-OF-IT@" + std::string(place) + "\"}");
    for (auto const* command : {"sync", "check", "status"}) {
      auto const refused = affsync({command});
      EXPECT_EQ(refused.status, 2) << command << refused.err;
      EXPECT_FALSE(has(refused.out + refused.err, "PART-OF-IT")) << refused.err;
      EXPECT_TRUE(has(refused.err, "%40")) << refused.err;
    }
  }
}

TEST_F(Commands, check_wrong_password) {
  start_broker();
  environment["SANDBOX_PASSWORD"] = "planted-wrong";
  auto const check = affsync({"check"});
  EXPECT_EQ(check.status, 1);
  EXPECT_TRUE(has(check.out, "credentials")) << check.out;
  EXPECT_FALSE(has(check.out + check.err, "planted-wrong"));
  EXPECT_EQ(broker().count("logins_refused"), 1u);
}

TEST_F(Commands, check_no_route) {
  configure();  // nothing listens on port 9
  auto const check = affsync({"check"});
  EXPECT_EQ(check.status, 1);
  EXPECT_TRUE(has(check.out, "refused")) << check.out;
}

TEST_F(Commands, check_database_down) {
  start_broker();
  dir_.write("down.yaml",
             "database: {url: \"postgresql://affsync:planted-dbsecret@127.0.0.1:9/affsync\"}\n"
             "sources: [{name: main, connector: exness, base_url: \"" +
                 broker().url() +
                 "\", credentials: {login: partner@example.com, password: "
                 "\"${SANDBOX_PASSWORD}\"}}]\n");
  auto const down = (dir_.path() / "down.yaml").string();
  auto const check = affsync({"--config", down, "check"});
  EXPECT_EQ(check.status, 3);
  auto const sync = affsync({"--config", down, "sync"});
  EXPECT_EQ(sync.status, 3);
  EXPECT_TRUE(has(sync.err, "PostgreSQL")) << sync.err;
  EXPECT_FALSE(has(check.out + check.err + sync.out + sync.err, "planted-dbsecret"));
}

TEST_F(Commands, config_unknown_key) {
  start_broker();
  auto const file = dir_.write("bad.yaml",
                               "database: {url: embedded}\nsources:\n  - name: a\n"
                               "    connector: exness\n    credentails: {login: x}\n");
  auto const check = affsync({"--config", file.string(), "check"});
  EXPECT_EQ(check.status, 2);
  EXPECT_TRUE(has(check.err, "bad.yaml:5:5")) << check.err;
  EXPECT_TRUE(has(check.err, "`credentials`")) << check.err;
  EXPECT_EQ(broker().count("requests"), 0u);
}

TEST_F(Commands, config_missing_environment) {
  start_broker();
  auto options = command({"sync"});
  options.environment.erase("SANDBOX_PASSWORD");
  options.unset.push_back("SANDBOX_PASSWORD");
  auto const sync = run(options);
  EXPECT_EQ(sync.status, 2);
  EXPECT_TRUE(has(sync.err, "SANDBOX_PASSWORD")) << sync.err;
  EXPECT_TRUE(has(sync.err, "affsync.yaml:")) << sync.err;
  EXPECT_EQ(broker().count("requests"), 0u);
}

TEST_F(Commands, config_wrong_type) {
  start_broker();
  auto const file = dir_.write("bad.yaml", "database: {connections: many}\nsources: []\n");
  auto const check = affsync({"--config", file.string(), "check"});
  EXPECT_EQ(check.status, 2);
  EXPECT_TRUE(has(check.err, "bad.yaml:1:25")) << check.err;
}

// Needs neither a configuration nor a database.
TEST_F(Commands, schema_prints_what_editors_read) {
  for (std::string const which : {"config", "connector"}) {
    auto const printed = affsync({"schema", which});
    EXPECT_EQ(printed.status, 0) << printed.err;
    auto const schema = parse_json(printed.out);
    ASSERT_TRUE(schema) << printed.out;
    EXPECT_NE(schema->find("$schema"), nullptr);
  }
  EXPECT_EQ(affsync({"schema", "broker"}).status, 2);
}

TEST_F(Commands, dry_run_writes_nothing) {
  use_empty_database();
  start_broker();
  auto const dry = sync({"--dry-run"});
  EXPECT_EQ(dry.status, 0) << dry.out << dry.err;
  EXPECT_EQ(dry.count("clients", "rows_read"), 60);
  EXPECT_EQ(query("select count(*) from pg_namespace where nspname = 'affsync'"), "0");
}

TEST_F(Commands, inspect_shows_unmapped) {
  start_broker();
  auto const inspect = affsync({"inspect", "main", "clients", "--rows", "2"});
  EXPECT_EQ(inspect.status, 0) << inspect.err;
  EXPECT_TRUE(has(inspect.out, "client_ref"));
  EXPECT_TRUE(has(inspect.out, "row 2"));
  EXPECT_FALSE(has(inspect.out, "row 3"));
  // client_equity is a range, not an amount, so it is kept in raw only.
  auto const unmapped = inspect.out.find("Fields that no mapping reads");
  ASSERT_NE(unmapped, std::string::npos) << inspect.out;
  EXPECT_NE(inspect.out.find("client_equity", unmapped), std::string::npos);
  EXPECT_EQ(affsync({"inspect", "main", "clientz"}).status, 2);
  EXPECT_EQ(affsync({"inspect", "maim", "clients"}).status, 2);
}

TEST_F(Commands, sync_json_has_the_pinned_members) {
  start_broker();
  auto const synced = sync({"--stream", "clients"});
  ASSERT_EQ(synced.status, 0) << synced.err;
  ASSERT_NE(synced.summary.find("started_at"), nullptr);
  ASSERT_NE(synced.summary.find("finished_at"), nullptr);
  for (auto const* member :
       {"source", "stream", "table", "status", "rows_read", "inserted", "updated", "unchanged",
        "deleted", "quarantined", "pages", "requests", "throttled", "retries", "bytes_received",
        "duration_ms", "error_code", "error"}) {
    synced.of("clients", member);  // fails if it is missing
  }
  EXPECT_EQ(synced.of("clients", "table"), "client");
  EXPECT_EQ(synced.of("clients", "error"), "null");
}

TEST_F(Commands, status_and_reports_print) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  auto const status = affsync({"status"});
  EXPECT_EQ(status.status, 0) << status.err;
  EXPECT_TRUE(has(status.out, "rewards"));
  for (auto const* report : {"earnings", "clients", "payouts", "rebates", "changes"}) {
    for (auto const* output : {"table", "csv", "json"}) {
      auto const printed = affsync({"report", report, "--output", output});
      EXPECT_EQ(printed.status, 0) << report << " " << output << ": " << printed.err;
    }
  }
  auto const csv = affsync({"report", "earnings", "--by", "currency", "--output", "csv"});
  EXPECT_TRUE(has(csv.out, "USD"));
}

// After an update the daemon may not have been restarted yet.
// Written by a daemon whose clock was a day ahead. The next one does not wait for it.
TEST_F(Commands, who_may_not_read_the_configuration_is_told_who_may) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  configure();
  std::filesystem::permissions(dir_.path(), std::filesystem::perms(0755));
  ASSERT_EQ(::chown(config_file().c_str(), 0, 1),
            0);  // the group `daemon`, and a user of that name
  std::filesystem::permissions(config_file(), std::filesystem::perms(0640));
  auto options = command({"status"});
  options.arguments = {
      "--reuid", "65534", "--regid", "65534", "--clear-groups", options.program.string(), "status"};
  options.program = "setpriv";
  auto told = run(options);
  EXPECT_EQ(told.status, 2);
  EXPECT_NE(told.err.find("cannot read the configuration: Permission denied"), std::string::npos)
      << told.err;
  EXPECT_NE(told.err.find("`sudo -u daemon affsync …`"), std::string::npos) << told.err;
  options.arguments.back() = "backup";
  options.arguments.push_back("out.dump");
  told = run(options);
  EXPECT_NE(told.err.find("`sudo -u daemon affsync …`"), std::string::npos) << told.err;
  std::filesystem::permissions(config_file(), std::filesystem::perms(0600));
  told = run(options);
  EXPECT_NE(told.err.find("`sudo affsync …`"), std::string::npos) << told.err;
}

// A server that is asked by libpq alone is no worse explained than one that the store asks.
TEST_F(Commands, a_backup_says_what_to_do_about_a_missing_role) {
  start_broker();
  use_database("{url: \"" + database_url() + " user=nobody_here\"}");
  auto const backup = affsync({"backup", "out.dump"});
  EXPECT_NE(backup.err.find("createuser nobody_here"), std::string::npos) << backup.err;
}

TEST_F(Commands, a_schema_of_another_version_is_said_to_be_one) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  execute("ALTER VIEW reporting.earnings_daily RENAME COLUMN known_usd TO something_else");
  execute("ALTER TABLE affsync.source RENAME COLUMN retired_at TO gone_at");
  for (std::vector<std::string> const& command :
       {std::vector<std::string>{"report", "earnings"}, {"sources", "remove", "nobody"}}) {
    auto const refused = affsync(command);
    EXPECT_EQ(refused.status, 3) << refused.out << refused.err;
    EXPECT_TRUE(has(refused.err, "not the one of this program")) << refused.err;
    EXPECT_TRUE(has(refused.err, "affsync migrate")) << refused.err;
  }
}

// The command that starts the private PostgreSQL stops it at its end; the other commands go on.
TEST_F(Commands, commands_on_an_embedded_database_do_not_disturb_each_other) {
  start_broker();
  use_embedded_database();
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  for (int round = 0; round < 2; ++round) {
    auto const one = start({"sync"});
    auto const two = start({"status"});
    auto const three = start({"report", "earnings"});
    EXPECT_EQ(two->wait(), 0) << two->err();
    EXPECT_EQ(three->wait(), 0) << three->err();
    EXPECT_EQ(one->wait(), 0) << one->err();
  }
}

}  // namespace
}  // namespace affsync::test::commands_test
