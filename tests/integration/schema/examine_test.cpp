// The rights that a database must grant, checked before anything is written.
#include "schema/store/examine.hpp"

#include "schema/store/migrate.hpp"
#include "schema/store/rights.hpp"
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::examine_test {
namespace {

class Examine : public StoreTest {
 protected:
  static std::string as(std::string const& database, std::string const& role) {
    return database + " options='-c role=" + role + "'";
  }
  static std::string all_of(std::vector<Error> const& errors) {
    std::string text;
    for (auto const& error : errors) text += error.message + " | " + error.hint + "\n";
    return text;
  }
};

TEST_F(Examine, AReadySchemaAndItsOwnerLackNothing) {
  auto const found = examine(options_for(url)).value();
  EXPECT_TRUE(found.server.starts_with("PostgreSQL ")) << found.server;
  EXPECT_EQ(found.encoding, "UTF8");
  EXPECT_FALSE(found.standby);
  EXPECT_GE(found.version, 15);
  EXPECT_TRUE(found.up_to_date);
  EXPECT_EQ(all_of(found.sync_lacks), "");
  EXPECT_EQ(all_of(found.migrate_lacks), "");
}

TEST_F(Examine, TheWriterLacksNothingAndTheReaderIsToldWhat) {
  EXPECT_EQ(all_of(examine(options_for(as(url, "affsync_writer"))).value().sync_lacks), "");
  auto const text = all_of(examine(options_for(as(url, "affsync_reader"))).value().sync_lacks);
  EXPECT_NE(text.find("the user affsync_reader lacks "), std::string::npos) << text;
  EXPECT_NE(text.find("GRANT affsync_writer TO affsync_reader;"), std::string::npos) << text;
}

TEST_F(Examine, EachRightThatIsMissingIsNamed) {
  rows("REVOKE INSERT ON affsync.payout FROM affsync_writer");
  auto text = all_of(examine(options_for(as(url, "affsync_writer"))).value().sync_lacks);
  EXPECT_NE(text.find("lacks INSERT on payout"), std::string::npos) << text;
  rows("GRANT INSERT ON affsync.payout TO affsync_writer");
  rows(
      "DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC',"
      " current_database()); END $$");
  // Temporary tables are of no use to it.
  text = all_of(examine(options_for(as(url, "affsync_writer"))).value().sync_lacks);
  EXPECT_EQ(text, "");
}

TEST_F(Examine, FunctionsAndRowsThatTheUserMayNotUseAreNamed) {
  auto const lacks = [&] {
    return all_of(examine(options_for(as(url, "affsync_writer"))).value().sync_lacks);
  };
  rows("REVOKE EXECUTE ON FUNCTION affsync.earned_on FROM PUBLIC, affsync_writer");
  EXPECT_NE(lacks().find("may not execute affsync.earned_on("), std::string::npos) << lacks();
  rows("GRANT EXECUTE ON FUNCTION affsync.earned_on TO affsync_writer");
  rows("ALTER TABLE affsync.client ENABLE ROW LEVEL SECURITY");
  EXPECT_NE(lacks().find("row-level security hides rows of affsync.client from the user"),
            std::string::npos)
      << lacks();
  rows("ALTER TABLE affsync.client DISABLE ROW LEVEL SECURITY");
  EXPECT_EQ(lacks(), "");
}

TEST_F(Examine, AUserWithoutAnyRightIsToldSo) {
  rows("REVOKE ALL ON SCHEMA affsync FROM affsync_reader");
  auto const text = all_of(examine(options_for(as(url, "affsync_reader"))).value().sync_lacks);
  EXPECT_NE(text.find("may not use the schemas"), std::string::npos) << text;
}

TEST_F(Examine, AnEmptyDatabaseNeedsAUserWhoMayMakeSchemasAndNothingIsMade) {
  auto const empty = make_database();
  auto const owner = examine(options_for(empty)).value();
  EXPECT_EQ(owner.version, 0);
  EXPECT_FALSE(owner.up_to_date);
  EXPECT_EQ(all_of(owner.sync_lacks), "");
  auto const writer = examine(options_for(as(empty, "affsync_writer"))).value();
  for (auto const& lacks : {writer.migrate_lacks, writer.sync_lacks}) {
    auto const text = all_of(lacks);
    EXPECT_NE(text.find("may not create schemas"), std::string::npos) << text;
    EXPECT_NE(text.find("GRANT CREATE ON DATABASE test_"), std::string::npos) << text;
  }
  EXPECT_EQ(sql_value(empty, "SELECT count(*) FROM pg_namespace WHERE nspname = 'affsync'"), "0");
}

// Some migrations make temporary tables.
TEST_F(Examine, AnEmptyDatabaseNeedsAUserWhoMayMakeTemporaryTables) {
  auto const empty = make_database();
  std::string const grant =
      "DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC; GRANT CREATE ON"
      " DATABASE %1$I TO affsync_writer', current_database()); END $$";
  sql(empty, grant);
  auto const writer = options_for(as(empty, "affsync_writer"));
  auto const text = all_of(examine(writer).value().sync_lacks);
  EXPECT_NE(text.find("may not create temporary tables"), std::string::npos) << text;
  EXPECT_NE(text.find("GRANT TEMPORARY ON DATABASE test_"), std::string::npos) << text;
  sql(empty,
      "DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM affsync_writer',"
      " current_database()); END $$");
  auto const both = all_of(examine(writer).value().sync_lacks);
  EXPECT_NE(both.find("GRANT CREATE, TEMPORARY ON DATABASE test_"), std::string::npos) << both;
}

TEST_F(Examine, ReadOnlySessionsAreToldWithWhereThatIsSet) {
  auto const text =
      all_of(examine(options_for(url + " options='-c default_transaction_read_only=on'"))
                 .value()
                 .sync_lacks);
  EXPECT_NE(text.find("see `options` in database.url"), std::string::npos) << text;
}

TEST_F(Examine, ASchemaThatHasToBeBroughtUpToDateNeedsItsOwner) {
  rows("UPDATE affsync.schema_migration SET checksum = 'x' WHERE version = 0");
  EXPECT_EQ(all_of(examine(options_for(url)).value().sync_lacks), "");
  auto const text = all_of(examine(options_for(as(url, "affsync_writer"))).value().sync_lacks);
  EXPECT_NE(text.find("does not own"), std::string::npos) << text;
}

TEST_F(Examine, AnotherEncodingIsTold) {
  rows(
      "CREATE DATABASE latin1_of_examine ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE"
      " template0");
  auto latin1 = url;
  auto const at = latin1.find("test_");
  ASSERT_NE(at, std::string::npos) << url;
  latin1.replace(at, latin1.find_first_not_of("0123456789", at + 5) - at, "latin1_of_examine");
  auto const text = all_of(examine(options_for(latin1)).value().sync_lacks);
  EXPECT_NE(text.find("encoding is LATIN1"), std::string::npos) << text;
  EXPECT_NE(text.find("ENCODING 'UTF8'"), std::string::npos) << text;
}

TEST_F(Examine, ASessionThatMayOnlyReadIsTold) {
  auto const text =
      all_of(examine(options_for(url + " options='-c default_transaction_read_only=on'"))
                 .value()
                 .sync_lacks);
  EXPECT_NE(text.find("read-only"), std::string::npos) << text;
}

TEST_F(Examine, EveryTableHasItsRights) {
  std::string listed;
  for (auto const& rights : writer_rights()) listed += std::string(rights.table) + " ";
  std::string there;
  for (auto const& row : rows("SELECT relname FROM pg_class WHERE relnamespace ="
                              " 'affsync'::regnamespace AND relkind IN ('r', 'p')"
                              " AND NOT relispartition ORDER BY relname COLLATE \"C\"")) {
    there += *row[0] + " ";
  }
  EXPECT_EQ(listed, there);
}

}  // namespace
}  // namespace affsync::schema::test::examine_test
