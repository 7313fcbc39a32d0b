// A connector whose stream makes rows of another table, or of fewer tables: what it had made before
// does not count beside what it makes now, and none of that is the broker's doing.
#include <map>
#include <utility>

#include "tests/acceptance/files_fixture.hpp"
#include "tests/acceptance/strangers.hpp"

namespace affsync::test::other_tables_test {
namespace {

class OtherTables : public Strangers {
 protected:
  void SetUp() override {
    Strangers::SetUp();
    start_own_broker(with(as_commission), "{key: kk-planted-key}", [this](Asked const& asked) {
      std::vector<std::string> listed;
      for (auto const& [day, one] : books) {
        if (asked.has("since") && (day < asked("since") || day > asked("till"))) continue;
        listed.push_back(one);
      }
      return reply(R"({"rows":)" + slice(listed) + R"(,"total":)" + std::to_string(listed.size()) +
                   "}");
    });
    for (int i = 1; i < 5; ++i) put(i, "70");
  }
  void put(int number, std::string const& sum) {
    auto const id = std::to_string(number);
    put_row(number, R"({"id":"p)" + id + R"(","sum":")" + sum + R"(","fee":")" + id +
                        R"(","client":"c)" + id + R"(","day":"2026-02-0)" + id + "\"}");
  }
  void put_row(int number, std::string const& row) {
    books["2026-02-0" + std::to_string(number)] = row;
  }
  // `table`: a table and its map, and what else the stream has.
  static std::string with(std::string const& table) {
    return R"(credentials: {key: {description: k}}
auth: {type: static_token, value: "${credentials.key}"}
streams:
  rows:
    path: /list
    page: {type: none, total: total}
    records: rows
    key: id
)" + table;
  }
  // The rows under the names of clients.
  static std::string by_client(std::string const& table) {
    auto text = with(table);
    return text.replace(text.find("key: id\n"), 8, "key: client\n");
  }
  Synced read(std::string const& table, std::vector<std::string> const& arguments = {}) {
    replace_connector(with(table));
    return pass(arguments);
  }
  void expect_read(std::string const& table, long deleted) {
    auto const synced = read(table);
    EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
    EXPECT_EQ(synced.of("rows", "status"), "succeeded") << synced.out;
    EXPECT_EQ(synced.count("rows", "deleted"), deleted) << synced.out;
    expect_nothing_told();
    expect_no_change();
  }
  void expect_nothing_told() {
    EXPECT_EQ(changes(), "");
    EXPECT_EQ(query("select count(*) from reporting.clawbacks"), "0");
    EXPECT_EQ(query("select coalesce(string_agg(rule || title, ' '), '') from affsync.alert where "
                    "closed_at is null"),
              "");
  }
  std::string changes() const {
    return query(
        "select coalesce(string_agg(record_table || ' ' || external_id || ' ' ||"
        " coalesce(before::text, '-') || '>' || coalesce(after::text, '-'), ', '"
        " order by external_id, changed_at), '') from reporting.retroactive_changes");
  }
  std::string earned() const {
    return query("select coalesce(trim_scale(sum(amount)), 0) from reporting.earnings_daily");
  }
  std::string paid() const {
    return query("select coalesce(trim_scale(sum(amount)), 0) from reporting.payouts");
  }
  std::string said_ours(std::string const& table) const {
    return query(
        "select string_agg(distinct coalesce(after ->> 'ours', '-'), ' ')"
        " from affsync.record_change where operation = 'delete' and record_table = '" +
        table + "'");
  }

  static constexpr auto as_commission = R"(    table: commission
    map: {amount: sum, currency: {const: USD}, client_ref: client, occurred_on: day}
)";
  static constexpr auto as_payout = R"(    table: payout
    map: {amount: sum, currency: {const: USD}, status: {const: paid}, paid_at: {from: day, as: date, zone: UTC}}
)";
  static constexpr auto fees_beside = R"(    also:
      - {table: commission, key: [id, {const: fee}], map: {amount: fee, currency: {const: USD}, occurred_on: day}}
)";
  std::map<std::string, std::string> books;
};

