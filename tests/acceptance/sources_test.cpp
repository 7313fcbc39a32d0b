// The identity of a source besides its name, the effects of the privacy setting, and several
// daemons on one database.
#include <chrono>
#include <csignal>
#include <mutex>
#include <sstream>
#include <thread>

#include <pqxx/pqxx>

#include "tests/acceptance/own_broker.hpp"
#include "tests/acceptance/plain_broker.hpp"

namespace affsync::test::sources_test {
namespace {

// A broker with a login that returns the rows of the logged-in user.
class Sources : public Acceptance {
 protected:
  void serve(std::string const& rows, std::string const& credentials = "{user: a, password: p}") {
    broker_with_login = std::make_unique<PlainBroker>(
        [this](std::string const&) { return answer_of(list_of(rows_now())); });
    set_rows(rows);
    connector = "own";
    base_url = broker_with_login->url();
    use_connector("own", text);
    credentials_yaml = credentials;
    configure();
  }
  // Starts a daemon with its own configuration, whose source has that name and login.
  std::unique_ptr<Process> start_in(std::string const& name) {
    source_name = name;
    credentials_yaml = "{user: " + name + ", password: p}";
    configure();
    auto options = command({"run"});
    options.environment["AFFSYNC_CONFIG"] = dir_.write(name + ".yaml", config_text()).string();
    return std::make_unique<Process>(options);
  }
  void set_rows(std::string const& rows) {
    std::lock_guard const lock(mutex_);
    rows_ = rows;
  }
  std::vector<std::string> rows_now() {
    std::lock_guard const lock(mutex_);
    std::vector<std::string> all;
    std::istringstream lines(rows_);
    for (std::string line; std::getline(lines, line);) all.push_back(line);
    return all;
  }

  // Rows are known by a field that names a person.
  static std::string connector_with_personal_key() {
    std::string text = connector_with_login;
    std::string const key = "key: id";
    return text.replace(text.find(key), key.size(), "key: [mail, id]\n    personal: mail");
  }

  // The same with a key, which does not show whose it is.
  static std::string connector_with_key() {
    std::string text = connector_with_personal_key();
    auto const from = text.find("credentials:"), to = text.find("streams:");
    return text.replace(
        from, to - from,
        "credentials: {key: {description: key}}\n"
        "auth: {type: static_token, header: X-Key, value: \"${credentials.key}\"}\n");
  }

  std::string text = connector_with_personal_key();
  static constexpr auto three =
      R"({"mail": "ann@b.example", "id": 1, "amount": "5.00", "currency": "USD", "day": "2026-01-05"}
{"mail": "bob@b.example", "id": 2, "amount": "5.00", "currency": "USD", "day": "2026-01-05"}
{"mail": "cyd@b.example", "id": 3, "amount": "5.00", "currency": "USD", "day": "2026-01-05"})";
  std::string earned() const { return query("select sum(amount) from reporting.earnings_daily"); }

  std::unique_ptr<PlainBroker> broker_with_login;

