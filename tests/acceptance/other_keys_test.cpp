// A connector whose keys are made in another way: each row comes again under another key, and is
// counted once.
#include <algorithm>
#include <span>

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
      books.push_back(R"({"id":)" + std::to_string(i) + R"(,"ref":"R)" + std::to_string(i) +
                      R"(","type":"CPA","client":"c)" + std::to_string(i % 7) +
                      R"(","sum":"1.50","state":")" + (i % 10 == 0 ? "rejected" : "approved") +
                      R"(","day":")" + format_day(day) + "\"}");
    }
    start_own_broker(with_key("id"), "{key: kk-planted-key}", [this](Asked const& asked) {
      auto const from = static_cast<std::size_t>(asked.number("offset", 0));
      if (from > 0 && breaks) return reply("{}", "400 Bad Request");
      auto const count = static_cast<std::size_t>(asked.number("limit", 1000));
      auto rows = slice(books, std::min(from, books.size()), count);
      // Differs at each reading.
      for (auto at = rows.find("@"); at != std::string::npos; at = rows.find("@")) {
        rows.replace(at, 1, std::to_string(++readings));
      }
      return reply(R"({"rows":)" + rows + total_of(books.size()) + "}");
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
    page: )" +
           page +
           R"(
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
  // Reads with the one connector and then with the other, which brings each row under another key.
  void expect_each_counts_once(std::string const& before, std::string const& after) {
    replace_connector(before);
    expect_green(pass(), 50);
    EXPECT_EQ(earned(), "67.5");
    replace_connector(after);
    auto const again = pass();
    EXPECT_EQ(again.status, 0) << again.out << again.err;
    EXPECT_EQ(again.count("rows", "deleted"), 50) << again.out;
    expect_once();
  }
  void expect_once() {
    EXPECT_EQ(live_count(), "50");
    EXPECT_EQ(earned(), "67.5");
    expect_nothing_told();
  }
  void name_persons() {
    for (std::size_t i = 0; i < books.size(); ++i) {
      books[i].insert(1, R"("email":"p)" + std::to_string(i) + R"(.x.example",)");
    }
  }
  // A column has the person as well.
  std::string with_person(std::string const& key, std::string const& more) const {
    auto yaml = with_key(key, "    personal: email\n" + more);
    return yaml.replace(yaml.find("client_ref: client"), 18, "client_ref: email");
  }
  static constexpr char const* window =
      "    window: {from: since, to: till, span: 100d, start: -90d, lookback: 60d,"
      " column: occurred_on}\n";
  std::vector<std::string> books;
  std::string page = "{type: none, total: total}";
  int readings = 0;
  bool counts = true, breaks = false;
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

// `where` changes with the key: no page can name the old keys of the rows that it leaves out.
TEST_F(OtherKeys, with_another_where_at_once) {
  for (auto& row : std::span(books).first(12)) row.replace(row.find("CPA"), 3, "sub");
  expect_green(pass(), 50);
  replace_connector(with_key("ref") + "    where: {type: {none_of: [sub]}}\n");
  auto const again = pass();
  EXPECT_EQ(again.status, 0) << again.out << again.err;
  EXPECT_EQ(again.count("rows", "deleted"), 50) << again.out;
  EXPECT_EQ(live_count(), "38");
  expect_nothing_told();
  // What it leaves out is nothing that the broker has removed.
  EXPECT_EQ(query("select count(*) from affsync.record_change where operation = 'delete'"
                  " and after ->> 'ours' = 'where'"),
            "12");
  replace_connector(with_key("id"));
  EXPECT_EQ(pass().status, 0);
  expect_once();
}

// The content of which the keys are made is another one too, in windows that are replaced.
TEST_F(OtherKeys, of_other_content_with_another_where_at_once) {
  for (auto& row : std::span(books).first(12)) row.replace(row.find("CPA"), 3, "sub");
  auto const by_content = [&](std::string const& more) {
    return "raw: " + more.substr(0, more.find('\n')) + "\n" +
           with_key("{hash: all}", std::string(window) + "    mode: replace_window\n" +
                                       more.substr(more.find('\n') + 1));
  };
  replace_connector(by_content("all\n"));
  expect_green(pass(), 50);
  replace_connector(by_content("mapped\n    where: {type: {none_of: [sub]}}\n"));
  auto const again = pass();
  EXPECT_EQ(again.status, 0) << again.out << again.err;
  EXPECT_EQ(live_count(), "38");
  expect_nothing_told();
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

// The rows that come back under a key that was there before take the place of those under the
// other.
TEST_F(OtherKeys, changed_back_counts_once_too) {
  expect_each_counts_once(with_key("id"), with_key("[id, client]"));
  for (auto const* key : {"id", "[id, client]", "ref", "id"}) {
    replace_connector(with_key(key));
    EXPECT_EQ(pass().status, 0);
    expect_once();
  }
  expect_no_change();
  // The marks are ours: one row that the broker removes then is no mass drop.
  books.erase(books.begin() + 21);
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(live_count(), "49");
}

// What the first pass with the other keys had stored until it was stopped goes when they are
// changed back, or once more.
TEST_F(OtherKeys, changed_back_or_again_before_a_pass_has_read_all) {
  page = "{type: offset, size: 20, total: total}";
  replace_connector(with_key("id"));
  expect_green(pass(), 50);
  for (auto const& [wrong, key] : {std::pair("[id, client]", "id"), {"[client, id]", "ref"}}) {
    breaks = true;
    replace_connector(with_key(wrong));
    EXPECT_NE(pass().status, 0);
    EXPECT_EQ(live_count(), "70");
    breaks = false;
    replace_connector(with_key(key));
    auto const again = pass();
    EXPECT_EQ(again.status, 0) << again.out << again.err;
    expect_once();
  }
}

// The rest of a pass that was stopped is read; what it had stored stands beside what it replaces.
TEST_F(OtherKeys, a_pass_that_goes_on_is_whole) {
  page = "{type: offset, size: 20, total: total}";
  replace_connector(with_key("id"));
  expect_green(pass(), 50);
  breaks = true;
  replace_connector(with_key("ref"));
  EXPECT_NE(pass().status, 0);
  EXPECT_EQ(live_count(), "70");
  breaks = false;
  auto const again = pass();
  EXPECT_EQ(again.status, 0) << again.out << again.err;
  expect_once();
  EXPECT_EQ(pass().status, 0);
  expect_once();
}

TEST_F(OtherKeys, with_a_field_that_differs_at_each_reading) {
  for (auto& row : books) row.insert(1, R"("seen":@,)");
  auto const is_volatile = "    volatile: seen\n";
  expect_each_counts_once(with_key("id", is_volatile), with_key("ref", is_volatile));
}

TEST_F(OtherKeys, where_raw_has_only_what_is_mapped) {
  expect_each_counts_once(with_key("id", "    raw: mapped\n"),
                          with_key("ref", "    raw: mapped\n"));
}

TEST_F(OtherKeys, with_other_fields_in_raw) {
  expect_each_counts_once(with_key("id"), with_key("ref", "    raw: mapped\n"));
}

// Equal rows are as many as before: one that the broker removes at the same time has vanished.
TEST_F(OtherKeys, as_many_equal_rows_go_as_came) {
  std::string const row = R"("client":"c9","sum":"1.50","state":"approved","day":"2026-01-01"})";
  books.resize(1);  // an older one; the oldest row of a list is never missed
  books[0].replace(books[0].find("\"day\":\"") + 7, 10, "2025-12-01");
  for (int i = 1; i < 50; ++i) {
    auto const id = std::to_string(i);
    books.push_back(R"({"id":)" + id + R"(,"ref":"R)" + id + "\"," + row);
  }
  replace_connector(with_key("id", "    raw: mapped\n"));
  expect_green(pass(), 50);
  EXPECT_EQ(earned(), "73.5");
  books.pop_back();
  replace_connector(with_key("ref", "    raw: mapped\n"));
  EXPECT_EQ(pass().status, 0);
  EXPECT_EQ(live_count(), "49");
  EXPECT_EQ(earned(), "72");
}

TEST_F(OtherKeys, with_a_field_that_names_a_person_from_now_on) {
  auto const map = "      broker_kind: type\n";
  expect_each_counts_once(with_key("id", map), with_key("ref", map + std::string(R"(
    personal: type
)")));
}

TEST_F(OtherKeys, with_another_privacy_setting) {
  for (auto& row : books) row.insert(1, R"("email":"p@x.example",)");
  expect_green(pass(), 50);
  source_yaml = "    privacy: keep\n";
  configure();
  replace_connector(with_key("ref"));
  EXPECT_EQ(pass().status, 0);
  expect_once();
}

// The key names a person: as text under `keep`, as a hash else.
TEST_F(OtherKeys, another_privacy_setting_makes_other_keys) {
  name_persons();
  for (auto const& key : {with_key("email", "    personal: email\n"),
                          with_person("[client, email]", "    raw: mapped\n")}) {
    renew_database();
    source_yaml = "    privacy: keep\n";
    configure();
    replace_connector(key);
    expect_green(pass(), 50);
    for (auto const* privacy : {"hash", "keep", "drop", "keep", "hash"}) {
      source_yaml = std::string("    privacy: ") + privacy + "\n";
      configure();
      auto const again = pass();
      EXPECT_EQ(again.status, 0) << privacy << again.out << again.err;
      expect_once();
      expect_no_change();
    }
    source_yaml = "    privacy: drop\n";  // the keys stay as they are
    configure();
    EXPECT_EQ(pass().count("rows", "deleted"), 0);
    expect_once();
    EXPECT_EQ(query("select count(*) from affsync.commission where external_id like '%x.example%'"
                    " and deleted_at is null"),
              "0");
    EXPECT_EQ(query("select count(*) from affsync.record_change h where coalesce(before::text, '')"
                    " || coalesce(after::text, '') like '%x.example%'"),
              "0");
  }
}

TEST_F(OtherKeys, another_privacy_setting_where_windows_are_replaced) {
  name_persons();
  source_yaml = "    privacy: keep\n";
  configure();
  replace_connector(with_person("email", std::string("    mode: replace_window\n") + window));
  expect_green(pass(), 50);
  for (auto const* privacy : {"hash", "keep", "drop"}) {
    source_yaml = std::string("    privacy: ") + privacy + "\n";
    configure();
    auto const again = pass();
    EXPECT_EQ(again.status, 0) << privacy << again.out << again.err;
    expect_once();
    expect_no_change();
  }
}

// The field is a person's from now on, so its hash is the key.
TEST_F(OtherKeys, of_a_field_that_names_a_person_from_now_on) {
  name_persons();
  expect_each_counts_once(with_key("email"), with_key("email", "    personal: email\n"));
}

// A key that is made of all of a row changes with what is kept of it, though `key` is as it was.
TEST_F(OtherKeys, of_all_of_a_row_changes_with_what_is_personal) {
  expect_each_counts_once(with_key("{hash: all}"), with_key("{hash: all}", "    personal: type\n"));
}

// The connector changes how columns are read at the same time, where raw differs at each reading.
TEST_F(OtherKeys, with_another_mapping) {
  for (auto& row : books) row.insert(1, R"("seen":@,)");
  auto const more = "    volatile: seen\n";
  auto other = with_key("ref", more);
  other.replace(other.find("client_ref: client"), 18, "client_ref: id    ");
  expect_each_counts_once(with_key("id", more), other);
}

// A total that comes back under a key that it had before has grown under the other one meanwhile.
class TotalsUnderOtherKeys : public OtherKeys {
 protected:
  std::string with_total(std::string const& key, std::string const& sum = "sum") const {
    auto yaml = with_key(key, "      grain: {const: lifetime}\n" + more);
    yaml.replace(yaml.find("amount: sum"), 11, "amount: " + sum);
    if (table == "rebate") yaml.erase(yaml.find("      occurred_on: {from: day, as: date}\n"), 40);
    return yaml.replace(yaml.find("table: commission"), 17, "table: " + table);
  }
  void begin(std::string const& of_table) {
    table = of_table;
    renew_database();
    read_with(with_total("id"));
    EXPECT_EQ(grown(), "0");
  }
  void read_with(std::string const& yaml) {
    replace_connector(yaml);
    read();
  }
  void read() {
    auto const again = pass();
    EXPECT_EQ(again.status, 0) << again.out << again.err;
  }
  void grow_to(std::string const& sum) {
    auto& row = books[33];
    auto const at = row.find("\"sum\":\"") + 7;
    row.replace(at, row.find('"', at) - at, sum);
  }
  std::string grown() {
    return query(
        "select trim_scale(coalesce(sum(amount), 0)) from " +
        std::string(table == "rebate" ? "reporting.rebates_monthly" : "reporting.earnings_daily"));
  }
  std::string table, more;
};

TEST_F(TotalsUnderOtherKeys, grow_once_when_the_keys_are_changed_back) {
  for (auto const* of_table : {"commission", "rebate"}) {
    grow_to("1.50");
    begin(of_table);
    grow_to("2.50");
    read();
    EXPECT_EQ(grown(), "1");
    read_with(with_total("[id, client]"));
    grow_to("6.50");
    read();
    EXPECT_EQ(grown(), "5");
    read_with(with_total("id"));
    EXPECT_EQ(grown(), "5") << of_table;
    grow_to("7.00");
    read();
    EXPECT_EQ(grown(), "5.5");
    read_with(with_total("[id, client]"));
    grow_to("8.00");
    read();
    EXPECT_EQ(grown(), "6.5");
    EXPECT_EQ(live_count(table), "50");
  }
}

// One that the broker has changed at the same time is not recognized under its other key.
TEST_F(TotalsUnderOtherKeys, that_the_broker_changed_meanwhile_grow_once_too) {
  begin("commission");
  grow_to("2.50");
  read_with(with_total("[id, client]"));
  read();
  EXPECT_EQ(live_count(), "50");
  EXPECT_EQ(grown(), "0");
  grow_to("6.50");
  read();
  EXPECT_EQ(grown(), "4");
  grow_to("7.00");
  read_with(with_total("id"));
  EXPECT_EQ(grown(), "4");
  grow_to("7.50");
  read();
  EXPECT_EQ(grown(), "4.5");
}

TEST_F(TotalsUnderOtherKeys, that_another_mapping_makes_grow_once_too) {
  begin("commission");
  read_with(with_total("[id, client]"));
  grow_to("6.50");
  read();
  EXPECT_EQ(grown(), "5");
  read_with(with_total("id", "{from: sum, shift: 2}"));
  EXPECT_EQ(grown(), "5");
  grow_to("7.00");
  read();
  EXPECT_EQ(grown(), "55");
}

TEST_F(TotalsUnderOtherKeys, that_another_privacy_setting_makes_grow_once_too) {
  name_persons();
  auto const privacy = [&](std::string const& word) {
    source_yaml = "    privacy: " + word + "\n";
    configure();
  };
  privacy("keep");
  table = "commission";
  more = "    personal: email\n";
  renew_database();
  read_with(with_total("email"));
  privacy("drop");
  read();
  grow_to("6.50");
  read();
  EXPECT_EQ(grown(), "5");
  privacy("keep");
  read();
  EXPECT_EQ(grown(), "5");
  grow_to("7.00");
  read();
  EXPECT_EQ(grown(), "5.5");
  EXPECT_EQ(live_count(), "50");
}

// What another `where` leaves out is counted nowhere until it is taken again.
TEST_F(TotalsUnderOtherKeys, but_not_those_that_were_left_out) {
  begin("commission");
  more = "    where: {client: {none_of: [c5]}}\n";  // books[33]
  read_with(with_total("id"));
  grow_to("6.50");
  read();
  EXPECT_EQ(grown(), "0");
  more = "";
  read_with(with_total("id"));
  EXPECT_EQ(grown(), "5");
}

// What cannot be recognized is not quietly there twice.
TEST_F(OtherKeys, rows_that_are_not_recognized_are_told_until_they_are_marked) {
  replace_connector(with_key("id", "    keeps: forever\n"));
  expect_green(pass(), 50);
  for (auto& row : books) row.replace(row.find("1.50"), 4, "2.00");
  replace_connector(with_key("ref", "    keeps: forever\n"));
  for (int i = 0; i < 2; ++i) {
    auto const again = pass();
    EXPECT_EQ(again.status, 1) << again.out;
    EXPECT_EQ(again.of("rows", "error_code"), "mass_drop") << again.out;
    if (i > 0) continue;
    EXPECT_NE(again.of("rows", "error").find("under the keys that they had before"),
              std::string::npos)
        << again.out;
  }
  EXPECT_EQ(live_count(), "100");
  source_yaml = "    mass_drop: 100%\n";
  configure();
  EXPECT_EQ(pass({"--full"}).status, 0);
  EXPECT_EQ(live_count(), "50");
  EXPECT_EQ(earned(), "90");
}

}  // namespace
}  // namespace affsync::test::other_keys_test
