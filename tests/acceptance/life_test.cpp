// What happens to a source in the course of years: its password rotates, its broker moves, it is
// given up.
#include <csignal>

#include <atomic>
#include <pqxx/pqxx>

#include "tests/acceptance/own_broker.hpp"
#include "tests/acceptance/plain_broker.hpp"
#include "tests/support/terminal_process.hpp"

namespace affsync::test::life_test {
namespace {

constexpr char const* refusal =
    "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

class Life : public Acceptance {
 protected:
  void use_own_connector() {
    connector = "own";
    use_connector("own", connector_with_login);
  }
  static std::string two_rows() {
    return list_of({R"({"id": 1, "amount": "5.00", "currency": "USD", "day": "2026-01-05"})",
                    R"({"id": 2, "amount": "7.00", "currency": "USD", "day": "2026-01-05"})"});
  }
  std::string stored() const {
    return query("SELECT count(*) || ' rows, ' || sum(amount) FROM affsync.commission");
  }
};

TEST_F(Life, a_password_that_rotates_is_taken_at_a_reload_without_a_restart) {
  // "a:first" and "a:second" in base64.
  std::atomic<char const*> valid{"Basic YTpmaXJzdA=="};
  ScriptedPeer const broker([&valid](PeerConnection& connection) {
    for (auto request = connection.read_request(); !request.empty();
         request = connection.read_request()) {
      bool const known = request.find(valid.load()) != std::string::npos;
      connection.send(known ? answer_of(two_rows()) : std::string(refusal));
    }
  });
  use_own_connector();
  base_url = broker.url();
  auto const file = dir_.write("password", "first\n").string();
  credentials_yaml = "{user: a, password: {file: " + file + "}}";
  source_yaml = "    every: 1s\n";
  configure();
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  auto const daemon = start({"run"});
  wait_until("SELECT count(*) > 1 FROM affsync.sync_run WHERE status = 'succeeded'", "t");

  valid = "Basic YTpzZWNvbmQ=";
  wait_until("SELECT count(*) FROM affsync.source_block WHERE code = 'auth_invalid'", "1");
  dir_.write("password", "second\n");
  daemon->signal(SIGHUP);
  daemon->wait_for_err("configuration reloaded");
  wait_until("SELECT status FROM affsync.sync_run ORDER BY run_id DESC LIMIT 1", "succeeded");
  EXPECT_EQ(query("SELECT count(*) FROM affsync.source_block"), "0");
  EXPECT_EQ(stored(), "2 rows, 12.00");
  EXPECT_EQ(daemon->stop(), 0);
}

TEST_F(Life, a_broker_at_another_address_stays_the_same_source) {
  auto const answer = [](std::string const&) { return answer_of(two_rows()); };
  PlainBroker const old_address(answer);
  PlainBroker const new_address(answer);
  use_own_connector();
  credentials_yaml = "{user: a, password: p}";
  base_url = old_address.url();
  configure();
  ASSERT_EQ(sync().status, 0);
  base_url = new_address.url();
  configure();
  auto const moved = sync();
  EXPECT_EQ(moved.status, 0) << moved.err;
  EXPECT_EQ(moved.count("earnings", "inserted"), 0);
  EXPECT_EQ(stored(), "2 rows, 12.00");
  EXPECT_EQ(query("SELECT string_agg(base_url, ' ') FROM affsync.source"), new_address.url());
}

TEST_F(Life, a_health_check_asks_the_daemon_of_its_configuration) {
  start_broker();
  auto const listen_at = [this](std::string const& address) {
    auto text = config_text();
    auto const begin = text.find("http: ");
    text.replace(begin, text.find('\n', begin) - begin, "http: {listen: \"" + address + "\"}");
    dir_.write("affsync.yaml", text);
  };
  EXPECT_EQ(affsync({"healthcheck"}).status, 2) << "with http.listen off";
  listen_at("127.0.0.1:0");
  auto const daemon = start({"run"});
  daemon->wait_for_err("serving");
  auto const log = daemon->err();
  auto const at = log.find("listen=") + 7;
  listen_at(log.substr(at, log.find_first_of(" \n", at) - at));

  auto const alive = affsync({"healthcheck"});
  EXPECT_EQ(alive.status, 0) << alive.err;
  daemon->wait_for_err("main/wallets: run succeeded");
  while (affsync({"healthcheck", "--ready"}).status != 0) {
    ASSERT_EQ(daemon->poll(), std::nullopt);
  }
  EXPECT_EQ(daemon->stop(), 0);
  auto const dead = affsync({"healthcheck"});
  EXPECT_EQ(dead.status, 1);
  EXPECT_NE(dead.err.find("the daemon does not answer"), std::string::npos) << dead.err;
}

// A certificate of the daemon's own, for another name, that no authority of this system has issued.
TEST_F(Life, a_health_check_asks_a_daemon_that_serves_over_tls_and_asks_for_a_token) {
  start_broker();
  CertificateOptions wishes;
  wishes.names = {"affsync.example"};
  auto const identity = self_signed(wishes);
  auto const tls = ", token: planted-0123456789, tls: {certificate: " +
                   dir_.write("tls.pem", identity.certificate_pem).string() +
                   ", key: " + dir_.write("tls.key", identity.key_pem).string() + "}";
  auto const listen_at = [&](std::string const& address) {
    auto text = config_text();
    auto const begin = text.find("http: ");
    text.replace(begin, text.find('\n', begin) - begin,
                 "http: {listen: \"" + address + "\"" + tls + "}");
    dir_.write("affsync.yaml", text);
  };
  listen_at("0.0.0.0:0");
  auto const daemon = start({"run"});
  daemon->wait_for_err("serving");
  auto const log = daemon->err();
  auto const at = log.find("listen=") + 7;
  listen_at(log.substr(at, log.find_first_of(" \n", at) - at));

  auto const alive = affsync({"healthcheck"});
  EXPECT_EQ(alive.status, 0) << alive.err;
  EXPECT_EQ(alive.out, "alive\n");
  daemon->wait_for_err("main/wallets: run succeeded");
  while (affsync({"healthcheck", "--ready"}).status != 0) {
    ASSERT_EQ(daemon->poll(), std::nullopt);
  }
  EXPECT_EQ(daemon->stop(), 0);
  auto const dead = affsync({"healthcheck"});
  EXPECT_EQ(dead.status, 1);
  EXPECT_NE(dead.err.find("the daemon does not answer"), std::string::npos) << dead.err;
}

class Removal : public Life {
 protected:
  // Two sources with rows; then the configuration has only the second.
  void SetUp() override {
    Life::SetUp();
    use_own_connector();
    own_ = std::make_unique<PlainBroker>([](std::string const&) { return answer_of(two_rows()); });
    base_url = own_->url();
    for (auto const* name : {"gone", "kept"}) {
      source_name = name;
      credentials_yaml = "{user: " + source_name + ", password: p}";
      configure();
      ASSERT_EQ(sync().status, 0);
    }
  }
  std::string rows_of(std::string const& source) const {
    return query(
        "SELECT count(*) FROM affsync.commission JOIN affsync.source USING (source_id) "
        "WHERE name = '" +
        source + "'");
  }
  std::unique_ptr<PlainBroker> own_;
};

TEST_F(Removal, without_data_leaves_the_rows_and_the_reports) {
  auto const removed = affsync({"sources", "remove", "gone", "--yes"});
  EXPECT_EQ(removed.status, 0) << removed.err;
  EXPECT_EQ(query("SELECT retired_at IS NOT NULL FROM affsync.source WHERE name = 'gone'"), "t");
  EXPECT_EQ(rows_of("gone"), "2");
  EXPECT_EQ(query("SELECT sum(amount) FROM reporting.earnings_daily WHERE source = 'gone'"),
            "12.00");
  EXPECT_EQ(query("SELECT count(*) FROM reporting.source_health WHERE source = 'gone'"), "0");
  auto const listed = affsync({"sources"});
  EXPECT_NE(listed.out.find("removed on"), std::string::npos) << listed.out;
}

TEST_F(Removal, with_data_leaves_nothing_of_it_and_all_of_the_others) {
  auto const removed = affsync({"sources", "remove", "gone", "--with-data", "--yes"});
  EXPECT_EQ(removed.status, 0) << removed.err;
  EXPECT_EQ(query("SELECT string_agg(name, ' ') FROM affsync.source"), "kept");
  EXPECT_EQ(rows_of("kept"), "2");
  // No table has a row of a source that is not there.
  for (auto const& row :
       Acceptance::rows("SELECT format('SELECT count(*) FROM affsync.%I t WHERE source_id IS "
                        "NOT NULL AND NOT EXISTS (SELECT FROM affsync.source s WHERE "
                        "s.source_id = t.source_id)', c.relname) FROM pg_class c JOIN "
                        "pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = "
                        "'affsync'::regnamespace AND c.relkind IN ('r', 'p') AND "
                        "a.attname = 'source_id' AND NOT a.attisdropped")) {
    EXPECT_EQ(query(row[0]), "0") << row[0];
  }
  EXPECT_EQ(query("SELECT sum(amount) FROM reporting.earnings_daily"), "12.00");
}

// A run of another configuration has its stream's row and then writes rows; whoever adds up days
// has their marks and then the days.
TEST_F(Removal, with_data_takes_its_locks_in_the_order_of_who_writes) {
  std::pair<char const*, char const*> const writers[] = {
      {"SELECT FROM affsync.stream_state WHERE source_id = 1 FOR NO KEY UPDATE",
       "UPDATE affsync.commission SET raw = '{}' WHERE source_id = 1"},
      {"SELECT pg_advisory_xact_lock(5318008172902);"
       " DELETE FROM affsync.earned_mark WHERE source_id = 1",
       "UPDATE affsync.earned_day SET day = day WHERE source_id = 1"},
      {"LOCK TABLE affsync.alert_rule IN SHARE ROW EXCLUSIVE MODE;"
       " UPDATE affsync.alert SET title = title",
       "UPDATE affsync.alert_message SET title = title"}};
  execute("SELECT affsync.fold_earnings(100000)");
  execute("UPDATE affsync.commission SET amount = amount + 1");
  execute(
      "INSERT INTO affsync.alert (rule, cause, source_id, source, severity, opened_at, seen_at,"
      " changed_at, title, text) SELECT 'commission_lowered', name, source_id, name, 'urgent',"
      " now(), now(), now(), name, 'client Zebediah' FROM affsync.source");
  execute(
      "INSERT INTO affsync.alert_message (receiver, kind, alert_ids, title, body, document,"
      " created_at, not_before) SELECT 'phone', 'opened', array_agg(alert_id), 'took back', 'x',"
      " '{}', now(), now() FROM affsync.alert");
  ASSERT_EQ(query("SELECT name FROM affsync.source WHERE source_id = 1"), "gone");
  for (auto const& [first, then] : writers) {
    pqxx::connection writer(database_url());
    pqxx::work tx(writer);
    tx.exec(first);
    auto const removal = start({"sources", "remove", "gone", "--with-data", "--yes"});
    wait_until("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted", "t");
    EXPECT_NO_THROW(tx.exec(then)) << then;
    EXPECT_EQ(query("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted"), "t")
        << "it waits no longer: " << removal->err();
    // It is not to be gone before the last of them.
    removal->signal(SIGKILL);
    removal->wait();
    tx.abort();
    wait_until("SELECT count(*) FROM pg_locks WHERE NOT granted", "0");
  }
}

// A message may name clients.
TEST_F(Removal, with_data_leaves_no_message_about_it) {
  execute(
      "INSERT INTO affsync.alert (rule, cause, source_id, source, severity, opened_at, seen_at,"
      " changed_at, title, text) SELECT 'commission_lowered', name, source_id, name, 'urgent',"
      " now(), now(), now(), name, 'client Zebediah' FROM affsync.source");
  for (auto const* alerts : {"source = 'gone'", "source = 'kept'", "true"}) {
    execute(std::string("INSERT INTO affsync.alert_message (receiver, kind, alert_ids, title, body,"
                        " document, created_at, not_before) SELECT 'phone', 'opened',"
                        " array_agg(alert_id), 'took back', string_agg(source, ' '),"
                        " '{}', now(), now() FROM affsync.alert WHERE ") +
            alerts);
  }
  // Of an alert that is no longer kept.
  execute(
      "INSERT INTO affsync.alert_message (receiver, kind, title, body, document, created_at,"
      " not_before) VALUES ('phone', 'closed', 'gone', 'gone',"
      " '{\"alerts\": [{\"source\": \"gone\", \"id\": 1}]}', now(), now())");
  auto const shown = affsync({"sources", "remove", "gone", "--with-data", "--dry-run"});
  EXPECT_NE(shown.out.find("affsync.alert_message: 3 rows"), std::string::npos) << shown.out;
  EXPECT_EQ(affsync({"sources", "remove", "gone", "--with-data", "--yes"}).status, 0);
  EXPECT_EQ(query("SELECT string_agg(body, ', ') FROM affsync.alert_message"), "kept");
}

// Amounts of other sources are converted at the rates of one that is removed.
TEST_F(Removal, with_data_leaves_the_exchange_rates) {
  execute("UPDATE affsync.commission SET currency = 'EUR', amount_usd = NULL");
  execute(
      "INSERT INTO affsync.fx_rate (source_id, stream, provider, currency, on_date, usd_rate)"
      " SELECT s.source_id, 'rates', s.name, 'EUR', d::date, 1.5 FROM affsync.source s,"
      " generate_series('2025-12-01'::date, '2026-12-31', '1 day') d WHERE s.name = 'gone'");
  ASSERT_EQ(query("SELECT (SELECT source_id FROM affsync.source WHERE name = 'gone')"
                  " < (SELECT source_id FROM affsync.source WHERE name = 'kept')"),
            "t");
  auto const kept =
      "SELECT sum(known_usd) FROM reporting.earnings_daily WHERE source = 'kept'"
      " AND usd_origin = 'fx_rate'";
  auto const usd = query(kept);
  ASSERT_EQ(query("SELECT " + usd + " = 18"), "t");
  auto const removed = affsync({"sources", "remove", "gone", "--with-data", "--yes"});
  EXPECT_EQ(removed.status, 0) << removed.err;
  EXPECT_EQ(query(kept), usd);
  EXPECT_EQ(query("SELECT string_agg(name, ' ') FROM affsync.source"), "kept");
  EXPECT_NE(removed.out.find("affsync.fx_rate: 396 rows, which stay"), std::string::npos)
      << removed.out;
  // What a source that is read says of a day goes before them, whichever was first.
  execute(
      "INSERT INTO affsync.fx_rate (source_id, stream, provider, currency, on_date, usd_rate)"
      " SELECT s.source_id, 'rates', s.name, 'EUR', d::date, 2.5 FROM affsync.source s,"
      " generate_series('2025-12-01'::date, '2026-12-31', '1 day') d WHERE s.name = 'kept'");
  EXPECT_EQ(query("SELECT (" + std::string(kept) + ") = 30"), "t");
  execute("DELETE FROM affsync.fx_rate WHERE usd_rate = 2.5");
  auto const at = removed.out.find("DELETE FROM affsync.fx_rate");
  ASSERT_NE(at, std::string::npos) << removed.out;
  execute(removed.out.substr(at, removed.out.find(" removes them") - at));
  EXPECT_EQ(query("SELECT count(*) FROM affsync.fx_rate"), "0");
}

TEST_F(Removal, a_dry_run_shows_the_rows_and_removes_nothing) {
  auto const shown = affsync({"sources", "remove", "gone", "--with-data", "--dry-run"});
  EXPECT_EQ(shown.status, 0) << shown.err;
  EXPECT_NE(shown.out.find("affsync.commission: 2 rows"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("would be removed"), std::string::npos) << shown.out;
  EXPECT_EQ(rows_of("gone"), "2");
}

TEST_F(Removal, nothing_is_said_to_be_removed_before_it_was_confirmed_and_is_gone) {
  for (auto const* data : {"--with-data", "--force"}) {
    auto const refused = affsync({"sources", "remove", "gone", data});
    EXPECT_EQ(refused.status, 2);
    EXPECT_NE(refused.out.find("\nwould be removed"), std::string::npos) << refused.out;
    EXPECT_EQ(refused.out.find("\nremoved"), std::string::npos) << refused.out;
  }
  TerminalProcess asked(command({"sources", "remove", "gone", "--with-data"}));
  asked.wait_for("\nwould be removed with all these rows");
  asked.wait_for("Type the name of the source to remove it: ");
  EXPECT_EQ(asked.screen().find("\nremoved"), std::string::npos) << asked.screen();
  EXPECT_EQ(rows_of("gone"), "2");
  asked.type("gone\n");
  asked.wait_for("\nremoved with all these rows");
  EXPECT_EQ(asked.wait(), 0) << asked.screen();
  EXPECT_EQ(rows_of("gone"), "0");
}

TEST_F(Removal, the_completion_offers_what_may_be_removed) {
  auto const offered = [this](std::string const& begin) {
    return affsync({"complete", "--", "sources", "remove", begin}).out;
  };
  EXPECT_EQ(offered("").substr(0, 8), "gone\town") << offered("");
  EXPECT_EQ(offered("").find("kept"), std::string::npos);
  EXPECT_EQ(offered("x"), "");
  execute("UPDATE affsync.source SET instances = '{other:/etc/affsync.yaml}' WHERE name = 'gone'");
  EXPECT_EQ(offered(""), "");
}

TEST_F(Removal, needs_a_confirmation_and_a_source_that_nobody_reads) {
  auto const unconfirmed = affsync({"sources", "remove", "gone", "--with-data"});
  EXPECT_EQ(unconfirmed.status, 2);
  EXPECT_NE(unconfirmed.err.find("--yes"), std::string::npos) << unconfirmed.err;

  auto const configured = affsync({"sources", "remove", "kept", "--with-data", "--yes"});
  EXPECT_EQ(configured.status, 2);
  EXPECT_NE(configured.err.find("contains the source `kept`"), std::string::npos) << configured.err;

  execute("UPDATE affsync.source SET instances = '{other:/etc/affsync.yaml}' WHERE name = 'gone'");
  auto const used = affsync({"sources", "remove", "gone", "--with-data", "--yes"});
  EXPECT_EQ(used.status, 2);
  EXPECT_NE(used.err.find("other:/etc/affsync.yaml"), std::string::npos) << used.err;
  EXPECT_EQ(rows_of("gone"), "2");
  EXPECT_EQ(affsync({"sources", "remove", "gone", "--with-data", "--yes", "--force"}).status, 0);
  EXPECT_EQ(rows_of("gone"), "0");

  auto const unknown = affsync({"sources", "remove", "kep", "--yes"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_NE(unknown.err.find("Did you mean `kept`?"), std::string::npos) << unknown.err;
}

}  // namespace
}  // namespace affsync::test::life_test
