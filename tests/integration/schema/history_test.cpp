// What the history of changes keeps about people, and what changes of state cost.
#include <libpq-fe.h>
#include <poll.h>

#include <memory>

#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::history_test {
namespace {

class Personal : public StoreTest {
 protected:
  PageWritten put(RunKey const& run, std::string const& privacy, std::vector<TestRow> const& rows) {
    auto parts = std::make_shared<PersonalParts>();
    parts->columns = {"email"};
    parts->members = {"email", "boss"};
    parts->privacy = privacy;
    auto write = page(run, {batch_of("client", rows)});
    write.personal = parts;
    return loop.run(store->write_page(std::move(write)));
  }
  std::string history() {
    return value(
        "SELECT coalesce(string_agg(before::text || ' -> ' || after::text, '; ' ORDER BY "
        "change_id),"
        " '') FROM affsync.record_change");
  }
  static TestRow client(std::optional<std::string> const& email, std::string const& raw) {
    return {"k", {{"email", email}, {"country", "DE"}}, raw};
  }
  static std::string hash(char digit) { return "sha256:" + std::string(64, digit); }
};

// Every change from one setting to another, with the same e-mail address.
TEST_F(Personal, AChangeOfTheSettingWritesNoneOfItIntoTheHistory) {
  auto const form_of = [](std::string const& privacy) {
    if (privacy == "keep")
      return client("ann@b.example", R"({"email": "ann@b.example", "boss": "Bo"})");
    if (privacy == "hash") {
      return client(hash('1'),
                    R"({"email": ")" + hash('1') + R"(", "boss": ")" + hash('2') + "\"}");
    }
    return client(std::nullopt, "{}");
  };
  auto const run = begin();
  put(run, "drop", {form_of("drop")});
  for (auto const* privacy : {"keep", "drop", "hash", "keep", "hash", "drop"}) {
    EXPECT_EQ(put(run, privacy, {form_of(privacy)}).updated, 1) << privacy;
    EXPECT_EQ(history().find("ann@"), std::string::npos) << privacy << ": " << history();
    EXPECT_EQ(history().find("Bo"), std::string::npos) << privacy << ": " << history();
  }
  // The history shows that it changed: one record per change.
  EXPECT_EQ(value("SELECT count(*) FROM affsync.record_change"), "6");
  EXPECT_EQ(value("SELECT revision FROM affsync.client"), "7");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.record_change WHERE before ? 'email'"), "6");
}

TEST_F(Personal, WhatOnlyTheBrokersRowHoldsIsNotInTheHistoryEither) {
  auto const run = begin();
  put(run, "keep",
      {client(
          "a@b.example",
          R"({"boss": "Bo", "manager_name": "Mo", "at": {"who": "Jo", "n": 1}, "plan": "x"})")});
  put(run, "drop", {client("a@b.example", R"({"at": {"n": 1}, "plan": "y"})")});
  EXPECT_EQ(history(), R"({"raw": {"plan": "x"}} -> {"raw": {"plan": "y"}})");
}

TEST_F(Personal, UnderTheSameSettingAChangeIsRecordedAsItIs) {
  auto const run = begin();
  put(run, "keep", {client("a@b.example", "{}")});
  put(run, "keep", {client("b@b.example", "{}")});
  EXPECT_EQ(history(), R"({"email": "a@b.example"} -> {"email": "b@b.example"})");
}

class States : public StoreTest {};

// PostgreSQL updates no index if no indexed column changes (a HOT update).
TEST_F(States, AChangeOfTheStateTouchesNoIndex) {
  auto const run = begin();
  for (auto const* table : {"client", "payout", "commission", "rebate"}) {
    write(run, table, {{"a", {{"status", "pending"}}}, {"b", {{"status", "pending"}}}});
    auto const name = "affsync." + std::string(table);
    EXPECT_EQ(value("UPDATE " + name +
                    " SET status = 'approved';"
                    " SELECT pg_stat_get_xact_tuples_hot_updated('" +
                    name + "'::regclass)"),
              "2")
        << table;
  }
}