 private:
  std::mutex mutex_;
  std::string rows_;
};

TEST_F(Sources, another_account_under_a_known_name_is_refused) {
  serve(three);
  ASSERT_EQ(sync().status, 0);
  auto const requests = broker_with_login->requests().size();
  credentials_yaml = "{user: b, password: p}";
  configure();
  for (auto const* command : {"sync", "run"}) {
    auto const refused = affsync({command});
    EXPECT_EQ(refused.status, 2) << refused.err;
    EXPECT_NE(refused.err.find("another account"), std::string::npos) << refused.err;
    EXPECT_NE(refused.err.find("former_credentials"), std::string::npos) << refused.err;
  }
  EXPECT_EQ(broker_with_login->requests().size(), requests) << "the broker received a request";
  EXPECT_EQ(earned(), "15.00");
  // Another name makes another source; the rows of the first one stay.
  source_name = "second";
  configure();
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(query("select count(*) from affsync.source"), "2");
  EXPECT_EQ(query("select count(*) from affsync.commission where deleted_at is null"), "6");
}

// `check` says what `sync` would, and asks the database only.
TEST_F(Sources, check_refuses_another_account_too) {
  serve(three);
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(affsync({"check"}).status, 0);
  credentials_yaml = "{user: b, password: p}";
  configure();
  auto const checked = affsync({"check"});
  EXPECT_EQ(checked.status, 1) << checked.out;
  EXPECT_NE(checked.out.find("another account"), std::string::npos) << checked.out;
  source_yaml = "    former_credentials: {user: a}\n";
  configure();
  auto const confirmed = affsync({"check"});
  EXPECT_EQ(confirmed.status, 0) << confirmed.out;
}

// Two configurations, or a name that is used again: nothing is left of the first account but its
// name.
TEST_F(Sources, another_key_at_another_address_is_refused) {
  text = connector_with_key();
  serve(three, "{key: one}");
  ASSERT_EQ(sync().status, 0);
  set_rows(
      R"({"mail": "eve@b.example", "id": 1, "amount": "7.00", "currency": "USD", "day": "2026-01-05"})");
  credentials_yaml = "{key: two}";
  base_url = broker_with_login->url("localhost");
  configure();
  auto const checked = affsync({"check"});
  EXPECT_EQ(checked.status, 1) << checked.out;
  EXPECT_NE(checked.out.find("another account"), std::string::npos) << checked.out;
  auto const refused = sync();
  EXPECT_EQ(refused.status, 2) << refused.err;
  EXPECT_NE(refused.err.find("former_credentials"), std::string::npos) << refused.err;
  EXPECT_EQ(earned(), "15.00");
  source_yaml = "    former_credentials: {key: one}\n";
  configure();
  auto const confirmed = sync();
  EXPECT_EQ(confirmed.status, 0) << confirmed.err;
}

// A stream that its connector names in another way, or no longer has: its money leaves all reports.
TEST_F(Sources, a_stream_that_its_connector_no_longer_has_is_told_of) {
  serve(three);
  ASSERT_EQ(sync().status, 0);
  auto renamed = text;
  std::string const name = "\n  earnings:";
  ASSERT_NE(renamed.find(name), std::string::npos);
  renamed.replace(renamed.find(name), name.size(), "\n  earned:");
  use_connector("own", renamed);
  auto const checked = affsync({"check"});
  EXPECT_EQ(checked.status, 0) << checked.out;
  EXPECT_NE(checked.out.find("3 rows (USD 15.00)"), std::string::npos) << checked.out;
  set_rows("");
  auto const first = sync();
  EXPECT_NE(first.err.find("3 rows (USD 15.00)"), std::string::npos) << first.err;
  auto const second = sync();
  EXPECT_EQ(second.err.find("no longer in its connector"), std::string::npos) << second.err;
  EXPECT_EQ(earned(), "");
  auto const listed = affsync({"sources"});
  EXPECT_NE(listed.out.find("reports omit its 3 rows (USD 15.00)"), std::string::npos)
      << listed.out;
  EXPECT_NE(affsync({"check"}).out.find("3 rows (USD 15.00)"), std::string::npos);
  // The new one has brought them all.
  set_rows(three);
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(earned(), "15.00");
  EXPECT_EQ(affsync({"check"}).out.find("reports omit"), std::string::npos);
  EXPECT_EQ(affsync({"sources"}).out.find("reports omit"), std::string::npos);
}

TEST_F(Sources, a_login_name_that_changed_is_told_once) {
  serve(three);
  ASSERT_EQ(sync().status, 0);
  credentials_yaml = "{user: b, password: p}";
  source_yaml = "    former_credentials: {user: a}\n";
  configure();
  auto const synced = sync();
  EXPECT_EQ(synced.status, 0) << synced.err;
  EXPECT_EQ(synced.count("earnings", "unchanged"), 3);
  EXPECT_EQ(query("select count(*) from affsync.source"), "1");
  source_yaml = "";
  configure();
  EXPECT_EQ(sync().status, 0);
}

TEST_F(Sources, a_name_and_an_address_that_change_at_once_are_told_of) {
  serve(three);
  ASSERT_EQ(sync().status, 0);
  source_name = "second";
  base_url = broker_with_login->url("localhost");
  configure();
  auto const checked = affsync({"check"});
  EXPECT_NE((checked.out + checked.err).find("its money counts twice"), std::string::npos)
      << checked.out << checked.err;
  auto const synced = sync();
  EXPECT_EQ(synced.status, 0) << synced.err;
  EXPECT_NE(synced.err.find("its money counts twice"), std::string::npos) << synced.err;
  // What it says to do.
  source_name = "main";
  configure();
  ASSERT_EQ(affsync({"sources", "remove", "second", "--with-data", "--yes"}).status, 0);
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(earned(), "15.00");
  source_name = "second";
  configure();
  auto const renamed = sync();
  EXPECT_EQ(renamed.status, 0) << renamed.err;
  EXPECT_EQ(renamed.err.find("twice"), std::string::npos) << renamed.err;
  EXPECT_EQ(earned(), "15.00");
}

// With `sync` by timer there is no daemon that would notice.
TEST_F(Sources, one_that_a_pass_by_timer_no_longer_has_is_given_up) {
  serve(three);
  source_yaml = "  - name: second\n    connector: own\n    base_url: " + base_url +
                "\n    credentials: {user: b, password: p}\n";
  configure();
  ASSERT_EQ(sync().status, 0);
  ASSERT_EQ(earned(), "30.00");
  source_yaml = "";
  configure();
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(query("select string_agg(source, ' ') from reporting.source_health"), "main");
  EXPECT_EQ(earned(), "30.00") << "its rows stay in the reports";
  auto const listed = affsync({"sources"});
  EXPECT_NE(listed.out.find("second  own  " + base_url + "  removed on"), std::string::npos)
      << listed.out;
}

// No daemon runs beside it that would do this once a day.
TEST_F(Sources, a_pass_by_timer_removes_what_is_old_once_a_day) {
  top_yaml = "retention: {runs: 30d}\n";
  serve(three);
  ASSERT_EQ(sync().status, 0);
  auto const old_runs = [&] {
    return query(
        "select count(*) from affsync.sync_run where finished_at < now() - interval '99d'");
  };
  auto const grow_old = [&] {
    execute(
        "update affsync.sync_run set finished_at = finished_at - interval '100 days'"
        " where finished_at > now() - interval '99 days'");
  };
  auto const is_done = [&] {
    return query(
        "select done_at > now() - interval '1 hour' from affsync.upkeep"
        " where task = 'prune'");
  };
  EXPECT_EQ(is_done(), "t");
  grow_old();
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(old_runs(), "1") << "it was done today";
  execute("update affsync.upkeep set done_at = done_at - interval '2 days'");
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(old_runs(), "0");
  EXPECT_EQ(is_done(), "t");
}

TEST_F(Sources, a_rename_keeps_every_key_that_is_a_hash) {
  serve(three);
  for (auto const* privacy : {"drop", "hash"}) {
    source_yaml = std::string("    privacy: ") + privacy + "\n";
    configure();
    ASSERT_EQ(sync().status, 0);
    auto const keys = query(
        "select string_agg(external_id, ' ' order by external_id)"
        " from affsync.commission");
    EXPECT_EQ(keys.find("ann@"), std::string::npos) << keys;
    EXPECT_EQ(keys.find("sha256:"), 0U) << keys;
    source_name = source_name == "main" ? "renamed" : "main";
    configure();
    auto const synced = sync();
    EXPECT_EQ(synced.status, 0) << synced.err;
    EXPECT_EQ(synced.count("earnings", "inserted"), 0);
    EXPECT_EQ(synced.count("earnings", "unchanged"), 3);
    EXPECT_EQ(query("select string_agg(external_id, ' ' order by external_id)"
                    " from affsync.commission"),
              keys);
    EXPECT_EQ(earned(), "15.00");
  }
}

// Older databases have keys that were made with the source's name.
TEST_F(Sources, keys_of_an_older_version_stay_what_they_are) {
  serve(three);
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  execute(
      "insert into affsync.source (name, connector, base_url, hash_salt) values ('main', 'own', '" +
      base_url + "', 'main')");
  ASSERT_EQ(sync().status, 0);
  // printf '%s' 'mainann@b.example' | sha256sum
  EXPECT_EQ(query("select count(*) from affsync.commission where external_id = 'sha256:' ||"
                  " encode(sha256('mainann@b.example'), 'hex') || ':1'"),
            "1");
  source_name = "renamed";
  configure();
  EXPECT_EQ(sync().count("earnings", "unchanged"), 3);
}

TEST_F(Sources, a_change_of_privacy_leaves_nothing_in_the_history) {
  auto const people = text.find("    table: commission\n");
  text.replace(people, std::string::npos,
               "    table: client\n    path: /clients\n    page: {type: none}\n    records: data\n"
               "    key: id\n    personal: boss\n    map: {email: mail, country: country}\n");
  serve(R"({"id": 1, "mail": "ann@b.example", "country": "DE", "boss": "boss@b.example"}
{"id": 2, "mail": "bob@b.example", "country": "FR", "boss": "boss@b.example"})");
  for (auto const* privacy : {"keep", "drop", "hash", "keep", "hash", "drop"}) {
    source_yaml = std::string("    privacy: ") + privacy + "\n";
    configure();
    auto const synced = sync();
    EXPECT_EQ(synced.status, 0) << synced.err;
    bool const keeps = std::string(privacy) == "keep";
    EXPECT_EQ(query("select count(*) from affsync.client where email like '%@%'"),
              keeps ? "2" : "0");
    EXPECT_EQ(query("select count(*) from affsync.client where raw::text like '%@%'"),
              keeps ? "2" : "0");
    EXPECT_EQ(query("select count(*) from affsync.record_change where before::text like '%@%' or"
                    " after::text like '%@%'"),
              "0")
        << privacy;
  }
  // The history shows that something changed, once per client and change.
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "10");
}

