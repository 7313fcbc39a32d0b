// Messages about alerts on their way to receivers that are slow, refuse, hang, redirect, ask to
// wait or say no, with two daemons, and with a program that is killed on the way.
#include <csignal>
#include <fstream>
#include <iterator>
#include <pqxx/pqxx>
#include <sstream>

#include "base/crash_point.hpp"
#include "tests/acceptance/alerts_fixture.hpp"
#include "tests/support/http_get.hpp"
#include "tests/support/places/places.hpp"

namespace affsync::test::alerts_sending_test {
namespace {

using Lines = std::vector<std::string>;

class AlertSending : public AlertAcceptance {};

TEST_F(AlertSending, SyncFromCronSendsInOrder) {
  HookServer const hook;
  tell({webhook("ops", hook)});
  auto const first = put("ops", "one");
  auto const second = put("ops", "two");
  auto const done = affsync({"sync", "--quiet"});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(done.out + done.err, "");
  EXPECT_EQ(hook.keys(), (Lines{first, second}));
  EXPECT_EQ(outbox(), (Lines{"ops: one sent", "ops: two sent"}));
  auto const json = parse_json(hook.received()[0].body);
  ASSERT_TRUE(json);
  EXPECT_EQ(json->find("title")->as_string(), "one");
  EXPECT_EQ(json->find("idempotency_key")->as_string(), first);
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(hook.received().size(), 2u);  // nothing is sent twice
}

// Its judgement waits for a lock, as it would for a disk that is slow.
TEST_F(AlertSending, ASyncThatTakesLongToTellEndsInTimeWhenItIsAsked) {
  HookServer const hook;
  tell({webhook("ops", hook)});
  ASSERT_EQ(sync().status, 0);
  pqxx::connection connection(database_url());
  pqxx::work lock(connection);
  lock.exec("select from affsync.alert_rule for update");
  auto const process = start({"sync", "--quiet"});
  while (query("select count(*) from pg_locks where not granted") == "0") {
    ASSERT_FALSE(process->poll().has_value()) << process->err();
  }
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(), 1);
  EXPECT_EQ(process->err().find("takes too long"), std::string::npos) << process->err();
}

TEST_F(AlertSending, ADryRunTellsNobody) {
  HookServer const hook;
  tell({webhook("ops", hook)});
  put("ops", "one");
  affsync({"sync", "--dry-run"});
  EXPECT_EQ(hook.received().size(), 0u);
}

// What each of these answers means is tested in unit_alerts; here, that nothing is lost, that the
// pass is not disturbed, and that the other receiver has its message.
TEST_F(AlertSending, AReceiverThatDoesNotTakeItIsTriedAgain) {
  struct Case {
    std::string answer, error;
  };
  HookServer bad, elsewhere;
  HookServer const good;
  std::vector<Case> const cases{
      {HookServer::answer("500 Oh no", "broken"), "it answers HTTP 500: broken"},
      {HookServer::answer("302 Found", "", "Location: " + elsewhere.url() + "/x\r\n"), "redirect"},
      {HookServer::answer("200 OK", R"({"ok":false,"error":"no such channel"})"),
       "no such channel"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut", ""},
      {"gibberish\r\n\r\n", ""},
  };
  tell({webhook("bad", bad, ", timeout: 1s"), webhook("good", good)});
  std::size_t number = 0;
  for (auto const& [answer, error] : cases) {
    execute("delete from affsync.alert_message");
    auto const title = "number " + std::to_string(++number);
    auto const key = put("bad", title);
    put("good", title);
    bad.answer_with(answer);
    auto const done = sync();
    EXPECT_EQ(done.status, 0) << done.out << done.err;
    EXPECT_EQ(done.of("rows", "status"), "succeeded");
    EXPECT_EQ(outbox(), (Lines{"bad: " + title + " waiting after 1", "good: " + title + " sent"}));
    EXPECT_NE(
        query("select last_error from affsync.alert_message where receiver = 'bad'").find(error),
        std::string::npos)
        << query("select last_error from affsync.alert_message where receiver = 'bad'");
    EXPECT_NE(done.err.find("could not be sent"), std::string::npos) << done.err;
    bad.answer_with(HookServer::answer("204 No Content"));
    let_time_pass();
    EXPECT_EQ(sync().status, 0);
    EXPECT_EQ(outbox()[0], "bad: " + title + " sent");
    EXPECT_EQ(bad.keys().back(), key);
    EXPECT_EQ(bad.keys()[bad.keys().size() - 2], key);
  }
  EXPECT_EQ(elsewhere.received().size(), 0u);
}

TEST_F(AlertSending, A429IsAskedAgainWhenItSays) {
  HookServer hook;
  tell({webhook("ops", hook)});
  put("ops", "one");
  put("ops", "two");
  hook.answer_with(HookServer::answer("429 Too Many Requests", "", "Retry-After: 600\r\n"));
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(hook.received().size(), 1u);  // the second waits for the first
  EXPECT_EQ(query("select count(*) from affsync.alert_message where title = 'one'"
                  " and next_attempt_at between now() + interval '500 s' and now() + interval"
                  " '700 s'"),
            "1");
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(hook.received().size(), 1u);  // not yet
}

TEST_F(AlertSending, OneThatIsNotWantedLetsOthersPast) {
  HookServer hook;
  tell({webhook("ops", hook)});
  put("ops", "one");
  auto const second = put("ops", "two");
  hook.answer_with(HookServer::answer("400 Bad Request", R"({"error":"too long"})"));
  for (int attempt = 1; attempt <= 5; ++attempt) {
    EXPECT_EQ(sync().status, 0);
    EXPECT_EQ(outbox()[0], "ops: one waiting after " + std::to_string(attempt));
    EXPECT_EQ(hook.keys().size(), static_cast<std::size_t>(attempt < 5 ? attempt : 6));
    if (attempt < 5) let_time_pass();
  }
  // In the same pass as the fifth one.
  EXPECT_EQ(outbox()[1], "ops: two waiting after 1");
  EXPECT_EQ(hook.keys().back(), second);
  hook.answer_with(HookServer::answer("204 No Content"));
  let_time_pass();
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(outbox(), (Lines{"ops: one sent", "ops: two sent"}));
}

TEST_F(AlertSending, TelegramGetsItsMessage) {
  HookServer bot;
  bot.answer_with(HookServer::answer("200 OK", R"({"ok":true,"result":{}})"));
  tell({"{name: phone, telegram: {token: \"123:abc\", chat: \"-100123\", api: \"" + bot.url() +
        "\"}}"});
  put("phone", "northfx lowered <b>12.50</b> EUR");
  EXPECT_EQ(sync().status, 0);
  ASSERT_EQ(bot.received().size(), 1u);
  EXPECT_EQ(bot.received()[0].target, "/bot123:abc/sendMessage");
  auto const json = parse_json(bot.received()[0].body);
  ASSERT_TRUE(json);
  EXPECT_EQ(json->find("text")->as_string(), "northfx lowered <b>12.50</b> EUR\n\ntext");
  bot.answer_with(HookServer::answer("200 OK", R"({"ok":false,"description":"blocked"})"));
  put("phone", "two");
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(outbox()[1], "phone: two waiting after 1");
}

TEST_F(AlertSending, ACommandGetsItsMessage) {
  auto const out = (dir_.path() / "mail").string();
  auto const script = dir_.write("send", "#!/bin/sh\n{ echo \"$1\"; cat; } >> " + out + "\n");
  std::filesystem::permissions(script, std::filesystem::perms(0755));
  tell({"{name: mail, command: [" + script.string() + ", \"affsync: ${title}\"]}"});
  put("mail", "one");
  EXPECT_EQ(sync().status, 0);
  std::ifstream in(out);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "affsync: one\none\n\ntext\n");
}

// Those that ship as a script, which hands a whole message over to a mail program: here to one that
// keeps it as it came.
TEST_F(AlertSending, AMailHasItsTitleInTheHeaderAndNothingElseOfIt) {
  auto const out = (dir_.path() / "mail").string();
  auto const program = dir_.write("msmtp", "#!/bin/sh\n{ echo \"$@\"; cat; } > " + out + "\n");
  std::filesystem::permissions(program, std::filesystem::perms(0755));
  auto const script = in_source("config/mail_alert.sh").string();
  tell({"{name: mail, command: [" + script + ", me@example.com]}"});
  environment["PATH"] = dir_.path().string() + ":" + std::getenv("PATH");
  put("mail", "Über: nörthfx = 20,5 € 取引");
  EXPECT_EQ(sync().status, 0);
  std::ifstream in(out);
  std::string const mail{std::istreambuf_iterator<char>(in), {}};
  auto const body = mail.find("\n\n");
  ASSERT_NE(body, mail.npos) << mail;
  auto const header = mail.substr(0, body + 1);
  auto const date = header.find("Date: ");
  ASSERT_NE(date, header.npos) << header;
  EXPECT_EQ(header.substr(0, date),
            "--read-recipients\n"
            "To: me@example.com\n"
            "Subject: =?UTF-8?B?YWZmc3luYzogw5xi?=\n"
            " =?UTF-8?B?ZXI6IG7DtnJ0aGZ4?=\n"
            " =?UTF-8?B?ID0gMjAsNSDigqwg5Y+W?=\n"
            " =?UTF-8?B?5byV?=\n");
  EXPECT_EQ(header.substr(header.find('\n', date) + 1),
            "Auto-Submitted: auto-generated\n"
            "MIME-Version: 1.0\n"
            "Content-Type: text/plain; charset=utf-8\n"
            "Content-Transfer-Encoding: base64\n");
  EXPECT_EQ(mail.substr(body + 2), "w5xiZXI6IG7DtnJ0aGZ4ID0gMjAsNSDigqwg5Y+W5byVCgp0ZXh0Cg==\n");
}

// The program of a receiver may also be run by hand, with any title.
TEST_F(AlertSending, NoTitleAddsAHeaderToItsMail) {
  ProcessOptions options;
  options.program = in_source("config/mail_alert.sh");
  options.arguments = {"me@example.com", "/bin/cat"};
  options.input = "text\n";
  for (std::string const title : {"a\nBcc: evil@example.com\n\nbody", "a\r\nBcc: b@example.com",
                                  "?= \\n %s $(id) `id` \"'", ""}) {
    options.environment["AFFSYNC_ALERT_TITLE"] = title;
    auto const mail = run(options);
    EXPECT_EQ(mail.status, 0) << mail.err;
    std::istringstream lines(mail.out.substr(0, mail.out.find("\n\n")));
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(line.size(), 76u) << line;
      EXPECT_TRUE(line.starts_with(" =?UTF-8?B?") || line.starts_with("To: me@example.com") ||
                  line.starts_with("Subject: =?UTF-8?B?") || line.starts_with("Date: ") ||
                  line.starts_with("Auto-Submitted: ") || line.starts_with("MIME-Version: ") ||
                  line.starts_with("Content-T"))
          << line;
    }
    EXPECT_EQ(mail.out.substr(mail.out.find("\n\n") + 2), "dGV4dAo=\n");
  }
}

