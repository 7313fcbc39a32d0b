// Alerts from the row that a broker changes to the message that arrives, the commands around them,
// and that no secret of a receiver is ever shown or stored.
#include <libpq-fe.h>

#include <algorithm>
#include <memory>

#include "tests/acceptance/alerts_fixture.hpp"
#include "tests/acceptance/own_broker.hpp"
#include "tests/support/http_get.hpp"

namespace affsync::test::alerts_test {
namespace {

using Lines = std::vector<std::string>;

bool has(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

class Alerts : public AlertAcceptance {};

// Listens as a program of a user's would.
class Listener {
 public:
  explicit Listener(std::string const& url) : connection_(PQconnectdb(url.c_str()), PQfinish) {
    PQclear(PQexec(connection_.get(), "LISTEN affsync"));
  }
  // What has arrived since the last call.
  Lines payloads() {
    Lines arrived;
    PQclear(PQexec(connection_.get(), "SELECT"));  // its answer comes after all notifications
    while (auto* const one = PQnotifies(connection_.get())) {
      arrived.emplace_back(one->extra);
      PQfreemem(one);
    }
    return arrived;
  }

 private:
  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
};

// The way of a lowered commission: read, found, told, and listed; a correction upwards is not told.
class AlertsOfABroker : public Acceptance {
 protected:
  static std::string row(std::string const& id, std::string const& amount) {
    return R"({"id":")" + id + R"(","client":"c7","state":"approved","amount":)" + amount +
           R"(,"currency":"EUR","amount_usd":)" + amount + R"(,"at":"2026-11-20T10:00:00Z"})";
  }
  void begin(HookServer const& hook, std::string const& more = "") {
    connector = "own";
    source_name = "northfx";
    credentials_yaml = "{}";
    base_url = broker_.url();
    use_connector("own", OwnBroker::connector());
    top_yaml += "alerts:\n  to: [{name: ops, webhook: \"" + hook.url() + "/x\"}]\n" + more;
    configure();
    broker_.set_rows({row("1", "60.00"), row("2", "40.00"), row("3", "7.00")});
    auto const first = sync();
    ASSERT_EQ(first.status, 0) << first.out << first.err;
  }
  // Rows that were stored just now may be corrected by a broker at once; those of days ago are
  // money that one had counted on.
  void let_days_pass() const {
    execute(
        "update affsync.commission set first_seen_at = first_seen_at - interval '5 days',"
        " changed_at = changed_at - interval '5 days'");
  }

  OwnBroker broker_;
};

TEST_F(AlertsOfABroker, ALoweredCommissionIsToldTheSameDay) {
  HookServer const hook;
  begin(hook);
  EXPECT_EQ(hook.received().size(), 0u);  // a first load is no news
  let_days_pass();
  broker_.set_rows({row("1", "60.00"), row("2", "27.50"), row("3", "9.00")});
  auto const second = sync({"--full"});
  EXPECT_EQ(second.status, 0) << second.out << second.err;
  ASSERT_EQ(hook.received().size(), 1u)
      << query("select string_agg(title, ';') from affsync.alert");
  auto const json = parse_json(hook.received()[0].body);
  ASSERT_TRUE(json);
  auto const& alert = json->find("alerts")->items().at(0);
  EXPECT_EQ(alert.find("rule")->as_string(), "commission_lowered");
  EXPECT_EQ(alert.find("source")->as_string(), "northfx");
  EXPECT_EQ(alert.find("currency")->as_string(), "EUR");
  EXPECT_TRUE(has(json->find("title")->as_string(), "northfx")) << hook.received()[0].body;
  EXPECT_TRUE(has(json->find("title")->as_string(), "12.50")) << hook.received()[0].body;
  EXPECT_EQ(sync({"--full"}).status, 0);
  EXPECT_EQ(hook.received().size(), 1u);  // told once

  auto const listed = affsync({"alerts"});
  EXPECT_EQ(listed.status, 0);
  EXPECT_TRUE(has(listed.out, "commission_lowered")) << listed.out;
  auto const as_json = parse_json(affsync({"alerts", "--output", "json"}).out);
  ASSERT_TRUE(as_json);
  auto const& one = as_json->find("alerts")->items().at(0);
  EXPECT_EQ(one.find("rule")->as_string(), "commission_lowered");
  EXPECT_EQ(one.find("state")->as_string(), "open");
  auto const query_of_it = std::string(one.find("shown_by")->as_string());
  EXPECT_FALSE(rows(query_of_it).empty()) << query_of_it;
}

TEST_F(AlertsOfABroker, AMutedRuleIsListedAndNotTold) {
  HookServer const hook;
  begin(hook);
  auto const muted = affsync({"alerts", "mute", "commission_lowered", "--until", "2099-01-01",
                              "--reason", "the broker told us"});
  EXPECT_EQ(muted.status, 0) << muted.err;
  EXPECT_TRUE(has(query("select muted_by from affsync.alert_mute"), "root") ||
              !query("select muted_by from affsync.alert_mute").empty());
  EXPECT_EQ(query("select reason from affsync.alert_mute"), "the broker told us");
  let_days_pass();
  broker_.set_rows({row("1", "60.00"), row("2", "27.50"), row("3", "9.00")});
  EXPECT_EQ(sync({"--full"}).status, 0);
  EXPECT_EQ(hook.received().size(), 0u);
  EXPECT_TRUE(has(affsync({"alerts"}).out, "muted"));
  EXPECT_EQ(affsync({"alerts", "unmute", "commission_lowered"}).out,
            "rule commission_lowered is told again.\n");
  EXPECT_EQ(affsync({"alerts", "unmute", "commission_lowered"}).out,
            "rule commission_lowered was not muted.\n");
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(hook.received().size(), 1u);  // it still stands, and was never told
}

TEST_F(AlertsOfABroker, AMuteTakesThePlaceOfAnEarlierOne) {
  HookServer const hook;
  begin(hook);
  EXPECT_EQ(affsync({"alerts", "mute", "mass_drop", "--reason", "they move house"}).status, 0);
  EXPECT_EQ(affsync({"alerts", "mute", "mass_drop", "--until", "2099-01-01"}).status, 0);
  EXPECT_EQ(query("select string_agg(coalesce(until::date::text, 'ever'), ' ')"
                  " from affsync.alert_mute where ended_at is null"),
            "2099-01-01");
  // A rule without an open alert is muted all the same.
  auto const listed = affsync({"alerts"}).out;
  EXPECT_TRUE(has(listed, "The rule mass_drop is muted until 2099-01-01T00:00:00Z")) << listed;
}

TEST_F(AlertsOfABroker, ARuleThatCannotBeJudgedIsNotSilence) {
  HookServer const hook;
  begin(hook);
  EXPECT_TRUE(has(affsync({"alerts"}).out, "Nothing needs attention.")) << affsync({"alerts"}).out;
  execute(
      "update affsync.alert_rule set failed_at = now(), error = 'permission denied for table "
      "payout'"
      " where rule = 'payout_overdue'");
  auto const listed = affsync({"alerts"}).out;
  EXPECT_FALSE(has(listed, "Nothing needs attention.")) << listed;
  EXPECT_TRUE(has(listed, "The rule payout_overdue cannot be judged")) << listed;
  EXPECT_TRUE(has(listed, "permission denied for table payout")) << listed;
  auto const as_json = affsync({"alerts", "--output", "json"}).out;
  EXPECT_TRUE(has(as_json, R"("silent_rules":[{"rule":"payout_overdue","error":"permission)"))
      << as_json;
}

TEST_F(AlertsOfABroker, ProgramsThatListenHearOfRunsAndAlerts) {
  HookServer const hook;
  begin(hook);
  let_days_pass();
  Listener listener(database_url());
  broker_.set_rows({row("1", "60.00"), row("2", "27.50"), row("3", "9.00")});
  EXPECT_EQ(sync({"--full"}).status, 0);
  EXPECT_EQ(sync({"--full"}).status, 0);  // changes nothing
  auto const heard = listener.payloads();
  ASSERT_EQ(heard.size(), 3u);
  auto const run = parse_json(heard[0]);
  auto const alert = parse_json(heard[1]);
  auto const idle = parse_json(heard[2]);
  ASSERT_TRUE(run && alert && idle);
  EXPECT_EQ(run->find("source")->as_string(), "northfx");
  EXPECT_EQ(run->find("stream")->as_string(), "earnings");
  EXPECT_EQ(run->find("status")->as_string(), "succeeded");
  EXPECT_EQ(run->find("updated")->number_text(), "2");
  EXPECT_EQ(run->find("inserted")->number_text(), "0");
  EXPECT_EQ(alert->find("rule")->as_string(), "commission_lowered");
  EXPECT_EQ(alert->find("state")->as_string(), "opened");
  EXPECT_EQ(idle->find("updated")->number_text(), "0");
}

TEST_F(Alerts, TestSendsASampleAndShowsWhatCameBack) {
  HookServer hook, bot;
  hook.answer_with(HookServer::answer("200 OK", "thank you"));
  bot.answer_with(
      HookServer::answer("401 Unauthorized", R"({"ok":false,"description":"Unauthorized"})"));
  tell({webhook("ops", hook),
        "{name: phone, telegram: {token: \"123:abc\", chat: \"1\", api: \"" + bot.url() + "\"}}",
        "{name: mail, command: [/bin/false]}"});
  auto const all = affsync({"alerts", "test"});
  EXPECT_EQ(all.status, 1);
  EXPECT_EQ(all.out,
            "ops (webhook): sent, HTTP 200: thank you\n"
            "phone (telegram): not sent, it answers HTTP 401: Unauthorized\n"
            "mail (command): not sent, the command ended with status 1\n")
      << all.err;
  auto const one = affsync({"alerts", "test", "ops", "--output", "json"});
  EXPECT_EQ(one.status, 0);
  EXPECT_EQ(one.out, R"({"receivers":[{"receiver":"ops","kind":"webhook","sent":true,)"
                     R"("answer":"HTTP 200: thank you"}]})"
                     "\n");
  ASSERT_EQ(hook.received().size(), 2u);
  EXPECT_TRUE(has(hook.received()[0].body, R"("kind":"test")"));
  EXPECT_NE(hook.keys()[0], hook.keys()[1]);
}

TEST_F(Alerts, WrongNamesAreCorrected) {
  HookServer const hook;
  tell({webhook("ops", hook)});
  auto const receiver = affsync({"alerts", "test", "opss"});
  EXPECT_EQ(receiver.status, 2);
  EXPECT_TRUE(has(receiver.err, "Did you mean `ops`?")) << receiver.err;
  auto const rule = affsync({"alerts", "mute", "comission_lowered"});
  EXPECT_EQ(rule.status, 2);
  EXPECT_TRUE(has(rule.err, "Did you mean `commission_lowered`?")) << rule.err;
  auto const number = affsync({"alerts", "mute", "4711"});
  EXPECT_EQ(number.status, 2);
  EXPECT_TRUE(has(number.err, "there is no alert 4711")) << number.err;
  auto const source = affsync({"alerts", "--source", "mian"});
  EXPECT_EQ(source.status, 2);
  EXPECT_TRUE(has(source.err, "Did you mean `main`?")) << source.err;
  auto const past = affsync({"alerts", "mute", "silence", "--until", "2020-01-01"});
  EXPECT_EQ(past.status, 2);
  EXPECT_TRUE(has(past.err, "is over already")) << past.err;
  auto const both = affsync({"alerts", "--open", "--all"});
  EXPECT_EQ(both.status, 2);
}

TEST_F(Alerts, WithoutReceiversTheyAreListed) {
  auto const listed = affsync({"alerts"});
  EXPECT_EQ(listed.status, 0) << listed.err;
  EXPECT_EQ(listed.out,
            "Nothing needs attention.\n"
            "Nobody is told: the configuration has no `alerts: {to: …}`, see docs/alerts.md.\n");
  auto const test = affsync({"alerts", "test"});
  EXPECT_EQ(test.status, 2);
  EXPECT_TRUE(has(test.err, "names no receiver")) << test.err;
}

TEST_F(Alerts, AMistakeIsShownWithItsPlace) {
  tell({"{name: ops, webhook: \"https://planted.example/x\", timeuot: 5s}"});
  auto const text = config_text();
  auto const before = text.substr(0, text.find("timeuot"));
  auto const line = std::count(before.begin(), before.end(), '\n') + 1;
  for (auto const* command : {"alerts", "sync", "run"}) {
    auto const done = affsync({command});
    EXPECT_EQ(done.status, 2);
    EXPECT_TRUE(has(done.err, "affsync.yaml:" + std::to_string(line) +
                                  ":57: unknown key "
                                  "\"timeuot\" in a receiver. "
                                  "Did you mean `timeout`?"))
        << done.err;
    EXPECT_FALSE(has(done.err, "planted")) << done.err;
  }
}

// A receiver that quotes all that it was sent, in each way in which a program speaks of it.
TEST_F(Alerts, NoSecretOfAReceiverIsShownOrStored) {
  HookServer hook, bot;
  environment["HOOK"] = hook.url() + "/planted-path?key=planted%2Fquery";
  environment["KEY"] = "planted-header";
  environment["TOKEN"] = "123:planted-token";
  tell({"{name: ops, webhook: \"${HOOK}\", headers: {X-Key: \"${KEY}\"}}",
        "{name: phone, telegram: {token: \"${TOKEN}\", chat: \"1\", api: \"" + bot.url() + "\"}}",
        "{name: own, command: [/bin/sh, -c, \"echo no use for $0; exit 1\", planted-argument]}"});
  std::string seen;
  auto const note = [&](Finished const& done) { seen += done.out + done.err; };
  for (auto const* status : {"200 OK", "401 No", "302 Found", "500 Oh"}) {
    hook.answer_with(HookServer::answer(
        status,
        R"({"ok":false,"error":"no /planted-path?key=planted%2Fquery, planted/query, )"
        R"(planted-header"})",
        "Location: " + environment["HOOK"] + "\r\n"));
    bot.answer_with(HookServer::answer(
        status, R"({"ok":false,"description":"no /bot123:planted-token, planted-token"})"));
    for (auto const* receiver : {"ops", "phone", "own"}) put(receiver, "one");
    note(affsync({"-v", "alerts", "test"}));
    note(affsync({"-v", "sync"}));
    let_time_pass();
  }
  auto const daemon = start_daemon();
  hook.wait_for(9);
  bot.wait_for(9);
  for (auto const* path : {"/", "/metrics", "/api/status", "/readyz"}) {
    seen += http_get(address_of(*daemon) + path).body;
  }
  EXPECT_EQ(daemon->stop(Process::Seconds(5)), 0);
  seen += daemon->out() + daemon->err();
  for (auto const& command : {Lines{"alerts"}, Lines{"alerts", "--output", "json"},
                              Lines{"alerts", "--all"}, Lines{"status"}, Lines{"check"}}) {
    note(affsync(command));
  }
  ASSERT_NE(query("select count(*) from affsync.alert_message where last_error is not null"), "0");
  EXPECT_TRUE(has(seen, "HTTP 401")) << seen;
  auto const at = seen.find("planted");
  EXPECT_EQ(at, std::string::npos) << seen.substr(at < 300 ? 0 : at - 300, 600);
  for (auto const& table :
       rows("select format('%I.%I', table_schema, table_name) from information_schema.tables"
            " where table_schema = 'affsync'")) {
    EXPECT_EQ(query("select count(*) from " + table[0] + " t where strpos(t::text, 'planted') > 0"),
              "0")
        << table[0];
  }
}

}  // namespace
}  // namespace affsync::test::alerts_test