TEST_F(Sources, a_change_of_privacy_reads_every_stream_once_in_full) {
  start_broker();
  source_yaml = "    privacy: keep\n";
  configure();
  ASSERT_EQ(sync().status, 0);
  auto const mode =
      "select mode from affsync.sync_run where stream = 'rewards'"
      " order by run_id desc limit 1";
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(query(mode), "incremental");
  source_yaml = "    privacy: drop\n";
  configure();
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(query(mode), "full");
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(query(mode), "incremental");
}

TEST_F(Sources, daemons_with_different_configurations_do_not_hide_each_other) {
  serve(three);
  auto const first = start_in("left");
  first->wait_for_err("started");
  auto const second = start_in("right");
  second->wait_for_err("started");
  auto const shown = "select string_agg(source, ' ' order by source) from reporting.source_health";
  wait_until(shown, "left right");
  first->signal(SIGHUP);
  first->wait_for_err("configuration reloaded");
  EXPECT_EQ(query(shown), "left right");
}

// The same with commands on one side, in turn with reloads on the other.
TEST_F(Sources, a_daemon_and_commands_of_another_configuration_leave_each_other_alone) {
  serve(three);
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  source_name = "left";
  configure();
  auto left = config_text();
  left.replace(left.find("listen: \"off\""), 13, "listen: \"127.0.0.1:0\"");
  auto options = command({"run"});
  options.environment["AFFSYNC_CONFIG"] = dir_.write("left.yaml", left).string();
  Process daemon(options);
  daemon.wait_for_err("left/earnings: run succeeded");
  source_name = "right";
  credentials_yaml = "{user: right, password: p}";
  configure();
  auto const shown = "select string_agg(source, ' ' order by source) from reporting.source_health";
  for (int turn = 0; turn < 2; ++turn) {
    ASSERT_EQ(sync().status, 0);
    EXPECT_EQ(query(shown), "left right");
    auto const reloads = daemon.err().size();
    daemon.signal(SIGHUP);
    auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (daemon.err().find("configuration reloaded", reloads) == std::string::npos) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << daemon.err();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_EQ(query(shown), "left right");
    auto const status = affsync({"status"});
    EXPECT_NE(status.out.find("left"), std::string::npos) << status.out;
    EXPECT_NE(status.out.find("right"), std::string::npos) << status.out;
  }
  // What the daemon tells of is what it reads.
  auto const told = daemon.err();
  auto const at = told.find("listen=") + 7;
  auto const address = "http://" + told.substr(at, told.find_first_of(" \n", at) - at);
  EXPECT_EQ(http_get(address + "/readyz").status, 200);
  auto const metrics = http_get(address + "/metrics").body;
  EXPECT_NE(metrics.find("source=\"left\""), std::string::npos);
  EXPECT_EQ(metrics.find("source=\"right\""), std::string::npos);
  EXPECT_EQ(daemon.stop(), 0);
}

