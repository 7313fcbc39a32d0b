// Every row is stored once and exactly, whatever the broker does between pages.
#include <set>

#include "tests/acceptance/plain_broker.hpp"

namespace affsync::test::reading_test {
namespace {

class Reading : public Acceptance {
 protected:
  void SetUp() override {
    Acceptance::SetUp();
    streams_yaml = "      accounts: {page_size: 20}\n      clients: {page_size: 20}\n";
  }
  // Ids of the rewards that the broker lists now.
  std::set<std::string> listed_rewards() {
    std::string login = R"({"login":"partner@example.com","password":)";
    append_json_string(login, password);
    auto const answer = parse_json(http_post(broker().url() + "/api/v2/auth/", login + "}").body);
    std::string const token(*answer.value().find("token")->scalar_text());
    auto const list = parse_json(broker().get("/api/reports/rewards/?limit=1000", token).body);
    std::set<std::string> ids;
    for (auto const& row : list.value().find("data")->items()) {
      ids.insert(std::string(*row.find("id")->scalar_text()));
    }
    return ids;
  }
  // At every second page, more rows before its end vanish or appear than pages share. The first
  // pass still finds every row that existed throughout, even if the broker reports no count that
  // reveals the shift. In that case the broker's sum reveals it.
  void read_a_moving_list(std::string const& mode) {
    streams_yaml += "      rewards: {start: " + first_day() + ", page_size: 20, keeps: forever}\n";
    for (auto const* total : {"delta=0", "value=absent"}) {
      start_broker({"--rows", "400"});
      auto const before = listed_rewards();
      ASSERT_EQ(before.size(), 400u);
      broker().fault(std::string("total:path=rewards,") + total);
      broker().fault("shift:mode=" + mode + ",rows=4,every=2,path=rewards,next=4");
      auto const synced = sync({"--stream", "rewards"});
      bool const counted = std::string_view(total) == "delta=0";
      ASSERT_EQ(synced.status, counted ? 0 : 1) << synced.out << synced.err;
      EXPECT_EQ(synced.of("rewards", "error_code"), counted ? "null" : "totals_differ")
          << synced.out;
      broker().clear_faults();
      auto const after = listed_rewards();
      ASSERT_NE(after, before) << "the list never moved";
      std::set<std::string> ours;
      for (auto const& row : rows("select external_id from affsync.commission"))
        ours.insert(row[0]);
      for (auto const& id : before) {
        if (after.contains(id)) {
          EXPECT_TRUE(ours.contains(id)) << mode << ", total " << total << ": " << id;
        }
      }
      ASSERT_EQ(sync({"--full"}).status, 0);
      expect_books_equal();
      renew_database();
    }
  }
  // A fault affects one answer of accounts: affsync retries, and everything is read.
  void expect_passes_when_asked_again(std::string const& fault) {
    start_broker();
    broker().fault(fault + ",next=1,path=accounts");
    auto const synced = sync();
    EXPECT_EQ(synced.status, 0) << fault << synced.out;
    EXPECT_EQ(synced.count("accounts", "rows_read"), 120) << fault;
    EXPECT_EQ(synced.count("accounts", "retries"), 1) << fault;
    expect_books_equal();
  }
  // A format that all answers have: nothing is requested twice.
  void expect_reads(std::string const& fault) {
    start_broker();
    broker().fault(fault);
    auto const synced = sync();
    ASSERT_EQ(synced.status, 0) << fault << synced.out;
    EXPECT_EQ(synced.count("rewards", "retries"), 0) << fault;
    expect_books_equal();
  }
};

TEST_F(Reading, basic_read) {
  start_broker();
  auto const synced = sync();
  ASSERT_EQ(synced.status, 0) << synced.out << synced.err;
  for (auto const* stream :
       {"clients", "accounts", "rewards", "rebate_groups", "rebates", "wallets"}) {
    EXPECT_EQ(synced.of(stream, "status"), "succeeded");
    EXPECT_GT(synced.count(stream, "inserted"), 0) << stream;
    EXPECT_EQ(synced.count(stream, "inserted"), synced.count(stream, "rows_read")) << stream;
    EXPECT_EQ(synced.count(stream, "quarantined"), 0) << stream;
  }
  // Each column that the connector maps has a value in at least one row.
  struct Mapped {
    char const* table;
    std::vector<char const*> columns;
  };
  Mapped const mapped[] = {
      {"client",
       {"client_ref", "status", "broker_status", "country", "registered_at", "volume_lots",
        "volume_usd", "earned_usd", "rebate_usd"}},
      {"trading_account",
       {"client_ref", "account", "account_type", "platform", "country", "opened_at", "volume_lots",
        "volume_usd", "reward", "reward_usd"}},
      {"commission",
       {"client_ref", "account", "kind", "status", "amount", "currency", "amount_usd",
        "volume_lots", "volume_usd", "orders_count", "grain", "occurred_on"}},
      {"rebate_group", {"title", "rebate_percent"}},
      {"rebate", {"client_ref", "account", "grain", "amount_usd"}},
      {"balance", {"account", "currency", "amount"}},
  };
  for (auto const& table : mapped) {
    for (auto const* column : table.columns) {
      EXPECT_NE(query(std::string("select count(") + column + ") from affsync." + table.table), "0")
          << table.table << "." << column;
    }
  }
}

TEST_F(Reading, first_load_counts_and_sums) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  expect_books_equal();
}

TEST_F(Reading, page_size_capped_by_the_server) {
  start_broker();
  broker().fault("cap:limit=7,every=1");
  auto const synced = sync();
  ASSERT_EQ(synced.status, 0) << synced.out;
  expect_books_equal();
}

TEST_F(Reading, rows_inserted_while_paging) {
  read_a_moving_list("insert");
}

TEST_F(Reading, rows_deleted_while_paging) {
  read_a_moving_list("delete");
}

TEST_F(Reading, rows_inserted_and_deleted_while_paging) {
  read_a_moving_list("both");
}

TEST_F(Reading, total_absent) {
  start_broker();
  broker().fault("total:value=absent,every=1");
  ASSERT_EQ(sync().status, 0);
  expect_books_equal();
}

TEST_F(Reading, total_null) {
  start_broker();
  broker().fault("total:value=null,every=1");
  ASSERT_EQ(sync().status, 0);
  expect_books_equal();
}

TEST_F(Reading, total_wrong) {
  start_broker();
  broker().fault("total:delta=-5,every=1,path=accounts");
  auto const low = sync({"--stream", "accounts"});
  EXPECT_EQ(low.status, 1);
  EXPECT_EQ(low.of("accounts", "status"), "partial");
  EXPECT_EQ(low.of("accounts", "error_code"), "sweep_unverified");
  broker().clear_faults();
  ASSERT_EQ(sync().status, 0);
  expect_books_equal();  // the low total lost no row and marked none
}

TEST_F(Reading, offset_ignored) {
  start_broker();
  broker().fault("ignore_offset:every=1,path=accounts");
  auto const synced = sync({"--stream", "accounts"});
  EXPECT_EQ(synced.status, 1);
  EXPECT_EQ(synced.of("accounts", "error_code"), "paging_broken") << synced.out;
  EXPECT_LE(synced.count("accounts", "requests"), 1 + 3);  // the login, a page and two retries
}

TEST_F(Reading, missing_optional_field) {
  start_broker();
  broker().fault("drop_field:field=platform,row=3,next=1,path=accounts");
  auto const synced = sync({"--stream", "accounts"});
  EXPECT_EQ(synced.status, 0) << synced.out;
  EXPECT_EQ(synced.count("accounts", "inserted"), 120);
  EXPECT_EQ(synced.count("accounts", "quarantined"), 0);
  // The row is stored without that member; the others have the member, even if null.
  EXPECT_EQ(query("select count(*) from affsync.trading_account where not raw ? 'platform'"), "1");
  EXPECT_EQ(query("select count(*) from affsync.trading_account where not raw ? 'platform' and"
                  " platform is null and account = raw->>'client_account'"
                  " and reward_usd = (raw->>'reward_usd')::numeric"),
            "1");
}

TEST_F(Reading, missing_key_field) {
  start_broker();
  broker().fault("drop_field:field=client_account,row=3,next=1,path=accounts");
  auto const synced = sync({"--stream", "accounts"});
  EXPECT_EQ(synced.status, 1) << synced.out;
  EXPECT_EQ(synced.of("accounts", "error_code"), "rows_quarantined");
  EXPECT_EQ(synced.count("accounts", "rows_read"), 120);
  EXPECT_EQ(synced.count("accounts", "inserted"), 119);
  EXPECT_EQ(synced.count("accounts", "quarantined"), 1);
  EXPECT_EQ(query("select count(*) from affsync.quarantine where resolved_at is null"
                  " and reason like '%\"client_account\"%missing%' and external_id is null"
                  " and raw ? 'client_uid' and not raw ? 'client_account'"),
            "1")
      << query("select reason || raw::text from affsync.quarantine");
  // Once fixed, the row is stored and its quarantine entry is resolved.
  EXPECT_EQ(sync({"--full"}).count("accounts", "inserted"), 1);
  EXPECT_EQ(query("select count(*) from affsync.quarantine where resolved_at is null"), "0");
  expect_books_equal();
}

TEST_F(Reading, one_bad_row_in_page) {
  // An invalid byte in a text does not cost the row: it is stored with U+FFFD instead.
  for (auto const* fault : {"nul", "invalid_utf8"}) {
    start_broker();
    broker().fault(std::string(fault) + ":row=3,next=1,path=accounts");
    auto const synced = sync({"--stream", "accounts"});
    EXPECT_EQ(synced.status, 0) << fault << synced.out;
    EXPECT_EQ(synced.count("accounts", "inserted"), 120) << fault;
    renew_database();
  }
  for (auto const* fault : {"bad_number", "huge_number", "repeat_field"}) {
    start_broker();
    broker().fault(std::string(fault) + ":row=3,next=1,path=accounts");
    auto const synced = sync({"--stream", "accounts"});
    EXPECT_EQ(synced.status, 1) << fault << synced.out;
    EXPECT_EQ(synced.of("accounts", "error_code"), "rows_quarantined") << fault;
    EXPECT_EQ(synced.count("accounts", "rows_read"), 120) << fault;
    EXPECT_EQ(synced.count("accounts", "quarantined"), 1) << fault;
    EXPECT_EQ(query("select count(*) from affsync.quarantine where resolved_at is null"), "1")
        << fault;
    // The fixed row is stored, and its quarantine entry is resolved.
    ASSERT_EQ(sync({"--full"}).status, 0);
    EXPECT_EQ(query("select count(*) from affsync.quarantine where resolved_at is null"), "0")
        << fault;
    expect_books_equal();
    renew_database();
  }
}

TEST_F(Reading, truncated_json) {
  expect_passes_when_asked_again("truncate:after=2000");
}

TEST_F(Reading, wrong_content_length) {
  expect_passes_when_asked_again("length:delta=10");
  expect_passes_when_asked_again("length:delta=-10");
}

TEST_F(Reading, empty_body) {
  expect_passes_when_asked_again("empty:every=1");
  // A body that is always empty is not an empty list, and marks no rows.
  broker().fault("empty:every=1,path=accounts");
  auto const synced = sync({"--stream", "accounts"});
  EXPECT_EQ(synced.status, 1);
  EXPECT_EQ(synced.of("accounts", "error_code"), "malformed_answer") << synced.out;
  expect_books_equal();
}

TEST_F(Reading, reset_and_errors_of_the_server_pass_when_asked_again) {
  expect_passes_when_asked_again("reset:after=200");
  expect_passes_when_asked_again("status:code=502");
}

TEST_F(Reading, gzip) {
  expect_reads("gzip:every=1");
  auto const by_wire = sync({"--full", "--stream", "rewards"}).count("rewards", "bytes_received");
  broker().clear_faults();
  auto const plain = sync({"--full", "--stream", "rewards"}).count("rewards", "bytes_received");
  EXPECT_LT(by_wire, plain / 2) << "the answer was not compressed";
}

TEST_F(Reading, chunked) {
  expect_reads("chunked:every=1");
}

TEST_F(Reading, bom) {
  expect_reads("bom:every=1");
}

TEST_F(Reading, connection_closed_after_each_answer) {
  expect_reads("close:every=1");
}

TEST_F(Reading, html_instead_of_json) {
  start_broker();
  broker().fault("html:every=1,path=accounts");
  auto const synced = sync();
  EXPECT_EQ(synced.status, 1);
  EXPECT_EQ(synced.of("accounts", "error_code"), "malformed_answer");
  EXPECT_NE(synced.of("accounts", "error").find("HTML"), std::string::npos);
  EXPECT_EQ(synced.of("clients", "status"), "succeeded");
}

TEST_F(Reading, same_row_twice_in_page) {
  start_broker();
  broker().fault("duplicate_row:row=2,every=1,path=accounts");
  auto const synced = sync({"--stream", "accounts"});
  EXPECT_NE(synced.status, 2) << synced.err;
  EXPECT_EQ(query("select count(*) from affsync.trading_account"), "120");
}

TEST_F(Reading, broker_that_never_answers_ends_with_a_timeout) {
  source_yaml = "    timeout: 1s\n";
  start_broker();
  broker().fault("never:every=1,path=accounts");
  auto const synced = sync();
  EXPECT_EQ(synced.of("accounts", "error_code"), "timeout") << synced.out;
  EXPECT_EQ(synced.of("rewards", "status"), "succeeded");  // the other streams are not blocked
}

TEST_F(Reading, known_but_unmapped_field_kept_in_raw) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(query("select count(*) from affsync.client where not raw ? 'client_equity'"), "0");
}

