// Which rows of a broker's list are stored: rows that leave a filter, rows with the same key, lists
// with unusual ends, missing totals.
#include <atomic>

#include "tests/acceptance/plain_broker.hpp"

namespace affsync::test::row_sets_test {
namespace {

class RowSets : public PlainAcceptance {
 protected:
  // `stream`: YAML lines of the stream after path, table, key and map, indented by four spaces.
  void serve_with(std::string const& stream, PlainBroker::Answer answer) {
    serve(std::move(answer));
    use_connector("plain", R"(name: plain
credentials:
  api_key: {description: any}
auth: {type: static_token, value: "Bearer ${credentials.api_key}"}
streams:
  rows:
    table: commission
    path: /rows
    key: id
    map: {amount: amount, currency: currency, broker_status: state, occurred_on: day}
)" + stream);
  }
  std::string live(std::string const& table = "commission") const {
    return query("select string_agg(external_id, ' ' order by external_id) from affsync." + table +
                 " where deleted_at is null");
  }
};

std::string row(std::string const& id, std::string const& state, int amount = 1) {
  return R"({"id":")" + id + R"(","state":")" + state + R"(","amount":)" + std::to_string(amount) +
         R"(,"currency":"USD","day":"2026-01-02"})";
}

TEST_F(RowSets, a_row_that_leaves_the_filter_is_marked) {
  std::atomic<int> pass = 0;
  // Neither a count nor a column of the window could contradict this.
  serve_with(R"(    records: data
    where: {state: [approved, paid]}
    window: {from: a, to: b, start: 2026-01-01, span: 3660d}
    also:
      - {table: payout, where: {state: paid}, map: {amount: amount}}
)",
             [&](std::string const&) {
               std::vector<std::string> list;
               for (int i = 0; i < 20; ++i) {
                 bool const left = pass > 0 && i == 7;
                 list.push_back(row("r" + std::to_string(i), left ? "reversed" : "paid", 10));
               }
               return answer_of(list_of(list));
             });
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(query("select count(*) from affsync.payout where deleted_at is null"), "20");
  ++pass;
  auto const synced = sync();
  EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
  EXPECT_EQ(synced.count("rows", "deleted"), 2);
  EXPECT_EQ(query("select string_agg(external_id, ' ') from affsync.commission"
                  " where deleted_at is not null"),
            "r7");
  EXPECT_EQ(query("select string_agg(external_id, ' ') from affsync.payout"
                  " where deleted_at is not null"),
            "r7");
  EXPECT_EQ(query("select sum(amount) from affsync.commission where deleted_at is null"), "190");
  auto const again = sync();
  EXPECT_EQ(again.count("rows", "deleted"), 0);
  pass = 0;
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(query("select count(*) from affsync.commission where deleted_at is null"), "20");
}

TEST_F(RowSets, a_filter_that_no_row_meets_any_more_empties_nothing) {
  std::atomic<int> pass = 0;
  serve_with("    records: data\n    where: {state: paid}\n", [&](std::string const&) {
    std::vector<std::string> list;
    for (int i = 0; i < 20; ++i) {
      list.push_back(row("r" + std::to_string(i), pass > 0 ? "PAID" : "paid"));
    }
    return answer_of(list_of(list));
  });
  ASSERT_EQ(sync().status, 0);
  ++pass;
  auto const synced = sync();
  EXPECT_EQ(synced.status, 1);
  EXPECT_EQ(synced.of("rows", "error_code"), "mass_drop") << synced.out;
  EXPECT_EQ(query("select count(*) from affsync.commission where deleted_at is null"), "20");
}

TEST_F(RowSets, rows_under_one_key_are_told) {
  serve_with("    records: data\n", [](std::string const&) {
    return answer_of(list_of({row("a", "paid", 100), row("b", "paid", 5), row("a", "paid", 40)}));
  });
  auto const synced = sync();
  EXPECT_EQ(synced.of("rows", "status"), "partial") << synced.out;
  EXPECT_EQ(synced.of("rows", "error_code"), "rows_quarantined");
  EXPECT_EQ(live(), "a b");
  EXPECT_EQ(query("select amount from affsync.commission where external_id = 'a'"), "40");
  EXPECT_EQ(query("select raw->>'amount' from affsync.quarantine where resolved_at is null"),
            "100");
  EXPECT_NE(query("select reason from affsync.quarantine").find("same key"), std::string::npos);
  // The next pass finds the same, without a change.
  auto const again = sync();
  EXPECT_EQ(again.count("rows", "updated"), 0);
  EXPECT_EQ(again.count("rows", "quarantined"), 1);
  EXPECT_EQ(query("select count(*) from affsync.quarantine where resolved_at is null"), "1");
  // Mapping the quarantined row again would replace the other row.
  affsync({"quarantine", "retry"});
  EXPECT_EQ(query("select amount from affsync.commission where external_id = 'a'"), "40");
  EXPECT_EQ(query("select count(*) from affsync.quarantine where resolved_at is null"), "1");
}

std::string bad_row(std::string const& id) {
  return R"({"id":")" + id +
         R"(","state":"paid","amount":"n/a","currency":"USD","day":"2026-01-02"})";
}

