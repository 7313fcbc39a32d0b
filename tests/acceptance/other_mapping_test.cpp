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
                     "{key: kk-planted-key}", [this](Asked const& asked) { return answer(asked); });
    EXPECT_EQ(pass().status, 0);
  }
  // Pages of two rows, if the connector pages.
  std::string answer(Asked const& asked) const {
    auto const from = static_cast<std::size_t>(asked.number("offset", 0));
    if (from > 0 && refuses_further_pages) return reply("{}", "400 Bad Request");
    auto const size = static_cast<std::size_t>(asked.number("limit", 1000));
    return reply(R"({"rows":)" + slice(books, from, size) +
                 (counts ? R"(,"total":)" + std::to_string(books.size()) : "") + "}");
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
           R"(","day":"2026-03-0)" + (id == "b" ? "2" : "1") + R"("})";
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
  // The first mapping with something else in place of a part of it.
  std::string other(std::string const& part, std::string const& instead) const {
    auto yaml = with_map(amount_, "good: approved, bad: approved");
    auto const at = yaml.find(part);
    EXPECT_NE(at, std::string::npos) << part;
    return yaml.replace(at, part.size(), instead);
  }
  // Starts anew with a connector that reads cents as units.
  void begin_with(std::string const& part, std::string const& instead) {
    renew_database();
    amount_ = "amount: sum";
    replace_connector(other(part, instead));
    EXPECT_EQ(pass().status, 0);
    amount_ = "amount: {from: sum, minor_units: 2}";
  }
  void correct() {
    replace_connector(
        with_map("amount: {from: sum, minor_units: 2}", "good: approved, bad: approved"));
  }
  std::string operations(std::string const& id) const {
    return query(
        "select coalesce(string_agg(operation, ' ' order by change_id), '')"
        " from affsync.record_change where external_id = '" +
        id + "'");
  }
  std::string amount_ = "amount: sum";
  bool counts = true, refuses_further_pages = false;
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
  EXPECT_EQ(query("select string_agg(external_id || ' ' || operation, ', ' order by external_id,"
                  " change_id) from affsync.record_change"),
            "a remap, b remap, b update, c remap");
  // In the units of the new mapping: the broker lowered 5.00.
  EXPECT_EQ(told(), "b 5.00>4.00 | b -1.00");
  EXPECT_EQ(query("select sum(amount) from reporting.earnings_daily where status = 'approved'"),
            "34.00");

  // What the broker does later is told, from what counted last.
  books[0] = row("a", "2500", "good");
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(told(), "a 30.00>25.00, b 5.00>4.00 | a -5.00, b -1.00");
}

// The version before it did not note how it mapped.
TEST_F(OtherMapping, of_an_update_of_the_program_is_no_change_of_the_brokers_either) {
  execute("UPDATE affsync.stream SET mapping = NULL, keys = NULL");
  books[1] = row("b", "400", "good");
  correct();
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(query("select string_agg(external_id || ' ' || operation, ', ' order by external_id,"
                  " change_id) from affsync.record_change"),
            "a remap, b remap, b update, c remap");
  EXPECT_EQ(told(), "b 5.00>4.00 | b -1.00");
  // If it is the same one, nothing is written.
  execute("UPDATE affsync.stream SET mapping = NULL, keys = NULL");
  expect_no_change();
  expect_no_change();
}

TEST_F(OtherMapping, what_the_list_no_longer_has_goes_with_the_amount_of_the_new_one) {
  books.erase(books.begin() + 1);
  correct();
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(operations("b"), "remap delete");
  EXPECT_EQ(told(), "b 5.00>- | b -5.00");
  EXPECT_EQ(query("select sum(amount) from reporting.earnings_daily"), "37.00");
}

// Without a count, a row counts as vanished only after the next pass has missed it as well.
TEST_F(OtherMapping, so_does_a_row_that_is_missed_twice) {
  counts = false;
  begin_with(", total: total", "");
  books.erase(books.begin() + 1);
  replace_connector(other(", total: total", ""));
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(live(), "a=30.00 b=5.00 c=7.00");
  EXPECT_EQ(told(), " | ");
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(operations("b"), "remap delete");
  EXPECT_EQ(told(), "b 5.00>- | b -5.00");
}

// A row comes back with what it went with; then the mapping changes it, and then the broker.
TEST_F(OtherMapping, what_comes_back_is_what_went) {
  auto const b = books[1], c = books[2];
  books.erase(books.begin() + 1);
  EXPECT_EQ(pass().status, 0);
  books = {books[0], row("b", "400", "good"), c};
  correct();
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(live(), "a=30.00 b=4.00 c=7.00");
  EXPECT_EQ(operations("b"), "delete restore remap update");
  EXPECT_EQ(query("select string_agg(operation || ' ' || difference, ', ' order by changed_at,"
                  " operation) from reporting.retroactive_changes"),
            "delete -500, restore 500, update -1.00");
  EXPECT_EQ(query("select live_rows from affsync.stream_state"), "3");
  expect_no_change();

  // One that the broker sends as before.
  books = {books[0], c};
  EXPECT_EQ(pass().status, 0);
  books = {books[0], row("b", "400", "good"), c};
  replace_connector(with_map("amount: sum", "good: approved, bad: approved"));
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(live(), "a=3000 b=400 c=700");
  EXPECT_EQ(operations("b"), "delete restore remap update delete restore remap");
}

