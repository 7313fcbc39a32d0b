// What is written when something changed and when nothing did, and that every value is stored as it
// was sent.
#include <algorithm>
#include <cstdlib>
#include <limits>

#include "tests/acceptance/plain_broker.hpp"

namespace affsync::test::writing_test {
namespace {

class Writing : public PlainAcceptance {
 protected:
  static constexpr char const* record_tables[] = {"client",  "trading_account", "rebate_group",
                                                  "rebate",  "commission",      "payout",
                                                  "balance", "metric"};

  // The position of each row version of a table, and the transaction that wrote it.
  std::string versions_of(std::string const& table) const {
    return query(
        "select md5(string_agg(source_id || stream || external_id || xmin::text || xmax::text ||"
        " ctid::text, ',' order by source_id, stream, external_id)) from affsync." +
        table);
  }
  // Starts the count of wal_blocks().
  void watch_wal() {
    execute("create extension if not exists pg_walinspect");
    for (auto const* table : record_tables) {
      // So that maintenance writes no page later on.
      execute(std::string("vacuum (freeze, analyze) affsync.") + table);
    }
    execute("checkpoint");
    wal_start_ = query("select pg_current_wal_insert_lsn()");
  }
  // The number of WAL records since then that touch a block of the table, its indexes or its TOAST
  // table, and meet the condition.
  long wal_blocks(std::string const& table, std::string const& condition = "true") const {
    execute("checkpoint");  // commits on the test's server do not wait for the WAL to be flushed
    std::string const name = "'affsync." + table + "'::regclass";
    return std::stol(
        query("select count(*) from pg_get_wal_records_info('" + wal_start_ +
              "', pg_current_wal_flush_lsn()) w where (" + condition +
              ") and w.block_ref like any (select '%rel %/' ||"
              " pg_relation_filenode(r) || ' %' from (select " +
              name + "::oid union all select indexrelid from pg_index where indrelid = " + name +
              " union all select reltoastrelid from pg_class where oid = " + name +
              " and reltoastrelid <> 0) as x (r))"));
  }

 private:
  std::string wal_start_;
};

TEST_F(Writing, unchanged_resync_writes_nothing) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  watch_wal();
  std::map<std::string, std::string> before;
  for (auto const* table : record_tables) before[table] = versions_of(table);
  auto const again = sync({"--full"});
  ASSERT_EQ(again.status, 0) << again.out;
  for (auto const* stream :
       {"clients", "accounts", "rewards", "rebate_groups", "rebates", "wallets"}) {
    EXPECT_GT(again.count(stream, "unchanged"), 0) << stream;
    EXPECT_EQ(again.count(stream, "unchanged"), again.count(stream, "rows_read")) << stream;
  }
  for (auto const* table : record_tables) {
    EXPECT_EQ(versions_of(table), before[table]) << table;
    EXPECT_EQ(wal_blocks(table), 0) << table;
  }
  EXPECT_EQ(wal_blocks("record_change"), 0);
  EXPECT_EQ(wal_blocks("quarantine"), 0);
  // The same query finds what was written: the run, the checkpoints, the comparison of the totals.
  for (auto const* table : {"sync_run_early", "stream_state", "reconciliation"}) {
    EXPECT_GT(wal_blocks(table), 0) << table;
  }
}

TEST_F(Writing, one_percent_changed_writes_one_percent) {
  start_broker({"--rows", "3000"});
  streams_yaml = "      rewards: {start: " + first_day() + ", page_size: 500}\n";
  configure();
  ASSERT_EQ(sync({"--stream", "rewards"}).status, 0);
  execute(
      "create table public.before as select external_id, xmin::text as writer, ctid::text as place"
      " from affsync.commission");
  watch_wal();
  auto const changed =
      broker().control({{"do", "change"}, {"feed", "rewards"}, {"rows", "30"}, {"seed", "1"}});
  auto const again = sync({"--full", "--stream", "rewards"});
  ASSERT_EQ(again.status, 0) << again.out;
  EXPECT_EQ(again.count("rewards", "rows_read"), 3000);
  EXPECT_EQ(again.count("rewards", "inserted"), 0);
  EXPECT_EQ(again.count("rewards", "updated"), 30);
  EXPECT_EQ(again.count("rewards", "unchanged"), 2970);
  // One new row version and one change record for each changed row, and for no other.
  std::string const rewritten =
      " from affsync.commission c join public.before b using (external_id)"
      " where c.xmin::text <> b.writer or c.ctid::text <> b.place";
  EXPECT_EQ(query("select count(*)" + rewritten), "30");
  EXPECT_EQ(query("select count(*) from affsync.commission where revision = 2"), "30");
  EXPECT_EQ(query("select count(*) from affsync.record_change where operation = 'update'"), "30");
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "30");
  std::string ids;
  for (auto const& row : changed.find("after")->items()) {
    ids += (ids.empty() ? "'" : ",'") + std::string(*row.find("id")->scalar_text()) + "'";
  }
  EXPECT_EQ(query("select count(*)" + rewritten + " and external_id in (" + ids + ")"), "30");
  EXPECT_EQ(query("select count(distinct external_id) from affsync.record_change"
                  " where external_id in (" +
                  ids + ")"),
            "30");
  // The WAL of the table holds these 30 new versions. No other row was even locked; a lock is
  // logged only where a new version moves to another page.
  EXPECT_EQ(wal_blocks("commission", "record_type like '%UPDATE%'"), 30);
  EXPECT_LE(wal_blocks("commission", "record_type like '%LOCK%'"), 30);
  EXPECT_EQ(wal_blocks("commission",
                       "resource_manager = 'Heap' and record_type like any (array['INSERT%',"
                       " 'DELETE%'])"),
            0);
  expect_book_equal("rewards", "commission", "rewards", {{"reward_usd", "amount_usd"}}, false);
}

