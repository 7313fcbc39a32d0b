// A connector that takes other rows of a list: those that it leaves out are not lost, and those
// that it takes again are not given back.
#include "tests/acceptance/strangers.hpp"

namespace affsync::test::other_rows_test {
namespace {

class OtherRows : public Strangers {
 protected:
  void SetUp() override {
    Strangers::SetUp();
    start_own_broker(taking(""), "{key: kk-planted-key}", [this](Asked const&) {
      return reply(R"({"rows":)" + slice(books) + R"(,"total":)" + std::to_string(books.size()) +
                   "}");
    });
    source_yaml = "    mass_drop: 100%\n    streams: {rows: {keeps: forever}}\n";
    configure();
    EXPECT_EQ(pass().status, 0);
  }
  static std::string taking(std::string const& where, std::string const& amount = "sum") {
    return R"(credentials: {key: {description: k}}
auth: {type: static_token, value: "${credentials.key}"}
streams:
  rows:
    table: commission
    path: /list
    page: {type: none, total: total}
    records: rows
    key: id
    map:
      currency: {const: USD}
      client_ref: group
      occurred_on: {from: day, as: date}
      status: {from: state, table: {approved: approved, rejected: rejected}}
      amount: )" +
           amount + "\n" + where;
  }
  void take(std::string const& where) {
    replace_connector(taking(where));
    auto const again = pass();
    EXPECT_EQ(again.status, 0) << again.out << again.err;
  }
  static std::string row(std::string const& id, std::string const& group, std::string const& sum,
                         std::string const& state = "approved") {
    return R"({"id":")" + id + R"(","group":")" + group + R"(","sum":)" + sum + R"(,"state":")" +
           state + R"(","day":"2026-03-01"})";
  }
  std::string changes() const {
    return query(
        "select coalesce(string_agg(external_id || ' ' || coalesce(before::text, '-') || '>' ||"
        " coalesce(after::text, '-'), ', ' order by external_id, changed_at), '')"
        " from reporting.retroactive_changes");
  }
  std::string clawbacks() const {
    return query(
        "select coalesce(string_agg(external_id || ' ' || reason || ' ' || before || '>' || after,"
        " ', ' order by external_id, changed_at), '') from reporting.clawbacks");
  }
  static constexpr auto only_a = "    where: {group: A}\n";
  std::vector<std::string> books{row("1", "A", "10"), row("2", "A", "20"), row("3", "B", "30"),
                                 row("4", "B", "40"), row("5", "B", "50")};
};

TEST_F(OtherRows, what_is_taken_again_is_not_given_back) {
  for (int i = 0; i < 2; ++i) {
    take(only_a);
    EXPECT_EQ(live_count(), "2");
    EXPECT_EQ(changes() + clawbacks(), "");
    take("");
    EXPECT_EQ(live_count(), "5");
    EXPECT_EQ(changes() + clawbacks(), "");
    expect_no_change();
  }
}

// What the broker did meanwhile leads from what counted last.
TEST_F(OtherRows, what_changed_while_it_was_left_out_is_told_from_what_counted) {
  books[4] = row("5", "B", "55");
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(changes(), "5 50>55");
  take(only_a);
  books[2] = row("3", "B", "12");
  books[3] = row("4", "B", "40", "rejected");
  books[4] = row("5", "B", "60");
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(changes(), "5 50>55");
  take("");
  EXPECT_EQ(changes(), "3 30>12, 4 40>0, 5 50>55, 5 55>60");
  EXPECT_EQ(clawbacks(), "3 lowered 30>12, 4 rejected 40>0");
  books[2] = row("3", "B", "10");
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(changes(), "3 30>12, 3 12>10, 4 40>0, 5 50>55, 5 55>60");
}

TEST_F(OtherRows, what_is_taken_again_by_another_map_is_told_in_its_units) {
  take(only_a);
  books[2] = row("3", "B", "12");
  replace_connector(taking("", "{from: sum, minor_units: 2}"));
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(query("select sum(amount) from reporting.earnings_daily"), "1.32");
  EXPECT_EQ(changes(), "3 0.30>0.12");
  EXPECT_EQ(clawbacks(), "3 lowered 0.30>0.12");
}

TEST_F(OtherRows, what_left_the_list_and_came_back_is_given_back) {
  books.erase(books.begin() + 1);
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(changes(), "2 20>-");
  take(only_a);
  books.push_back(row("2", "A", "20"));
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(changes(), "2 20>-, 2 ->20");
}

}  // namespace
}  // namespace affsync::test::other_rows_test
