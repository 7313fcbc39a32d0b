#include "schema/store/migrate.hpp"

#include <future>
#include <pqxx/pqxx>
#include <set>
#include <sstream>

#include "schema/store/migration_watch.hpp"
#include "schema/store/pg_error.hpp"
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::migrate_test {
namespace {

std::vector<std::string> words(std::string const& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), std::istream_iterator<std::string>()};
}

// All rights of the two roles, one per line.
constexpr auto rights_of_roles =
    "SELECT c.relname || ' ' || x.privilege_type || ' ' || pg_get_userbyid(x.grantee)"
    " FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) x WHERE c.relnamespace IN"
    " ('affsync'::regnamespace, 'reporting'::regnamespace) AND x.grantee <> c.relowner"
    " UNION ALL SELECT n.nspname || ' ' || x.privilege_type || ' ' || pg_get_userbyid(x.grantee)"
    " FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) x WHERE n.nspname IN"
    " ('affsync', 'reporting') UNION ALL SELECT defaclnamespace::regnamespace || ' ' ||"
    " defaclobjtype::text || ' ' || x.privilege_type || ' ' || pg_get_userbyid(x.grantee)"
    " FROM pg_default_acl CROSS JOIN LATERAL aclexplode(defaclacl) x ORDER BY 1";

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

// A first migration has more than a hundred notices that are not worth telling.
TEST(Migrate, TellsANoticeOfALateFileOfAFirstMigration) {
  auto const options = options_for(make_database());
  sql(options.url,
      "CREATE FUNCTION tell() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT"
      " FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'affsync.alert.told_to') THEN"
      " RAISE NOTICE 'somebody watches'; END IF; END $$");
  sql(options.url,
      "CREATE EVENT TRIGGER watches ON ddl_command_end WHEN TAG IN ('COMMENT') EXECUTE FUNCTION"
      " public.tell()");
  auto const report = migrate(options, false).value();
  EXPECT_EQ(report.notices, std::vector<std::string>{"somebody watches"});
}

class Schema : public StoreTest {};

// Another transaction holds a lock on a table that a migration changes. The migration lets all
// others pass and continues once it gets the lock.
TEST(Migrate, WaitsForATableInShortTurnsAndSaysWhoHoldsIt) {
  auto const options = options_for(make_database());
  migrate(options, false).value();
  sql(options.url, "UPDATE affsync.schema_migration SET checksum = 'older' WHERE version = 0");
  pqxx::connection other(options.url);
  pqxx::work reading(other);
  reading.exec("SELECT count(*) FROM reporting.payouts");

  MigrationWatch impatient;
  impatient.lock_wait = std::chrono::milliseconds(50);
  impatient.lock_patience = std::chrono::milliseconds(200);
  auto const refused = migrate(options, false, &impatient);
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().code, ErrorCode::migration_failed);
  auto const process = std::to_string(other.backendpid());
  EXPECT_NE(refused.error().message.find("process " + process), std::string::npos)
      << refused.error().to_line();

  MigrationWatch patient;
  patient.lock_wait = std::chrono::milliseconds(50);
  auto migrating =
      std::async(std::launch::async, [&] { return migrate(options, false, &patient); });
  // The migration has met the lock and waits; a reader can pass meanwhile.
  for (;;) {
    if (sql_value(options.url, "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted") == "t") break;
  }
  EXPECT_EQ(sql_value(options.url, "SELECT count(*) FROM reporting.payouts"), "0");
  reading.commit();
  auto const report = migrating.get();
  ASSERT_TRUE(report) << report.error().to_line();
  EXPECT_EQ(report->applied, std::vector<std::string>{"views"});
}