// A row that cannot be read takes nothing away from the one that is stored under its key.
TEST_F(RowSets, a_bad_row_does_not_displace_a_good_one_of_its_key) {
  std::atomic<int> pass = 0;
  serve_with("    records: data\n", [&](std::string const&) {
    if (pass == 0) return answer_of(list_of({row("a", "paid", 100), row("b", "paid", 5)}));
    if (pass == 1)
      return answer_of(list_of({row("a", "paid", 101), row("b", "paid", 5), bad_row("a")}));
    return answer_of(list_of({bad_row("a"), row("a", "paid", 102), row("b", "paid", 5)}));
  });
  ASSERT_EQ(sync().status, 0);
  for (; pass < 2;) {
    ++pass;
    for (int i = 0; i < 3; ++i) {
      auto const synced = sync();
      EXPECT_EQ(synced.of("rows", "error_code"), "rows_quarantined") << synced.out << synced.err;
      EXPECT_EQ(live(), "a b");
      EXPECT_EQ(query("select amount from affsync.commission where external_id = 'a'"),
                std::to_string(100 + pass));
      EXPECT_EQ(query("select raw->>'amount' from affsync.quarantine where resolved_at is null"),
                "n/a");
    }
  }
  affsync({"quarantine", "retry"});
  EXPECT_EQ(query("select amount from affsync.commission where external_id = 'a'"), "102");
}

TEST_F(RowSets, a_bad_row_on_another_page_does_not_displace_a_good_one_of_its_key) {
  for (bool const bad_first : {true, false}) {
    SCOPED_TRACE(bad_first);
    serve_with("    records: data\n    page: {type: page, size: 2, total: n}\n",
               [=](std::string const& target) {
                 bool const is_first = parameter_of(target, "page") == "1";
                 auto body = list_of({is_first == bad_first ? bad_row("a") : row("a", "paid", 100),
                                      row(is_first ? "b" : "c", "paid", 5)});
                 body.back() = ',';
                 return answer_of(body + R"("n":3})");
               });
    for (int i = 0; i < 3; ++i) {
      auto const synced = sync();
      // What comes first may be an earlier version of a row that has moved meanwhile.
      EXPECT_EQ(synced.of("rows", "status"), bad_first ? "succeeded" : "partial") << synced.out;
      EXPECT_EQ(live(), "a b c");
      EXPECT_EQ(query("select sum(amount) from affsync.commission where deleted_at is null"),
                "110");
      EXPECT_EQ(query("select count(*) from affsync.quarantine where resolved_at is null"),
                bad_first ? "0" : "1");
    }
    renew_database();
  }
}

// Rows without an id are numbered: the number of a good row is not given to a bad one.
TEST_F(RowSets, a_bad_row_does_not_take_the_number_of_a_good_one) {
  std::atomic<int> pass = 0;
  serve([&](std::string const&) {
    auto const good = row("a", "paid", 100);
    return answer_of(pass == 0 ? list_of({good}) : list_of({bad_row("a"), good}));
  });
  use_connector("plain", R"(name: plain
credentials:
  api_key: {description: any}
auth: {type: static_token, value: "Bearer ${credentials.api_key}"}
streams:
  rows:
    table: commission
    path: /rows
    records: data
    key: {hash: [id, day]}
    mode: replace_window
    window: {from: a, to: b, start: 2026-01-01, span: 3660d, lookback: 3660d, column: occurred_on}
    map: {amount: amount, currency: currency, broker_status: state, occurred_on: day}
)");
  ASSERT_EQ(sync().status, 0);
  ++pass;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(sync().of("rows", "error_code"), "rows_quarantined");
    EXPECT_EQ(query("select sum(amount) from affsync.commission where deleted_at is null"), "100");
    EXPECT_EQ(query("select count(*) from affsync.commission"), "1");
    EXPECT_EQ(query("select count(*) from affsync.quarantine where resolved_at is null"), "1");
  }
  affsync({"quarantine", "retry"});
  EXPECT_EQ(query("select sum(amount) from affsync.commission where deleted_at is null"), "100");
}