TEST_F(States, WordsThatTheConnectorDoesNotKnowAreCountedAsTheRowsStand) {
  auto const words = [&] {
    return value(
        "SELECT coalesce(string_agg(record_table || ' ' || word || ' ' || rows, ', '"
        " ORDER BY record_table, word), '') FROM reporting.unknown_words");
  };
  auto const row = [](std::string const& key, std::string const& status, std::string const& word) {
    return TestRow{key, {{"status", status}, {"broker_status", word}, {"amount", "1"}}};
  };
  auto const run = begin();
  write(run, "payout",
        {row("a", "unknown", "odd"), row("b", "unknown", "odd"), row("c", "paid", "PAID")});
  EXPECT_EQ(words(), "payout odd 2");
  EXPECT_EQ(value("SELECT first_seen_at FROM reporting.unknown_words"), "2026-03-01 00:00:00+00");
  write(run, "payout", {row("a", "paid", "odd"), row("c", "unknown", "strange")});
  EXPECT_EQ(words(), "payout odd 1, payout strange 1");
  EXPECT_EQ(
      value("SELECT string_agg(external_id, ' ' ORDER BY external_id) FROM affsync.unknown_row"),
      "b c");
  loop.run(store->close_slice(slice(run, "payout", {"a", "c"})));
  EXPECT_EQ(close_pass(run, "payout").deleted, 1);
  EXPECT_EQ(words(), "payout strange 1");
}

// A stream that was read every quarter of an hour for a month.
TEST_F(States, TheBeginOfARunReadsABoundedNumberOfRows) {
  rows(
      "INSERT INTO affsync.sync_run (source_id, stream, started_at, finished_at, status, mode)"
      " SELECT " +
      std::to_string(source) +
      ", 'feed', now(), now(), 'succeeded', 'full' FROM generate_series(1, 3000)");
  end(begin());
  rows("ANALYZE affsync.sync_run");
  auto const read = [&](std::string const& statement) {
    std::int64_t most = 0;
    for (auto const& row :
         rows("EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF, SUMMARY OFF) " + statement)) {
      auto const& line = *row[0];
      auto const filtered = line.find("Rows Removed by Filter: ");
      if (filtered != std::string::npos)
        most = std::max<std::int64_t>(most, std::stoll(line.substr(filtered + 24)));
    }
    return most;
  };
  auto const of_stream = " WHERE source_id = " + std::to_string(source) + " AND stream = 'feed'";
  EXPECT_LT(read("UPDATE affsync.sync_run SET error = 'x'" + of_stream +
                 " AND status = 'running' AND run_id <> 0"),
            5);
  // A run that never ended is found and closed.
  auto const lost = begin();
  EXPECT_EQ(loop.run(store->load_state({source, "feed"})).interrupted_run, lost.run_id);
  begin();
  EXPECT_EQ(value("SELECT error_code FROM affsync.sync_run WHERE run_id = " +
                  std::to_string(lost.run_id)),
            "interrupted");
}

TEST_F(States, WhoeverListensHearsOfTheEndOfARun) {
  std::unique_ptr<PGconn, decltype(&PQfinish)> const session(PQconnectdb(url.c_str()), &PQfinish);
  auto* const listener = session.get();
  PQclear(PQexec(listener, "LISTEN affsync"));
  end(begin());
  std::string heard;
  while (heard.empty()) {
    pollfd socket{PQsocket(listener), POLLIN, 0};
    ::poll(&socket, 1, 5000);
    ASSERT_EQ(PQconsumeInput(listener), 1) << PQerrorMessage(listener);
    if (auto* const notice = PQnotifies(listener)) {
      heard = notice->extra;
      PQfreemem(notice);
    }
  }
  EXPECT_EQ(sql_value(url, "SELECT '" + heard + "'::jsonb ->> 'stream' || ' ' || ('" + heard +
                               "'::jsonb ->> 'status')"),
            "feed succeeded");
}

}  // namespace
}  // namespace affsync::schema::test::history_test
