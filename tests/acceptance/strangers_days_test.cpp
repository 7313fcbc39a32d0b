// Windows: their formats and ends, zones with clock changes, limits of length and age.
#include <chrono>

#include "base/clock.hpp"
#include "tests/acceptance/strangers.hpp"

namespace affsync::test::strangers_days_test {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

sys_days today() {
  return std::chrono::floor<days>(std::chrono::system_clock::now());
}

struct Line {
  std::string id;
  double at;  // in the broker's unit: days, seconds or milliseconds
  std::string json;
};

class StrangersDays : public Strangers {
 protected:
  void list(std::string const& window, Answer answer, std::string const& errors = "",
            std::string const& path = "/list") {
    yaml = R"(credentials: {key: {description: k}}
auth: {type: static_token, value: "${credentials.key}"}
)" + errors +
           R"(streams:
  rows:
    table: commission
    path: )" +
           path + R"(
    records: [result.*, result]
    key: ref
    map:
      amount: sum
      currency: {const: EUR}
      occurred_on: {from: day, as: date}
    window: )" +
           window + "\n";
    start_own_broker(yaml, "{key: kk-planted-day}", std::move(answer));
  }
  void put(std::string const& id, double at, std::string const& day) {
    books.push_back({id, at, R"({"ref":")" + id + R"(","sum":1.5,"day":")" + day + "\"}"});
  }
  // Rows of the days asked for, and an answer that counts them.
  std::vector<std::string> asked_days(Asked const& asked) const {
    std::vector<std::string> out;
    for (auto const& one : books) {
      auto const day = one.json.substr(one.json.size() - 12, 10);
      if (day >= asked("f") && day <= asked("t")) out.push_back(one.json);
    }
    return out;
  }
  static std::string counted(Asked const& asked, std::vector<std::string> const& rows) {
    auto const begin = static_cast<std::size_t>(asked.number("offset", 0));
    return reply(R"({"result":{"total":)" + std::to_string(rows.size()) + R"(,"list":)" +
                 slice(rows, begin) + "}}");
  }
  std::string between(double from, double to_exclusive) const {
    std::vector<std::string> out;
    for (auto const& one : books) {
      if (one.at >= from && one.at < to_exclusive) out.push_back(one.json);
    }
    return R"({"result":{"n":1,"list":)" + slice(out) + "}}";
  }
  // The connector with another mapping of the amount.
  std::string with_amount(std::string const& mapping) const {
    auto text = yaml;
    return text.replace(text.find("amount: sum"), 11, "amount: " + mapping);
  }
  std::string yaml;
  std::vector<Line> books;
};

// Both ends are UTC seconds and inclusive; the row is in the last half second. Days are New York
// days, including the one with 25 hours.
TEST_F(StrangersDays, seconds_with_days_of_new_york) {
  // 2025-11-02 00:00 in New York is 04:00 UTC, 2025-11-03 00:00 is 05:00 UTC.
  double const second = 1762056000, third = 1762146000;
  put("first", second, "2025-11-02");
  put("half", third - 0.5, "2025-11-02");
  put("hour", third - 3600, "2025-11-02");
  put("next", third, "2025-11-03");
  put("spring", 1741496399.9, "2025-03-08");  // 2025-03-08 ends at 05:00 UTC on the 9th
  list(
      "{from: since, to: till, form: epoch_seconds, zone: America/New_York, span: 1d, "
      "max_span: 64d, start: 2025-03-01, column: occurred_on}",
      [&](Asked const& asked) {
        // The broker counts milliseconds and reads `till` exactly as written.
        return reply(between(std::stod(asked("since")), std::stod(asked("till")) + 1e-6));
      });
  auto const synced = pass();
  EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
  EXPECT_EQ(live("external_id || '=' || occurred_on"),
            "first=2025-11-02 half=2025-11-02 hour=2025-11-02 next=2025-11-03 spring=2025-03-08");
  expect_no_change({"--full"});
}

