// Databases of older versions, with rows and users' views in them, are migrated. They end up like a
// new database and lose nothing.
#include <algorithm>
#include <iterator>

#include "base/embedded_file.hpp"
#include "schema/store/migrate.hpp"
#include "schema/store/sql_statements.hpp"
#include "tests/integration/schema/fixture.hpp"

namespace affsync {
extern EmbeddedFile const migration_files[];
extern unsigned const migration_files_count;
extern EmbeddedFile const view_files[];
extern unsigned const view_files_count;
}  // namespace affsync

namespace affsync::schema::test::old_versions_test {
namespace {

// The list of applied files as the first version made it; later versions must be able to continue
// from it.
constexpr auto first_bookkeeping = R"sql(
CREATE SCHEMA affsync;
CREATE TABLE affsync.schema_migration (
  version     integer PRIMARY KEY,
  name        text NOT NULL,
  checksum    text NOT NULL,
  applied_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE affsync.schema_migration IS 'The files that made this schema.';
COMMENT ON COLUMN affsync.schema_migration.version IS 'The file''s number; 0 is the set of views.';
COMMENT ON COLUMN affsync.schema_migration.name IS 'The file''s name.';
COMMENT ON COLUMN affsync.schema_migration.checksum IS 'SHA-256 of the file''s text.';
COMMENT ON COLUMN affsync.schema_migration.applied_at IS 'When it was applied.';
)sql";

// Everything about the two schemas that a program or a user could notice, one item per line.
constexpr auto catalog = R"sql(
WITH ours AS (
  SELECT c.*, n.nspname || '.' || c.relname AS path
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname IN ('affsync', 'reporting')
), lines AS (
  SELECT concat_ws(' ', 'relation', path, relkind, relpersistence, reloptions::text,
                   pg_get_userbyid(relowner), obj_description(oid, 'pg_class'),
                   ARRAY(SELECT x::text FROM unnest(relacl) x ORDER BY 1)::text) AS line FROM ours
  UNION ALL
  SELECT concat_ws(' ', 'column', path, attnum, attname, format_type(atttypid, atttypmod),
                   attnotnull, attidentity, attcollation::regcollation::text, attacl::text,
                   (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef
                    WHERE adrelid = attrelid AND adnum = attnum),
                   col_description(attrelid, attnum))
  FROM pg_attribute JOIN ours ON ours.oid = attrelid WHERE attnum > 0
  UNION ALL
  SELECT concat_ws(' ', 'constraint', path, conname, pg_get_constraintdef(k.oid))
  FROM pg_constraint k JOIN ours ON ours.oid = conrelid
  UNION ALL
  SELECT concat_ws(' ', 'index', path, pg_get_indexdef(oid)) FROM ours WHERE relkind = 'i'
  UNION ALL
  SELECT concat_ws(' ', 'view', path, pg_get_viewdef(oid)) FROM ours WHERE relkind IN ('v', 'm')
  UNION ALL
  SELECT concat_ws(' ', 'trigger', path, pg_get_triggerdef(t.oid))
  FROM pg_trigger t JOIN ours ON ours.oid = tgrelid WHERE NOT tgisinternal
  UNION ALL
  SELECT concat_ws(' ', 'function', p.oid::regprocedure, md5(p.prosrc), p.proacl::text)
  FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
  WHERE n.nspname IN ('affsync', 'reporting')
  UNION ALL
  SELECT concat_ws(' ', 'schema', nspname, obj_description(oid, 'pg_namespace'), nspacl::text)
  FROM pg_namespace WHERE nspname IN ('affsync', 'reporting')
  UNION ALL
  SELECT concat_ws(' ', 'default grants', defaclnamespace::regnamespace, defaclobjtype,
                   defaclacl::text) FROM pg_default_acl
  UNION ALL
  SELECT concat_ws(' ', 'file', version, name, checksum) FROM affsync.schema_migration
  UNION ALL
  SELECT concat_ws(' ', 'unit', currency, whole, factor) FROM affsync.currency_unit
)
SELECT line FROM lines ORDER BY line COLLATE "C"
)sql";

std::vector<std::string> texts(std::vector<Cells> const& rows) {
  std::vector<std::string> out;
  for (auto const& row : rows) out.push_back(row.at(0).value_or("(null)"));
  return out;
}

std::string quoted(std::string text) {
  for (auto at = text.find('\''); at != std::string::npos; at = text.find('\'', at + 2)) {
    text.insert(at, 1, '\'');
  }
  return "'" + text + "'";
}

// A database as left by the version that had the first `count` migrations, which this role owns;
// none: the superuser.
std::string database_of_version(unsigned count, std::string const& owner = {}) {
  auto const url = make_database();
  pqxx::connection session(url);
  if (!owner.empty()) {
    sql(session, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO " + owner +
                     "', current_database()); END $$");
    sql(session, "SET ROLE " + owner);
  }
  sql(session, first_bookkeeping);
  for (unsigned i = 0; i < count; ++i) {
    std::string const text(migration_files[i].text);
    auto const alone = text.find("-- affsync: outside of a transaction\n") != std::string::npos;
    for (auto const& part : alone ? sql_statements(text) : std::vector<std::string>{text}) {
      sql(session, part);
    }
    // Numbers may have gaps.
    auto const number = std::stoi(std::string(migration_files[i].name));
    sql(session, "INSERT INTO affsync.schema_migration VALUES (" + std::to_string(number) + ", " +
                     quoted(std::string(migration_files[i].name)) + ", encode(sha256(convert_to(" +
                     quoted(text) + ", 'UTF8')), 'hex'))");
  }
  // Its views were not today's. Those of today's views that can be created are close enough.
  for (unsigned i = 0; i < view_files_count; ++i) {
    try {
      sql(session, std::string(view_files[i].text));
    } catch (std::exception const&) {
    }
  }
  sql(session, "INSERT INTO affsync.schema_migration VALUES (0, 'views', 'of an older version')");
  return url;
}

// Inserts a row into every existing table, with `all` columns filled or only the mandatory ones.
void fill(pqxx::connection& session, std::string const& word, bool all) {
  // Sources first: streams and runs refer to one.
  auto const tables =
      texts(sql(session,
                "SELECT c.relname FROM pg_class c WHERE relnamespace = 'affsync'::regnamespace AND"
                " relkind IN ('r', 'p') AND NOT relispartition"
                " AND relname NOT IN ('schema_migration', 'currency_unit')"
                " ORDER BY relname <> 'source', relname"));
  for (auto const& table : tables) {
    std::string names, values;
    for (auto const& column :
         sql(session,
             "SELECT attname, CASE WHEN attname = 'source_id' THEN '" +
                 std::string(all ? "1" : "2") +
                 "'"
                 " WHEN attname = 'state' THEN 'proven' WHEN attname = 'severity' THEN 'note'" +
                 (table == "alert_message" ? " WHEN attname = 'kind' THEN 'test'" : "") +
                 " ELSE"
                 " CASE format_type(atttypid, atttypmod)"
                 "  WHEN 'integer' THEN '7' WHEN 'bigint' THEN '8' WHEN 'numeric' THEN '1.50'"
                 "  WHEN 'boolean' THEN 'true' WHEN 'date' THEN '2026-01-02'"
                 "  WHEN 'timestamp with time zone' THEN '2026-01-02 03:04:05.000006+00'"
                 "  WHEN 'uuid' THEN '00000000-0000-0000-0000-000000000001'"
                 "  WHEN 'text[]' THEN '{x}' WHEN 'integer[]' THEN '{7}' WHEN 'bigint[]' THEN"
                 " '{8}' WHEN 'numeric[]' THEN '{1.50}' WHEN 'datemultirange' THEN '{}' WHEN "
                 "'jsonb' "
                 "THEN '{\"a\": 1.50}' ELSE '" +
                 word +
                 "' END END"
                 " FROM pg_attribute WHERE attrelid = 'affsync." +
                 table +
                 "'::regclass AND"
                 " attnum > 0 AND NOT attisdropped AND attidentity = '' AND (" +
                 (all ? "true" : "attnotnull AND NOT atthasdef") +
                 (table == "alert_mute" ? " OR attname = 'rule')" : ")") +
                 // One of the two, never both.
                 (table != "alert_mute" ? "" : " AND attname <> 'alert_id'"))) {
      names += (names.empty() ? "" : ", ") + *column[0];
      values += (values.empty() ? "" : ", ") + quoted(*column[1]);
    }
    // Some tables have one row per source.
    sql(session, "INSERT INTO affsync." + table + " (" + names + ") VALUES (" + values +
                     ") ON CONFLICT DO NOTHING");
  }
}

// Each row as JSON, with its table.
std::vector<std::pair<std::string, std::string>> all_rows(pqxx::connection& session) {
  std::vector<std::pair<std::string, std::string>> out;
  for (auto const& table :
       texts(sql(session,
                 "SELECT relname FROM pg_class WHERE relnamespace = 'affsync'::regnamespace AND"
                 " relkind IN ('r', 'p') AND NOT relispartition"
                 " AND relname <> 'schema_migration' ORDER BY 1"))) {
    for (auto const& row :
         texts(sql(session, "SELECT to_jsonb(t) FROM affsync." + table + " t ORDER BY 1"))) {
      out.emplace_back(table, row);
    }
  }
  return out;
}

// From each older version, in parts: each takes seconds.
class OlderVersions : public ::testing::TestWithParam<unsigned> {};
constexpr unsigned parts = 8;

TEST_P(OlderVersions, are_migrated) {
  auto const fresh = make_database();
  migrate(options_for(fresh), false).value();
  auto const wanted = texts(sql(fresh, catalog));
  ASSERT_GT(wanted.size(), 300U);

  for (auto count = GetParam(); count < migration_files_count; count += parts) {
    auto const url = database_of_version(count);
    pqxx::connection session(url);
    std::string const version = "from version " + std::to_string(count);
    // Views that users made on the existing tables.
    std::string mine = "SELECT 1 AS one";
    if (count > 0) {
      fill(session, "x", true);
      fill(session, "y", false);
      mine = "SELECT name, source_id FROM affsync.source ORDER BY 1";
    }
    if (count >= 6) {
      mine =
          "SELECT c.external_id, c.amount, c.raw, f.usd_rate, f.provider FROM affsync.commission c"
          " LEFT JOIN affsync.fx_rate f ON f.on_date = c.occurred_on ORDER BY c.external_id,"
          " f.currency";
    }
    sql(session, "CREATE VIEW public.mine AS " + mine);
    auto const seen = sql(session, "SELECT * FROM public.mine");
    bool const has_report =
        sql_value(session, "SELECT to_regclass('reporting.earnings_daily') IS NOT NULL") == "t";
    if (has_report) {
      sql(session,
          "CREATE VIEW public.by_day AS SELECT day, amount, rows FROM"
          " reporting.earnings_daily");
    }
    auto const before = all_rows(session);
    ASSERT_TRUE(count == 0 || before.size() >= 2) << version;

    auto const report = migrate(options_for(url), false);
    ASSERT_TRUE(report) << version << ": " << report.error().to_line();
    // The files that were missing, in order, and the views.
    ASSERT_EQ(report->applied.size(), migration_files_count - count + 1) << version;
    EXPECT_EQ(report->applied.back(), "views");
    EXPECT_EQ(report->applied.front(),
              count == 0 ? migration_files[0].name : migration_files[count].name);

    auto const got = texts(sql(session, catalog));
    std::vector<std::string> missing, extra;
    std::ranges::set_difference(wanted, got, std::back_inserter(missing));
    std::ranges::set_difference(got, wanted, std::back_inserter(extra));
    for (auto const& line : missing) ADD_FAILURE() << version << " lacks: " << line;
    for (auto const& line : extra) ADD_FAILURE() << version << " additionally has: " << line;

    // Old values are still in the row; new columns were added.
    for (auto const& [table, row] : before) {
      EXPECT_EQ(sql_value(session, "SELECT count(*) FROM affsync." + table +
                                       " t WHERE to_jsonb(t) @> " + quoted(row) + "::jsonb"),
                "1")
          << version << ": " << table << " " << row;
    }
    EXPECT_EQ(sql(session, "SELECT * FROM public.mine"), seen) << version;
    if (has_report) {
      EXPECT_NO_THROW(sql(session, "SELECT * FROM public.by_day")) << version;
    }
    EXPECT_TRUE(migrate(options_for(url), false).value().applied.empty()) << version;

    // The program can continue with the database.
    Loop loop;
    auto const store = make_pg_store(options_for(url));
    RunStart start;
    start.id =
        StreamId(loop.run(store->register_source("new", "testing", "https://b.example")), "feed");
    start.mode = "full";
    PageWrite write;
    write.run = loop.run(store->begin_run(start));
    write.batches.push_back(batch_of("commission", {{"k", {{"amount", "2.50"}}}}));
    write.checkpoint = "{}";
    EXPECT_EQ(loop.run(store->write_page(std::move(write))).inserted, 1) << version;
    EXPECT_NO_THROW(loop.run(store->health())) << version;
  }
}

INSTANTIATE_TEST_SUITE_P(Part, OlderVersions, ::testing::Range(0U, parts));

// Rows of one payout and one day's earning, so that the views have content.
void put_rows_in(std::string const& url) {
  sql(url,
      "INSERT INTO affsync.source (source_id, name, connector, base_url) VALUES"
      " (1, 'main', 'testing', 'https://b.example')");
  sql(url,
      "INSERT INTO affsync.stream (source_id, stream, record_table) VALUES (1, 'a', 'commission'),"
      " (1, 'b', 'payout')");
  sql(url,
      "INSERT INTO affsync.commission (source_id, stream, external_id, content_hash, first_seen_at,"
      " changed_at, revision, run_id, kind, status, amount, currency, amount_usd, grain,"
      " occurred_on, raw) VALUES (1, 'a', 'k', gen_random_uuid(), now(), now(), 1, 1, 'cpa',"
      " 'paid', 12.50, 'USD', 12.50, 'day', '2026-01-02', '{}')");
  sql(url,
      "INSERT INTO affsync.payout (source_id, stream, external_id, content_hash, first_seen_at,"
      " changed_at, revision, run_id, status, amount, currency, raw) VALUES (1, 'b', 'p',"
      " gen_random_uuid(), now(), now(), 1, 1, 'paid', 7.25, 'USD', '{}')");
}

// Makes a view as in an older version: only these columns of today's view.
void make_older(std::string const& url, std::string const& view, std::string const& columns) {
  auto text = sql_value(url, "SELECT pg_get_viewdef('" + view + "'::regclass)");
  text.erase(text.rfind(';'));
  sql(url, "DROP VIEW " + view);
  sql(url, "CREATE VIEW " + view + " AS SELECT " + columns + " FROM (" + text + ") today");
  sql(url,
      "UPDATE affsync.schema_migration SET checksum = 'of an older version'"
      " WHERE version = 0");
}

// A superuser who migrates what another role owns makes all for that one, as it does itself.
TEST(Migrate, what_another_role_owns_stays_its_own) {
  sql(make_database(),
      "DO $$ BEGIN CREATE ROLE keeper; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
  auto const index_of = [](std::string_view name) {
    unsigned count = 0;
    while (!migration_files[count].name.starts_with(name)) ++count;
    return count;
  };
  for (auto const* version : {"0016", "0041", "0054"}) {
    std::vector<std::vector<std::string>> catalogs;
    for (std::string const as : {" options='-c role=keeper'", ""}) {
      auto const url = database_of_version(index_of(version), "keeper");
      {
        pqxx::connection session(url);
        fill(session, "x", true);
      }
      auto const report = migrate(options_for(url + as), false);
      ASSERT_TRUE(report) << version << as << report.error().to_line();
      EXPECT_TRUE(report->notices.empty()) << report->notices.front();
      catalogs.push_back(texts(sql(url, catalog)));
      EXPECT_EQ(sql_value(url,
                          "SELECT count(*) FROM pg_class WHERE relnamespace IN"
                          " ('affsync'::regnamespace, 'reporting'::regnamespace)"
                          " AND relowner <> 'keeper'::regrole"),
                "0")
          << version << as;
      EXPECT_EQ(sql_value(url,
                          "SELECT count(*) FROM pg_proc WHERE pronamespace ="
                          " 'affsync'::regnamespace AND proowner <> 'keeper'::regrole"),
                "0")
          << version << as;
      for (auto const* view : {"earnings_daily", "client_performance", "retroactive_changes"}) {
        for (auto const* reader : {"", " options='-c role=keeper'"}) {
          EXPECT_NO_THROW(sql(url + reader, std::string("SELECT * FROM reporting.") + view))
              << version << as << view << reader;
        }
      }
    }
    EXPECT_EQ(catalogs[0], catalogs[1]) << version;
  }
}

TEST(Migrate, what_a_superuser_has_made_for_itself_goes_to_the_owner) {
  sql(make_database(),
      "DO $$ BEGIN CREATE ROLE keeper; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
  auto const url = database_of_version(migration_files_count, "keeper");
  sql(url, "ALTER TABLE affsync.program OWNER TO CURRENT_USER");
  sql(url, "ALTER VIEW reporting.clawbacks OWNER TO CURRENT_USER");
  sql(url, "ALTER FUNCTION affsync.fold_earnings OWNER TO CURRENT_USER");
  sql(url, "CREATE VIEW reporting.of_their_own AS SELECT 1 AS one");
  migrate(options_for(url), false).value();
  auto const others =
      "SELECT string_agg(relname, ' ') FROM pg_class WHERE relnamespace IN"
      " ('affsync'::regnamespace, 'reporting'::regnamespace) AND relowner <> 'keeper'::regrole";
  EXPECT_EQ(sql_value(url, others), "of_their_own");
  EXPECT_EQ(sql_value(url,
                      "SELECT count(*) FROM pg_proc WHERE pronamespace ="
                      " 'affsync'::regnamespace AND proowner <> 'keeper'::regrole"),
            "0");
  // Who is none of them is told who may.
  sql(url, "UPDATE affsync.schema_migration SET checksum = 'older' WHERE version = 0");
  sql(url, "DO $$ BEGIN CREATE ROLE stranger; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
  sql(url, "GRANT affsync_reader TO stranger");
  sql(url, "GRANT CREATE ON SCHEMA affsync, reporting TO stranger");
  auto const refused = migrate(options_for(url + " options='-c role=stranger'"), false);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().to_line().find("belong to the user keeper, and stranger"),
            std::string::npos)
      << refused.error().to_line();
}

TEST(Migrate, view_survives_migration) {
  auto const url = make_database();
  migrate(options_for(url), false).value();
  put_rows_in(url);
  // An older version lacked the last columns.
  make_older(url, "reporting.earnings_daily",
             "source, connector, day, kind, status, currency, amount");
  sql(url,
      "CREATE VIEW public.mine AS SELECT day, sum(amount) AS total FROM reporting.earnings_daily"
      " GROUP BY day");
  sql(url, "COMMENT ON VIEW public.mine IS 'of ours'");
  sql(url, "GRANT SELECT ON public.mine TO affsync_reader");
  sql(url, "CREATE VIEW public.upon_mine AS SELECT max(total) AS most FROM public.mine");
  sql(url,
      "CREATE MATERIALIZED VIEW public.kept AS SELECT external_id, amount FROM reporting.payouts");
  sql(url, "CREATE VIEW public.raw_rows AS SELECT external_id, amount FROM affsync.commission");

  EXPECT_EQ(migrate(options_for(url), false).value().applied, std::vector<std::string>{"views"});

  EXPECT_EQ(sql_value(url, "SELECT count(amount_usd) FROM reporting.earnings_daily"), "1");
  Cells const day{"2026-01-02", "12.50"};
  EXPECT_EQ(sql(url, "SELECT * FROM public.mine"), std::vector<Cells>{day});
  EXPECT_EQ(sql_value(url + " options='-c role=affsync_reader'", "SELECT total FROM public.mine"),
            "12.50");
  EXPECT_EQ(sql_value(url, "SELECT obj_description('public.mine'::regclass)"), "of ours");
  EXPECT_EQ(sql_value(url, "SELECT most FROM public.upon_mine"), "12.50");
  sql(url, "REFRESH MATERIALIZED VIEW public.kept");
  EXPECT_EQ(sql_value(url, "SELECT external_id || amount FROM public.kept"), "p7.25");
  EXPECT_EQ(sql_value(url, "SELECT external_id || amount FROM public.raw_rows"), "k12.50");
}

TEST(Migrate, AViewThatStandsInTheWayIsLeftAloneAndTheErrorSaysWhatToDo) {
  auto const url = make_database();
  migrate(options_for(url), false).value();
  put_rows_in(url);
  // A renamed column cannot be replaced while a user's view reads it.
  make_older(url, "reporting.payouts", "source, connector, external_id AS old_name, amount");
  sql(url, "CREATE VIEW public.mine AS SELECT old_name, amount FROM reporting.payouts");
  auto const before = texts(sql(url, catalog));

  auto const refused = migrate(options_for(url), false);
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().code, ErrorCode::migration_failed);
  EXPECT_NE(refused.error().hint.find("views of your own"), std::string::npos)
      << refused.error().to_line();
  EXPECT_EQ(texts(sql(url, catalog)), before) << "a migration applies completely or not at all";
  EXPECT_EQ(sql_value(url, "SELECT old_name || amount FROM public.mine"), "p7.25");

  sql(url, "DROP VIEW public.mine");
  EXPECT_TRUE(migrate(options_for(url), false));
  EXPECT_EQ(sql_value(url, "SELECT external_id || amount FROM reporting.payouts"), "p7.25");
}

}  // namespace
}  // namespace affsync::schema::test::old_versions_test
