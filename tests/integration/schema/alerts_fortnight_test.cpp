// A fortnight of random events: every cause is told at least once, none is open twice, and no
// receiver gets more than its bound of an hour.
#include <cstdlib>
#include <random>
#include <set>

#include "tests/integration/schema/alerts_fixture.hpp"

namespace affsync::schema::test::alerts_fortnight_test {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

class AlertsFortnight : public AlertsTest {
 protected:
  AlertsFortnight() {
    for (auto const& stream : streams) feed(stream, "commission");
    feed("payouts", "payout");
    policy.receivers = {"ops", "phone"};
    policy.settle = std::chrono::seconds(60);
    policy.quiet = QuietHours();
    policy.quiet->from = 22 * 60;
    policy.quiet->to = 7 * 60;
    policy.quiet->except = {"source_blocked"};
    per_hour = 4;
    // What nothing here is about need not be looked for a thousand times.
    for (auto const* rule : {"silence", "shape_changed", "rates_missing", "commission_lowered",
                             "commission_vanished", "balance_dropped"}) {
      off(rule);
    }
  }

  int upto(int most) { return std::uniform_int_distribution<int>(0, most)(random); }
  std::string key(std::string const& rest) const { return std::to_string(source) + "/" + rest; }

  // Each of these turns one cause on or off, and notes what is on.
  void toggle_quarantine(std::string const& stream) {
    auto const cause = "rows_quarantined " + key(stream);
    if (on.erase(cause) > 0) {
      run_sql("DELETE FROM affsync.quarantine WHERE stream = '" + stream + "'");
      return;
    }
    run_sql(
        "INSERT INTO affsync.quarantine (source_id, stream, run_id, received_at,"
        " first_received_at, external_id, reason, raw, fingerprint) SELECT " +
        std::to_string(source) + ", '" + stream + "', 1, " + at() + ", " + at(hours(2)) +
        ", i::text, 'flaw', '{}', md5(i::text)::uuid FROM generate_series(0, " +
        std::to_string(upto(4)) + ") i");
    on.insert(cause);
  }
  void toggle_failure(std::string const& stream) {
    auto const cause = "stream_failing " + key(stream);
    if (on.erase(cause) > 0) {
      state(stream, "consecutive_failures = 0, last_success_at = " + at());
    } else if (!blocked) {
      state(stream, "consecutive_failures = 3, last_success_at = " + at(hours(3)));
      on.insert(cause);
    }
  }
  void toggle_block() {
    auto const cause = "source_blocked " + std::to_string(source);
    blocked = on.erase(cause) == 0;
    if (!blocked) {
      run_sql("DELETE FROM affsync.source_block");
      return;
    }
    for (auto const& stream : streams) {
      if (on.contains("stream_failing " + key(stream))) toggle_failure(stream);
    }
    run_sql("INSERT INTO affsync.source_block VALUES (" + std::to_string(source) +
            ", 'auth_invalid', 'no', " + at() + ", " + at(-hours(1)) + ", 1, 'x')");
    on.insert(cause);
  }
  void toggle_mass_drop(std::string const& stream) {
    auto const cause = "mass_drop " + key(stream);
    bool const was = on.erase(cause) > 0;
    state(stream, was ? "last_error_code = NULL" : "last_error_code = 'mass_drop'");
    if (!was) on.insert(cause);
  }
  void toggle_payout(int number) {
    auto const id = "P" + std::to_string(number);
    auto const cause = "payout_overdue " + key("payouts/" + id);
    bool const was = on.erase(cause) > 0;
    TestRow row;
    row.key = id;
    row.values = {{"status", was ? "paid" : "processing"},
                  {"amount", "100"},
                  {"currency", "USD"},
                  {"requested_at", format_time(now - days(10))}};
    store_rows("payouts", "payout", {row});
    if (!was) on.insert(cause);
  }
  void something_happens() {
    auto const& stream = streams[static_cast<std::size_t>(upto(4))];
    switch (upto(9)) {
      case 0:
        return toggle_block();
      case 1:
      case 2:
        return toggle_payout(upto(5));
      case 3:
        return toggle_mass_drop(stream);
      case 4:
      case 5:
      case 6:
        return toggle_failure(stream);
      default:
        toggle_quarantine(stream);
    }
  }

