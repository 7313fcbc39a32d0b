// Writes that change so many rows that two sessions merge them: the result is that of one session.
#include "schema/store/merge_ahead.hpp"

#include <future>
#include <pqxx/pqxx>
#include <thread>

#include "schema/store/transaction.hpp"
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::merge_ahead_test {
namespace {

constexpr int page_size = 2500;

class MergeAhead : public StoreTest {
 protected:
  static SliceScope whole_list() {
    SliceScope scope;
    scope.table = find_record_table("commission");
    return scope;
  }
  // The rows of a page, from 0 on.
  static std::vector<TestRow> rows_of(int number, std::string const& amount) {
    std::vector<TestRow> rows;
    for (int i = 0; i < page_size; ++i) {
      TestRow row;
      row.key = "row " + std::to_string(10'000 + number * page_size + i);
      row.raw = R"({"amount": )" + amount + "}";
      row.values = {{"amount", amount}, {"occurred_on", "2026-02-03"}};
      rows.push_back(std::move(row));
    }
    return rows;
  }
  PageWrite page_of(RunKey const& run, std::vector<TestRow> const& rows) {
    auto write = page(run, {batch_of("commission", rows)});
    write.scope = whole_list();
    return write;
  }
  PageWritten store_page(RunKey const& run, std::vector<TestRow> const& rows) {
    return loop.run(store->write_page(page_of(run, rows)));
  }
  static RowRefs refs_of(Batch const& batch) {
    RowRefs rows;
    for (std::size_t row = 0; row < batch.size(); ++row) rows.push_back({&batch, row});
    return rows;
  }
  // A run that has changed the first of three pages, so that the others are merged ahead.
  RunKey amid_changes() {
    auto const first = begin();
    for (int number = 0; number < 3; ++number) store_page(first, rows_of(number, "1"));
    auto const run = begin();
    EXPECT_EQ(store_page(run, rows_of(0, "2")).updated, page_size);
    return run;
  }
  void end(PgSession& session) {
    value("SELECT pg_terminate_backend(" + std::to_string(session.connection().backendpid()) + ")");
  }
  std::string amounts() {
    return value(
        "SELECT string_agg(n || 'x' || amount, ' ' ORDER BY amount) FROM"
        " (SELECT amount, count(*) AS n FROM affsync.commission GROUP BY 1) a");
  }
};

TEST_F(MergeAhead, EachRowIsChangedOnceAndHasOneRecordOfIt) {
  auto const run = amid_changes();
  for (int number = 1; number < 3; ++number) {
    auto const written = store_page(run, rows_of(number, "2"));
    EXPECT_EQ(written.updated, page_size);
    EXPECT_EQ(written.inserted + written.unchanged + written.quarantined, 0);
  }
  EXPECT_EQ(amounts(), "7500x2");
  EXPECT_EQ(
      value("SELECT count(*) || ' ' || count(DISTINCT external_id) || ' ' ||"
            " min((before ->> 'amount')::numeric) || ' ' || max((after ->> 'amount')::numeric)"
            " FROM affsync.record_change"),
      "7500 7500 1 2");
  EXPECT_EQ(value("SELECT min(revision) || ' ' || max(revision) || ' ' || count(DISTINCT run_id)"
                  " FROM affsync.commission"),
            "2 2 1");
  // One transaction for the first page, two for each of the others.
  EXPECT_EQ(value("SELECT count(DISTINCT xmin::text) FROM affsync.commission"), "5");
  EXPECT_EQ(value("SELECT live_rows FROM affsync.stream_state"), "7500");
  EXPECT_EQ(value("SELECT updated || ' ' || unchanged FROM affsync.sync_run ORDER BY run_id DESC"
                  " LIMIT 1"),
            "7500 0");
  // What was merged ahead is known afterwards, as it is now.
  auto const again = store_page(run, rows_of(2, "2"));
  EXPECT_EQ(again.unchanged, page_size);
  EXPECT_EQ(store_page(run, rows_of(1, "3")).updated, page_size);
}

TEST_F(MergeAhead, NewAndUnchangedRowsBesideThemAreStoredWithTheWrite) {
  auto const run = amid_changes();
  auto mixed = rows_of(1, "2");
  auto const same = rows_of(2, "1");
  mixed.insert(mixed.end(), same.begin(), same.begin() + 10);
  TestRow fresh;
  fresh.key = "new";
  fresh.values = {{"amount", "7"}};
  mixed.insert(mixed.begin() + 5, fresh);
  auto const written = store_page(run, mixed);
  EXPECT_EQ(written.updated, page_size);
  EXPECT_EQ(written.inserted, 1);
  EXPECT_EQ(written.unchanged, 10);
  EXPECT_EQ(amounts(), "2500x1 5000x2 1x7");
}

TEST_F(MergeAhead, APageWithTwoBatchesOfTheTableCountsThemOnce) {
  auto const run = amid_changes();
  auto write = page_of(run, rows_of(1, "2"));
  write.batches.push_back(batch_of("commission", rows_of(2, "1")));
  auto const written = loop.run(store->write_page(std::move(write)));
  EXPECT_EQ(written.updated, page_size);
  EXPECT_EQ(written.unchanged, page_size);
}

TEST_F(MergeAhead, ARowThatPostgresRefusesKeepsNoOtherFromBeingStored) {
  auto const run = amid_changes();
  auto rows = rows_of(1, "2");
  rows[100].raw = R"({"text": "\u0000"})";
  auto const written = store_page(run, rows);
  EXPECT_EQ(written.updated, page_size - 1);
  EXPECT_EQ(written.quarantined, 1);
  EXPECT_EQ(written.unchanged, 0);
  EXPECT_EQ(amounts(), "2501x1 4999x2");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.record_change"), "4999");
}

TEST_F(MergeAhead, ARunThatLostItsStreamChangesNothing) {
  auto const run = amid_changes();
  auto const other = make_store();
  begin_on(*other);
  auto const before = amounts();
  EXPECT_EQ(loop.code_of(store->write_page(page_of(run, rows_of(1, "2")))), ErrorCode::lease_lost);
  EXPECT_EQ(amounts(), before);
  EXPECT_EQ(value("SELECT count(*) FROM affsync.record_change"), std::to_string(page_size));
}

// With one session only, it merges both halves itself.
TEST_F(MergeAhead, WithoutAnotherSessionNothingIsMissing) {
  auto options = options_for(url);
  options.connections = 1;
  store = make_pg_store(options);
  auto const run = amid_changes();
  EXPECT_EQ(store_page(run, rows_of(1, "2")).updated, page_size);
  EXPECT_EQ(amounts(), "2500x1 5000x2");
}

// A kill before the write leaves what was merged: the next pass finds these rows unchanged.
TEST_F(MergeAhead, WhatIsMergedIsWholeThoughItsWriteNeverComes) {
  auto const run = amid_changes();
  auto changed = rows_of(1, "2");
  for (auto& row : changed) row.values.emplace_back("status", "unknown");
  auto const batch = batch_of("commission", changed);
  RunWrites writes;
  PgSession session(options_for(url)), other(options_for(url));
  MergedAhead merged;
  merge_ahead(
      session, [&](auto work) { work(other); }, page(run, {}), refs_of(batch), writes, merged);
  EXPECT_EQ(merged.updated, page_size);
  auto const unknown = "SELECT count(*) FROM affsync.unknown_row WHERE record_table = 'commission'";
  auto const counted = "SELECT updated FROM affsync.sync_run ORDER BY run_id DESC LIMIT 1";
  EXPECT_EQ(value(unknown), std::to_string(page_size));
  EXPECT_EQ(value(counted), std::to_string(2 * page_size));
  EXPECT_TRUE(writes.has_unknown.empty()) << "two threads read it";

  // The words are known now; the run that fails counts what it knows of.
  auto const known = batch_of("commission", rows_of(1, "3"));
  merge_ahead(session, [](auto) {}, page(run, {}), refs_of(known), writes, merged);
  EXPECT_EQ(value(unknown), "0");
  RunEnd ended;
  ended.run = run;
  ended.report.status = RunStatus::failed;
  ended.report.updated = page_size;
  ended.now = now;
  loop.run(store->end_run(ended));
  EXPECT_EQ(value(counted), std::to_string(3 * page_size));
}

// The number of live rows changes with the write, so a row that returns is left to it.
TEST_F(MergeAhead, RowsThatReturnAreCountedAsLive) {
  auto const run = amid_changes();
  rows(
      "UPDATE affsync.commission SET deleted_at = now() WHERE external_id IN ('row 12501', 'row "
      "14999')");
  rows("UPDATE affsync.stream_state SET live_rows = live_rows - 2");
  auto const live = "SELECT live_rows FROM affsync.stream_state";
  auto const batch = batch_of("commission", rows_of(1, "2"));
  RunWrites writes;
  PgSession session(options_for(url));
  MergedAhead merged;
  merge_ahead(session, [](auto) {}, page(run, {}), refs_of(batch), writes, merged);
  EXPECT_EQ(merged.updated, 0) << "there is one in each half";
  EXPECT_TRUE(merged.met_deleted);
  EXPECT_EQ(value(live), "7498");
  EXPECT_EQ(store_page(run, rows_of(1, "2")).updated, page_size);
  EXPECT_EQ(value(live), "7500");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.record_change WHERE operation = 'restore'"), "2");
}

// The other session comes when all is over, never, or breaks amid its half.
TEST_F(MergeAhead, WhateverBecomesOfTheOtherSession) {
  auto const run = amid_changes();
  auto const batch = batch_of("commission", rows_of(1, "2"));
  auto const write = page(run, {});
  auto rows = refs_of(batch);
  RunWrites writes;
  PgSession session(options_for(url)), other(options_for(url));
  std::function<void(PgSession&)> late;
  MergedAhead merged;
  merge_ahead(session, [&](auto work) { late = std::move(work); }, write, rows, writes, merged);
  EXPECT_EQ(merged.updated, page_size);
  EXPECT_EQ(merged.whole.size(), 2u);
  late(other);
  EXPECT_EQ(value("SELECT count(*) FROM affsync.record_change"), std::to_string(2 * page_size));

  auto const next = batch_of("commission", rows_of(1, "3"));
  for (auto& row : rows) row.batch = &next;
  end(other);
  auto const with_broken = [&](auto work) { EXPECT_ANY_THROW(work(other)); };
  merge_ahead(session, with_broken, write, rows, writes, merged);
  EXPECT_EQ(merged.updated, page_size / 2);
  ASSERT_EQ(merged.whole.size(), 1u);
  EXPECT_EQ(merged.whole[0], RowRefs(rows.begin() + page_size / 2, rows.end()));
  EXPECT_EQ(amounts(), "2500x1 3750x2 1250x3") << "the write itself merges the rest";

  end(session);
  EXPECT_ANY_THROW(merge_ahead(session, [](auto) {}, write, rows, writes, merged));
  EXPECT_EQ(merged.updated, 0);
  EXPECT_TRUE(merged.whole.empty());
}

// Four rows that are known with amount 1; what became of them since then is for the test to say.
class MergeAheadDoubts : public MergeAhead {
 protected:
  static Batch four(std::string const& amounts) {
    std::vector<TestRow> rows;
    for (auto const amount : amounts) {
      TestRow row;
      row.key = std::string(1, static_cast<char>('a' + rows.size()));
      row.values = {{"amount", std::string(1, amount)}};
      rows.push_back(std::move(row));
    }
    return batch_of("commission", rows);
  }
  void SetUp() override {
    MergeAhead::SetUp();
    run_ = begin();
    loop.run(store->write_page(page(run_, {four("1111")})));
    session_.emplace(options_for(url));
    Transaction tx(*session_);
    writes_.known.load(tx, run_.id, whole_list(), 0);
    tx.commit();
    rows_ = refs_of(batch_);
  }
  // What was merged ahead, though the write does not know it.
  void merged(std::string const& amounts) {
    loop.run(store->write_page(page(run_, {four(amounts)})));
  }
  // Stores amount 2 for `rows`. Returns how many were updated, noted as touched and as known, and
  // looked up in the table.
  std::string store_rows(MergedAhead const& ahead, RowRefs const& rows) {
    auto const write = page(run_, {});
    Transaction tx(*session_);
    MergeDoubts doubts;
    doubts.of_changed = &ahead;
    auto const merge = make_record_merge(*session_, write, batch_.table(), writes_, doubts);
    auto const look_ups = [&] {
      return tx
          .exec(
              "SELECT idx_scan FROM pg_stat_xact_user_tables"
              " WHERE relid = 'affsync.commission'::regclass")[0][0]
          .as<int>();
    };
    auto const before = look_ups();
    auto const stored = merge->store(tx, rows);
    auto const looked_up = look_ups() - before;
    tx.commit();
    return std::to_string(stored.updated) + " " + std::to_string(merge->touched().size()) + " " +
           std::to_string(merge->take_changes().size()) + " " + std::to_string(looked_up);
  }
  RowRefs part(std::size_t from, std::size_t to) const {
    return {rows_.begin() + static_cast<std::ptrdiff_t>(from),
            rows_.begin() + static_cast<std::ptrdiff_t>(to)};
  }

  RunKey run_;
  std::optional<PgSession> session_;
  RunWrites writes_;
  Batch const batch_ = four("2222");
  RowRefs rows_;
};

// The write believes no memory of rows that may have been merged: it asks the table.
TEST_F(MergeAheadDoubts, WhatWasNotMergedAfterAllIsMergedByTheWrite) {
  merged("2122");
  auto const did = store_rows({}, rows_);
  EXPECT_EQ(did.substr(0, 5), "1 4 4") << "all are known as they are now";
  EXPECT_EQ(amounts(), "4x2");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.record_change"), "4");
}

TEST_F(MergeAheadDoubts, OneRowTellsOfAllThatOneTransactionChanged) {
  merged("2222");
  MergedAhead ahead;
  ahead.whole = {part(0, 2), part(2, 4)};
  EXPECT_EQ(store_rows(ahead, rows_), "0 4 4 2");
  EXPECT_EQ(amounts(), "4x2");
}

// A server that crashed has lost a transaction as a whole, and may have kept the other.
TEST_F(MergeAheadDoubts, AHalfThatTheServerLostIsMergedByTheWrite) {
  merged("1122");
  MergedAhead ahead;
  ahead.whole = {part(0, 2), part(2, 4)};
  EXPECT_EQ(store_rows(ahead, rows_).substr(0, 5), "2 4 4");
  EXPECT_EQ(amounts(), "4x2");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.record_change"), "4");
}

// Nor are rows believed that were merged by nobody, beside some that were.
TEST_F(MergeAheadDoubts, WhatBelongsToNoWholeIsLookedFor) {
  merged("2221");
  MergedAhead ahead;
  ahead.whole = {part(0, 2)};
  EXPECT_EQ(store_rows(ahead, rows_).substr(0, 5), "1 4 4");
  EXPECT_EQ(amounts(), "4x2");
}

// A page that PostgreSQL refused is written in parts, which may begin amid what was merged.
TEST_F(MergeAheadDoubts, APartOfThemIsToldByARowOfItsOwn) {
  merged("2222");
  MergedAhead ahead;
  ahead.whole = {part(0, 3)};
  EXPECT_EQ(store_rows(ahead, part(1, 2)), "0 1 1 1");
  EXPECT_EQ(store_rows(ahead, part(2, 4)).substr(0, 5), "0 2 2");
  EXPECT_EQ(amounts(), "4x2");
}

// Rows that were not all changed may not all be there.
TEST_F(MergeAheadDoubts, WhatWasChangedInPartIsNoWhole) {
  merged("2111");
  MergedAhead ahead;
  merge_ahead(*session_, [](auto) {}, page(run_, {}), rows_, writes_, ahead);
  EXPECT_EQ(ahead.updated, 3);
  ASSERT_EQ(ahead.whole.size(), 1u);
  EXPECT_EQ(ahead.whole[0], part(2, 4));
}

// Another run that takes the stream waits for both sessions.
TEST_F(MergeAhead, ASharedFenceHoldsUpTheNextRun) {
  auto const run = begin();
  pqxx::connection first(url), second(url);
  pqxx::work one(first), two(second);
  share_fence(one, run);
  share_fence(two, run);  // they do not wait for each other
  auto const other = make_store();
  RunStart start;
  start.id = StreamId(source, "feed");
  start.mode = "full";
  start.started_at = now;
  auto begun = asio::co_spawn(loop.io(), other->begin_run(start), asio::use_future);
  std::thread waiting([&] {
    loop.io().restart();
    loop.io().run();
  });
  while (value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
               " AND wait_event_type = 'Lock'") != "1") {
  }
  one.commit();
  two.commit();
  waiting.join();
  EXPECT_NE(begun.get().run_id, run.run_id);
  pqxx::connection third(url);
  pqxx::work late(third);
  EXPECT_THROW(share_fence(late, run), Failure);
}

}  // namespace
}  // namespace affsync::schema::test::merge_ahead_test