// An hour, told by the database: six attempts fail; then everything arrives in order, once.
TEST_F(AlertSending, AReceiverThatIsDownForAnHour) {
  HookServer hook;
  hook.answer_with(HookServer::answer("503 Down"));
  tell({webhook("ops", hook)});
  Lines const keys{put("ops", "one"), put("ops", "two"), put("ops", "three")};
  for (int attempt = 1; attempt <= 6; ++attempt) {
    EXPECT_EQ(sync().status, 0);
    EXPECT_EQ(outbox()[0], "ops: one waiting after " + std::to_string(attempt));
    // Not more often than every few seconds, and in the end every quarter of an hour.
    auto const wait = query(
        "select extract(epoch from next_attempt_at - now())::int / 60 from affsync.alert_message"
        " where title = 'one'");
    EXPECT_LE(std::stoi(wait), 18);
    EXPECT_GE(std::stoi(wait), attempt >= 5 ? 13 : 0);
    let_time_pass();
  }
  EXPECT_EQ(hook.keys(), Lines(6, keys[0]));  // the others waited for the first
  hook.answer_with(HookServer::answer("200 OK", "ok"));
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(outbox(), (Lines{"ops: one sent", "ops: two sent", "ops: three sent"}));
  auto arrived = hook.keys();
  arrived.erase(arrived.begin(), arrived.begin() + 6);
  EXPECT_EQ(arrived, keys);
}