TEST_F(Writing, type_changes_from_number_to_string) {
  serve_rows({R"({"id":1,"amount":12.50,"account":123,"text":true,"lots":2})"});
  ASSERT_EQ(sync().status, 0);
  std::string const columns =
      "select external_id || ' ' || amount || ' ' || account || ' ' || symbol || ' ' || revision"
      " from affsync.commission";
  EXPECT_EQ(query(columns), "1 12.50 123 true 1");
  // The same values as strings, including the key.
  serve_rows({R"({"id":"1","amount":"12.50","account":"123","text":"true","lots":2})"});
  auto const strings = sync();
  EXPECT_EQ(strings.count("rows", "inserted"), 0);
  EXPECT_EQ(strings.count("rows", "updated"), 1);
  EXPECT_EQ(query(columns), "1 12.50 123 true 2");
  EXPECT_EQ(query("select raw = '{\"id\":\"1\",\"amount\":\"12.50\",\"account\":\"123\","
                  "\"text\":\"true\",\"lots\":2}' from affsync.commission"),
            "t");
  // The change is in the raw row only, in no column.
  EXPECT_EQ(query("select before::text || after::text from affsync.record_change"),
            R"({"raw": {"id": 1, "text": true, "amount": 12.50, "account": 123}})"
            R"({"raw": {"id": "1", "text": "true", "amount": "12.50", "account": "123"}})");
  EXPECT_EQ(query("select count(*) from reporting.retroactive_changes"), "0");
  // The next pass does not change it back.
  EXPECT_EQ(sync().count("rows", "unchanged"), 1);
}

TEST_F(Writing, number_forms) {
  struct Form {
    char const* sent;
    std::string stored;  // "null"; "aside": the row is quarantined
  };
  Form const forms[] = {
      {"1e2", "100"},
      {"-0", "0"},
      {"1E-11", "0.00000000001"},
      {"1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890"},
      {"0.1234567890123456789012345678901234567890", "0.1234567890123456789012345678901234567890"},
      {"\"1234.50\"", "1234.50"},
      {"1234.50", "1234.50"},
      {"-7.10", "-7.10"},
      {"\"-1.5e3\"", "-1500"},
      {"\" 2.5 \"", "2.5"},
      {"\"\"", "null"},
      {"null", "null"},
      {"\"n/a\"", "aside"},
      {"1e999999", "aside"},
      {"-1e999999", "aside"},
      {"\"1,234.50\"", "aside"},
      {"\"0x10\"", "aside"},
      {"\"NaN\"", "aside"},
      {"\"Infinity\"", "aside"},
      {"[1]", "aside"},
  };
  std::vector<std::string> sent;
  long aside = 0;
  for (auto const& form : forms) {
    auto const id = std::to_string(&form - forms);
    sent.push_back(R"({"id":")" + id + R"(","amount":)" + form.sent + R"(,"lots":1})");
    if (form.stored == "aside") ++aside;
  }
  serve_rows(sent);
  auto const synced = sync();
  EXPECT_EQ(synced.status, 1) << synced.out;
  EXPECT_EQ(synced.of("rows", "error_code"), "rows_quarantined");
  EXPECT_EQ(synced.count("rows", "rows_read"), std::ssize(sent));
  EXPECT_EQ(synced.count("rows", "quarantined"), aside);
  for (auto const& form : forms) {
    auto const id = std::to_string(&form - forms);
    auto const stored = rows(
        "select coalesce(amount::text, 'null') from affsync.commission"
        " where external_id = '" +
        id + "' and volume_lots = 1");
    if (form.stored == "aside") {
      EXPECT_TRUE(stored.empty()) << form.sent;
      EXPECT_EQ(query("select count(*) from affsync.quarantine where external_id = '" + id +
                      "' and reason like 'amount:%' and resolved_at is null"),
                "1")
          << form.sent << query("select string_agg(reason, ' ') from affsync.quarantine");
      continue;
    }
    ASSERT_EQ(stored.size(), 1u) << form.sent;
    EXPECT_EQ(stored[0][0], form.stored) << form.sent;
    EXPECT_EQ(query(std::string("select raw->'amount' = '") + form.sent +
                    "'::jsonb from affsync.commission where external_id = '" + id + "'"),
              "t")
        << form.sent;
  }
}

