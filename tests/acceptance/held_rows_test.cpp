// Rows that have vanished and are too many to be marked: they are told until they are marked or
// listed again. Rows that another `where` leaves out are not among them.
#include "base/clock.hpp"
#include "tests/acceptance/strangers.hpp"

namespace affsync::test::held_rows_test {
namespace {

using std::chrono::days;

// One row a day for the last hundred days; each pass but a full one asks for the last ten.
class HeldRows : public Strangers {
 protected:
  void SetUp() override {
    Strangers::SetUp();
    for (int i = 0; i < 100; ++i) {
      auto const day = std::chrono::floor<days>(std::chrono::system_clock::now()) - days(99 - i);
      books.emplace_back(format_day(day), R"({"id":)" + std::to_string(i) + R"(,"type":")" +
                                              (i % 2 == 0 ? "CPA" : "RS") +
                                              R"(","sum":"1.00","day":")" + format_day(day) +
                                              "\"}");
    }
    start_own_broker(with(""), "{key: kk-planted-key}", [this](Asked const& asked) {
      std::vector<std::string> rows;
      for (auto const& [day, row] : books) {
        if (asked("from") <= day && day <= asked("to")) rows.push_back(row);
      }
      return reply(R"({"rows":)" + slice(rows) + R"(,"total":)" + std::to_string(rows.size()) +
                   "}");
    });
  }
  std::string with(std::string const& more) const {
    return R"(credentials: {key: {description: k}}
auth: {type: static_token, value: "${credentials.key}"}
streams:
  rows:
    table: commission
    path: /list
    page: {type: none, total: total}
    window: {from: from, to: to, span: 31d, start: )" +
           books.front().first + R"(, lookback: 10d, column: occurred_on}
    records: rows
    key: id
    map:
      amount: sum
      currency: {const: USD}
      occurred_on: {from: day, as: date}
)" + more;
  }
  void expect_told() {
    EXPECT_EQ(open_alerts(), "mass_drop");
    EXPECT_NE(affsync({"status"}).out.find("affsync sync --full --source main --stream rows"),
              std::string::npos);
  }
  std::string open_alerts() {
    return query(
        "select coalesce(string_agg(rule, ' '), '') from affsync.alert"
        " where closed_at is null");
  }
  std::vector<std::pair<std::string, std::string>> books;
};

TEST_F(HeldRows, are_told_by_each_pass_until_they_are_marked) {
  expect_green(pass(), 100);
  books.erase(books.begin() + 20, books.begin() + 50);
  auto const full = pass({"--full"});
  EXPECT_EQ(full.of("rows", "error_code"), "mass_drop") << full.out;
  expect_told();
  // A pass over the last days does not ask for them, and does not take what it misses itself for
  // all that has vanished.
  books.erase(books.end() - 4);
  for (int i = 0; i < 2; ++i) {
    auto const later = pass();
    EXPECT_EQ(later.status, 1);
    EXPECT_EQ(later.of("rows", "error_code"), "mass_drop") << later.out;
    EXPECT_EQ(later.count("rows", "deleted"), 0);
    expect_told();
  }
  // What the message says works.
  source_yaml = "    mass_drop: 100%\n";
  configure();
  EXPECT_EQ(pass({"--full", "--source", "main", "--stream", "rows"}).status, 0);
  EXPECT_EQ(live_count(), "69");
  EXPECT_EQ(open_alerts().find("mass_drop"), std::string::npos);
  source_yaml.clear();
  configure();
  EXPECT_EQ(pass().status, 0);
}

TEST_F(HeldRows, are_told_until_they_are_listed_again) {
  expect_green(pass(), 100);
  auto const all = books;
  books.erase(books.begin() + 20, books.begin() + 50);
  EXPECT_EQ(pass({"--full"}).status, 1);
  EXPECT_EQ(pass().status, 1);
  books = all;
  EXPECT_EQ(pass().status, 1);
  EXPECT_EQ(pass({"--full"}).status, 0);
  EXPECT_EQ(open_alerts(), "");
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(live_count(), "100");
}

TEST_F(HeldRows, of_the_last_days_are_over_once_a_usual_pass_finds_them) {
  expect_green(pass(), 100);
  auto const all = books;
  books.erase(books.end() - 9, books.end() - 1);
  source_yaml = "    mass_drop: 5%\n";
  configure();
  EXPECT_EQ(pass().status, 1);
  EXPECT_EQ(open_alerts(), "mass_drop");
  books = all;
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(open_alerts(), "");
}

// The connector takes half of the rows from now on, and another stream the others.
TEST_F(HeldRows, are_none_that_another_where_leaves_out) {
  expect_green(pass(), 100);
  auto const told = [&] {
    return query(
        "select (select count(*) from reporting.clawbacks) + (select count(*) from"
        " reporting.retroactive_changes) + (select count(*) from affsync.alert"
        " where closed_at is null)");
  };
  replace_connector(with("    where: {type: CPA}\n"));
  auto const half = pass();
  EXPECT_EQ(half.status, 0) << half.out << half.err;
  EXPECT_EQ(half.count("rows", "deleted"), 50);
  EXPECT_EQ(live_count(), "50");
  EXPECT_EQ(query("select live_rows from affsync.stream_state"), "50");
  EXPECT_EQ(told(), "0");
  expect_no_change();
  // Nor do they count as vanished lately.
  books.erase(books.begin() + 96);
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(live_count(), "49");
}

// The broker gives its rows another word: that is as suspicious as their absence.
TEST_F(HeldRows, are_those_whose_words_the_broker_changes) {
  replace_connector(with("    where: {type: [CPA, RS]}\n"));
  expect_green(pass(), 100);
  for (auto& [day, row] : books) {
    if (auto const at = row.find("RS"); at != std::string::npos) row.replace(at, 2, "XX");
  }
  EXPECT_EQ(pass({"--full"}).of("rows", "error_code"), "mass_drop");
  EXPECT_EQ(live_count(), "100");
}

}  // namespace
}  // namespace affsync::test::held_rows_test