// `sync` waits for a receiver only so long, the daemon's runs never.
TEST_F(AlertSending, OneThatHangsHoldsUpNeitherRunsNorOthers) {
  HookServer hanging;
  hanging.answer_with("");
  HookServer const good;
  source_yaml = "    every: 1s\n";
  tell({webhook("hanging", hanging, ", timeout: 10m"), webhook("good", good)});
  put("hanging", "one");
  put("good", "one");
  put("good", "two");
  auto const daemon = start_daemon();
  hanging.wait_for(1);
  good.wait_for(2);
  auto const runs = std::stoi(query("select count(*) from affsync.sync_run"));
  wait_until("select count(*) >= " + std::to_string(runs + 2) +
                 " from affsync.sync_run where status = 'succeeded'",
             "t");
  EXPECT_EQ(hanging.received().size(), 1u);
  EXPECT_EQ(daemon->stop(Process::Seconds(5)), 0) << daemon->err();
}

TEST_F(AlertSending, OfTwoDaemonsOneSends) {
  HookServer const hook;
  tell({webhook("ops", hook)}, "  per_hour: 1000\n");
  Lines keys;
  constexpr int messages = 30;
  for (int i = 0; i < messages; ++i) keys.push_back(put("ops", "number " + std::to_string(i)));
  auto const one = start({"run"});
  auto const other = start({"run"});
  wait_until("select count(*) from affsync.alert_message where sent_at is not null",
             std::to_string(messages));
  EXPECT_EQ(one->stop(Process::Seconds(5)), 0);
  EXPECT_EQ(other->stop(Process::Seconds(5)), 0);
  EXPECT_EQ(hook.keys(), keys);
}

