// A connector that maps the same rows in another way, as while it is written: what the broker sent
// as before has not been changed by the broker.
#include "tests/acceptance/strangers.hpp"

namespace affsync::test::other_mapping_test {
namespace {

class OtherMapping : public Strangers {
 protected:
  void SetUp() override {
    Strangers::SetUp();
    start_own_broker(with_map("amount: sum", "good: approved, bad: approved"),
                     "{key: kk-planted-key}", [this](Asked const&) {
                       return reply(R"({"rows":)" + slice(books) + R"(,"total":)" +
                                    std::to_string(books.size()) + "}");
                     });
    EXPECT_EQ(pass().status, 0);
  }
  static std::string with_map(std::string const& amount, std::string const& states) {
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
      occurred_on: {from: day, as: date}
      status: {from: state, table: {)" +
           states + "}}\n      " + amount + "\n";
  }
  static std::string row(std::string const& id, std::string const& sum, std::string const& state) {
    return R"({"id":")" + id + R"(","sum":)" + sum + R"(,"state":")" + state +
           R"(","day":"2026-03-01"})";
  }
  std::string told() const {
    return query(
               "select coalesce(string_agg(external_id || ' ' || coalesce(before::text, '-') ||"
               " '>' || coalesce(after::text, '-'), ', ' order by external_id, changed_at), '')"
               " from reporting.retroactive_changes") +
           " | " +
           query(
               "select coalesce(string_agg(external_id || ' ' || difference, ', ' order by"
               " external_id), '') from reporting.clawbacks");
  }
  std::vector<std::string> books{row("a", "3000", "good"), row("b", "500", "good"),
                                 row("c", "700", "bad")};
};

TEST_F(OtherMapping, is_no_change_of_the_brokers) {
  books[1] = row("b", "400", "good");  // this one is
  replace_connector(
      with_map("amount: {from: sum, minor_units: 2}", "good: approved, bad: rejected"));
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(query("select string_agg(external_id || ' ' || amount || ' ' || status, ', ' order by"
                  " external_id) from affsync.commission"),
            "a 30.00 approved, b 4.00 approved, c 7.00 rejected");
  EXPECT_EQ(query("select string_agg(external_id || ' ' || operation, ', ' order by external_id)"
                  " from affsync.record_change"),
            "a remap, b update, c remap");
  EXPECT_EQ(told(), "b 500>4.00 | b -496.00");
  EXPECT_EQ(query("select sum(amount) from reporting.earnings_daily where status = 'approved'"),
            "34.00");

  // What the broker does later is told, from what counted last.
  books[0] = row("a", "2500", "good");
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(told(), "a 30.00>25.00, b 500>4.00 | a -5.00, b -496.00");
}

// A total goes on from what another mapping made of it.
TEST_F(OtherMapping, a_running_total_goes_on) {
  auto const total = [](std::string const& amount) {
    return with_map(amount + "\n      grain: {const: lifetime}", "good: approved, bad: approved");
  };
  replace_connector(total("amount: sum"));
  EXPECT_EQ(pass().status, 0);
  replace_connector(total("amount: {from: sum, minor_units: 2}"));
  EXPECT_EQ(pass().status, 0);
  books[0] = row("a", "3500", "good");
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(query("select sum(amount) from affsync.commission_steps where external_id = 'a'"),
            query("select amount - 3000 from affsync.commission where external_id = 'a'"));
  EXPECT_EQ(told().substr(0, 15), "a 30.00>35.00 |");
}

}  // namespace
}  // namespace affsync::test::other_mapping_test
