#include "schema/migrate.hpp"

#include <future>
#include <set>
#include <sstream>

#include "schema/pg_error.hpp"
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test {
namespace {

std::vector<std::string> words(std::string const& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), std::istream_iterator<std::string>()};
}

TEST(Migrate, MakesTheSchemaOnceAndThenHasNothingToDo) {
  auto const options = options_for(make_database());
  auto const first = migrate(options, false).value();
  EXPECT_GE(first.applied.size(), 7U);
  EXPECT_EQ(first.applied.back(), "views");
  auto const second = migrate(options, false).value();
  EXPECT_TRUE(second.applied.empty());
  EXPECT_EQ(second.version, first.version);
}

TEST(Migrate, DryRunSaysWhatItWouldDoAndDoesNothing) {
  auto const options = options_for(make_database());
  auto const report = migrate(options, true).value();
  EXPECT_EQ(report.applied.front(), "0001_sources.sql");
  EXPECT_EQ(sql_value(options.url, "SELECT count(*) FROM pg_namespace WHERE nspname = 'affsync'"),
            "0");
}

TEST(Migrate, TwoAtOnceDoTheWorkOnce) {
  auto const options = options_for(make_database());
  auto work = [&] { return migrate(options, false).value().applied.size(); };
  auto other = std::async(std::launch::async, work);
  auto const mine = work();
  auto const theirs = other.get();
  EXPECT_EQ(std::min(mine, theirs), 0U);
  EXPECT_GE(std::max(mine, theirs), 7U);
}

TEST(Migrate, RefusesADatabaseWhoseMigrationWasAnother) {
  auto const options = options_for(make_database());
  migrate(options, false).value();
  sql(options.url, "UPDATE affsync.schema_migration SET checksum = 'x' WHERE version = 2");
  auto const result = migrate(options, false);
  ASSERT_TRUE(result.has_error());
  EXPECT_EQ(result.error().code, ErrorCode::migration_failed);
  EXPECT_NE(result.error().message.find("0002_runs.sql"), std::string::npos);
}

TEST(Migrate, RefusesADatabaseOfANewerProgram) {
  auto const options = options_for(make_database());
  migrate(options, false).value();
  sql(options.url,
      "INSERT INTO affsync.schema_migration VALUES (9999, '9999_future.sql', 'x', now())");
  auto const result = migrate(options, false);
  ASSERT_TRUE(result.has_error());
  EXPECT_EQ(result.error().code, ErrorCode::migration_failed);
  EXPECT_NE(result.error().message.find("9999_future.sql"), std::string::npos);
}

TEST(Migrate, MakesViewsAnewWhenTheirTextChangedAndKeepsViewsOnThem) {
  auto const options = options_for(make_database());
  migrate(options, false).value();
  sql(options.url, "CREATE VIEW public.mine AS SELECT day, amount FROM reporting.earnings_daily");
  sql(options.url, "UPDATE affsync.schema_migration SET checksum = 'old' WHERE version = 0");
  EXPECT_EQ(migrate(options, false).value().applied, std::vector<std::string>{"views"});
  EXPECT_EQ(sql_value(options.url, "SELECT count(*) FROM public.mine"), "0");
}

TEST(Migrate, MakesAViewAnewWhoseColumnsWereOthers) {
  auto const options = options_for(make_database());
  migrate(options, false).value();
  sql(options.url, "DROP VIEW reporting.payouts");
  sql(options.url, "CREATE VIEW reporting.payouts AS SELECT 1 AS something_else");
  sql(options.url, "UPDATE affsync.schema_migration SET checksum = 'old' WHERE version = 0");
  migrate(options, false).value();
  EXPECT_EQ(sql_value(options.url, "SELECT count(days_waiting) FROM reporting.payouts"), "0");
}

TEST(Migrate, SaysThatTheDatabaseIsAwayAndNeverSaysThePassword) {
  auto const options =
      options_for("postgresql://someone:geheim77@127.0.0.1:1/affsync?connect_timeout=2");
  auto const result = migrate(options, false);
  ASSERT_TRUE(result.has_error());
  EXPECT_EQ(result.error().code, ErrorCode::database_unavailable);
  EXPECT_EQ(result.error().to_line().find("geheim77"), std::string::npos);
}

TEST(Migrate, SaysThatTheUrlIsWrongWithoutQuotingIt) {
  auto const result = migrate(options_for("host=x password=geheim77 nonsense"), false);
  ASSERT_TRUE(result.has_error());
  EXPECT_EQ(result.error().code, ErrorCode::config_invalid);
  EXPECT_EQ(result.error().to_line().find("geheim77"), std::string::npos);
}

class Schema : public StoreTest {};

TEST_F(Schema, EveryTableViewAndColumnHasAComment) {
  auto const bare = rows(
      "SELECT n.nspname || '.' || c.relname || coalesce('.' || a.attname, '')"
      " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
      " LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
      " WHERE n.nspname IN ('affsync', 'reporting') AND c.relkind IN ('r', 'v')"
      " AND (obj_description(c.oid, 'pg_class') IS NULL OR col_description(c.oid, a.attnum) IS "
      "NULL)");
  for (auto const& row : bare) ADD_FAILURE() << row[0].value_or("?") << " has no comment";
}