class AlertSendingKilled : public AlertSending {
 protected:
  void SetUp() override {
    AlertSending::SetUp();
    if (!crash_points_built) GTEST_SKIP() << "built without AFFSYNC_CRASH_POINTS";
  }
  void die_at(std::string const& point) {
    environment["AFFSYNC_CRASH_AT"] = point;
    EXPECT_EQ(affsync({"sync"}).status, 128 + SIGKILL);
    environment.erase("AFFSYNC_CRASH_AT");
  }
};

TEST_F(AlertSendingKilled, BetweenOpeningAndSending) {
  HookServer const hook;
  tell({webhook("ops", hook)});
  auto const key = put("ops", "one");
  die_at("alert_taken");
  EXPECT_EQ(hook.received().size(), 0u);
  EXPECT_EQ(outbox(), Lines{"ops: one waiting"});
  // Whoever comes before the lease is over leaves it alone.
  execute("update affsync.alert_message set lease_until = now() + interval '1 hour'");
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(hook.received().size(), 0u);
  let_time_pass();
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(hook.keys(), Lines{key});
  EXPECT_EQ(outbox(), Lines{"ops: one sent"});
}

TEST_F(AlertSendingKilled, BetweenSendingAndNoting) {
  HookServer const hook;
  tell({webhook("ops", hook)});
  auto const key = put("ops", "one");
  die_at("alert_sent");
  EXPECT_EQ(hook.keys(), Lines{key});
  EXPECT_EQ(outbox(), Lines{"ops: one waiting"});
  let_time_pass();
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(hook.keys(), (Lines{key, key}));  // the receiver can tell that it has it
  EXPECT_EQ(outbox(), Lines{"ops: one sent"});
}

// A dead daemon's lease lasts seconds, and then a living one sends.
TEST_F(AlertSendingKilled, AnotherDaemonTakesOver) {
  HookServer const hook;
  tell({webhook("ops", hook, ", timeout: 1s")});
  auto const key = put("ops", "one");
  die_at("alert_taken");
  auto const daemon = start({"run"});
  hook.wait_for(1);
  wait_until("select count(*) from affsync.alert_message where sent_at is not null", "1");
  EXPECT_EQ(hook.keys(), Lines{key});
  EXPECT_EQ(daemon->stop(Process::Seconds(5)), 0);
}

TEST_F(AlertSending, AWrongCertificateIsRefused) {
  TestAuthority const authority;
  HookServer const hook(authority.issue());
  auto const ca_file = dir_.write("hook-ca.pem", authority.certificate_pem()).string();
  auto const address = "{name: ops, webhook: \"" + hook.url("localhost") + "/x\"";
  tell({address + "}"});
  put("ops", "one");
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(hook.received().size(), 0u);
  EXPECT_NE(query("select last_error from affsync.alert_message").find("certificate"),
            std::string::npos);
  tell({address + ", tls: {ca_file: " + ca_file + "}}"});
  let_time_pass();
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(hook.received().size(), 1u);
}

TEST_F(AlertSending, AReloadTakesAChangedSection) {
  HookServer const first, second;
  tell({webhook("first", first)});
  auto const daemon = start_daemon();
  tell({webhook("second", second)});
  put("second", "one");
  daemon->signal(SIGHUP);
  second.wait_for(1);
  // A mistake is refused with its place, and what was there stays.
  dir_.write("affsync.yaml", config_text() + "\nalerts: {too: []}\n");
  daemon->signal(SIGHUP);
  daemon->wait_for_err("the new configuration is not used");
  EXPECT_EQ(daemon->stop(Process::Seconds(5)), 0);
  EXPECT_EQ(first.received().size(), 0u);
}

TEST_F(AlertSending, MetricsOfReceivers) {
  HookServer hook;
  hook.answer_with(HookServer::answer("500 Oh no"));
  tell({webhook("ops", hook)});
  put("ops", "one");
  auto const daemon = start_daemon();
  hook.wait_for(1);
  auto const url = address_of(*daemon) + "/metrics";
  std::string text;
  auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (text.find("affsync_alert_messages_waiting{receiver=\"ops\"} 1") == std::string::npos) {
    ASSERT_LT(std::chrono::steady_clock::now(), end) << text;
    text = http_get(url).body;
  }
  EXPECT_NE(text.find("affsync_alert_attempts_total{receiver=\"ops\",outcome=\"failed\"} "),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("affsync_alerts{rule=\"commission_lowered\",state=\"open\"} 0"),
            std::string::npos)
      << text;
  EXPECT_EQ(daemon->stop(Process::Seconds(5)), 0);
}

}  // namespace
}  // namespace affsync::test::alerts_sending_test
