// Books over several passes: rows that are quarantined and fixed, totals that differ, renamed
// fields, renamed sources, changed accounts, personal data.
#include <atomic>

#include "tests/acceptance/strangers.hpp"

namespace affsync::test::strangers_books_test {
namespace {

class StrangersBooks : public Strangers {
 protected:
  static std::string file(std::string const& map, std::string const& stream = "") {
    return R"(credentials: {user: {description: u, secret: false}, pin: {description: p}}
auth: {type: basic, user: "${credentials.user}", password: "${credentials.pin}"}
streams:
  rows:
    table: commission
    path: /list
    records: data
    key: id
    map: )" +
           map + "\n" + stream;
  }
  void serve(std::string const& yaml, std::string const& body) {
    body_ = body;
    start_own_broker(yaml, "{user: me, pin: pp-planted-1}",
                     [this](Asked const&) { return reply(body_); });
  }
  std::string body_;
};

// The connector says seconds, the broker sends milliseconds. The rows are quarantined with the
// number as the reason, and stored after the file is fixed, without asking the broker again.
TEST_F(StrangersBooks, time_in_the_wrong_unit_is_mended_by_a_retry) {
  serve(file("{amount: sum, currency: cur, occurred_at: {from: at, as: epoch}}"),
        R"({"data":[{"id":1,"sum":1,"cur":"EUR","at":null},{"id":2,"sum":2,"cur":"EUR","at":""},
           {"id":4,"sum":4,"cur":"EUR"},{"id":3,"sum":3,"cur":"EUR","at":1767225600123}]})");
  auto const synced = pass();
  EXPECT_EQ(synced.status, 1);
  EXPECT_EQ(synced.of("rows", "error_code"), "rows_quarantined") << synced.out;
  EXPECT_EQ(live(), "1=1 2=2 4=4");
  EXPECT_NE(open_reasons().find("1767225600123"), std::string::npos) << open_reasons();
  EXPECT_EQ(run_command({"quarantine", "retry"}).status, 1);
  replace_connector(
      file("{amount: sum, currency: cur, occurred_at: {from: at, as: epoch, unit: milliseconds}}"));
  asked();
  EXPECT_EQ(run_command({"quarantine", "retry"}).status, 0);
  EXPECT_EQ(asked().size(), 0U);
  EXPECT_EQ(live(), "1=1 2=2 3=3 4=4");
  EXPECT_EQ(open_reasons(), "");
  EXPECT_EQ(query("select min(occurred_at at time zone 'UTC') from affsync.commission"),
            "2026-01-01 00:00:00.123");
  expect_no_change();
}

// A word that the table lacks: the file adds it, and `retry` stores the row.
TEST_F(StrangersBooks, word_that_the_table_lacks_comes_in_by_a_retry) {
  std::string rows;
  for (int i = 0; i < 9; ++i) {
    rows += R"({"id":"w)" + std::to_string(i) + R"(","sum":"1.01","cur":"usd","st":"DONE"},)";
  }
  serve(file("{amount: sum, currency: cur, status: {from: st, table: {done: paid}}}"),
        R"({"data":[)" + rows + R"({"id":"w9","sum":"1.01","cur":"usd","st":"Frozen"}]})");
  EXPECT_EQ(pass().status, 1);
  EXPECT_EQ(live_count(), "9");
  EXPECT_NE(open_reasons().find("Frozen"), std::string::npos) << open_reasons();
  replace_connector(
      file("{amount: sum, currency: cur, status: {from: st, table: {done: paid, frozen: held}}}"));
  asked();
  EXPECT_EQ(run_command({"quarantine", "retry"}).status, 0);
  EXPECT_EQ(asked().size(), 0U);
  EXPECT_EQ(query("select status from affsync.commission where external_id = 'w9'"), "held");
  EXPECT_EQ(open_reasons(), "");
  expect_no_change();
  EXPECT_EQ(query("select sum(amount) from affsync.commission where deleted_at is null"), "10.10");
}

TEST_F(StrangersBooks, totals_that_differ_are_never_green_unless_they_only_warn) {
  auto const reconcile = R"(    page: {type: page, total: n}
    reconcile: [{column: amount, total: sums.all, tolerance: 0.01}, {total: n}]
)";
  body_ =
      R"({"n":2,"sums":{"all":"3.30"},"data":[{"id":1,"sum":"1.10","cur":"EUR"},{"id":2,"sum":"2.2","cur":"EUR"}]})";
  start_own_broker(file("{amount: sum, currency: cur}", reconcile), "{user: me, pin: pp-planted-1}",
                   [this](Asked const& asked) {
                     return reply(asked.number("page", 1) == 1
                                      ? body_
                                      : R"({"n":2,"sums":{"all":"3.30"},"data":[]})");
                   });
  EXPECT_EQ(pass().status, 0);
  body_.replace(body_.find("1.10"), 4, "1.12");
  auto const synced = pass();
  EXPECT_EQ(synced.status, 1);
  EXPECT_EQ(synced.of("rows", "error_code"), "totals_differ") << synced.out;
  EXPECT_EQ(live(), "1=1.12 2=2.2");
  EXPECT_EQ(query("select difference from reporting.reconciliations where not matched"), "0.02");
  EXPECT_NE(run_command({"status"}).out.find("differ"), std::string::npos);
  streams_yaml = "      rows: {reconcile: warn}\n";
  configure();
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(query("select count(*) from reporting.reconciliations where not matched"), "1");
}

