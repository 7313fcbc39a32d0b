// Every row arrives once and exactly, whatever the broker does between pages.
#include "tests/acceptance/fixture.hpp"

namespace affsync::test {
namespace {

class Reading : public Acceptance {
 protected:
  void SetUp() override {
    Acceptance::SetUp();
    streams_yaml = "      accounts: {page_size: 20}\n      clients: {page_size: 20}\n";
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
  // Each column that the connector maps is filled at least once.
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

TEST_F(Reading, rows_inserted_and_deleted_while_paging) {
  for (auto const* mode : {"insert", "delete", "both"}) {
    start_broker();
    broker().fault(std::string("shift:mode=") + mode + ",every=2,path=accounts,next=6");
    auto const synced = sync({"--stream", "accounts"});
    ASSERT_NE(synced.status, 2) << synced.err;
    EXPECT_EQ(synced.of("accounts", "error_code"), "null") << mode << synced.out;
    broker().clear_faults();
    ASSERT_EQ(sync().status, 0);
    expect_books_equal();
  }
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
  expect_books_equal();  // nothing was lost by the low total, nothing marked
}

TEST_F(Reading, offset_ignored) {
  start_broker();
  broker().fault("ignore_offset:every=1,path=accounts");
  auto const synced = sync({"--stream", "accounts"});
  EXPECT_EQ(synced.status, 1);
  EXPECT_EQ(synced.of("accounts", "error_code"), "paging_broken") << synced.out;
  EXPECT_LE(synced.count("accounts", "requests"), 1 + 3);  // the login; a page and two more
}

TEST_F(Reading, missing_key_field_goes_to_quarantine_and_comes_back) {
  start_broker();
  broker().fault("drop_field:field=client_account,row=3,next=1,path=accounts");
  auto const synced = sync({"--stream", "accounts"});
  EXPECT_EQ(synced.count("accounts", "quarantined"), 1) << synced.out;
  EXPECT_EQ(query("select count(*) from affsync.quarantine where resolved_at is null"), "1");
}

TEST_F(Reading, one_bad_row_in_page) {
  for (auto const* fault : {"bad_number", "huge_number", "nul", "invalid_utf8", "repeat_field"}) {
    start_broker();
    broker().fault(std::string(fault) + ":row=3,next=1,path=accounts");
    auto const synced = sync({"--stream", "accounts"});
    EXPECT_EQ(synced.status, 0) << fault << synced.out;
    EXPECT_EQ(synced.count("accounts", "rows_read"), 120) << fault;
    EXPECT_EQ(synced.count("accounts", "quarantined"), 1) << fault;
    EXPECT_EQ(query("select count(*) from affsync.quarantine where resolved_at is null"), "1")
        << fault;
    // The mended row comes in, and its quarantine row is marked resolved.
    ASSERT_EQ(sync({"--full"}).status, 0);
    EXPECT_EQ(query("select count(*) from affsync.quarantine where resolved_at is null"), "0")
        << fault;
    expect_books_equal();
    execute("drop schema affsync cascade");
    execute("drop schema reporting cascade");
  }
}

TEST_F(Reading, answers_that_pass_when_asked_again) {
  start_broker();
  for (auto const* fault : {"truncate:next=1", "length:delta=10,next=1", "length:delta=-10,next=1",
                            "reset:after=200,next=1", "status:code=502,next=2", "empty:next=1"}) {
    broker().fault(std::string(fault) + ",path=accounts");
    auto const synced = sync({"--stream", "accounts"});
    EXPECT_EQ(synced.status, 0) << fault << synced.out;
    EXPECT_EQ(synced.count("accounts", "rows_read"), 120) << fault;
    broker().clear_faults();
  }
}

TEST_F(Reading, transfer_forms) {
  for (auto const* fault : {"chunked:every=1", "gzip:every=1", "bom:every=1", "close:every=1"}) {
    start_broker();
    broker().fault(fault);
    ASSERT_EQ(sync().status, 0) << fault;
    expect_books_equal();
  }
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

TEST_F(Reading, hostile_answers_end_with_an_error) {
  start_broker();
  struct Case {
    char const* fault;
    char const* code;
  };
  Case const cases[] = {
      {"deep:depth=5000", "answer_too_large"},
      {"huge_body:bytes=100000000", "answer_too_large"},
      {"endless", "answer_too_large"},
      {"huge_header:bytes=200000", "answer_too_large"},
      {"gzip_bomb:bytes=300000000", "answer_too_large"},
      {"redirect:to=http://127.0.0.1:9/", "redirected"},
  };
  for (auto const& hostile : cases) {
    std::string const separator =
        std::string(hostile.fault).find(':') == std::string::npos ? ":" : ",";
    broker().fault(hostile.fault + separator + "every=1,path=accounts");
    auto const synced = sync({"--stream", "accounts"});
    EXPECT_EQ(synced.status, 1) << hostile.fault;
    EXPECT_EQ(synced.of("accounts", "error_code"), hostile.code) << hostile.fault << synced.out;
    broker().clear_faults();
  }
}

TEST_F(Reading, broker_that_never_answers_ends_with_a_timeout) {
  source_yaml = "    timeout: 1s\n";
  start_broker();
  broker().fault("never:every=1,path=accounts");
  auto const synced = sync();
  EXPECT_EQ(synced.of("accounts", "error_code"), "timeout") << synced.out;
  EXPECT_EQ(synced.of("rewards", "status"), "succeeded");  // the others are not held
}

TEST_F(Reading, only_get_is_sent) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  auto const log = broker().log();
  EXPECT_EQ(broker().count("other_methods"), 0u) << log.dump();
}

TEST_F(Reading, unknown_field_kept_in_raw) {
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
    execute("drop schema affsync cascade");
    execute("drop schema reporting cascade");
  }
}

}  // namespace
}  // namespace affsync::test