TEST_F(OtherTables, rows_of_the_table_before_do_not_count) {
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(earned() + " " + paid(), "280 0");
  for (int i = 0; i < 2; ++i) {
    expect_read(as_payout, 4);
    EXPECT_EQ(earned() + " " + paid(), "0 280");
    EXPECT_EQ(said_ours("commission"), "table");
    expect_read(as_commission, 4);
    EXPECT_EQ(earned() + " " + paid(), "280 0");
    EXPECT_EQ(said_ours("payout"), "table");
  }
}

// What the broker did meanwhile leads from what counted last, though the map is another one too.
TEST_F(OtherTables, what_changed_meanwhile_is_told_from_what_counted) {
  EXPECT_EQ(pass().status, 0);
  expect_read(as_payout, 4);
  put(2, "60");
  books.erase("2026-02-04");
  auto const there = pass({"--full"});
  EXPECT_EQ(there.status, 0) << there.out << there.err;
  EXPECT_EQ(changes(), "payout p2 70>60, payout p4 70>-");
  expect_no_change();
  std::string again = as_commission;
  again.replace(again.find("client_ref: client"), 18, "client_ref: id");
  auto const back = read(again);
  EXPECT_EQ(back.status, 0) << back.out << back.err;
  EXPECT_EQ(live(), "p1=70 p2=60 p3=70");
  EXPECT_EQ(changes(), "payout p2 70>60, commission p2 70>60, payout p4 70>-");
}

TEST_F(OtherTables, a_further_table_that_is_taken_out_does_not_count) {
  expect_read(std::string(as_payout) + fees_beside, 0);
  EXPECT_EQ(earned() + " " + paid(), "10 280");
  for (int i = 0; i < 2; ++i) {
    expect_read(as_payout, 4);
    EXPECT_EQ(earned() + " " + paid(), "0 280");
    expect_read(std::string(as_payout) + fees_beside, 0);
    EXPECT_EQ(earned() + " " + paid(), "10 280");
  }
}

// Half of the rows of the table, which is more than `mass_drop` allows a broker.
TEST_F(OtherTables, a_second_mapping_to_the_table_that_is_taken_out_is_no_loss) {
  expect_read(std::string(as_commission) + fees_beside, 0);
  EXPECT_EQ(earned(), "290");
  for (int i = 0; i < 2; ++i) {
    expect_read(as_commission, 4);
    EXPECT_EQ(live(), "p1=70 p2=70 p3=70 p4=70");
    EXPECT_EQ(earned(), "280");
    expect_read(std::string(as_commission) + fees_beside, 0);
    EXPECT_EQ(earned(), "290");
  }
}

// What is left then has neither a key that a mapping still makes, nor a row like it under another
// key.
TEST_F(OtherTables, a_second_mapping_that_is_taken_out_with_other_keys_is_no_loss) {
  replace_connector(by_client(std::string(as_commission) + fees_beside));
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(earned(), "290");
  expect_read(as_commission, 8);
  EXPECT_EQ(live(), "p1=70 p2=70 p3=70 p4=70");
  EXPECT_EQ(earned(), "280");
  EXPECT_EQ(said_ours("commission"), "key table");
  replace_connector(by_client(std::string(as_commission) + fees_beside));
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(earned(), "290");
  expect_nothing_told();
}

// Which mapping made a row that is gone as well, nobody knows any more: it stays as it is.
TEST_F(OtherTables, what_vanishes_while_a_second_mapping_and_keys_change_stays_as_it_was) {
  replace_connector(with(std::string(as_commission) + fees_beside));
  EXPECT_EQ(pass().status, 0);
  books.erase("2026-02-02");
  replace_connector(by_client(as_commission));
  auto const synced = pass({"--full"});
  EXPECT_EQ(synced.of("rows", "error_code"), "mass_drop") << synced.out;
  EXPECT_EQ(live(), "c1=70 c3=70 c4=70 p2=70 p2:fee=2");
  EXPECT_EQ(changes(), "");
  EXPECT_EQ(query("select count(*) from reporting.clawbacks"), "0");
}