// The broker renames its amount field: no row is stored without an amount, none is marked as
// deleted.
TEST_F(StrangersBooks, renamed_field_fails_until_the_file_knows_it) {
  serve(file("{amount: {from: sum, required: true}, currency: cur}"),
        R"({"data":[{"id":1,"sum":"1.10","cur":"EUR"},{"id":2,"sum":"2.20","cur":"EUR"}]})");
  expect_green(pass(), 2);
  body_ =
      R"({"data":[{"id":1,"total_sum":"1.10","cur":"EUR"},{"id":2,"total_sum":"2.30","cur":"EUR"}]})";
  for (int i = 0; i < 3; ++i) {
    auto const synced = pass();
    EXPECT_EQ(synced.status, 1);
    EXPECT_EQ(synced.of("rows", "status"), "failed") << synced.out;
    EXPECT_EQ(synced.of("rows", "error_code"), "mapping_failed");
  }
  EXPECT_EQ(live(), "1=1.10 2=2.20");
  replace_connector(file("{amount: {from: [sum, total_sum], required: true}, currency: cur}"));
  auto const synced = pass();
  EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
  EXPECT_EQ(live(), "1=1.10 2=2.30");
  EXPECT_EQ(open_reasons(), "");
  expect_no_change();
}

TEST_F(StrangersBooks, source_of_another_name_is_the_same_and_another_account_is_refused) {
  serve(file("{amount: sum, currency: cur}"),
        R"({"data":[{"id":1,"sum":"1.10","cur":"EUR"},{"id":2,"sum":"2.20","cur":"EUR"}]})");
  expect_green(pass(), 2);
  source_name = "renamed";
  configure();
  expect_no_change();
  EXPECT_EQ(query("select count(*) || min(name) from affsync.source"), "1renamed");
  EXPECT_EQ(query("select sum(amount) from reporting.earnings_daily where source = 'renamed'"),
            "3.30");
  credentials_yaml = "{user: you, pin: pp-planted-2}";
  configure();
  asked();
  auto const before = live_count();
  auto const synced = pass();
  EXPECT_NE(synced.status, 0) << synced.out;
  EXPECT_EQ(asked().size(), 0U);
  EXPECT_EQ(live_count(), before);
  source_yaml = "    former_credentials: {user: me}\n";
  configure();
  expect_no_change();
  expect_not_leaked({"pp-planted-1", "pp-planted-2"});
}

// A name and an address with three privacy settings. The history contains nothing that a setting
// left out.
TEST_F(StrangersBooks, people_at_each_setting_of_privacy) {
  serve(R"(credentials: {user: {description: u, secret: false}, pin: {description: p}}
auth: {type: basic, user: "${credentials.user}", password: "${credentials.pin}"}
streams:
  rows:
    table: client
    path: /list
    records: data
    key: id
    personal: [note]
    map: {client_ref: id, name: who.full, email: who.mail, country: land}
)",
        R"({"data":[{"id":1,"who":{"full":"Planted Person","mail":"pl@nted.example"},"land":"DE",
           "note":"Planted Note","telegram":"@planted_tg","first_name":"Plantfirst"}]})");
  std::vector<std::string> const people{"Planted Person", "pl@nted.example", "Planted Note",
                                        "@planted_tg", "Plantfirst"};
  expect_green(pass(), 1);
  expect_not_leaked(people);
  source_yaml = "    privacy: keep\n";
  configure();
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(
      query("select name || email || (raw->>'note') || (raw->>'telegram') from affsync.client"),
      "Planted Personpl@nted.examplePlanted Note@planted_tg");
  for (auto const& one : people) {
    EXPECT_EQ(
        query("select count(*) from affsync.record_change r where r::text like '%" + one + "%'"),
        "0");
  }
  source_yaml = "    privacy: hash\n";
  configure();
  EXPECT_EQ(pass().status, 0);
  expect_no_change();
  for (auto const& one : people) {
    for (std::string const table : {"client", "record_change", "quarantine"}) {
      EXPECT_EQ(
          query("select count(*) from affsync." + table + " r where r::text like '%" + one + "%'"),
          "0")
          << table << one;
    }
  }
}

// A list of the last days that counts its rows. What it no longer has stays, and is no difference.
TEST_F(StrangersBooks, rates_that_a_list_drops_stay) {
  int first = 20;
  start_own_broker(
      R"(auth: {type: none}
streams:
  rows:
    table: fx_rate
    path: /rates
    page: {type: none, total: total}
    records: data
    key: [code, day]
    map: {currency: code, on_date: {from: day, as: date}, usd_rate: rate}
)",
      "{}", [&](Asked const&) {
        std::string rates;
        for (int day = first; day < first + 4; ++day) {
          rates += (rates.empty() ? "" : ",") +
                   (R"({"code":"EUR","rate":"1.1","day":"2026-02-)" + std::to_string(day) + "\"}");
        }
        return reply(R"({"total":4,"data":[)" + rates + "]}");
      });
  expect_green(pass(), 4);
  first = 22;
  expect_green(pass(), 2);
  expect_no_change({"--full"});
  EXPECT_EQ(query("select count(*) from affsync.fx_rate"), "6");
}

}  // namespace
}  // namespace affsync::test::strangers_books_test