TEST_F(OtherMapping, a_mapping_that_is_taken_back_is_none_of_the_brokers_either) {
  correct();
  EXPECT_EQ(pass().status, 0);
  books[1] = row("b", "400", "good");
  replace_connector(with_map("amount: sum", "good: approved, bad: approved"));
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(live(), "a=3000 b=400 c=700");
  EXPECT_EQ(told(), "b 500>400 | b -100");
}

// Each row knows by which mapping it was made, also where the pass was broken off between them.
TEST_F(OtherMapping, a_pass_that_goes_on_later_tells_no_more) {
  auto const none = std::string("page: {type: none, total: total}");
  auto const two = std::string("page: {type: offset, size: 2, offset: offset, limit: limit,") +
                   " overlap: 0, total: total}";
  books.push_back(row("d", "900", "good"));
  begin_with(none, two);
  refuses_further_pages = true;
  books[1] = row("b", "400", "good");
  replace_connector(other(none, two));
  EXPECT_NE(pass().status, 0);
  EXPECT_EQ(live(), "a=30.00 b=4.00 c=700 d=900");
  refuses_further_pages = false;
  books[0] = row("a", "2500", "good");
  books[3] = row("d", "800", "good");
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(live(), "a=25.00 b=4.00 c=7.00 d=8.00");
  EXPECT_EQ(told(), "a 30.00>25.00, b 5.00>4.00, d 9.00>8.00 | a -5.00, b -1.00, d -1.00");
}

// Of rows without an id, one that changed is another one.
TEST_F(OtherMapping, nor_are_rows_without_an_id_told_in_the_old_units) {
  for (std::string const key : {"{hash: all}", "{hash: [day, sum]}"}) {
    books[1] = row("b", "500", "good");
    auto const rows = "key: " + key +
                      "\n    mode: replace_window\n    window: {from: from, to: to,"
                      " start: 2026-02-20, span: 3660d, column: occurred_on}";
    begin_with("key: id", rows);
    books[1] = row("b", "400", "good");
    replace_connector(other("key: id", rows));
    EXPECT_EQ(pass().status, 0);
    EXPECT_EQ(query("select string_agg(reason || ' ' || before || '>' || after, ', ')"
                    " from reporting.clawbacks"),
              "lowered 5.00>4.00")
        << key;
    EXPECT_EQ(query("select sum(amount) from affsync.commission where deleted_at is null"),
              "41.00");
  }
}

// What differs at each reading makes none a change of the broker's.
TEST_F(OtherMapping, a_field_that_differs_at_each_reading_is_no_change) {
  auto const at = [](std::string line, std::string const& time) {
    return line.replace(1, 0, R"("sent":")" + time + R"(",)");
  };
  auto const plain = books;
  for (std::size_t i = 0; i < books.size(); ++i) books[i] = at(plain[i], "10:00");
  begin_with("key: id", "key: id\n    volatile: sent");
  for (std::size_t i = 0; i < books.size(); ++i) books[i] = at(plain[i], "11:00");
  books[1] = at(row("b", "400", "good"), "11:00");
  replace_connector(other("key: id", "key: id\n    volatile: sent"));
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(operations("a") + ", " + operations("b"), "remap, remap update");
  EXPECT_EQ(told(), "b 5.00>4.00 | b -1.00");
  expect_no_change();
}

// One row of the broker's makes several of ours, and `raw` keeps no more than is read.
TEST_F(OtherMapping, each_row_that_one_of_the_brokers_makes_is_mapped_anew) {
  auto const with_fee = [](std::string line) {
    return line.replace(1, 0, R"("fee":"200","net":"10",)");
  };
  auto const also = [](std::string const& fee) {
    return "raw: mapped\n    key: [id, {const: main}]\n    also:\n      - {table: commission,"
           " key: [id, {const: fee}], map: {currency: {const: USD}, occurred_on: day, amount: " +
           fee + "}}";
  };
  for (auto& line : books) line = with_fee(line);
  begin_with("key: id", also("fee"));
  books[1] = with_fee(row("b", "400", "good"));
  replace_connector(other("key: id", also("{from: fee, minor_units: 2}")));
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(told(), "b:main 5.00>4.00 | b:main -1.00");
  EXPECT_EQ(operations("b:fee"), "remap update");  // `raw` is the broker's row
  // What was not read is not kept: of the rows as they were, nobody knows the new amount.
  amount_ = "amount: net";
  books[1] = with_fee(row("b", "300", "good"));
  replace_connector(other("key: id", also("{from: fee, minor_units: 2}")));
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(query("select string_agg(external_id || ' ' || amount, ', ' order by external_id)"
                  " from affsync.commission where external_id like 'b%'"),
            "b:fee 2.00, b:main 10");
  EXPECT_EQ(told(), "b:main 5.00>4.00 | b:main -1.00");
}