  // One attempt of a receiver that may be down, and notes of what arrived may be lost.
  void send(std::string const& receiver, bool down) {
    for (int i = 0; i < 10; ++i) {
      auto const messages = take(receiver);
      if (messages.empty()) return;
      if (down) {
        note_failed(session(), messages[0].message_id, token, failed("down", now + minutes(20)),
                    now);
      } else if (upto(9) > 0) {
        note_sent(session(), messages[0].message_id, token, now);
      }
    }
  }

  std::vector<std::string> const streams{"rewards", "clients", "trades", "cpa", "subs"};
  std::mt19937 random;
  std::set<std::string> on, expected;
  bool blocked = false;
};

TEST_F(AlertsFortnight, EveryCauseIsToldNoneIsOpenTwiceAndTheBoundHolds) {
  auto const* given = std::getenv("AFFSYNC_SEED");
  auto const seed = given ? std::strtoul(given, nullptr, 10) : 20260301UL;
  SCOPED_TRACE("AFFSYNC_SEED=" + std::to_string(seed));
  random.seed(static_cast<std::mt19937::result_type>(seed));
  bool phone_down = false;
  auto changed = now;
  auto const end = now + days(14);
  while (now < end) {
    // At some hours a lot happens at once.
    for (int i = upto(20) == 0 ? 12 : upto(2); i > 0; --i) something_happens();
    judge();
    expected.insert(on.begin(), on.end());
    ASSERT_EQ(value("SELECT coalesce(string_agg(x, ' '), '') FROM (SELECT rule || cause AS x"
                    " FROM affsync.alert WHERE closed_at IS NULL GROUP BY rule, cause"
                    " HAVING count(*) > 1) d"),
              "");
    ASSERT_EQ(value("SELECT count(*) FROM affsync.alert WHERE closed_at IS NULL"),
              std::to_string(on.size()));
    // Less than a day, after which messages are given up.
    if (upto(30) == 0) {
      phone_down = !phone_down;
      changed = now;
    }
    if (now - changed > hours(12)) phone_down = false;
    send("ops", false);
    send("phone", phone_down);
    pass(minutes(10 + upto(50)));
  }
  // Two days to send what is left.
  for (int i = 0; i < 48 * 4; ++i) {
    send("ops", false);
    send("phone", false);
    pass(minutes(15));
  }
  for (auto const* receiver : {"ops", "phone"}) {
    SCOPED_TRACE(receiver);
    std::string const mine = " receiver = '" + std::string(receiver) + "' AND sent_at IS NOT NULL";
    std::set<std::string> told;
    for (auto const& row : rows("SELECT DISTINCT rule || ' ' || cause FROM affsync.alert WHERE"
                                " alert_id IN (SELECT unnest(alert_ids) FROM affsync.alert_message"
                                " WHERE" +
                                mine + ")")) {
      told.insert(*row[0]);
    }
    for (auto const& cause : expected) EXPECT_TRUE(told.contains(cause)) << cause;
    EXPECT_GT(told.size(), 10U);
    // In no hour more than the bound.
    auto const most = value(
        "SELECT max(n) FROM (SELECT count(*) OVER (ORDER BY sent_at RANGE"
        " BETWEEN CURRENT ROW AND '3599 seconds' FOLLOWING) AS n"
        " FROM affsync.alert_message WHERE" +
        mine + ") d");
    EXPECT_LE(std::stoi(most), per_hour);
    EXPECT_EQ(value("SELECT count(*) FROM affsync.alert_message WHERE sent_at IS NULL AND"
                    " given_up_at IS NULL AND merged_into IS NULL AND receiver = '" +
                    std::string(receiver) + "'"),
              "0");
    // Nothing but the exception is told at night.
    EXPECT_EQ(value("SELECT count(*) FROM affsync.alert_message m WHERE (extract(hour FROM sent_at)"
                    " >= 22 OR extract(hour FROM sent_at) < 7) AND NOT EXISTS (SELECT FROM"
                    " affsync.alert a WHERE a.alert_id = ANY (m.alert_ids)"
                    " AND a.rule = 'source_blocked') AND" +
                    mine),
              "0");
  }
  EXPECT_EQ(value("SELECT count(*) FROM affsync.alert_message WHERE kind = 'held_back'") != "0",
            true);
}

}  // namespace
}  // namespace affsync::schema::test::alerts_fortnight_test
