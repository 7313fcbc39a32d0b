// A connector or a setting that cuts the days of a report in another way: sums of a day are other
// sums then, though the broker has changed nothing.
#include <algorithm>
#include <map>

#include "base/clock.hpp"
#include "tests/acceptance/strangers.hpp"

namespace affsync::test::other_days_test {
namespace {

using std::chrono::days;
using std::chrono::hours;
using Instant = std::chrono::sys_time<hours>;

class OtherDays : public Strangers {
 protected:
  struct Event {
    Instant at;
    std::string user;
    int sum = 1;
  };

  // Of each day ten sums at noon, and each third day one in the night, of another user.
  void SetUp() override {
    Strangers::SetUp();
    for (int ago = 40; ago > 1; --ago) {
      Instant const midnight = today() - days(ago);
      for (int user = 0; user < 4; ++user) {
        events.push_back({midnight + hours(12), "u" + std::to_string(user), ago});
      }
      events.push_back({midnight + hours(2), "night" + std::to_string(ago % 3), 100});
    }
    start_own_broker(cut_at("[day, user]"), "{key: kk-planted-key}", [this](Asked const& asked) {
      std::map<std::string, int> sums;
      for (auto const& event : events) {
        auto const at = format_time(event.at);
        if (at < given_from || at < asked("from") || at >= asked("to")) continue;
        sums[event.user] += event.sum;
      }
      std::vector<std::string> listed;
      for (auto const& [user, sum] : sums) {
        listed.push_back(R"({"user":")" + user + R"(","sum":")" + std::to_string(sum) + "\"}");
      }
      return reply(R"({"rows":)" + slice(listed) + counted(listed.size()) + "}");
    });
  }
  static Day today() { return std::chrono::floor<days>(std::chrono::system_clock::now()); }
  static std::string format_time(Instant at) {
    auto const day = std::chrono::floor<days>(at);
    auto const hour = std::to_string((at - day).count());
    return format_day(day) + "T" + (hour.size() < 2 ? "0" : "") + hour + ":00:00Z";
  }
  std::string counted(std::size_t rows) const {
    return counts ? R"(,"total":)" + std::to_string(rows) : "";
  }
  std::string cut_at(std::string const& key, std::string const& more = "") const {
    return R"(credentials: {key: {description: k}}
settings: {timezone: {description: of the days, default: UTC}}
auth: {type: static_token, value: "${credentials.key}"}
streams:
  rows:
    table: commission
    path: /list
    page: {type: none, total: total}
    window: {from: from, to: to, form: datetime, last: exclusive, zone: "${settings.timezone}",
             span: 1d, start: )" +
           format_day(today() - days(38)) + R"(, lookback: 4d, column: occurred_on}
    records: {from: rows, keep: {day: {window: from}}}
    key: )" +
           key + R"(
    map:
      client_ref: user
      amount: {from: sum, required: true}
      currency: {const: USD}
      occurred_on: day
)" + more;
  }
  void set_zone(std::string const& zone) {
    source_yaml = "    settings: {timezone: " + zone + "}\n";
    configure();
  }
  // What the broker has of each day from `first` on, if days begin so many hours after UTC's.
  std::string truth(int later, Day first) const {
    std::map<std::string, int> sums;
    for (auto const& event : events) {
      auto const day = std::chrono::floor<days>(event.at - hours(later));
      if (day >= first) sums[format_day(day) + " " + event.user] += event.sum;
    }
    std::string text;
    for (auto const& [key, sum] : sums) text += key + " " + std::to_string(sum) + ", ";
    return text;
  }
  std::string stored(Day first) const {
    return query(
        "select coalesce(string_agg(occurred_on || ' ' || client_ref || ' ' || trim_scale(amount)"
        " || ', ', '' order by occurred_on || ' ' || client_ref collate \"C\"), '')"
        " from affsync.commission where deleted_at is null and occurred_on >= '" +
        format_day(first) + "'");
  }
  void expect_days(int later) {
    auto const first = today() - days(38);
    EXPECT_EQ(stored(first), truth(later, first));
  }
  void expect_nothing_told() {
    EXPECT_EQ(query("select count(*) from reporting.clawbacks"), "0");
    EXPECT_EQ(query("select count(*) from reporting.retroactive_changes"), "0");
    EXPECT_EQ(query("select coalesce(string_agg(rule || title, ' '), '') from affsync.alert where "
                    "closed_at is null"),
              "");
  }
  std::vector<Event> events;
  std::string given_from;
  bool counts = true;
};

