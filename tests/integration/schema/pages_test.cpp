// Storing pages: new, changed, unchanged, vanished and returned rows, and what is kept of them.
#include <numeric>

#include "base/json.hpp"
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::pages_test {
namespace {

class Pages : public StoreTest {
 protected:
  Json change(std::string const& column, std::string const& where = "true") {
    auto const text = value("SELECT " + column + " FROM affsync.record_change WHERE " + where);
    return parse_json(text).value();
  }
};

TEST_F(Pages, ANewRowIsStoredWithEveryCellAndItsBookkeeping) {
  auto const run = begin();
  TestRow row;
  row.key = "r1";
  row.raw = R"({"id": "r1", "n": 1.50})";
  row.values = {{"client_ref", "c1"},          {"amount", "1756.287846940199989393"},
                {"currency", "USD"},           {"orders_count", "12"},
                {"occurred_on", "2026-02-03"}, {"paid_at", "2026-02-04T05:06:07.000008Z"}};
  auto const written = write(run, "commission", {row});
  EXPECT_EQ(written.inserted, 1);
  EXPECT_EQ(written.updated + written.unchanged + written.quarantined, 0);
  auto const stored = rows(
      "SELECT source_id, stream, external_id, client_ref, amount, currency, orders_count,"
      " occurred_on, paid_at, kind, raw, revision, run_id, first_seen_at = changed_at, deleted_at,"
      " changed_at FROM affsync.commission");
  ASSERT_EQ(stored.size(), 1U);
  Cells const wanted{std::to_string(source),
                     "feed",
                     "r1",
                     "c1",
                     "1756.287846940199989393",
                     "USD",
                     "12",
                     "2026-02-03",
                     "2026-02-04 05:06:07.000008+00",
                     std::nullopt,
                     R"({"n": 1.50, "id": "r1"})",
                     "1",
                     std::to_string(run.run_id),
                     "t",
                     std::nullopt,
                     "2026-03-01 00:00:00+00"};
  EXPECT_EQ(stored[0], wanted);
}

TEST_F(Pages, EveryColumnOfEveryTableArrives) {
  auto const run = begin();
  for (auto const& table : record_tables()) {
    TestRow row;
    row.key = "k";
    for (auto const& column : table.columns) {
      std::string sample = "text of " + std::string(column.name);
      if (column.type == ColumnType::numeric) sample = "1.5";
      if (column.type == ColumnType::bigint) sample = "7";
      if (column.type == ColumnType::boolean) sample = "true";
      if (column.type == ColumnType::date) sample = "2026-01-02";
      if (column.type == ColumnType::timestamptz) sample = "2026-01-02T03:04:05Z";
      row.values.emplace_back(std::string(column.name), sample);
    }
    EXPECT_EQ(write(run, table.name, {row}).inserted, 1) << table.name;
    // Also by the other write path, with one value changed.
    row.values.front().second = "changed";
    EXPECT_EQ(write(run, table.name, {row}).updated, 1) << table.name;
    auto const name = std::string(table.name);
    for (auto const& column : table.columns) {
      EXPECT_EQ(
          value("SELECT (" + std::string(column.name) + " IS NOT NULL)::text FROM affsync." + name),
          "true")
          << name << "." << column.name;
    }
    EXPECT_EQ(value("SELECT " + std::string(table.columns[0].name) + " FROM affsync." + name),
              "changed");
  }
}

TEST_F(Pages, AChangedRowIsUpdatedAndTheChangedColumnsAreKept) {
  auto const first = begin();
  write(first, "commission",
        {{"r1", {{"amount", "10.00"}, {"status", "pending"}, {"currency", "USD"}}, R"({"a":1})"}});
  now += std::chrono::hours(1);
  auto const second = begin();
  auto const written =
      write(second, "commission",
            {{"r1",
              {{"amount", "7.25"}, {"status", "pending"}, {"kind", "cpa"}, {"currency", "USD"}},
              R"({"a":2})"}});
  EXPECT_EQ(written.updated, 1);
  EXPECT_EQ(written.inserted + written.unchanged, 0);
  Cells const row{"7.25",
                  "2",
                  std::to_string(second.run_id),
                  "2026-03-01 00:00:00+00",
                  "2026-03-01 01:00:00+00",
                  R"({"a": 2})"};
  EXPECT_EQ(rows("SELECT amount, revision, run_id, first_seen_at, changed_at, raw"
                 " FROM affsync.commission")
                .at(0),
            row);
  EXPECT_EQ(value("SELECT before FROM affsync.record_change"),
            R"({"kind": null, "amount": 10.00})");
  EXPECT_EQ(value("SELECT after FROM affsync.record_change"), R"({"kind": "cpa", "amount": 7.25})");
  Cells const change{"commission", "feed",
                     "r1",         std::to_string(second.run_id),
                     "update",     "2026-03-01 01:00:00+00"};
  EXPECT_EQ(rows("SELECT record_table, stream, external_id, run_id, operation, changed_at"
                 " FROM affsync.record_change")
                .at(0),
            change);
}

TEST_F(Pages, WhenOnlyRawDiffersItsDifferingMembersAreKept) {
  auto const run = begin();
  write(run, "client", {{"c", {{"status", "active"}}, R"({"same": 1, "old": 2, "gone": 3})"}});
  EXPECT_EQ(
      write(run, "client", {{"c", {{"status", "active"}}, R"({"same": 1, "old": 5})"}}).updated, 1);
  EXPECT_EQ(value("SELECT before FROM affsync.record_change"), R"({"raw": {"old": 2, "gone": 3}})");
  EXPECT_EQ(value("SELECT after FROM affsync.record_change"), R"({"raw": {"old": 5}})");
}

TEST_F(Pages, AnotherSpellingOfTheSameValuesIsNoChange) {
  auto const run = begin();
  write(run, "payout", {{"p", {{"amount", "5.0"}}, R"({"a": 5.0})"}});
  auto const again = write(run, "payout", {{"p", {{"amount", "5.00"}}, R"({"a":5.00})"}});
  EXPECT_EQ(again.unchanged, 1);
  EXPECT_EQ(again.updated, 0);
  EXPECT_EQ(value("SELECT revision FROM affsync.payout"), "1");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.record_change"), "0");
}

TEST_F(Pages, NewChangedAndUnchangedRowsOfOnePageAreToldApart) {
  auto const run = begin();
  std::vector<TestRow> page;
  for (int i = 0; i < 30; ++i) page.push_back({"k" + std::to_string(i), {{"amount", "1"}}});
  write(run, "commission", {page.begin(), page.begin() + 20});
  for (int i = 0; i < 5; ++i) page[static_cast<std::size_t>(i)].values[0].second = "2";
  auto const written = write(run, "commission", page);
  EXPECT_EQ(written.inserted, 10);
  EXPECT_EQ(written.updated, 5);
  EXPECT_EQ(written.unchanged, 15);
  EXPECT_EQ(value("SELECT sum(amount) FROM affsync.commission"), "35");
}

// Few rows are sent as parameters, many by COPY.
TEST_F(Pages, ManyDifferingRowsAreMergedAsFewAre) {
  for (int const size : {4, 1000}) {
    auto const stream = "feed of " + std::to_string(size);
    auto const of_stream = " WHERE stream = '" + stream + "'";
    std::vector<TestRow> page;
    for (int i = 0; i < size; ++i) {
      page.push_back({"k" + std::to_string(i), {{"amount", "1"}}, R"({"a": 1, "same": 1})"});
    }
    write(begin(stream), "commission", page);
    sql(url, "UPDATE affsync.commission SET content_hash = gen_random_uuid()" + of_stream);
    for (std::size_t i = 0; i < page.size(); ++i) {
      if (i % 4 < 2) page[i].values[0].second = "2.50";
      if (i % 4 == 2) page[i].raw = R"({"a": 2, "same": 1})";
    }
    auto const written = write(begin(stream), "commission", page);
    EXPECT_EQ(written.updated, size / 4 * 3);
    EXPECT_EQ(written.unchanged, size / 4);
    auto const half = std::to_string(size / 2), quarter = std::to_string(size / 4);
    std::vector<Cells> const wanted{
        {R"({"raw": {"a": 1}})", R"({"raw": {"a": 2}})", quarter, quarter},
        {R"({"amount": 1})", R"({"amount": 2.50})", half, half}};
    EXPECT_EQ(rows("SELECT before, after, count(*), count(DISTINCT external_id)"
                   " FROM affsync.record_change" +
                   of_stream + " GROUP BY before, after ORDER BY count(*)"),
              wanted);
    std::vector<Cells> const stored{{"1", "1", R"({"a": 1, "same": 1})", quarter},
                                    {"1", "2", R"({"a": 2, "same": 1})", quarter},
                                    {"2.50", "2", R"({"a": 1, "same": 1})", half}};
    EXPECT_EQ(rows("SELECT amount, revision, raw, count(*) FROM affsync.commission" + of_stream +
                   " GROUP BY amount, revision, raw ORDER BY amount, revision"),
              stored);
    // Three contents, so three hashes of them: those of equal rows are put right.
    EXPECT_EQ(value("SELECT count(DISTINCT (content_hash)) FROM affsync.commission" + of_stream),
              "3");
  }
}

TEST_F(Pages, TheSamePageAgainWritesNeitherTuplesNorWalInTheRecordTable) {
  auto const run = begin();
  std::vector<TestRow> rows_in;
  for (int i = 0; i < 500; ++i) {
    rows_in.push_back({"k" + std::to_string(i), {{"amount", "1.5"}, {"client_ref", "c"}}});
  }
  write(run, "commission", rows_in);
  sql(url, "CREATE EXTENSION pg_walinspect");
  sql(url, "VACUUM (FREEZE, ANALYZE) affsync.commission");
  sql(url, "CHECKPOINT");
  auto const fingerprint =
      "SELECT md5(string_agg(ctid::text || xmin::text || xmax::text, ',' ORDER BY external_id))"
      " FROM affsync.commission";
  auto const before = value(fingerprint);
  auto const start = value("SELECT pg_current_wal_insert_lsn()");
  EXPECT_EQ(write(run, "commission", rows_in).unchanged, 500);
  // The cluster commits without waiting for the disk; a checkpoint flushes the WAL up to here.
  sql(url, "CHECKPOINT");
  auto const stop = value("SELECT pg_current_wal_flush_lsn()");
  EXPECT_EQ(value(fingerprint), before);
  auto const blocks_of = [&](std::string const& table) {
    return value(
        "SELECT count(*) FROM pg_get_wal_records_info('" + start + "', '" + stop +
        "') w WHERE w.block_ref LIKE ANY (SELECT '%rel %/' || pg_relation_filenode(r) || ' %'"
        " FROM (SELECT '" +
        table + "'::regclass::oid UNION ALL SELECT indexrelid FROM pg_index WHERE indrelid = '" +
        table + "'::regclass UNION ALL SELECT reltoastrelid FROM pg_class WHERE oid = '" + table +
        "'::regclass AND reltoastrelid <> 0) AS x (r))");
  };
  EXPECT_EQ(blocks_of("affsync.commission"), "0");
  // The same query finds what was written: the checkpoint of the stream.
  EXPECT_NE(blocks_of("affsync.stream_state"), "0");
}

TEST_F(Pages, CheckpointCountersAndRowsCountAreKeptWithTheRows) {
  auto const run = begin();
  loop.run(
      store->write_page(page(run, {batch_of("payout", {{"a", {}}, {"b", {}}})}, R"({"at":1})")));
  loop.run(store->write_page(
      page(run, {batch_of("payout", {{"b", {}}, {"c", {{"amount", "1"}}}})}, R"({"at":2})")));
  auto const state = loop.run(store->load_state(run.id));
  EXPECT_EQ(parse_json(state.cursor).value().find("at")->number_text(), "2");
  EXPECT_EQ(state.cursor_at, now);
  Cells const counters{"2", "3", "0", "1", "0"};
  EXPECT_EQ(
      rows("SELECT pages, inserted, updated, unchanged, quarantined FROM affsync.sync_run").at(0),
      counters);
  auto const health = loop.run(store->health());
  ASSERT_EQ(health.size(), 1U);
  EXPECT_EQ(health[0].rows, 3);
  EXPECT_EQ(health[0].table, "payout");
  EXPECT_EQ(health[0].last_status, "running");
}

TEST_F(Pages, BatchesOfTwoTablesAreStoredTogether) {
  auto const run = begin();
  auto const written = loop.run(store->write_page(
      page(run, {batch_of("client", {{"c", {}}}), batch_of("trading_account", {{"a", {}}})})));
  EXPECT_EQ(written.inserted, 2);
  EXPECT_EQ(value("SELECT count(*) FROM affsync.trading_account"), "1");
  EXPECT_EQ(loop.run(store->health()).at(0).rows, 1);  // only those of its main table
}

TEST_F(Pages, StreamsAndSourcesDoNotSeeEachOthersKeys) {
  auto const mine = begin("feed");
  auto const other = begin("other");
  write(mine, "payout", {{"p", {{"amount", "1"}}}});
  EXPECT_EQ(write(other, "payout", {{"p", {{"amount", "2"}}}}).inserted, 1);
  source = loop.run(store->register_source("broker-2", "testing", "https://b2.example"));
  EXPECT_EQ(write(begin("feed"), "payout", {{"p", {{"amount", "3"}}}}).inserted, 1);
  EXPECT_EQ(value("SELECT string_agg(amount::text, ' ' ORDER BY amount) FROM affsync.payout"),
            "1 2 3");
}

TEST_F(Pages, ANarrowerIntervalIsKeptAndIsNoChange) {
  auto const run = begin();
  auto row = [](char const* from, char const* to) {
    return std::vector<TestRow>{{"r", {{"occurred_from", from}, {"occurred_to", to}}}};
  };
  auto const interval = "SELECT occurred_from, occurred_to, revision FROM affsync.commission";
  write(run, "commission", row("2026-01-01T00:00:00Z", "2026-01-08T00:00:00Z"));
  EXPECT_EQ(write(run, "commission", row("2026-01-03T00:00:00Z", "2026-01-10T00:00:00Z")).unchanged,
            1);
  Cells const narrow{"2026-01-03 00:00:00+00", "2026-01-08 00:00:00+00", "1"};
  EXPECT_EQ(rows(interval).at(0), narrow);
  // A reading that does not overlap the interval is wrong, or the row's time was changed.
  write(run, "commission", row("2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z"));
  EXPECT_EQ(rows(interval).at(0), narrow);
  EXPECT_EQ(value("SELECT count(*) FROM affsync.record_change"), "0");
}

TEST_F(Pages, ABalanceReadAgainAtAnotherTimeIsUnchanged) {
  auto const run = begin();
  write(run, "balance", {{"b", {{"amount", "5"}, {"observed_at", "2026-01-01T00:00:00Z"}}}});
  EXPECT_EQ(
      write(run, "balance", {{"b", {{"amount", "5"}, {"observed_at", "2026-01-02T00:00:00Z"}}}})
          .unchanged,
      1);
  EXPECT_EQ(
      write(run, "balance", {{"b", {{"amount", "6"}, {"observed_at", "2026-01-03T00:00:00Z"}}}})
          .updated,
      1);
  EXPECT_EQ(value("SELECT observed_at FROM affsync.balance"), "2026-01-03 00:00:00+00");
  EXPECT_EQ(value("SELECT before FROM affsync.record_change"), R"({"amount": 5})");
}

TEST_F(Pages, DecimalsKeepTheirLastDigit) {
  auto const run = begin();
  std::vector<std::string> const numbers{"1756.287846940199989393",
                                         "0.00000000001",
                                         "835449167911924693",
                                         "1234567890123456789012345678901234567890.5",
                                         "1234.50",
                                         "-0.000000000000000000000000000000000000001"};
  std::vector<TestRow> page;
  for (auto const& number : numbers) page.push_back({"n" + number, {{"amount", number}}});
  write(run, "commission", page);
  for (auto const& number : numbers) {
    EXPECT_EQ(value("SELECT amount FROM affsync.commission WHERE external_id = 'n" + number + "'"),
              number);
  }
}

TEST_F(Pages, TextsArriveAsTheyAreWhateverTheyHold) {
  auto const run = begin();
  std::vector<std::string> texts{"it's; DROP TABLE affsync.commission; --",
                                 R"(\N)",
                                 R"(\.)",
                                 R"(back\slash "quoted" {brace},comma)",
                                 "tab\tnewline\nreturn\rbell\x07 vertical\v",
                                 "NULL",
                                 "",
                                 " ",
                                 "emoji \xF0\x9F\x98\x80 \xF0\x9F\x87\xBB\xF0\x9F\x87\xB3",
                                 "right to left \xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D \xE2\x80\xAE",
                                 "$1 %s {} ${HOME}",
                                 std::string(1 << 20, 'x')};
  std::vector<TestRow> page;
  for (auto const& text : texts) {
    TestRow row;
    row.key = "key " + text.substr(0, 60);
    row.values = {{"client_ref", text}, {"symbol", text}};
    row.raw.clear();
    append_json_string(row.raw, text);
    page.push_back(row);
  }
  auto count = static_cast<std::int64_t>(page.size());
  EXPECT_EQ(write(run, "commission", page).inserted, count);
  EXPECT_EQ(write(run, "commission", page).unchanged, count);
  for (auto& row : page) row.values.emplace_back("kind", "other");
  EXPECT_EQ(write(run, "commission", page).updated, count);
  auto const stored = rows(
      "SELECT external_id, client_ref, symbol, raw #>> '{}' FROM affsync.commission"
      " ORDER BY external_id COLLATE \"C\"");
  std::map<std::string, std::string> wanted;
  for (auto const& text : texts) wanted["key " + text.substr(0, 60)] = text;
  ASSERT_EQ(stored.size(), wanted.size());
  auto next = stored.begin();
  for (auto const& [key, text] : wanted) {
    Cells const row{key, text, text, text};
    EXPECT_EQ(*next++, row);
  }
}

TEST_F(Pages, ALargePageIsOneTransaction) {
  auto const run = begin();
  std::vector<TestRow> page;
  for (int i = 0; i < 5000; ++i) page.push_back({"k" + std::to_string(i), {{"amount", "1"}}});
  EXPECT_EQ(write(run, "commission", page).inserted, 5000);
  EXPECT_EQ(value("SELECT count(DISTINCT xmin::text) FROM affsync.commission"), "1");
}

// Whatever PostgreSQL assumes about a table that was never analysed: the cost of a page must not
// grow with the rows of its stream.
TEST_F(Pages, APageOfAFirstLoadReadsNoMoreThanItsOwnKeys) {
  auto const run = begin();
  constexpr int pages = 40, page_size = 50;
  for (int number = 0; number < pages; ++number) {
    std::vector<TestRow> some;
    for (int i = 0; i < page_size; ++i) {
      TestRow row;
      row.key = "row " + std::to_string(number * page_size + i);
      row.values = {{"amount", "1.5"}, {"occurred_on", "2026-02-03"}};
      some.push_back(std::move(row));
    }
    // Only a query that scans all stored rows would read those of earlier pages.
    ASSERT_EQ(write(run, "commission", some).inserted, page_size);
    ASSERT_EQ(write(run, "commission", some).unchanged, page_size);
  }
  store.reset();  // a session reports its counters when it ends
  auto const read =
      "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'commission'";
  auto const written = "SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'commission'";
  auto const all = std::to_string(pages * page_size);
  auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (value(written) != all && std::chrono::steady_clock::now() < end) {
  }
  ASSERT_EQ(value(written), all);
  EXPECT_LE(std::stol(value(read)), 2 * pages * page_size);
}

}  // namespace
}  // namespace affsync::schema::test::pages_test