TEST(Migrate, EndsWhenItIsCancelledAndLeavesNothingBehind) {
  auto const options = options_for(make_database());
  migrate(options, false).value();
  sql(options.url, "UPDATE affsync.schema_migration SET checksum = 'older' WHERE version = 0");
  // Another program's migration holds the lock for an unlimited time.
  pqxx::connection other(options.url);
  pqxx::work holding(other);
  holding.exec("SELECT pg_advisory_xact_lock(5318008172901)");
  MigrationWatch watch;
  auto migrating = std::async(std::launch::async, [&] { return migrate(options, false, &watch); });
  for (;;) {
    auto const waits =
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database()"
        " AND state = 'idle' AND query LIKE '%pg_try_advisory_xact_lock%'";
    if (sql_value(options.url, waits) == "t") break;
  }
  // Whoever holds it can be found.
  std::string told;
  while (told.empty()) told = watch.progress();
  EXPECT_NE(told.find("waiting for the lock of migrations, held by process " +
                      std::to_string(other.backendpid()) + " ("),
            std::string::npos)
      << told;
  watch.cancel();
  auto const report = migrating.get();
  ASSERT_TRUE(report.has_error());
  EXPECT_EQ(report.error().code, ErrorCode::cancelled);
  holding.commit();
  EXPECT_EQ(sql_value(options.url,
                      "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                      " AND database = (SELECT oid FROM pg_database WHERE datname ="
                      " current_database())"),
            "0");
  EXPECT_EQ(migrate(options, false).value().applied, std::vector<std::string>{"views"});
}

TEST(Migrate, AViewThatSomebodyHasDroppedIsMadeAgain) {
  auto const options = options_for(make_database());
  migrate(options, false).value();
  sql(options.url, "DROP VIEW reporting.clawbacks");
  EXPECT_EQ(migrate(options, false).value().applied, std::vector<std::string>{"views"});
  EXPECT_EQ(sql_value(options.url, "SELECT count(*) FROM reporting.clawbacks"), "0");
  EXPECT_TRUE(migrate(options, false).value().applied.empty());
}

// As where an administrator takes from everybody what PostgreSQL gives to all.
TEST(Migrate, FunctionsThatAreClosedToAllAreOpenedToItsRoles) {
  auto const options = options_for(make_database());
  migrate(options, false).value();
  sql(options.url, "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA affsync FROM PUBLIC");
  auto const of_role = [&](std::string const& role, std::string const& condition) {
    return sql_value(options.url,
                     "SELECT count(*) FROM pg_proc p WHERE pronamespace ="
                     " 'affsync'::regnamespace AND has_function_privilege('" +
                         role + "', oid, 'EXECUTE') AND " + condition);
  };
  EXPECT_EQ(of_role("affsync_reader", "NOT prosecdef"), "0");
  EXPECT_EQ(migrate(options, false).value().applied, std::vector<std::string>{"rights"});
  for (auto const* role : {"affsync_reader", "affsync_writer"}) {
    EXPECT_EQ(of_role(role, "NOT prosecdef"),
              sql_value(options.url,
                        "SELECT count(*) - 1 FROM pg_proc WHERE pronamespace ="
                        " 'affsync'::regnamespace AND NOT prosecdef"));
  }
  EXPECT_EQ(of_role("affsync_reader", "prosecdef"), "2");
  EXPECT_TRUE(migrate(options, false).value().applied.empty());
}

TEST(Migrate, TablesWithoutTheRecordOfTheirMigrationsAreToldSo) {
  auto const options = options_for(make_database());
  migrate(options, false).value();
  sql(options.url, "TRUNCATE affsync.schema_migration");
  for (bool const dry_run : {true, false}) {
    auto const report = migrate(options, dry_run);
    ASSERT_TRUE(report.has_error());
    EXPECT_EQ(report.error().code, ErrorCode::migration_failed);
    EXPECT_EQ(report.error().message,
              "the tables are there, but affsync.schema_migration does not say which migrations"
              " made them");
  }
}

TEST(Migrate, LeavesNoLockBehind) {
  auto const options = options_for(make_database());
  pqxx::connection other(options.url);
  migrate(options, false).value();
  EXPECT_EQ(sql_value(options.url, "SELECT pg_try_advisory_lock(5318008172901)"), "t");
}

// An invalid index left by an interrupted build does not count as an index.
TEST(Migrate, AnIndexThatWasNotFinishedIsBuiltAgain) {
  auto const options = options_for(make_database());
  migrate(options, false).value();
  sql(options.url, "DELETE FROM affsync.schema_migration WHERE name LIKE '0032%'");
  sql(options.url,
      "UPDATE pg_index SET indisvalid = false WHERE indexrelid ="
      " 'affsync.client_of_long_ref'::regclass");
  EXPECT_EQ(migrate(options, false).value().applied,
            std::vector<std::string>{"0032_client_indexes.sql"});
  EXPECT_EQ(sql_value(options.url,
                      "SELECT indisvalid FROM pg_index WHERE indexrelid ="
                      " 'affsync.client_of_long_ref'::regclass"),
            "t");
}

TEST(Migrate, AnIndexOfATableThatSomebodyPartitionedIsBuiltInThePlainWay) {
  auto const options = options_for(make_database());
  migrate(options, false).value();
  sql(options.url, "DELETE FROM affsync.schema_migration WHERE name LIKE '0019%'");
  sql(options.url, "DROP INDEX affsync.sync_run_running");
  auto const report = migrate(options, false);
  ASSERT_TRUE(report) << report.error().to_line();
  EXPECT_EQ(sql_value(options.url,
                      "SELECT count(*) FROM pg_class WHERE relname ="
                      " 'sync_run_running' AND relkind = 'I'"),
            "1");
}

TEST(Migrate, RefusesADatabaseThatCannotHoldEveryText) {
  auto const options = options_for(make_database());
  auto const name = sql_value(options.url, "SELECT current_database()");
  sql(options.url, "CREATE DATABASE " + name +
                       "_latin1 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
  auto latin1 = options;
  latin1.url.replace(latin1.url.find(name), name.size(), name + "_latin1");
  auto const report = migrate(latin1, false);
  ASSERT_TRUE(report.has_error());
  EXPECT_NE(report.error().message.find("encoding is LATIN1"), std::string::npos)
      << report.error().to_line();
  EXPECT_NE(report.error().hint.find("ENCODING 'UTF8'"), std::string::npos);
}

TEST(Migrate, SaysWhichRightIsMissing) {
  auto const options = options_for(make_database());
  migrate(options_for(make_database()), false).value();  // so that the role exists
  auto const as_writer = options_for(options.url + " options='-c role=affsync_writer'");
  auto const report = migrate(as_writer, false);
  ASSERT_TRUE(report.has_error());
  EXPECT_NE(report.error().hint.find("GRANT CREATE"), std::string::npos)
      << report.error().to_line();
}

// Rights that a DBA granted or revoked on a single view survive when the views are recreated.
TEST(Migrate, ViewsMadeAnewKeepTheRightsOnSingleOnes) {
  auto const options = options_for(make_database());
  migrate(options, false).value();
  auto const& url = options.url;
  sql(url,
      "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'metabase') THEN"
      " CREATE ROLE metabase; END IF; END $$");
  sql(url, "GRANT SELECT ON reporting.payouts TO metabase WITH GRANT OPTION");
  sql(url, "GRANT SELECT (day, amount) ON reporting.earnings_daily TO metabase");
  sql(url, "REVOKE SELECT ON reporting.client_performance FROM affsync_reader");
  sql(url, "DROP VIEW reporting.unknown_words");
  sql(url, "CREATE VIEW reporting.unknown_words AS SELECT 1 AS another_column");
  sql(url, "UPDATE affsync.schema_migration SET checksum = 'older' WHERE version = 0");
  migrate(options, false).value();
  auto const may = [&](std::string const& role, std::string const& what) {
    return sql_value(url, "SELECT has_" + what + " FROM (SELECT '" + role + "'::name AS r) x");
  };
  EXPECT_EQ(may("", "table_privilege('metabase', 'reporting.payouts', 'SELECT WITH GRANT OPTION')"),
            "t");
  EXPECT_EQ(may("", "column_privilege('metabase', 'reporting.earnings_daily', 'day', 'SELECT')"),
            "t");
  EXPECT_EQ(may("", "column_privilege('metabase', 'reporting.earnings_daily', 'rows', 'SELECT')"),
            "f");
  EXPECT_EQ(may("", "table_privilege('affsync_reader', 'reporting.client_performance', 'SELECT')"),
            "f");
  EXPECT_EQ(may("", "table_privilege('affsync_reader', 'reporting.payouts', 'SELECT')"), "t");
}

// Whoever may only read could have the owner carry out code otherwise: a cast of theirs, in a
// trigger on a temporary table.
TEST(Migrate, NoFunctionThatRunsAsTheOwnerIsForEverybody) {
  auto const options = options_for(make_database());
  migrate(options, false).value();
  constexpr auto open =
      "SELECT string_agg(p.oid::regprocedure::text, ' ' ORDER BY p.proname) FROM pg_proc p"
      " JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prosecdef AND n.nspname IN "
      "('affsync', 'reporting')"
      " AND has_function_privilege('public', p.oid, 'EXECUTE')";
  EXPECT_EQ(sql_value(options.url, open), "client_days() growth_pending(text)");
  auto const writer = sql_value(options.url,
                                "SELECT has_function_privilege('affsync_writer',"
                                " 'affsync.make_change_months(integer)', 'EXECUTE')");
  EXPECT_EQ(writer, "t");
  // As a restoration without rights leaves them.
  sql(options.url, "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA affsync TO PUBLIC");
  sql(options.url,
      "REVOKE ALL ON FUNCTION affsync.make_change_months(integer) FROM affsync_writer");
  EXPECT_EQ(migrate(options, false).value().applied, std::vector<std::string>{"rights"});
  EXPECT_EQ(sql_value(options.url, open), "client_days() growth_pending(text)");
  EXPECT_EQ(sql_value(options.url,
                      "SELECT has_function_privilege('affsync_writer',"
                      " 'affsync.make_change_months(integer)', 'EXECUTE')"),
            "t");
}

// Where the setting does not name the temporary schema, PostgreSQL looks there first.
TEST(Migrate, NoFunctionFindsWhatItsCallerMadeForASession) {
  auto const options = options_for(make_database());
  migrate(options, false).value();
  EXPECT_EQ(
      sql_value(options.url,
                "SELECT string_agg(p.oid::regprocedure::text, ' ') FROM pg_proc p"
                " WHERE p.pronamespace IN ('affsync'::regnamespace, 'reporting'::regnamespace)"
                " AND (p.prosecdef AND p.proconfig IS NULL OR EXISTS (SELECT"
                " FROM unnest(p.proconfig) AS c (setting) WHERE c.setting LIKE 'search_path=%'"
                " AND c.setting <> 'search_path=pg_catalog, pg_temp'))"),
      "(null)");
  // A writer puts a view of its own in the place of one that these functions read as the owner.
  sql(options.url,
      "SET ROLE affsync_writer; CREATE FUNCTION pg_temp.evil() RETURNS name LANGUAGE plpgsql AS"
      " $$ BEGIN RAISE EXCEPTION 'I run as %', current_user; END $$;"
      " CREATE TEMP VIEW pg_roles AS SELECT pg_temp.evil() AS rolname;"
      " GRANT SELECT ON pg_roles TO PUBLIC; SELECT affsync.make_change_months(30);"
      " SELECT affsync.keep_run_months(6)");
}

// pg_restore --no-owner --no-privileges restores the tables without any rights.
TEST(Migrate, GivesTheRightsThatARestoreHasLost) {
  auto const options = options_for(make_database());
  migrate(options, false).value();
  auto const& url = options.url;
  auto const fresh = sql(url, rights_of_roles);
  for (auto const* role : {"affsync_writer", "affsync_reader"}) {
    for (auto const* schema : {"affsync", "reporting"}) {
      auto const from = std::string(" IN SCHEMA ") + schema;
      sql(url, "REVOKE ALL ON ALL TABLES" + from + " FROM " + role);
      sql(url, "REVOKE ALL ON ALL SEQUENCES" + from + " FROM " + role);
      sql(url, "REVOKE ALL ON SCHEMA " + std::string(schema) + " FROM " + role);
      sql(url, "ALTER DEFAULT PRIVILEGES" + from + " REVOKE ALL ON TABLES FROM " + role);
      sql(url, "ALTER DEFAULT PRIVILEGES" + from + " REVOKE ALL ON SEQUENCES FROM " + role);
    }
  }
  EXPECT_EQ(migrate(options, false).value().applied, std::vector<std::string>{"rights"});
  EXPECT_EQ(sql(url, rights_of_roles), fresh);
  // A right that a DBA revokes from a role afterwards stays revoked.
  sql(url, "REVOKE SELECT ON affsync.client FROM affsync_reader");
  EXPECT_TRUE(migrate(options, false).value().applied.empty());
}

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
       "quarantined unreconciled"},
      {"metrics",
       "source connector grain day link_code campaign impressions clicks unique_clicks leads "
       "registrations first_deposits deposits qualified orders_count rows stream"}};
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
  // The history is only appended to, never changed.
  EXPECT_EQ(as_writer("UPDATE affsync.record_change SET before = '{}'"), "42501");
  EXPECT_EQ(as_writer("DELETE FROM affsync.record_change"), "42501");
  EXPECT_EQ(as_writer("UPDATE affsync.schema_migration SET name = 'x'"), "42501");
  EXPECT_EQ(as_writer("INSERT INTO affsync.schema_migration VALUES (9999, 'x', 'x')"), "42501");
  EXPECT_EQ(as_writer("UPDATE affsync.currency_unit SET factor = 1"), "42501");
  EXPECT_EQ(as_writer("INSERT INTO affsync.currency_unit VALUES ('X', 'EUR', 1)"), "42501");
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
  auto writer = make_pg_store(options);
  auto const run = begin_on(*writer);
  auto write = page(run, {batch_of("payout", {{"p1", {{"amount", "1"}}}})});
  EXPECT_EQ(loop.run(writer->write_page(std::move(write))).inserted, 1);
  auto again = page(run, {batch_of("payout", {{"p1", {{"amount", "2"}}}})});
  EXPECT_EQ(loop.run(writer->write_page(std::move(again))).updated, 1);
}

}  // namespace
}  // namespace affsync::schema::test::migrate_test