TEST_F(OtherTables, one_of_two_mappings_to_a_further_table_that_is_taken_out_is_no_loss) {
  std::string const sums =
      "      - {table: commission, key: [id, {const: sum}], map: {amount: sum, currency: {const:"
      " USD}, occurred_on: day}}\n";
  expect_read(std::string(as_payout) + fees_beside + sums, 0);
  EXPECT_EQ(earned() + " " + paid(), "290 280");
  expect_read(std::string(as_payout) + fees_beside, 4);
  EXPECT_EQ(earned() + " " + paid(), "10 280");
  EXPECT_EQ(said_ours("commission"), "table");
  expect_read(std::string(as_payout) + fees_beside + sums, 0);
  EXPECT_EQ(earned() + " " + paid(), "290 280");
}

// Where all rows are asked for again, those go that the broker no longer lists as well.
TEST_F(OtherTables, rows_that_the_broker_no_longer_lists_go_too) {
  std::string const window =
      "    window: {from: since, to: till, span: 90d, start: 2026-01-01, lookback: 1d";
  EXPECT_EQ(read(as_commission + window + ", column: occurred_on}\n").status, 0);
  EXPECT_EQ(earned(), "280");
  books.erase("2026-02-01");
  books.erase("2026-02-02");
  auto const synced = read(as_payout + window + "}\n");
  EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
  EXPECT_EQ(synced.count("rows", "deleted"), 4) << synced.out;
  EXPECT_EQ(earned() + " " + paid(), "0 140");
  expect_nothing_told();
}

TEST_F(OtherTables, a_pass_that_is_not_whole_takes_nothing_and_says_so) {
  EXPECT_EQ(pass().status, 0);
  put(3, "seventy");
  auto const partial = read(as_payout);
  EXPECT_EQ(partial.of("rows", "status"), "partial") << partial.out;
  EXPECT_EQ(partial.count("rows", "deleted"), 0) << partial.out;
  EXPECT_EQ(earned() + " " + paid(), "280 210");
  EXPECT_NE(partial.err.find("in tables that the stream no longer fills"), std::string::npos)
      << partial.err;
  put(3, "70");
  auto const whole = pass({"--full"});
  EXPECT_EQ(whole.status, 0) << whole.out << whole.err;
  EXPECT_EQ(earned() + " " + paid(), "0 280");
  expect_nothing_told();
}

// Of an empty list nobody knows whether the new table is the right one.
TEST_F(OtherTables, an_empty_list_takes_nothing) {
  EXPECT_EQ(pass().status, 0);
  auto const before = std::exchange(books, {});
  read(as_payout);
  EXPECT_EQ(earned() + " " + paid(), "280 0");
  books = before;
  auto const whole = pass({"--full"});
  EXPECT_EQ(whole.status, 0) << whole.out << whole.err;
  EXPECT_EQ(earned() + " " + paid(), "0 280");
  expect_nothing_told();
}

// What an older version has left is found by the first pass over all rows.
TEST_F(OtherTables, rows_that_an_older_version_has_left_go) {
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(read(as_payout).status, 0);
  execute("update affsync.commission set deleted_at = null");
  expect_no_change({"--full"});
  EXPECT_EQ(earned() + " " + paid(), "280 280");
  execute("update affsync.stream_state set unmade_after = 0");
  auto const synced = pass();
  EXPECT_EQ(synced.count("rows", "deleted"), 4) << synced.out;
  EXPECT_EQ(earned() + " " + paid(), "0 280");
  expect_nothing_told();
  expect_no_change();
}

