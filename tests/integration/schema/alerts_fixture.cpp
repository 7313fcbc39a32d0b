#include "tests/integration/schema/alerts_fixture.hpp"

#include <algorithm>

namespace affsync::schema::test {

AlertsTest::AlertsTest() : session_(std::make_unique<PgSession>(options_for(url))) {
  policy.receivers = {"ops"};
  policy.settle = std::chrono::seconds(0);
  sql(url, "UPDATE affsync.source SET created_at = " + at(std::chrono::days(400)) +
               ", privacy = 'drop'");
}

AlertChanges AlertsTest::judge() {
  policy.now = now;
  auto changes = judge_alerts(*session_, policy);
  for (auto const& failed : changes.failed) ADD_FAILURE() << failed.error.to_line();
  EXPECT_FALSE(changes.busy);
  return changes;
}

std::string AlertsTest::at(Duration before) const {
  return "'" + format_time(now - before) + "'::timestamptz";
}

std::string AlertsTest::open(std::string const& name) {
  return value(
      "SELECT coalesce(string_agg(title, E'\\n' ORDER BY alert_id), '') FROM affsync.alert"
      " WHERE closed_at IS NULL AND rule = '" +
      name + "'");
}

std::string AlertsTest::text_of_open(std::string const& name) {
  return value(
      "SELECT coalesce(string_agg(text, E'\\n' ORDER BY alert_id), '') FROM affsync.alert"
      " WHERE closed_at IS NULL AND rule = '" +
      name + "'");
}

std::vector<AlertMessage> AlertsTest::take(std::string const& receiver, int most) {
  TakeMessages wanted;
  wanted.receiver = receiver;
  wanted.now = now;
  wanted.token = token;
  wanted.per_hour = per_hour;
  wanted.most = most;
  wanted.quiet = policy.quiet;
  return take_messages(*session_, wanted);
}

std::string AlertsTest::told(std::string const& receiver) {
  std::string titles;
  for (;;) {
    auto const messages = take(receiver);
    if (messages.empty()) return titles;
    for (auto const& message : messages) {
      titles += message.title + "\n";
      EXPECT_TRUE(note_sent(*session_, message.message_id, token, now));
    }
  }
}

AlertRule& AlertsTest::rule(std::string const& name) {
  auto const found = std::ranges::find(policy.rules, name, &AlertRule::name);
  if (found != policy.rules.end()) return *found;
  auto& made = policy.rules.emplace_back();
  made.name = name;
  return made;
}

void AlertsTest::set(std::string const& name, std::string const& setting,
                     std::string const& value) {
  rule(name).settings[setting] = value;
}

void AlertsTest::to(std::string const& name, std::vector<std::string> receivers) {
  rule(name).receivers = std::move(receivers);
}

void AlertsTest::off(std::string const& name) {
  rule(name).enabled = false;
}

void AlertsTest::feed(std::string const& stream, std::string const& table) {
  declare(stream, table, true, true);
  auto const id = std::to_string(source);
  run_sql("UPDATE affsync.stream SET registered_at = " + at(std::chrono::days(300)) +
          " WHERE stream = '" + stream + "'");
  run_sql(
      "INSERT INTO affsync.stream_state (source_id, stream, last_success_at, last_finished_at,"
      " last_status) VALUES (" +
      id + ", '" + stream + "', " + at() + ", " + at() +
      ", 'succeeded') ON CONFLICT (source_id, stream) DO UPDATE SET last_success_at = " + at() +
      ", last_status = 'succeeded'");
}

void AlertsTest::state(std::string const& stream, std::string const& columns) {
  run_sql("UPDATE affsync.stream_state SET " + columns + " WHERE stream = '" + stream + "'");
}

void AlertsTest::store_rows(std::string const& stream, std::string_view table,
                            std::vector<TestRow> const& rows) {
  auto const run = begin(stream, "incremental");
  write(run, table, rows);
  end(run, true, false);
}

TestRow AlertsTest::commission(std::string const& key, std::string const& client,
                               std::string const& amount, std::string const& day,
                               std::string const& currency, std::string const& status) {
  TestRow row;
  row.key = key;
  row.values = {{"client_ref", client}, {"amount", amount}, {"currency", currency},
                {"status", status},     {"grain", "day"},   {"occurred_on", day}};
  row.raw = "{\"id\": \"" + key + "\", \"amount\": " + amount + "}";
  return row;
}

}  // namespace affsync::schema::test