TEST_F(StrangersDays, milliseconds_whose_end_is_exclusive_and_a_limit_of_seven_days) {
  for (int day = 0; day < 60; ++day) {
    auto const when = today() - days(day);
    auto const end = std::chrono::duration<double, std::milli>((when + days(1)).time_since_epoch());
    if (day > 0) put("e" + std::to_string(day), end.count() - 1, format_day(when));
  }
  int refused = 0;
  list(
      "{from: a, to: b, form: epoch_milliseconds, to_exclusive: true, span: 31d, start: " +
          format_day(today() - days(70)) + "}",
      [&](Asked const& asked) {
        auto const from = std::stod(asked("a")), to = std::stod(asked("b"));
        if (to - from > 7 * 86400e3 + 1) {
          ++refused;
          return reply(R"({"success":false,"err":{"no":"E-RANGE"}})");
        }
        return reply(between(from, to));
      },
      "errors:\n  - {status: 200, json: err.no, equals: [E-RANGE, E-LONG], class: "
      "window_too_large}\n");
  expect_green(pass(), 59);
  EXPECT_GT(refused, 0);
  EXPECT_EQ(query("select sum(amount) from affsync.commission"), "88.5");
  expect_no_change();
  expect_no_change({"--full"});
}

// Days are parts of the path; a day without a file has its own answer text.
TEST_F(StrangersDays, days_in_the_path) {
  for (int day = 1; day < 20; ++day)
    put("p" + std::to_string(day), day, format_day(today() - days(day)));
  list(
      "{span: 3d, start: " + format_day(today() - days(20)) + ", column: occurred_on}",
      [&](Asked const& asked) {
        auto const from = asked.path.substr(6, 10), to = asked.path.substr(17, 10);
        std::vector<std::string> out;
        for (auto const& one : books) {
          auto const day = one.json.substr(one.json.size() - 12, 10);
          if (day >= from && day <= to) out.push_back(one.json);
        }
        if (out.empty()) return reply(R"({"error":"nothing on these days"})", "404 Not Found");
        return reply(R"({"result":)" + slice(out) + "}");
      },
      "errors:\n  - {status: 404, contains: \"nothing on THESE days\", class: empty}\n",
      "/days/${window.from}/${window.to}");
  expect_green(pass(), 19);
  expect_no_change();
  books.erase(books.begin() + 8);
  pass({"--full"});
  EXPECT_EQ(pass({"--full"}).status, 0);
  EXPECT_EQ(marked(), "p9");
}

// Rows that the broker no longer shows after 30 days have not vanished, whether the file or the
// broker declares the limit.
TEST_F(StrangersDays, thirty_days_and_no_more) {
  for (bool const said : {true, false}) {
    books.clear();
    for (int day = 1; day < 40; ++day) {
      put("k" + std::to_string(100 + day), day, format_day(today() - days(day)));
    }
    int shown = 60;
    list("{from: f, to: t, span: 10d, start: " + format_day(today() - days(50)) +
             ", lookback: 40d, column: occurred_on}" + (said ? "\n    keeps: 30d" : ""),
         [&](Asked const& asked) {
           if (asked("f") < format_day(today() - days(shown))) {
             return reply(R"({"message":"from lies too far in the past"})", "400 Bad Request");
           }
           std::vector<std::string> out;
           for (auto const& one : books) {
             auto const day = one.json.substr(one.json.size() - 12, 10);
             if (one.at <= shown && day >= asked("f") && day <= asked("t")) out.push_back(one.json);
           }
           return reply(R"({"result":)" + slice(out) + "}");
         });
    if (said) shown = 29;
    auto const first = pass();
    EXPECT_EQ(live_count(), said ? "29" : "39") << first.out << first.err;
    shown = said ? 29 : 30;
    for (int i = 0; i < 3; ++i) pass({"--full"});
    EXPECT_EQ(marked(), "");
    EXPECT_EQ(live_count(), said ? "29" : "39");
    // A row that is missing between visible rows has vanished.
    books.erase(books.begin() + 10);
    for (int i = 0; i < 2; ++i) pass({"--full"});
    EXPECT_EQ(marked(), "k111");
    renew_database();
  }
}