// Ten times the rows need no more memory, because pages are freed. Only the keys of seen rows may
// grow, one number each.
TEST_F(Writing, memory_flat) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  // The sanitizers keep freed memory for a while, and metadata about the rest.
  long const slack_kib = 64 * 1024;
  char const* options = std::getenv("ASAN_OPTIONS");
  environment["ASAN_OPTIONS"] =
      (options == nullptr ? std::string() : options + std::string(":")) + "quarantine_size_mb=1";
#else
  long const slack_kib = 6 * 1024;
#endif
  auto const peak_of = [&](int rows) {
    start_broker({"--rows", std::to_string(rows)});
    streams_yaml = "      rewards: {start: " + first_day() + ", page_size: 500}\n";
    configure();
    auto const synced = sync({"--stream", "rewards"});
    EXPECT_EQ(synced.status, 0) << synced.out;
    EXPECT_EQ(synced.count("rewards", "rows_read"), rows);
    renew_database();
    return synced.peak_memory_kib;
  };
  // Both have many more rows than are read ahead, wait, and are being stored at one moment. The
  // additional 18,000 rows are 8 MB of text, and several times as much once parsed. How much of the
  // room for pages is in use at once depends on chance, but memory that grows with the rows is in
  // each pass.
  long few = 0, many = std::numeric_limits<long>::max();
  for (int attempt = 0; attempt < 3 && many >= few + slack_kib; ++attempt) {
    few = std::max(few, peak_of(20'000));
    many = std::min(many, peak_of(38'000));
  }
  EXPECT_GT(few, 0);
  EXPECT_LT(many, few + slack_kib);
}

class WritingText : public Writing {
 protected:
  // The text as key, in columns and in raw, new and changed, sent literally and fully escaped.
  void expect_kept(std::string const& text, std::string const& in_escapes) {
    std::string const as_it_is = Json::string(text).dump();
    for (auto const& form : {as_it_is, "\"" + in_escapes + "\""}) {
      for (auto const* amount : {"1", "2"}) {
        serve_rows({R"({"id":)" + form + R"(,"client":)" + form + R"(,"text":)" + form +
                    R"(,"amount":)" + amount + R"(,"list":[)" + form + "]," + form + ":1}"});
        auto const synced = sync();
        EXPECT_EQ(synced.status, 0) << synced.out;
        EXPECT_EQ(synced.count("rows", "quarantined"), 0) << synced.out;
        auto const found = rows(
            "select external_id, client_ref, symbol, raw->>'id', raw->>'text',"
            " raw#>>'{list,0}', (select string_agg(k, '') from jsonb_object_keys(raw) k where"
            " k not in ('id', 'client', 'text', 'amount', 'list')) from affsync.commission");
        ASSERT_EQ(found.size(), 1u) << form;
        EXPECT_EQ(found[0], std::vector<std::string>(7, text)) << form;
      }
      // Both encodings are the same text: going back to the first amount is the only change.
    }
    EXPECT_EQ(query("select revision from affsync.commission"), "4");
    EXPECT_EQ(query("select count(*) from affsync.record_change where before ? 'amount'"
                    " and not before ?| array['raw', 'client_ref', 'symbol']"),
              "3");
  }
};

TEST_F(WritingText, emoji) {
  // A plain emoji, a flag, a joined family, a skin tone.
  expect_kept(
      "\U0001F600 \U0001F1FB\U0001F1F3 \U0001F468\u200d\U0001F469\u200d\U0001F467 "
      "\U0001F44D\U0001F3FD",
      R"(\ud83d\ude00 \ud83c\uddfb\ud83c\uddf3 \ud83d\udc68\u200d\ud83d\udc69\u200d)"
      R"(\ud83d\udc67 \ud83d\udc4d\ud83c\udffd)");
}

TEST_F(WritingText, tabs) {
  expect_kept("a\tb\t\tc\nd\re\vf\fg\bh", R"(a\tb\u0009\tc\nd\re\u000bf\fg\bh)");
}

TEST_F(WritingText, backslashes) {
  expect_kept(R"(\N \. a\b\\c \n \u0041 C:\x\)", R"(\\N \\. a\\b\\\\c \\n \u005cu0041 C:\\x\\)");
}

TEST_F(WritingText, quotes) {
  expect_kept(R"('it''s' "quoted" `x` $$y$$ ,{a,"b"},(c) «d» 'e)",
              R"('it''s' \"quoted\" \u0060x\u0060 $$y$$ ,{a,\"b\"},(c) \u00abd\u00bb \u0027e)");
}

TEST_F(WritingText, right_to_left_text) {
  // Hebrew, Arabic with its marks, and direction control characters.
  expect_kept(
      "\u05e9\u05dc\u05d5\u05dd \u202eabc\u202c \u0645\u064f\u062d\u064e\u0645\u064e\u0651\u062f "
      "\u200f123"
      "\u200e",
      R"(\u05e9\u05dc\u05d5\u05dd \u202eabc\u202c \u0645\u064f\u062d\u064e\u0645\u064e\u0651\u062f )"
      R"(\u200f123\u200e)");
}

// An invalid byte in a text must not cost the row its money.
TEST_F(WritingText, null_character_in_a_text_is_replaced) {
  for (auto const& stray : {std::string("\\u0000"), std::string("\xff"), std::string("\\ud800")}) {
    serve_rows({R"({"id":"bad","client":"c)" + stray + R"(d","unmapped":["u)" + stray +
                R"("],"amount":1})"});
    auto const synced = sync();
    EXPECT_EQ(synced.status, 0) << synced.out;
    EXPECT_EQ(synced.count("rows", "quarantined"), 0) << synced.out;
    EXPECT_EQ(query("select client_ref || ' ' || amount || ' ' || (raw->>'client') || ' ' ||"
                    " (raw#>>'{unmapped,0}') from affsync.commission"),
              "c\ufffdd 1 c\ufffdd u\ufffd");
    renew_database();
  }
}

TEST_F(WritingText, null_character_in_a_key) {
  for (auto const& stray : {std::string("\\u0000"), std::string("\xff")}) {
    serve_rows({R"({"id":"a","amount":1})", R"({"id":"b)" + stray + R"(","amount":5})",
                R"({"id":"b","amount":2})"});
    auto const synced = sync();
    EXPECT_EQ(synced.count("rows", "inserted"), 2);
    EXPECT_EQ(synced.count("rows", "quarantined"), 1);
    EXPECT_EQ(query("select string_agg(external_id || ' ' || amount, ',' order by external_id) from"
                    " affsync.commission"),
              "a 1,b 2");
    // The reason names the field. The raw row is kept, with U+FFFD for what jsonb cannot hold.
    EXPECT_EQ(query("select reason from affsync.quarantine"),
              "the field \"id\", which belongs to the row's key, contains a NUL or invalid UTF-8");
    EXPECT_EQ(query("select raw->>'id' from affsync.quarantine"), "b\ufffd");
    renew_database();
  }
}

TEST_F(WritingText, one_megabyte_string) {
  // Letters that compress badly, so that the value stays long in the database.
  std::string text;
  for (std::uint64_t state = 1; text.size() < 1 << 20;) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    text += static_cast<char>('!' + (state >> 33) % 90);
  }
  std::string const form = Json::string(text).dump();
  for (auto const* amount : {"1", "2"}) {
    serve_rows({R"({"id":"a","client":)" + form + R"(,"text":)" + form + R"(,"note":)" + form +
                    R"(,"amount":)" + amount + "}",
                R"({"id":"b","amount":3})"});
    auto const synced = sync();
    EXPECT_EQ(synced.status, 0) << synced.of("rows", "error");
    EXPECT_EQ(synced.count("rows", "quarantined"), 0);
    auto const found = rows(
        "select client_ref, symbol, raw->>'text', raw->>'note', amount"
        " from affsync.commission where external_id = 'a'");
    ASSERT_EQ(found.size(), 1u);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(found[0][i] == text) << i;
    EXPECT_EQ(found[0][4], amount);
  }
  EXPECT_EQ(sync().count("rows", "unchanged"), 2);
  // As a key it is invalid: the row is quarantined, the other row is stored.
  serve_rows({R"({"id":)" + form + R"(,"amount":1})", R"({"id":"c","amount":1})"});
  auto const keyed = sync();
  EXPECT_EQ(keyed.count("rows", "inserted"), 1) << keyed.of("rows", "error");
  EXPECT_EQ(keyed.count("rows", "quarantined"), 1);
}

}  // namespace
}  // namespace affsync::test::writing_test
