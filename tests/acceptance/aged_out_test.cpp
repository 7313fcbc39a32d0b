// Lists whose windows replace their rows, at a broker that shows only its last weeks: what it no
// longer shows because of its age stays, and what it takes back goes at once.
#include <ctime>
#include <mutex>

#include "tests/acceptance/plain_broker.hpp"

namespace affsync::test::aged_out_test {
namespace {

class AgedOut : public PlainAcceptance {
 protected:
  struct Row {
    long at = 0;  // seconds
    std::string amount;
  };
  void SetUp() override {
    PlainAcceptance::SetUp();
    now_ = std::time(nullptr);
    serve([this](std::string const& target) { return answer(target); });
    read_in(R"(key: {hash: [at, user, sum]}, mode: replace_window)");
  }
  void read_in(std::string const& mode) {
    auto lines = mode;
    if (auto const comma = lines.find("}, "); comma != std::string::npos) {
      lines.replace(comma, 3, "}\n    ");
    }
    use_connector("plain", R"(name: plain
credentials:
  api_key: {description: any}
auth: {type: static_token, value: "Bearer ${credentials.api_key}"}
streams:
  rows:
    table: commission
    path: /history
    page: {type: offset, size: 100, overlap: 0, total: total}
    window: {from: from, to: to, form: epoch_seconds, start: -90d, until: now, span: 30d, lookback: 3d, column: occurred_on}
    records: list
    )" + lines + R"(
    map:
      client_ref: user
      amount: {from: sum, required: true}
      currency: {const: USDT}
      occurred_on: {from: at, as: epoch, required: true}
      occurred_at: {from: at, as: epoch}
)");
  }
  Row row(double days_ago, std::string const& amount) const {
    return {now_ - static_cast<long>(days_ago * 86400), amount};
  }
  // `more`: rows that the broker counts and does not list.
  void lists(std::vector<Row> rows, int more = 0) {
    std::lock_guard const lock(mutex_);
    more_ = more;
    rows_ = std::move(rows);
  }
  void pass(bool full = false) {
    auto const synced =
        sync(full ? std::vector<std::string>{"--full"} : std::vector<std::string>{});
    EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
    EXPECT_EQ(synced.of("rows", "status"), "succeeded") << synced.out;
  }
  std::string live() {
    return query(
        "select coalesce(string_agg(trim_scale(amount)::text, ' ' order by occurred_at), '')"
        " from affsync.commission where deleted_at is null");
  }
  std::string taken_back() {
    return query(
        "select coalesce(string_agg(reason || ' ' || trim_scale(difference), ', ' order by"
        " changed_at, difference), '') from reporting.clawbacks");
  }
  void expect_nothing_told() {
    EXPECT_EQ(taken_back(), "");
    EXPECT_EQ(query("select count(*) from affsync.alert where rule like 'commission%'"), "0");
    EXPECT_EQ(query("select count(*) from reporting.reconciliations where not matched"), "0");
    EXPECT_EQ(query("select count(*) from reporting.coverage where state <> 'proven'"), "0");
  }
  void only_row_of_weeks_ago_stays() {
    lists({row(20, "5")});
    pass();
    lists({});
    for (bool const full : {true, true, false}) pass(full);
    EXPECT_EQ(live(), "5");
    expect_nothing_told();
  }