// The total of one slice is wrong in one pass: that pass does not succeed, and the next passes
// settle it.
TEST_F(StrangersDays, slice_whose_total_was_wrong_for_a_while) {
  for (int day = 1; day < 60; ++day) {
    put("s" + std::to_string(day), day, format_day(today() - days(day)));
  }
  bool wrong = false;
  list("{from: f, to: t, span: 10d, start: " + format_day(today() - days(59)) +
           ", lookback: 5d, column: occurred_on}\n    page: {type: none, total: n}\n" +
           "    reconcile: [{column: amount, total: sum}]",
       [&](Asked const& asked) {
         std::vector<std::string> out;
         for (auto const& one : books) {
           auto const day = one.json.substr(one.json.size() - 12, 10);
           if (day >= asked("f") && day <= asked("t")) out.push_back(one.json);
         }
         auto const odd = format_day(today() - days(30));
         auto const tenths = static_cast<int>(out.size()) * 15 +
                             (wrong && asked("f") <= odd && odd <= asked("t") ? 5 : 0);
         return reply(R"({"result":)" + slice(out) + R"(,"n":)" + std::to_string(out.size()) +
                      R"(,"sum":)" + std::to_string(tenths) + "e-1}");
       });
  expect_green(pass(), 59);
  wrong = true;
  EXPECT_EQ(pass({"--full"}).of("rows", "error_code"), "totals_differ");
  EXPECT_NE(query("select count(*) from reporting.coverage where state = 'doubtful'"), "0");
  wrong = false;
  pass();
  expect_no_change();
  EXPECT_EQ(query("select count(*) from reporting.coverage where state = 'doubtful'"), "0");
  EXPECT_EQ(query("select count(*) from reporting.reconciliations where not matched"), "0");
  expect_no_change({"--full"});
}

// An unreadable row lies before the days that a pass reads again: no pass succeeds without it.
TEST_F(StrangersDays, bad_row_behind_the_lookback_stays_told) {
  for (int day = 1; day < 60; ++day) {
    put("b" + std::to_string(day), day, format_day(today() - days(day)));
  }
  auto const whole = books[39].json;
  books[39].json.replace(whole.find("1.5"), 3, R"("x")");
  list("{from: f, to: t, span: 10d, start: " + format_day(today() - days(59)) +
           ", lookback: 5d, column: occurred_on}",
       [&](Asked const& asked) {
         std::vector<std::string> out;
         for (auto const& one : books) {
           auto const day = one.json.substr(one.json.size() - 12, 10);
           if (day >= asked("f") && day <= asked("t")) out.push_back(one.json);
         }
         return reply(R"({"result":)" + slice(out) + "}");
       });
  auto const dry = pass({"--dry-run"});
  EXPECT_EQ(dry.status, 1) << dry.out;
  EXPECT_EQ(dry.of("rows", "error_code"), "rows_quarantined") << dry.out;
  for (int i = 0; i < 3; ++i) {
    auto const synced = pass();
    EXPECT_EQ(synced.status, 1) << synced.out;
    EXPECT_EQ(synced.of("rows", "error_code"), "rows_quarantined") << synced.out;
    EXPECT_EQ(live_count(), "58");
  }
  // Once the broker has fixed the row, the next pass stores it, however old its day is.
  books[39].json = whole;
  pass();
  EXPECT_EQ(live_count(), "59");
  EXPECT_EQ(open_reasons(), "");
  expect_no_change();
}

