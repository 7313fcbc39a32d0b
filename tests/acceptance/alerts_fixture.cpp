#include "tests/acceptance/alerts_fixture.hpp"

namespace affsync::test {

void AlertAcceptance::SetUp() {
  PlainAcceptance::SetUp();
  serve_rows({R"({"id":"1","client":"7","amount":"1.50","currency":"USD","day":"2026-01-05"})"});
  before_alerts_ = top_yaml;
  ASSERT_EQ(affsync({"migrate"}).status, 0);
}

void AlertAcceptance::tell(std::vector<std::string> const& receivers, std::string const& more) {
  top_yaml = before_alerts_ + "alerts:\n  to:\n";
  for (auto const& receiver : receivers) top_yaml += "    - " + receiver + "\n";
  top_yaml += more;
  configure();
}

std::string AlertAcceptance::webhook(std::string const& name, HookServer const& hook,
                                     std::string const& more) {
  return "{name: " + name + ", webhook: \"" + hook.url() + "/" + name + "\"" + more + "}";
}

std::string AlertAcceptance::put(std::string const& receiver, std::string const& title) const {
  return query(
      "insert into affsync.alert_message (receiver, kind, title, body, document, created_at,"
      " not_before) values ('" +
      receiver + "', 'opened', '" + title +
      "', 'text', '{\"alerts\": []}', now(), now()) returning idempotency_key");
}

void AlertAcceptance::let_time_pass() const {
  execute(
      "update affsync.alert_message set next_attempt_at = now() - interval '1 second',"
      " lease_until = now() - interval '1 second' where sent_at is null");
}

std::vector<std::string> AlertAcceptance::outbox() const {
  std::vector<std::string> lines;
  for (auto const& row :
       rows("select receiver || ': ' || title || case when sent_at is not null then ' sent'"
            " when given_up_at is not null then ' given up' when attempts > 0"
            " then ' waiting after ' || attempts else ' waiting' end"
            " from affsync.alert_message order by message_id")) {
    lines.push_back(row[0]);
  }
  return lines;
}

std::unique_ptr<Process> AlertAcceptance::start_daemon() {
  auto text = config_text();
  text.replace(text.find("\"off\""), 5, "127.0.0.1:0");
  dir_.write("affsync.yaml", text);
  auto daemon = start({"-v", "run"});
  daemon->wait_for_err("started");
  return daemon;
}

std::string AlertAcceptance::address_of(Process& daemon) {
  auto const log = daemon.err();
  auto const at = log.find("listen=") + 7;
  return "http://" + log.substr(at, log.find_first_of(" \n", at) - at);
}

}  // namespace affsync::test