TEST_F(Reading, privacy_drop_hash_keep) {
  for (auto const* mode : {"drop", "hash", "keep"}) {
    source_yaml = std::string("    privacy: ") + mode + "\n";
    start_broker();
    ASSERT_EQ(sync({"--stream", "clients"}).status, 0);
    auto const with =
        std::stoi(query("select count(*) from affsync.client where raw->>'comment' is not null"));
    auto const hashed = std::stoi(
        query("select count(*) from affsync.client where raw->>'comment' like 'sha256:%'"));
    EXPECT_EQ(with > 0, mode != std::string("drop")) << mode;
    EXPECT_EQ(hashed, mode == std::string("hash") ? with : 0) << mode;
    renew_database();
  }
}

class ReadingPlain : public PlainAcceptance {};

// JSON that ends too early although all announced bytes arrived.
TEST_F(ReadingPlain, truncated_json) {
  int asked = 0;
  std::string const body = list_of({R"({"id":"a","amount":1})", R"({"id":"b","amount":2})"});
  serve([&](std::string const&) {
    return answer_of(++asked == 1 ? body.substr(0, body.size() - 8) : body);
  });
  auto const synced = sync();
  EXPECT_EQ(synced.status, 0) << synced.out;
  EXPECT_EQ(synced.count("rows", "retries"), 1);
  EXPECT_EQ(query("select sum(amount) from affsync.commission"), "3");
}