// The last moment of a day belongs to the slice behind it: that the one before did not bring it is
// no loss.
TEST_F(StrangersDays, rows_of_the_last_moment_are_not_counted_as_vanished) {
  for (int day = 1; day < 25; ++day) {
    put("e" + std::to_string(day + 10), day, format_day(today() - days(day)));
  }
  list("{from: f, to: t, form: datetime, span: 1d, start: " + format_day(today() - days(30)) +
           ", lookback: 3d, column: occurred_on}\n    page: {type: offset, total: result.total}",
       [&](Asked const& asked) {
         auto const bound = [&](char const* name) {
           auto const text = asked(name);
           return text.substr(0, text.find('Z'));
         };
         std::vector<std::string> out;
         for (auto const& one : books) {
           auto const moment = one.json.substr(one.json.size() - 12, 10) + "T23:59:59.999";
           if (moment >= bound("f") && moment <= bound("t")) out.push_back(one.json);
         }
         return counted(asked, out);
       });
  expect_green(pass(), 24);
  expect_no_change({"--full"});
  books.erase(books.begin() + 7);
  auto const synced = pass({"--full"});
  EXPECT_EQ(synced.of("rows", "status"), "succeeded") << synced.out << synced.err;
  EXPECT_EQ(marked(), "e18");
  expect_no_change({"--full"});
}

// A row that could not be stored, and that the broker takes away: the next pass says so.
TEST_F(StrangersDays, bad_row_that_the_broker_removes_is_settled) {
  for (int day = 1; day < 41; ++day) {
    put("b" + std::to_string(day + 10), day, format_day(today() - days(day)));
  }
  put("b99", 1, format_day(today()));
  list("{from: f, to: t, span: 10d, start: " + format_day(today() - days(45)) +
           ", lookback: 3d, column: occurred_on}\n    page: {type: offset, total: result.total}",
       [&](Asked const& asked) { return counted(asked, asked_days(asked)); });
  expect_green(pass(), 41);
  auto& bad = books[38].json;  // beyond the lookback, with an older one behind it
  for (auto* json : {&books.back().json, &bad}) json->replace(json->find("1.5"), 3, R"("x")");
  auto const full = pass({"--full"});
  EXPECT_EQ(full.of("rows", "error_code"), "rows_quarantined") << full.out;
  books.pop_back();
  auto const one = pass();
  EXPECT_EQ(one.of("rows", "error_code"), "rows_quarantined") << "one is still there" << one.out;
  EXPECT_EQ(marked(), "");
  books.erase(books.begin() + 38);
  auto const synced = pass();
  EXPECT_EQ(synced.of("rows", "status"), "succeeded") << synced.out << synced.err;
  EXPECT_EQ(open_reasons(), "");
  expect_no_change();
  pass({"--full"});
  EXPECT_EQ(marked(), "b49 b99");
}

// The broker counts nothing in days that every list shows, and a row of them is stored: told,
// although nothing older is listed that would prove that the row vanished.
TEST_F(StrangersDays, count_of_nothing_differs_from_a_young_row) {
  for (int day = 16; day < 28; ++day) {
    put("q" + std::to_string(day), day, format_day(today() - days(day)));
  }
  put("q05", 5, format_day(today() - days(5)));
  list("{from: f, to: t, span: 31d, start: " + format_day(today() - days(60)) +
           ", lookback: 14d, column: occurred_on}\n    page: {type: offset, total: result.total}",
       [&](Asked const& asked) { return counted(asked, asked_days(asked)); });
  expect_green(pass(), 13);
  books.pop_back();
  for (int i = 0; i < 2; ++i) {
    auto const synced = pass();
    EXPECT_EQ(synced.status, 1) << synced.out;
    EXPECT_EQ(synced.of("rows", "error_code"), "totals_differ") << synced.out;
    EXPECT_EQ(live_count(), "13");
  }
  pass({"--full"});
  EXPECT_EQ(marked(), "q05");
  expect_no_change();
}

