// A connector whose keys are made in another way: each row comes again under another key, and is
// counted once.
#include "base/clock.hpp"
#include "tests/acceptance/strangers.hpp"

namespace affsync::test::other_keys_test {
namespace {

using std::chrono::days;

class OtherKeys : public Strangers {
 protected:
  void SetUp() override {
    Strangers::SetUp();
    for (int i = 0; i < 50; ++i) {
      auto const day =
          std::chrono::floor<days>(std::chrono::system_clock::now()) - days(i % 28 + 1);
      books.push_back(R"({"id":)" + std::to_string(i) + R"(,"client":"c)" + std::to_string(i % 7) +
                      R"(","sum":"1.50","state":")" + (i % 10 == 0 ? "rejected" : "approved") +
                      R"(","day":")" + format_day(day) + "\"}");
    }
    start_own_broker(with_key("id"), "{key: kk-planted-key}", [this](Asked const&) {
      return reply(R"({"rows":)" + slice(books) + total_of(books.size()) + "}");
    });
  }
  std::string total_of(std::size_t rows) const {
    return counts ? R"(,"total":)" + std::to_string(rows) : "";
  }
  std::string with_key(std::string const& key, std::string const& more = "") const {
    return R"(credentials: {key: {description: k}}
auth: {type: static_token, value: "${credentials.key}"}
streams:
  rows:
    table: commission
    path: /list
    page: {type: none, total: total}
    records: rows
    key: )" +
           key +
           R"(
    map:
      client_ref: client
      amount: sum
      currency: {const: USD}
      status: {from: state, table: {approved: approved, rejected: rejected}}
      occurred_on: {from: day, as: date}
)" + more;
  }
  std::string earned() {
    return query(
        "select trim_scale(sum(amount)) from reporting.earnings_daily"
        " where status is distinct from 'rejected'");
  }
  void expect_nothing_told() {
    EXPECT_EQ(query("select count(*) from reporting.clawbacks"), "0");
    EXPECT_EQ(query("select count(*) from reporting.retroactive_changes"), "0");
    EXPECT_EQ(query("select coalesce(string_agg(rule || title, ' '), '') from affsync.alert where "
                    "closed_at is null"),
              "");
  }
  std::vector<std::string> books;
  bool counts = true;
};

TEST_F(OtherKeys, each_row_counts_once) {
  expect_green(pass(), 50);
  EXPECT_EQ(earned(), "67.5");
  replace_connector(with_key("[id, client]"));
  auto const again = pass();
  EXPECT_EQ(again.status, 0) << again.out << again.err;
  EXPECT_EQ(again.count("rows", "inserted"), 50);
  EXPECT_EQ(again.count("rows", "deleted"), 50);
  EXPECT_EQ(live_count(), "50");
  EXPECT_EQ(earned(), "67.5");
  expect_nothing_told();
  expect_no_change();
  // What vanishes after that has vanished.
  books.erase(books.begin() + 21);
  pass();
  EXPECT_EQ(live_count(), "49");
  EXPECT_EQ(query("select count(*) from reporting.clawbacks"), "1");
}

// The broker changes one row and removes one at the same time: these are judged like any others.
TEST_F(OtherKeys, what_changed_meanwhile_is_judged_by_the_next_passes) {
  expect_green(pass(), 50);
  replace_connector(with_key("[client, id]"));
  auto& changed = books[33];
  changed.replace(changed.find("1.50"), 4, "2.00");
  books.erase(books.begin() + 21);
  pass();
  pass();
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(live_count(), "49");
  EXPECT_EQ(earned(), "66.5");
}

// Without a count nothing but two sweeps proves that a row is gone.
TEST_F(OtherKeys, a_list_without_a_count_too) {
  counts = false;
  expect_green(pass(), 50);
  replace_connector(with_key("[id, {const: x}]"));
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(live_count(), "50");
  expect_nothing_told();
}

// The key of a further table changes alone.
TEST_F(OtherKeys, of_a_further_table) {
  auto const also = [](std::string const& key) {
    return "    also: [{table: client, key: " + key + ", map: {client_ref: client}}]\n";
  };
  replace_connector(with_key("id", also("id")));
  expect_green(pass(), 100);
  EXPECT_EQ(live_count("client"), "50");
  replace_connector(with_key("id", also("[client, id]")));
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(live_count("client"), "50");
  EXPECT_EQ(live_count(), "50");
  expect_nothing_told();
}

}  // namespace
}  // namespace affsync::test::other_keys_test