TEST_F(ReadingPlain, same_row_on_two_pages) {
  page_yaml = "{type: page, size: 2}";
  serve([&](std::string const& target) {
    std::vector<std::string> rows{R"({"id":"a","amount":1.50})", R"({"id":"b","amount":2})"};
    if (parameter_of(target, "page") == "2") rows[0] = R"({"id":"c","amount":4})";
    if (parameter_of(target, "page") == "3") rows = {R"({"id":"a","amount":1.50})"};
    return answer_of(list_of(rows));  // b is on two pages too
  });
  auto const synced = sync();
  EXPECT_EQ(synced.status, 0) << synced.out;
  EXPECT_EQ(synced.count("rows", "inserted"), 3);
  EXPECT_EQ(query("select string_agg(external_id || '=' || amount || '/' || revision, ' '"
                  " order by external_id) from affsync.commission"),
            "a=1.50/1 b=2/1 c=4/1");
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "0");
}

TEST_F(ReadingPlain, unknown_field_kept_in_raw) {
  std::string const row =
      R"({"id":"a","amount":1,"brand_new":{"deep":[1,2.50,null,"a \"text\"",true,{"x":[]}]},)"
      R"("also":"12345678901234567890.123","":0.10})";
  serve_rows({row, R"({"id":"b","amount":1,"brand_new":7})"});
  ASSERT_EQ(sync().status, 0);
  EXPECT_EQ(query("select raw = $json$" + row +
                  "$json$ from affsync.commission"
                  " where external_id = 'a'"),
            "t")
      << query("select raw from affsync.commission where external_id = 'a'");
  // Equal numbers may be written differently; every digit is kept.
  EXPECT_EQ(query("select raw #>> '{brand_new,deep,1}' || ' ' || (raw->>'') from"
                  " affsync.commission where external_id = 'a'"),
            "2.50 0.10");
  EXPECT_EQ(query("select raw->>'brand_new' from affsync.commission where external_id = 'b'"), "7");
}

}  // namespace
}  // namespace affsync::test::reading_test