TEST_F(OtherDays, another_time_zone_cuts_all_days_anew) {
  for (auto const& [key, mode] :
       {std::pair("[day, user]", ""), {"{hash: all}", "    mode: replace_window\n"}}) {
    for (bool const with_count : {true, false}) {
      counts = with_count;
      renew_database();
      replace_connector(cut_at(key, mode));
      set_zone("UTC");
      EXPECT_EQ(pass().status, 0);
      expect_days(0);
      for (auto const& [zone, later] : {std::pair("Etc/GMT+5", 5), {"UTC", 0}, {"Etc/GMT+5", 5}}) {
        set_zone(zone);
        auto const again = pass();
        EXPECT_EQ(again.status, 0) << key << again.out << again.err;
        expect_days(later);
        expect_nothing_told();
        expect_no_change();
        expect_no_change({"--full"});
      }
      // What the broker does after that is told.
      auto& last = events.back();
      last.sum -= 10;
      EXPECT_EQ(pass().status, 0);
      EXPECT_EQ(query("select string_agg(reason || ' ' || trim_scale(difference), ', ')"
                      " from reporting.clawbacks"),
                "lowered -10")
          << key;
      last.sum += 10;
    }
  }
}

// What had left the list before stays lost, though another sum comes under its key.
TEST_F(OtherDays, what_was_lost_is_not_given_back_by_other_days) {
  auto const noon = Instant(today() - days(3)) + hours(12);
  events.push_back({noon, "gone", 543});
  auto const zone = [&](std::string const& name) {
    set_zone(name + "}\n    streams: {rows: {keeps: forever}");
  };
  zone("UTC");
  EXPECT_EQ(pass().status, 0);
  auto& moved = events.back();
  moved.at += hours(15);  // counts to the day before, where days begin five hours later
  moved.sum = 1099;
  EXPECT_EQ(pass().status, 0);
  auto const told =
      "select coalesce(string_agg(trim_scale(difference)::text, ', ' order by changed_at), '')"
      " from reporting.retroactive_changes";
  auto const lost =
      "select count(*) from affsync.alert where rule = 'commission_vanished' and closed_at is null"
      " and amount = 543";
  EXPECT_EQ(query(told), "-543");
  EXPECT_EQ(query(lost), "1");
  zone("Etc/GMT+5");
  EXPECT_EQ(pass().status, 0);
  expect_days(5);
  EXPECT_EQ(query(told), "-543");
  EXPECT_EQ(query(lost), "1");
  EXPECT_EQ(query("select trim_scale(sum(difference)) from reporting.clawbacks"), "-543");
  // What the broker does to that sum is told.
  moved.sum = 1000;
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(query(told), "-543, -99");
  EXPECT_EQ(query("select string_agg(trim_scale(amount)::text, ', ' order by amount)"
                  " from affsync.alert where closed_at is null"),
            "99, 543");
}

// Where days begin later, the last of before have not come yet.
TEST_F(OtherDays, days_that_have_not_come_yet_do_not_stay) {
  auto const now = std::chrono::floor<hours>(std::chrono::system_clock::now());
  events.push_back({now - hours(1), "late", 1000});
  set_zone("Etc/GMT-14");
  EXPECT_EQ(pass().status, 0);
  expect_days(-14);
  set_zone("Etc/GMT+12");
  EXPECT_EQ(pass().status, 0);
  expect_days(12);
  expect_nothing_told();
}

TEST_F(OtherDays, another_end_of_the_window_does_too) {
  expect_green(pass(), 185);
  auto other = cut_at("[day, user]");
  other.replace(other.find("last: exclusive"), 15, "last: inclusive");
  replace_connector(other);
  asked();
  EXPECT_EQ(pass().status, 0);
  EXPECT_GT(asked().size(), 35U);
}

// What the broker no longer gives stays as it was cut, and is told.
TEST_F(OtherDays, what_the_broker_no_longer_gives_stays_and_is_told) {
  EXPECT_EQ(pass().status, 0);
  auto const first = today() - days(38), kept_to = today() - days(15);
  auto const before = query("select count(*) from affsync.commission where occurred_on < '" +
                            format_day(kept_to) + "'");
  given_from = format_time(Instant(kept_to) + hours(5));
  set_zone("Etc/GMT+5");
  auto const again = pass();
  EXPECT_EQ(stored(kept_to), truth(5, kept_to)) << again.out << again.err;
  EXPECT_EQ(query("select count(*) from affsync.commission where deleted_at is null"
                  " and occurred_on < '" +
                  format_day(kept_to) + "' and occurred_on >= '" + format_day(first) + "'"),
            before);
  EXPECT_NE(again.err.find("cut"), std::string::npos) << again.err;
  expect_nothing_told();
}

// A broker that has a fault in just that pass takes nothing away.
TEST_F(OtherDays, far_fewer_rows_than_before_are_not_taken_for_that) {
  EXPECT_EQ(pass().status, 0);
  auto const all = live_count();
  auto const whole = events;
  std::erase_if(events, [](Event const& event) { return event.user > "u0"; });
  set_zone("Etc/GMT+5");
  auto const again = pass();
  EXPECT_EQ(again.of("rows", "error_code"), "mass_drop") << again.out;
  EXPECT_GE(std::stoi(live_count()), std::stoi(all));
  events = whole;
  EXPECT_EQ(pass({"--full"}).status, 0);
  expect_days(5);
  EXPECT_EQ(query("select count(*) from reporting.clawbacks"), "0");
}

}  // namespace
}  // namespace affsync::test::other_days_test