 private:
  std::string answer(std::string const& target) {
    std::lock_guard const lock(mutex_);
    auto const from = std::stol(parameter_of(target, "from")),
               to = std::stol(parameter_of(target, "to"));
    std::string list;
    int count = 0;
    for (auto const& row : rows_) {
      if (row.at < from || row.at > to) continue;
      list += (count++ > 0 ? "," : "") + (R"({"user":"U1","sum":")" + row.amount) + R"(","at":)" +
              std::to_string(row.at) + "}";
    }
    return answer_of(R"({"total":)" + std::to_string(count + (count > 0 ? more_ : 0)) +
                     R"(,"list":[)" + list + "]}");
  }

  long now_ = 0;
  std::mutex mutex_;
  std::vector<Row> rows_;
  int more_ = 0;
};

TEST_F(AgedOut, rows_of_a_window_that_age_out_one_by_one_are_kept) {
  std::vector const rows{row(28, "100"), row(25, "200"), row(20, "4"), row(2, "5")};
  lists(rows);
  pass();
  pass();
  lists({rows.begin() + 1, rows.end()});
  pass(true);
  pass(true);
  lists({rows.begin() + 2, rows.end()});
  pass(true);
  pass();
  EXPECT_EQ(live(), "100 200 4 5");
  expect_nothing_told();
}

TEST_F(AgedOut, days_that_age_out_as_a_whole_are_kept_and_in_no_doubt) {
  std::vector const rows{row(70, "1"), row(65, "2"), row(40, "3"), row(20, "4"), row(2, "5")};
  lists(rows);
  pass();
  lists({rows.begin() + 3, rows.end()});
  for (bool const full : {true, true, false, false}) pass(full);
  EXPECT_EQ(live(), "1 2 3 4 5");
  expect_nothing_told();
}

TEST_F(AgedOut, a_row_missing_between_others_is_marked_at_once) {
  std::vector const rows{row(70, "1"), row(40, "2"), row(38, "3"), row(20, "4"), row(2, "5")};
  lists(rows);
  pass();
  lists({rows[0], rows[2], rows[3], rows[4]});
  pass(true);
  EXPECT_EQ(live(), "1 3 4 5");
  EXPECT_EQ(taken_back(), "vanished -2");
  // Also where older ones have aged out meanwhile.
  lists({rows[2], rows[4]});
  pass(true);
  EXPECT_EQ(live(), "1 3 5");
  EXPECT_EQ(taken_back(), "vanished -2, vanished -4");
}

TEST_F(AgedOut, nothing_goes_while_the_broker_counts_more_than_it_lists) {
  std::vector const rows{row(28, "1"), row(25, "2"), row(20, "3"), row(2, "5")};
  lists(rows);
  pass();
  lists({rows[1], rows[3]}, 1);
  EXPECT_EQ(sync({"--full"}).status, 1);
  EXPECT_EQ(live(), "1 2 3 5");
  lists({rows[1], rows[3]});
  pass(true);
  EXPECT_EQ(live(), "1 2 5");
}

TEST_F(AgedOut, the_oldest_row_may_be_corrected) {
  lists({row(28, "100"), row(20, "4"), row(2, "5")});
  pass();
  lists({row(28, "90"), row(20, "4"), row(2, "5")});
  pass(true);
  EXPECT_EQ(live(), "90 4 5");
  EXPECT_EQ(taken_back(), "lowered -10");
  // At another time of its day.
  auto moved = row(28, "95");
  moved.at += moved.at % 86400 < 43200 ? 600 : -600;
  lists({moved, row(20, "4"), row(2, "5")});
  pass(true);
  EXPECT_EQ(live(), "95 4 5");
  EXPECT_EQ(taken_back(), "lowered -10");
}

// An ordinary pass does not see how far back the list goes.
TEST_F(AgedOut, the_first_row_of_the_lookback_may_be_taken_back) {
  lists({row(28, "100"), row(1.5, "7"), row(1, "5")});
  pass();
  lists({row(28, "100"), row(1, "5")});
  pass();
  EXPECT_EQ(live(), "100 5");
  EXPECT_EQ(taken_back(), "vanished -7");
}

TEST_F(AgedOut, the_only_row_is_gone_once_the_broker_counts_none) {
  lists({row(1, "5")});
  pass();
  lists({});
  pass();
  EXPECT_EQ(live(), "");
  EXPECT_EQ(taken_back(), "vanished -5");
}

TEST_F(AgedOut, the_only_row_with_an_id_is_gone_once_the_broker_counts_none) {
  read_in("key: at");
  lists({row(1, "5")});
  pass();
  lists({});
  pass();
  EXPECT_EQ(live(), "");
  EXPECT_EQ(taken_back(), "vanished -5");
}

TEST_F(AgedOut, an_only_row_of_weeks_ago_may_be_too_old) {
  only_row_of_weeks_ago_stays();
}

TEST_F(AgedOut, an_only_row_of_weeks_ago_with_an_id_may_be_too_old) {
  read_in("key: at");
  only_row_of_weeks_ago_stays();
}

}  // namespace
}  // namespace affsync::test::aged_out_test