// Two daemons with the same sources share the work, and each of them tells of all of it.
TEST_F(Sources, daemons_with_one_configuration_share_the_work) {
  serve(three);
  source_yaml = "    every: 1s\n";
  configure();
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  auto const first = start({"run"}), second = start({"run"});
  wait_until("select count(*) >= 4 from affsync.sync_run where status = 'succeeded'", "t");
  EXPECT_EQ(first->stop(), 0);
  auto const runs = query("select count(*) from affsync.sync_run where status = 'succeeded'");
  wait_until("select count(*) > " + runs + " from affsync.sync_run where status = 'succeeded'",
             "t");
  EXPECT_EQ(second->stop(), 0);
  EXPECT_EQ(query("select count(*) from affsync.sync_run a join affsync.sync_run b"
                  " on a.stream = b.stream and a.run_id < b.run_id"
                  " and b.started_at < a.finished_at"),
            "0");
  EXPECT_EQ(query("select count(*) from affsync.sync_run where status <> 'succeeded'"
                  " and status <> 'cancelled'"),
            "0");
  EXPECT_EQ(query("select count(*) from affsync.source where retired_at is null"), "1");
  EXPECT_EQ(earned(), "15.00");
}

// A daemon of a newer version has migrated the database.
TEST_F(Sources, a_daemon_goes_on_in_a_newer_schema_and_is_told_what_to_do_when_it_starts_again) {
  serve(three);
  source_yaml = "    every: 1s\n";
  configure();
  auto const daemon = start({"run"});
  auto const goes_on = [&] {
    auto const runs = query("select count(*) from affsync.sync_run where status = 'succeeded'");
    wait_until("select count(*) > " + runs + " from affsync.sync_run where status = 'succeeded'",
               "t");
  };
  daemon->wait_for_err("run succeeded");
  execute("insert into affsync.schema_migration values (9999, '9999_future.sql', 'x', now())");
  goes_on();
  daemon->signal(SIGHUP);
  daemon->wait_for_err("configuration reloaded");
  goes_on();
  EXPECT_EQ(query("select count(*) from affsync.source where retired_at is null"), "1");
  EXPECT_EQ(daemon->stop(), 0) << daemon->err();
  auto const again = affsync({"run"});
  EXPECT_EQ(again.status, 3);
  EXPECT_NE(again.err.find("the database belongs to a newer affsync (9999_future.sql). Run the"
                           " newer version"),
            std::string::npos)
      << again.err;
  EXPECT_EQ(affsync({"status"}).status, 0);
  // Nor does a command write.
  for (auto const& command : {std::vector<std::string>{"prune"},
                              {"quarantine", "retry"},
                              {"alerts", "mute", "silence"},
                              {"alerts", "unmute", "silence"},
                              {"sources", "remove", source_name, "--yes"},
                              {"quarantine", "accept", "1", "--reason", "known"}}) {
    auto const refused = affsync(command);
    EXPECT_EQ(refused.status, 3) << command.front() << refused.out;
    EXPECT_NE(refused.err.find("belongs to a newer affsync"), std::string::npos) << refused.err;
  }
}