TEST_F(Schema, RecordTablesHaveTheColumnsThatTheProgramWrites) {
  for (auto const& table : record_tables()) {
    auto const name = std::string(table.name);
    std::set<std::string> there;
    for (auto const& row : rows("SELECT attname || ' ' || format_type(atttypid, atttypmod)"
                                " FROM pg_attribute WHERE attrelid = 'affsync." +
                                name + "'::regclass AND attnum > 0 AND NOT attisdropped")) {
      there.insert(*row[0]);
    }
    std::set<std::string> wanted{"source_id integer",
                                 "stream text",
                                 "external_id text",
                                 "content_hash uuid",
                                 "deleted_at timestamp with time zone",
                                 "first_seen_at timestamp with time zone",
                                 "changed_at timestamp with time zone",
                                 "revision integer",
                                 "run_id bigint",
                                 "raw jsonb"};
    for (auto const& column : table.columns) {
      auto type = std::string(to_sql(column.type));
      if (type == "timestamptz") type = "timestamp with time zone";
      wanted.insert(std::string(column.name) + " " + type);
    }
    EXPECT_EQ(there, wanted) << name;
    EXPECT_EQ(value("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'p'"
                    " AND conrelid = 'affsync." +
                    name + "'::regclass"),
              "PRIMARY KEY (source_id, stream, external_id)");
  }
}

TEST_F(Schema, ViewsHaveTheColumnsThatWerePromised) {
  std::pair<char const*, char const*> const promised[] = {
      {"earnings_daily",
       "source connector day kind status currency amount amount_usd volume_lots clients rows"},
      {"client_performance",
       "source connector client_ref country status registered_at first_deposit_at first_trade_at "
       "commission_usd rebate_usd net_usd volume_lots last_commission_on"},
      {"rebates",
       "source connector client_ref account group_title rebate_percent amount currency amount_usd "
       "net_usd"},
      {"payouts",
       "source connector external_id status amount currency amount_usd method requested_at paid_at "
       "days_waiting"},
      {"unpaid_commission", "source connector currency amount amount_usd oldest_on rows"},
      {"retroactive_changes",
       "source connector changed_at record_table external_id column_name before after difference "
       "occurred_on"},
      {"conversion_funnel", "source connector month registered deposited traded earning"},
      {"source_health",
       "source connector stream last_success_at lag_seconds last_status last_error rows "
       "quarantined unreconciled"}};
  for (auto const& [view, columns] : promised) {
    for (auto const& column : words(columns)) {
      EXPECT_EQ(value("SELECT count(*) FROM information_schema.columns WHERE table_schema ="
                      " 'reporting' AND table_name = '" +
                      std::string(view) + "' AND column_name = '" + column + "'"),
                "1")
          << view << "." << column;
    }
  }
}

TEST_F(Schema, WriterMayWriteButNeitherRemoveNorDrop) {
  auto const as_writer = [&](std::string const& statement) {
    try {
      sql(url + " options='-c role=affsync_writer'", statement);
    } catch (pqxx::sql_error const& error) {
      return sqlstate_of(error);
    }
    return std::string("done");
  };
  EXPECT_EQ(as_writer("UPDATE affsync.source SET base_url = base_url"), "done");
  EXPECT_EQ(as_writer("SELECT * FROM reporting.payouts"), "done");
  EXPECT_EQ(as_writer("DELETE FROM affsync.commission"), "42501");
  EXPECT_EQ(as_writer("TRUNCATE affsync.commission"), "42501");
  EXPECT_EQ(as_writer("DROP TABLE affsync.commission"), "42501");
}

TEST_F(Schema, ReaderSeesEverythingAndWritesNothing) {
  auto const reader = url + " options='-c role=affsync_reader'";
  EXPECT_EQ(sql_value(reader, "SELECT count(*) FROM affsync.commission"), "0");
  EXPECT_EQ(sql_value(reader, "SELECT count(*) FROM reporting.source_health"), "0");
  EXPECT_THROW(sql(reader, "UPDATE affsync.source SET name = 'x'"), pqxx::insufficient_privilege);
}

TEST_F(Schema, TheWriterRoleIsEnoughForAStoreOnAReadySchema) {
  auto options = options_for(url + " options='-c role=affsync_writer'");
  EXPECT_TRUE(migrate(options, false).value().applied.empty());
  auto writer = make_pg_store(loop.io().get_executor(), options);
  auto const run = begin_on(*writer);
  auto write = page(run, {batch_of("payout", {{"p1", {{"amount", "1"}}}})});
  EXPECT_EQ(loop.run(writer->write_page(std::move(write))).inserted, 1);
  auto again = page(run, {batch_of("payout", {{"p1", {{"amount", "2"}}}})});
  EXPECT_EQ(loop.run(writer->write_page(std::move(again))).updated, 1);
}

}  // namespace
}  // namespace affsync::schema::test
