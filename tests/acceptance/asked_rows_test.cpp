// Only rows that a pass has asked for can be missed by it: those of the values of `for_each`, and
// those of the moments between two windows.
#include <map>

#include "tests/acceptance/strangers.hpp"

namespace affsync::test::asked_rows_test {
namespace {

class AskedRows : public Strangers {
 protected:
  AskedRows() { source_yaml = "    mass_drop: 100%\n"; }
};

// Commissions of each client, and the clients that the broker lists.
class RowsOfValues : public AskedRows {
 protected:
  void serve(std::string const& more = "", std::string const& each = "as: client") {
    start_own_broker(R"(auth: {type: none}
errors: [{status: 404, class: empty}]
streams:
  rows:
    table: commission
    path: /commissions
    keeps: forever
    for_each: {values: {stream: people, column: client_ref}, )" +
                         each + R"(}
    page: {type: page, size: 100, total: total}
    records: items
    key: id
    map: {amount: amount, currency: {const: USD}, occurred_on: day}
)" + more + R"(  people:
    table: client
    path: /clients
    page: {type: page, size: 100, total: total}
    records: items
    key: id
    map: {client_ref: id}
)",
                     "{}", [&](Asked const& asked) {
                       if (asked.path == "/clients") {
                         if (!people_answer.empty()) return people_answer;
                         std::vector<std::string> list;
                         for (auto const& [id, rows] : rows_of)
                           list.push_back(R"({"id":")" + id + "\"}");
                         return listed(list);
                       }
                       return commissions(asked("client"));
                     });
  }
  std::string commissions(std::string clients) const {
    std::vector<std::string> list;
    while (!clients.empty()) {
      auto const client = clients.substr(0, clients.find(','));
      clients.erase(0, std::min(clients.size(), client.size() + 1));
      if (client == forgotten) return reply("{}", "404 Not Found");
      for (auto const& id : rows_of.at(client)) {
        list.push_back(R"({"id":")" + id + R"(","amount":"5","day":"2026-06-01"})");
      }
    }
    return listed(list);
  }
  static std::string listed(std::vector<std::string> const& list) {
    return reply(R"({"total":)" + std::to_string(list.size()) + R"(,"items":)" + slice(list) + "}");
  }
  // Reads the clients, and then their commissions.
  void read() {
    ASSERT_EQ(pass({"--stream", "people"}).status, 0);
    auto const synced = pass({"--stream", "rows"});
    EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
  }
  std::string taken_back() const {
    return query(
        "select coalesce(string_agg(external_id, ' ' order by external_id), '')"
        " from reporting.clawbacks");
  }

  std::map<std::string, std::vector<std::string>> rows_of{
      {"a", {"a1", "a2"}}, {"b", {"b1", "b2"}}, {"c", {"c1", "c2"}}};
  std::string forgotten;      // the broker answers 404 for it
  std::string people_answer;  // in place of the list of clients
};

// Without the list of clients nobody knows what there is to ask for.
TEST_F(RowsOfValues, are_not_said_to_be_read_while_the_list_of_values_never_was) {
  serve();
  auto const alone = pass({"--stream", "rows"});
  EXPECT_EQ(alone.status, 1) << alone.out;
  EXPECT_NE(alone.out.find("none is stored yet"), std::string::npos) << alone.out << alone.err;
  people_answer = reply(R"({"error":"no"})", "403 Forbidden");
  auto const refused = pass();
  EXPECT_EQ(refused.status, 0) << refused.out << refused.err;
  EXPECT_EQ(refused.of("people", "status"), "skipped") << refused.out;
  EXPECT_EQ(refused.of("rows", "status"), "skipped") << refused.out;
  people_answer.clear();
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(live("external_id"), "a1 a2 b1 b2 c1 c2");
}

TEST_F(RowsOfValues, are_read_where_the_list_of_values_is_empty) {
  rows_of.clear();
  serve();
  auto const synced = pass();
  EXPECT_EQ(synced.of("rows", "status"), "succeeded") << synced.out << synced.err;
  EXPECT_EQ(synced.status, 0) << synced.out;
}

TEST_F(RowsOfValues, stay_when_their_value_is_no_longer_asked_for) {
  serve();
  read();
  auto const of_a = rows_of.at("a");
  rows_of.erase("a");
  rows_of["b"] = {"b1"};  // of this one it was asked
  for (int i = 0; i < 3; ++i) read();
  EXPECT_EQ(live("external_id"), "a1 a2 b1 c1 c2");
  EXPECT_EQ(taken_back(), "b2");
  // The value comes back with one of its rows: what it lacks now has vanished.
  rows_of["a"] = {"a1"};
  read();
  EXPECT_EQ(live("external_id"), "a1 b1 c1 c2");
  EXPECT_EQ(taken_back(), "a2 b2");
  rows_of["a"] = of_a;
  read();
  EXPECT_EQ(live("external_id"), "a1 a2 b1 c1 c2");
  expect_no_change({"--stream", "rows"});
}

TEST_F(RowsOfValues, stay_when_the_broker_knows_their_value_no_longer) {
  serve();
  read();
  forgotten = "a";
  rows_of["b"] = {"b1"};
  for (int i = 0; i < 3; ++i) read();
  EXPECT_EQ(live("external_id"), "a1 a2 b1 c1 c2");
  EXPECT_EQ(taken_back(), "b2");
  forgotten.clear();
  rows_of["a"] = {};
  read();
  EXPECT_EQ(live("external_id"), "b1 c1 c2");
}

