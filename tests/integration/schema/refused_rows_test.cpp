// Rows that PostgreSQL refuses because of a user's own constraint, and the session afterwards.
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::refused_rows_test {
namespace {

class Refused : public StoreTest {
 protected:
  Refused() {
    auto options = options_for(url);
    options.connections = 1;
    only = make_pg_store(options);
  }
  PageWritten put(RunKey const& run, std::vector<TestRow> const& rows) {
    return loop.run(only->write_page(page(run, {batch_of("payout", rows)})));
  }
  std::optional<ErrorCode> code_of_put(RunKey const& run, std::vector<TestRow> const& rows) {
    return loop.code_of(only->write_page(page(run, {batch_of("payout", rows)})));
  }
  std::unique_ptr<Store> only;  // with one session, so that each page uses the same one
};

TEST_F(Refused, TheFirstChangedRowOfASessionDoesNotStopThoseAfterIt) {
  auto const run = begin_on(*only);
  put(run, {{"k0", {{"amount", "0"}}}, {"k1", {{"amount", "0"}}}});
  rows("ALTER TABLE affsync.payout ADD CONSTRAINT mine CHECK (amount < 100)");
  auto const refused = put(run, {{"k0", {{"amount", "500"}}}});
  EXPECT_EQ(refused.quarantined, 1);
  EXPECT_EQ(refused.updated, 0);
  EXPECT_EQ(value("SELECT reason FROM affsync.quarantine"),
            "PostgreSQL cannot store it: new row for relation \"payout\" violates check constraint"
            " \"mine\"");
  EXPECT_EQ(put(run, {{"k0", {{"amount", "2"}}}}).updated, 1);
  EXPECT_EQ(put(run, {{"k1", {{"amount", "3"}}}}).updated, 1);
  EXPECT_EQ(put(run, {{"k2", {{"amount", "1"}}}}).inserted, 1);
}

// An administrator may have revoked the right to create temporary tables.
TEST_F(Refused, ManyChangedRowsNeedNoTemporaryTable) {
  auto const run = begin_on(*only);
  std::vector<TestRow> page;
  for (int i = 0; i < 300; ++i) page.push_back({"k" + std::to_string(i), {{"amount", "0"}}});
  put(run, page);
  for (auto& row : page) row.values[0].second = "1";
  EXPECT_EQ(put(run, page).updated, 300);
  EXPECT_EQ(value("SELECT count(*) FROM pg_class WHERE relpersistence = 't'"), "0");
  EXPECT_EQ(value("SELECT DISTINCT amount FROM affsync.payout"), "1");
}

TEST_F(Refused, APreparedStatementThatIsGoneIsPreparedAgain) {
  auto const run = begin_on(*only);
  put(run, {{"k0", {{"amount", "0"}}}});
  EXPECT_EQ(put(run, {{"k0", {{"amount", "1"}}}}).updated, 1);
  loop.run(only->query("DEALLOCATE ALL", {}));  // in the only session
  EXPECT_EQ(put(run, {{"k0", {{"amount", "2"}}}}).updated, 1);
  EXPECT_EQ(value("SELECT amount FROM affsync.payout"), "2");
}

TEST_F(Refused, AMissingPartitionIsNoFlawOfTheRow) {
  auto const run = begin_on(*only);
  put(run, {{"k0", {{"amount", "0"}}}});
  rows("ALTER TABLE affsync.record_change RENAME TO record_change_old");
  rows(
      "CREATE TABLE affsync.record_change (LIKE affsync.record_change_old INCLUDING IDENTITY)"
      " PARTITION BY RANGE (changed_at)");
  EXPECT_EQ(code_of_put(run, {{"k0", {{"amount", "1"}}}}), ErrorCode::database_error);
  EXPECT_NE(loop.last_message.find("no partition of relation"), std::string::npos)
      << loop.last_message;
  EXPECT_NE(loop.last_message.find("A partition is missing"), std::string::npos)
      << loop.last_message;
  EXPECT_EQ(value("SELECT count(*) FROM affsync.quarantine"), "0");
  rows("CREATE TABLE affsync.record_change_any PARTITION OF affsync.record_change DEFAULT");
  EXPECT_EQ(put(run, {{"k0", {{"amount", "1"}}}}).updated, 1);
  EXPECT_EQ(value("SELECT count(*) FROM affsync.record_change"), "1");
}

TEST_F(Refused, AMissingRowOfAnotherTableIsNoFlawOfTheRow) {
  auto const run = begin_on(*only);
  rows("CREATE TABLE public.wallets (wallet text PRIMARY KEY)");
  rows("ALTER TABLE affsync.payout ADD FOREIGN KEY (wallet_ref) REFERENCES public.wallets");
  EXPECT_EQ(code_of_put(run, {{"k0", {{"wallet_ref", "w"}}}}), ErrorCode::database_error);
  EXPECT_EQ(value("SELECT count(*) FROM affsync.quarantine"), "0");
}

}  // namespace
}  // namespace affsync::schema::test::refused_rows_test