// Once a connector asks for what has changed, no day is asked for again, and days that were read
// before say nothing about a row that could not be stored.
TEST_F(StrangersDays, bad_row_among_changes_stays_told_after_a_history_by_days) {
  put("h1", 1, format_day(today() - days(1)));
  std::vector<std::string> changed;
  auto const days_window = "{from: f, to: t, span: 10d, start: " + format_day(today() - days(9)) +
                           ", lookback: 3d, column: occurred_on}";
  list(days_window, [&](Asked const& asked) {
    if (asked.has("f")) return reply(R"({"result":)" + slice(asked_days(asked)) + "}");
    return reply(R"({"result":)" +
                 slice(asked.has("after") ? changed : std::vector{books[0].json}) + "}");
  });
  expect_green(pass(), 1);
  auto other = yaml;
  other.replace(other.find(days_window), days_window.size(),
                "{from: after, to: before, form: datetime, changes: true, lookback: 3d}");
  replace_connector(other);
  pass({"--full"});
  auto const day = format_day(today() - days(1));
  changed = {books[0].json, R"({"ref":"h2","sum":"x","day":")" + day + R"("})"};
  EXPECT_EQ(pass().of("rows", "error_code"), "rows_quarantined");
  changed.clear();
  auto const later = pass();
  EXPECT_EQ(later.of("rows", "error_code"), "rows_quarantined") << later.out << later.err;
}

// Rows older than the lookback get a new column too. Comments and layout of the file change
// nothing.
TEST_F(StrangersDays, another_mapping_is_applied_to_every_row) {
  for (int day = 1; day < 60; ++day) {
    put("m" + std::to_string(day), day, format_day(today() - days(day)));
  }
  auto const window = "{from: f, to: t, span: 10d, start: " + format_day(today() - days(59)) +
                      ", lookback: 5d, column: occurred_on}";
  auto const answer = [&](Asked const& asked) {
    std::vector<std::string> out;
    for (auto const& one : books) {
      auto const day = one.json.substr(one.json.size() - 12, 10);
      if (day >= asked("f") && day <= asked("t")) out.push_back(one.json);
    }
    return reply(R"({"result":)" + slice(out) + "}");
  };
  list(window, answer);
  expect_green(pass(), 59);
  replace_connector(with_amount("  sum  # as before"));
  asked();
  expect_no_change();
  EXPECT_EQ(asked().size(), 1U);
  replace_connector(with_amount("{from: sum, shift: 2}"));
  expect_green(pass(), 0);
  EXPECT_EQ(query("select count(*) from affsync.commission where amount = 150"), "59");
  asked();
  expect_no_change();
  EXPECT_EQ(asked().size(), 1U);
}

// The first pass reads everything; later passes request only changed rows.
TEST_F(StrangersDays, changes_only) {
  for (int i = 0; i < 12; ++i)
    put("c" + std::to_string(10 + i), 0, "2024-05-0" + std::to_string(1 + i % 9));
  bool whole = true;
  std::vector<std::string> changed;
  list(
      "{from: modifiedAfter, to: modifiedBefore, form: datetime, to_exclusive: true, changes: "
      "true, "
      "lookback: 3d}",
      [&](Asked const& asked) {
        if (asked.has("modifiedAfter") == whole) return reply("{}", "400 Bad Request");
        if (!whole) return reply(R"({"result":)" + slice(changed) + "}");
        return reply(between(-1, 1));
      });
  expect_green(pass(), 12);
  whole = false;
  changed = {R"({"ref":"c13","sum":"-1.50","day":"2024-05-04"})",
             R"({"ref":"c99","sum":9e-1,"day":"2024-05-04"})"};
  auto const synced = pass();
  EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
  EXPECT_EQ(synced.count("rows", "inserted"), 1);
  EXPECT_EQ(synced.count("rows", "updated"), 1);
  auto const sent = asked().back();
  EXPECT_EQ(sent("modifiedAfter"), format_day(today() - days(3)) + "T00:00:00Z");
  expect_no_change();
  EXPECT_EQ(live_count(), "13");
  EXPECT_EQ(query("select before->>'amount' || '>' || (after->>'amount') from affsync.record_change"
                  " where operation = 'update'"),
            "1.5>-1.50");
}

}  // namespace
}  // namespace affsync::test::strangers_days_test