class Held : public Acceptance {};

// One that was killed on another machine, whose leases last until their time has passed.
TEST_F(Held, who_has_a_stream_is_told_with_the_time_of_its_end) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  execute(
      "update affsync.lease set token = gen_random_uuid(), host = 'far-away',"
      " process_id = 4711, process_key = 'elsewhere', taken_at = '2026-01-02 03:04:05+00',"
      " renewed_at = clock_timestamp(), until = clock_timestamp() + interval '50 minutes'"
      " where stream = 'rewards'");
  auto const skipped = affsync({"sync", "--stream", "rewards"});
  EXPECT_EQ(skipped.status, 1);
  EXPECT_NE(skipped.out.find("process 4711 on far-away"), std::string::npos) << skipped.out;
  auto const until = query(
      // As it is told: to the next second.
      "select to_char(date_trunc('minute', (until + interval '0.999999 s') at time zone 'UTC'),"
      " 'YYYY-MM-DD\"T\"HH24:MI') from affsync.lease where stream = 'rewards'");
  EXPECT_NE(skipped.out.find(until), std::string::npos) << skipped.out << until;
  auto const status = affsync({"status"});
  EXPECT_NE(status.out.find("process 4711 on far-away since 2026-01-02 03:04"), std::string::npos)
      << status.out;
  auto const json = affsync({"status", "--output", "json"});
  EXPECT_NE(json.out.find("\"host\":\"far-away\""), std::string::npos) << json.out;
}

class Started : public Acceptance {};

// Another program's migration takes longer than the limit for a start.
TEST_F(Started, a_signal_ends_a_migration_that_waits) {
  start_broker();
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  execute("update affsync.schema_migration set checksum = 'older' where version = 0");
  pqxx::connection connection(database_url());
  pqxx::work holding(connection);
  holding.exec("select pg_advisory_xact_lock(5318008172901)");
  auto const waiting =
      "select count(*) from pg_stat_activity where datname = current_database() and"
      " state = 'idle' and query like '%pg_try_advisory_xact_lock%'";
  for (auto const* command : {"run", "sync", "migrate"}) {
    auto const process = start({command});
    while (query(waiting) == "0") {
      ASSERT_FALSE(process->poll().has_value()) << process->err();
    }
    process->signal(SIGTERM);
    process->wait(Process::Seconds(5));
    wait_until(waiting, "0");
  }
}

}  // namespace
}  // namespace affsync::test::sources_test