// What is known of persons cannot be mapped once more; it is as the broker sends it now.
TEST_F(OtherMapping, what_is_personal_is_not_read_from_what_is_kept) {
  source_yaml = "    privacy: hash\n";
  auto const of = [](std::string line, std::string const& mail) {
    return line.replace(1, 0, R"("mail":")" + mail + R"(",)");
  };
  auto const personal =
      std::string("personal: mail\n    key: id\n    map:\n      client_ref: mail");
  books[1] = of(row("b", "500", "good"), "ann@b.example");
  begin_with("key: id\n    map:", personal);
  auto const before = query("select client_ref from affsync.commission where external_id = 'b'");
  EXPECT_EQ(before.substr(0, 7), "sha256:");
  books[1] = of(row("b", "400", "good"), "ann@b.example");
  replace_connector(other("key: id\n    map:", personal));
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(query("select client_ref from affsync.commission where external_id = 'b'"), before);
  EXPECT_EQ(told(), "b 5.00>4.00 | b -1.00");
  EXPECT_EQ(query("select count(*) from affsync.record_change where before ? 'client_ref'"), "0");
  expect_not_leaked({"ann@b.example"});
}

// The old balance was none of the new units for any time.
TEST_F(OtherMapping, a_balance_is_told_once_for_each_time) {
  auto const map = std::string("occurred_on: {from: day, as: date}\n") +
                   "      status: {from: state, table: {good: approved, bad: approved}}";
  auto const balance = [&](std::string yaml) {
    yaml.replace(yaml.find("table: commission"), 17, "table: balance");
    return yaml;
  };
  renew_database();
  amount_ = "amount: sum";
  replace_connector(balance(other(map, "metric: {const: wallet}")));
  EXPECT_EQ(pass().status, 0);
  books[1] = row("b", "400", "good");
  amount_ = "amount: {from: sum, minor_units: 2}";
  replace_connector(balance(other(map, "metric: {const: wallet}")));
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(operations("b"), "remap update");
  EXPECT_EQ(query("select string_agg(amount::text, ', ' order by since desc)"
                  " from reporting.balances where external_id = 'b'"),
            "4.00, 500");
}

// What another mapping makes of a total is no growth; it grows on from there. Steps of before stay
// as they were read.
TEST_F(OtherMapping, a_running_total_grows_by_what_the_broker_adds) {
  for (auto const* table : {"commission", "rebate"}) {
    renew_database();
    books[0] = row("a", "3000", "good");
    auto const read = [&](std::string const& amount) {
      auto yaml =
          with_map(amount + "\n      grain: {const: lifetime}", "good: approved, bad: approved");
      yaml.replace(yaml.find("table: commission"), 17, std::string("table: ") + table);
      if (std::string_view(table) == "rebate") {
        yaml.replace(yaml.find("occurred_on: {from: day, as: date}"), 34, "client_ref: id");
      }
      replace_connector(yaml);
      EXPECT_EQ(pass().status, 0);
    };
    auto const steps = [&] {
      return query(
          "select coalesce(string_agg(external_id || ' ' || amount || ' ' || (since < until), ', '"
          " order by change_id), '') from affsync." +
          std::string(table) + "_steps");
    };
    read("amount: sum");
    books[0] = row("a", "3300", "good");
    read("amount: sum");
    EXPECT_EQ(steps(), "a 300 true");
    read("amount: {from: sum, minor_units: 2}");
    EXPECT_EQ(operations("a"), "update remap");
    EXPECT_EQ(steps(), "a 300 true");
    books[0] = row("a", "3700", "good");
    read("amount: {from: sum, minor_units: 2}");
    EXPECT_EQ(steps(), "a 300 true, a 4.00 true");

    // Both at once.
    books[0] = row("a", "3800", "good");
    read("amount: sum");
    EXPECT_EQ(operations("a"), "update remap update remap update");
    EXPECT_EQ(steps(), "a 300 true, a 4.00 true, a 100 true");
    EXPECT_EQ(
        query("select count(distinct s::text) from (select * from affsync." + std::string(table) +
              "_steps union all select * from affsync." + table + "_steps_by_row) s"),
        "3");
  }
  EXPECT_EQ(query("select sum(amount) from reporting.rebates_monthly"), "404.00");
}

}  // namespace
}  // namespace affsync::test::other_mapping_test
