// Sums of a day without an id, as docs/connectors.md reads them: what the program tells of a sum
// that rises, falls and moves.
#include <map>
#include <mutex>

#include "tests/acceptance/plain_broker.hpp"

namespace affsync::test::sums_test {
namespace {

class Sums : public PlainAcceptance {
 protected:
  void SetUp() override {
    PlainAcceptance::SetUp();
    today_ = query("select (now() at time zone 'UTC')::date");
    yesterday_ = query("select (now() at time zone 'UTC')::date - 1");
    serve([this](std::string const& target) {
      std::lock_guard const lock(mutex_);
      auto const found = book_.find(parameter_of(target, "day"));
      auto const rows = found == book_.end() ? std::vector<std::string>{} : found->second;
      auto body = R"({"total":)" + std::to_string(rows.size()) + R"(,"rows":[)";
      for (auto const& row : rows) body += (body.back() == '[' ? "" : ",") + row;
      return answer_of(body + "]}");
    });
    use_connector("plain", R"(name: plain
credentials:
  api_key: {description: any}
auth: {type: static_token, value: "Bearer ${credentials.api_key}"}
streams:
  rows:
    table: commission
    path: /v1/sums
    page: {type: page, size: 100, total: total}
    window: {from: day, to: until, span: 1d, start: -1d, column: occurred_on}
    records: {from: rows, keep: {day: {window: from}}}
    key: {hash: all}
    mode: replace_window
    map:
      client_ref: user
      amount: {from: sum, required: true}
      currency: {const: USDT}
      occurred_on: day
)");
  }
  static std::string sum(std::string const& user, std::string const& amount) {
    return R"({"user":")" + user + R"(","sum":")" + amount + R"("})";
  }
  // The broker has these sums for a day, and they are read.
  void read(std::string const& day, std::vector<std::string> rows) {
    {
      std::lock_guard const lock(mutex_);
      book_[day] = std::move(rows);
    }
    auto const synced = sync();
    ASSERT_EQ(synced.status, 0) << synced.out << synced.err;
  }
  std::string csv(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "report");
    arguments.insert(arguments.end(), {"--output", "csv"});
    auto out = affsync(arguments).out;
    std::erase(out, '\r');
    return out;
  }
  std::string open_alerts() const {
    return query(
        "select coalesce(string_agg(title, ' | ' order by alert_id), '') from affsync.alert"
        " where closed_at is null and rule like 'commission%'");
  }

  std::string today_, yesterday_;
  std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> book_;
};

constexpr auto changes_header = "column,currency,changes,rows,raised,lowered\n";

TEST_F(Sums, a_sum_that_rises_is_nothing_taken_back) {
  for (auto const* amount : {"5", "9", "12"}) {
    read(today_, {sum("U1", amount), sum("U2", "1")});
  }
  EXPECT_EQ(csv({"clawbacks", "--by", "kind"}), "reason,currency,difference,rows\n");
  EXPECT_EQ(csv({"changes", "--by", "kind"}),
            std::string(changes_header) + "commission.amount,USDT,2,2,7,\n");
  EXPECT_EQ(open_alerts(), "");
  EXPECT_EQ(query("select sum(amount) from reporting.earnings_daily"), "13");
}

TEST_F(Sums, a_sum_that_falls_is_taken_back_once) {
  read(today_, {sum("U1", "9"), sum("U2", "1")});
  read(today_, {sum("U1", "7"), sum("U2", "1.5")});
  EXPECT_EQ(csv({"clawbacks", "--by", "kind"}),
            "reason,currency,difference,rows\nlowered,USDT,-2,1\n");
  EXPECT_EQ(csv({"changes", "--by", "kind"}),
            std::string(changes_header) + "commission.amount,USDT,2,2,0.5,-2\n");
  EXPECT_EQ(open_alerts(), "main took back 2.00 USDT");
}

// What a pass in doubt has stored beside the old rows is no sign that the list shrinks.
TEST_F(Sums, all_rows_that_change_in_a_pass_in_doubt_count_once) {
  auto const rows = [](int count, std::string const& more) {
    std::vector<std::string> list;
    for (int i = 1; i <= count; ++i) list.push_back(sum("U" + std::to_string(i), "2" + more));
    return list;
  };
  read(today_, rows(20, ""));
  {
    std::lock_guard const lock(mutex_);
    book_[today_] = rows(20, ".5");
    book_[today_][19] = sum("U20", "oops");
  }
  EXPECT_EQ(sync().status, 1);
  read(today_, rows(20, ".5"));
  EXPECT_EQ(query("select sum(amount) || ' ' || sum(rows) from reporting.earnings_daily"),
            "50.0 20");
  EXPECT_EQ(csv({"clawbacks", "--by", "kind"}), "reason,currency,difference,rows\n");
  // A list that is cut is stopped as ever, and so it is behind a pass in doubt.
  auto const cut = [&](std::string const& last) {
    std::lock_guard const lock(mutex_);
    book_[today_] = rows(8, ".5");
    book_[today_].push_back(last);
  };
  cut(sum("U9", "oops"));
  EXPECT_EQ(sync().status, 1);
  cut(sum("U9", "2.5"));
  auto const stopped = sync();
  EXPECT_EQ(stopped.status, 1);
  EXPECT_NE(stopped.out.find("would lose 11 of 20 rows"), std::string::npos) << stopped.out;
  EXPECT_EQ(query("select sum(amount) from reporting.earnings_daily"), "50.0");
}

TEST_F(Sums, money_of_another_client_or_day_makes_up_for_nothing) {
  read(yesterday_, {sum("U1", "3"), sum("U3", "1")});
  read(today_, {sum("U2", "9"), sum("U3", "1")});
  read(yesterday_, {sum("U3", "1")});
  read(today_, {sum("U1", "3"), sum("U2", "9"), sum("U3", "1")});
  EXPECT_EQ(csv({"clawbacks", "--by", "client"}),
            "client_ref,source,currency,difference,rows\nU1,main,USDT,-3,1\n");
  EXPECT_EQ(open_alerts(), "main no longer lists 3.00 USDT");
}

}  // namespace
}  // namespace affsync::test::sums_test