TEST_F(RowsOfValues, of_one_request_are_judged_if_all_its_values_are_asked_for) {
  serve("", "as: client, batch: 2");
  read();
  rows_of.erase("a");  // the requests are now for b and c together
  read();
  rows_of["b"] = {"b1"};
  read();
  EXPECT_EQ(live("external_id"), "a1 a2 b1 c1 c2");
  EXPECT_EQ(taken_back(), "b2");
}

TEST_F(RowsOfValues, that_replace_their_window_leave_others_alone) {
  serve(
      "    mode: replace_window\n    window: {from: from, to: to, start: 2026-06-01, span: 3660d,"
      " lookback: 3660d, column: occurred_on}\n");
  read();
  rows_of.erase("a");
  rows_of["b"] = {"b1"};
  read();
  EXPECT_EQ(live("external_id"), "a1 a2 b1 c1 c2");
  EXPECT_EQ(taken_back(), "b2");
  auto const synced = pass({"--stream", "rows"});
  EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
}

// Commissions with times that are finer than the parameters of the request.
class RowsBetweenWindows : public AskedRows {
 protected:
  // `key`, and `map` of the columns of time.
  void serve(std::string const& form, std::string const& key, long unit,
             std::string const& time = "      occurred_at: {from: at, as: epoch}\n") {
    start_own_broker(R"(auth: {type: none}
streams:
  rows:
    table: commission
    path: /commissions
    window: {from: from, to: to, form: )" +
                         form +
                         R"(, start: 2026-06-01, span: 1d, lookback: 30d, column: occurred_on}
    page: {type: page, size: 100, total: total}
    records: items
    key: )" + key + R"(
    mode: replace_window
    map:
      amount: amount
      currency: {const: USD}
      occurred_on: {from: at, as: epoch}
)" + time,
                     "{}", [this, unit](Asked const& asked) {
                       auto const from = std::stol(asked("from")) * unit;
                       auto const to = std::stol(asked("to")) * unit;
                       std::vector<std::string> list;
                       for (auto const& [id, at] : rows) {
                         if (at < from || at > to) continue;
                         list.push_back(R"({"id":")" + id + R"(","amount":"5","at":)" +
                                        std::to_string(at / 1'000'000) + "}");
                       }
                       return reply(R"({"total":)" + std::to_string(list.size()) + R"(,"items":)" +
                                    slice(list) + "}");
                     });
  }
  Synced read() { return pass({"--since", "2026-06-01", "--until", "2026-06-05"}); }
  void expect_nothing_new() {
    expect_no_change({"--since", "2026-06-01", "--until", "2026-06-05"});
  }

  static constexpr long midnight = 1'780'358'400'000'000;  // 2026-06-02, in microseconds
  std::map<std::string, long> rows{{"first", midnight - 80'000'000'000},
                                   {"noon", midnight - 43'200'000'000},
                                   {"last", midnight - 1'000'000},
                                   {"late", midnight - 600'000},
                                   {"later", midnight - 400},
                                   {"next", midnight}};
};

TEST_F(RowsBetweenWindows, of_seconds_belong_to_one_window) {
  serve("epoch_seconds", "id", 1'000'000);
  auto const first = read();
  EXPECT_EQ(first.status, 0) << first.out << first.err;
  expect_nothing_new();
  EXPECT_EQ(live_count(), "6");
  rows.erase("late");
  EXPECT_EQ(read().status, 0);
  EXPECT_EQ(marked(), "late");
  rows.erase("last");
  rows.erase("noon");
  EXPECT_EQ(read().status, 0);
  EXPECT_EQ(marked(), "last late noon");
  expect_nothing_new();
}

TEST_F(RowsBetweenWindows, of_milliseconds_belong_to_one_window) {
  serve("epoch_milliseconds", "id", 1'000);
  EXPECT_EQ(read().status, 0);
  expect_nothing_new();
  EXPECT_EQ(live_count(), "6");
}

// Nothing that is stored tells on which side of the moment a row is.
TEST_F(RowsBetweenWindows, of_which_only_the_day_is_stored_belong_to_their_day) {
  serve("epoch_seconds", "id", 1'000'000, "");
  EXPECT_EQ(read().status, 0);
  expect_nothing_new();
  EXPECT_EQ(live_count(), "6");
  rows.erase("late");
  EXPECT_EQ(read().status, 0);
  EXPECT_EQ(marked(), "late");
  rows.erase("noon");
  rows.erase("next");
  EXPECT_EQ(read().status, 0);
  EXPECT_EQ(marked(), "late next noon");
}

// The broker's times tell nothing of the fraction by which it selects.
TEST_F(RowsBetweenWindows, of_equal_content_keep_their_numbers) {
  serve("epoch_seconds", "{hash: [amount, at]}", 1'000'000);
  EXPECT_EQ(read().status, 0);
  EXPECT_EQ(live_count(), "6");
  expect_nothing_new();
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "0");
  rows.erase("late");
  rows.erase("later");
  EXPECT_EQ(read().status, 0);
  EXPECT_EQ(live_count(), "4");
}

}  // namespace
}  // namespace affsync::test::asked_rows_test