TEST_F(RowSets, nothing_behind_the_last_page_is_the_end) {
  serve_with("    records: data\n    page: {type: page, limit: per_page, size: 10}\n",
             [](std::string const& target) {
               int const page = std::stoi(parameter_of(target, "page"));
               if (page > 3) {
                 return std::string(
                     "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n"
                     "Content-Length: 26\r\n\r\n{\"detail\":\"Invalid page.\"}");
               }
               std::vector<std::string> list;
               for (int i = 0; i < 10; ++i) list.push_back(row(std::to_string(page * 10 + i), "x"));
               return answer_of(list_of(list));
             });
  auto const synced = sync();
  EXPECT_EQ(synced.status, 0) << synced.out;
  EXPECT_EQ(synced.of("rows", "status"), "succeeded");
  EXPECT_EQ(query("select count(*) from affsync.commission"), "30");
}

TEST_F(RowSets, a_total_that_is_not_there_is_told_and_never_compared) {
  serve_with("    records: data\n    page: {type: none, total: n}\n",
             [](std::string const&) { return answer_of(list_of({row("a", "paid")})); });
  auto const checked = affsync({"check"});
  EXPECT_EQ(checked.status, 0);
  EXPECT_NE(checked.out.find("`n`"), std::string::npos) << checked.out;
  EXPECT_NE(affsync({"inspect", "main", "rows"}).out.find("the answer does not contain:\n  n"),
            std::string::npos);
  auto const synced = sync();
  EXPECT_NE(synced.err.find("is missing from the answers"), std::string::npos) << synced.err;
  EXPECT_EQ(query("select count(*) from affsync.reconciliation"), "0");
}

TEST_F(RowSets, one_bare_nan_costs_its_row_alone) {
  serve_with("    records: data\n", [](std::string const&) {
    return answer_of(R"({"data":[{"id":"a","amount":1,"x":NaN},{"id":"b","amount":2.50},)"
                     R"({"id":"c","amount":-Infinity},{"id":"d","amount":2.50}]})");
  });
  auto const synced = sync();
  EXPECT_EQ(synced.of("rows", "status"), "partial") << synced.out;
  EXPECT_EQ(live(), "b d");
  EXPECT_EQ(query("select sum(amount) from affsync.commission"), "5.00");
  EXPECT_EQ(query("select count(*) from affsync.quarantine"), "2");
}

TEST_F(RowSets, a_list_as_php_writes_it_and_none_at_all) {
  std::atomic<int> pass = 0;
  serve_with("    records: data\n    page: {type: none, total: total}\n", [&](std::string const&) {
    return answer_of(pass == 0 ? R"({"data":{"0":)" + row("a", "x") + R"(,"2":)" + row("b", "x") +
                                     R"(},"total":2})"
                               : R"({"data":null,"total":0})");
  });
  auto const synced = sync();
  EXPECT_EQ(synced.status, 0) << synced.out;
  EXPECT_EQ(live(), "a b");
  EXPECT_EQ(query("select count(*) from affsync.quarantine"), "0");
  renew_database();
  ++pass;
  auto const none = sync();
  EXPECT_EQ(none.status, 0) << none.out;
  EXPECT_EQ(none.count("rows", "rows_read"), 0);
}

// Rows with fractions of a second, and a broker that filters by whole seconds.
TEST_F(RowSets, the_last_moment_of_a_slice_is_read_and_counts_once) {
  auto const answer = [](std::string const& target) {
    // date -ud '2026-01-08' +%s: 1767830400.
    auto const from = std::stoll(parameter_of(target, "a")),
               to = std::stoll(parameter_of(target, "b"));
    std::vector<std::string> list;
    auto const add = [&](std::string const& id, long long half_seconds, std::string const& day) {
      if (half_seconds < 2 * from || half_seconds > 2 * to) return;
      list.push_back(R"({"id":")" + id + R"(","amount":10,"currency":"USD","day":")" + day + "\"}");
    };
    add("before", 2 * 1767830399LL, "2026-01-07");
    add("last", 2 * 1767830399LL + 1, "2026-01-07");
    add("next", 2 * 1767830400LL, "2026-01-08");
    auto body = list_of(list);
    body.back() = ',';
    return answer_of(body + R"("n":)" + std::to_string(list.size()) + R"(,"sum":)" +
                     std::to_string(10 * list.size()) + "}");
  };
  serve_with(R"(    records: data
    page: {type: none, total: n}
    window: {from: a, to: b, form: epoch_seconds, start: 2026-01-01, span: 7d, max_span: 3660d,
             column: occurred_on}
    reconcile: [{column: amount, total: sum}]
)",
             answer);
  for (int pass = 0; pass < 2; ++pass) {
    auto const synced = sync({"--full"});
    EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
    EXPECT_EQ(synced.of("rows", "status"), "succeeded");
    EXPECT_EQ(live(), "before last next");
    EXPECT_EQ(query("select count(*) from affsync.reconciliation where not matched"), "0");
  }
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "0");
}

}  // namespace
}  // namespace affsync::test::row_sets_test