// A balance has no status.
TEST_F(OtherTables, balances_that_are_no_longer_made_are_no_change) {
  std::string const balances =
      "    also:\n      - {table: balance, key: [client], map: {metric: {const: due}, amount: sum,"
      " currency: {const: USD}}}\n";
  expect_read(as_commission + balances, 0);
  EXPECT_EQ(live_count("balance"), "4");
  expect_read(as_commission, 4);
  EXPECT_EQ(live_count("balance"), "0");
  expect_read(as_commission + balances, 0);
  EXPECT_EQ(live_count("balance"), "4");
}

// A list that lost too much in the same pass is not the one to judge by.
TEST_F(OtherTables, a_list_that_lost_too_much_takes_nothing) {
  EXPECT_EQ(read(std::string(as_payout) + fees_beside).status, 0);
  auto const before = books;
  books.erase("2026-02-03");
  books.erase("2026-02-04");
  auto const partial = read(as_payout);
  EXPECT_EQ(partial.of("rows", "error_code"), "mass_drop") << partial.out;
  EXPECT_EQ(earned() + " " + paid(), "10 280");
  books = before;
  auto const whole = pass({"--full"});
  EXPECT_EQ(whole.status, 0) << whole.out << whole.err;
  EXPECT_EQ(earned() + " " + paid(), "0 280");
  expect_nothing_told();
}

// The rows of a file are the stream's, whoever brought them.
TEST_F(OtherTables, rows_of_a_file_beside_the_api_go_too) {
  EXPECT_EQ(pass().status, 0);
  auto const path = dir_.write(
      "export.json", R"({"rows":[{"id":"old","sum":"5","client":"c9","day":"2025-12-01"}]})");
  std::vector<std::string> const import{"import", path.string(), "--source",
                                        "main",   "--stream",    "rows"};
  EXPECT_EQ(run_command(import).status, 0);
  EXPECT_EQ(earned(), "285");
  replace_connector(with(as_payout));
  // Only what the file makes again takes the place of what it had made.
  auto const again = run_command(import);
  EXPECT_EQ(again.status, 0) << again.out << again.err;
  EXPECT_EQ(earned() + " " + paid(), "280 5");
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(earned() + " " + paid(), "0 285");
  expect_nothing_told();
}

class OtherTablesOfFiles : public FilesAcceptance {
 protected:
  void use_table(std::string const& table) {
    use_connector("portal", R"(name: portal
base_url: file:///
streams:
  rows:
    path: /*.csv
    format: csv
    key: Id
)" + table);
  }
  // Names the rows that count: of commission, and of payout.
  std::string counted() const {
    auto const of = [&](std::string const& table) {
      return query(
          "select coalesce(string_agg(external_id, ' ' order by external_id), '-')"
          " from affsync." +
          table + " where deleted_at is null");
    };
    return of("commission") + " | " + of("payout");
  }
  void read(fs::path const& file) {
    auto const done = import({file.string()});
    EXPECT_EQ(done.status, 0) << done.out << done.err;
  }
};

// Each file is read when somebody gives it again.
TEST_F(OtherTablesOfFiles, rows_go_when_their_file_is_read_again) {
  use_table(
      "    table: commission\n    map: {amount: Sum, currency: {const: USD}, occurred_on: Day}\n");
  auto const first = put("first.csv", "Id;Day;Sum\n1;2026-03-01;10\n2;2026-03-02;20\n");
  auto const second = put("second.csv", "Id;Day;Sum\n3;2026-03-03;30\n");
  read(first);
  read(second);
  EXPECT_EQ(counted(), "1 2 3 | -");
  use_table(
      "    table: payout\n    map: {amount: Sum, currency: {const: USD}, status: {const: paid}}\n");
  read(first);
  EXPECT_EQ(counted(), "3 | 1 2");
  read(second);
  EXPECT_EQ(counted(), "- | 1 2 3");
  EXPECT_EQ(query("select count(*) from affsync.stream_state where unmade_after is not null"), "0");
  EXPECT_EQ(query("select count(*) from reporting.retroactive_changes"), "0");
}

}  // namespace
}  // namespace affsync::test::other_tables_test
