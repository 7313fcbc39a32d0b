// Queries over years are not compiled (JIT) in a database that is affsync's alone.
#include "schema/store/migrate.hpp"
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::compiled_queries_test {
namespace {

// A server that compiles is PostgreSQL's default.
StoreOptions with_jit(std::string const& url, std::string const& setting) {
  return options_for(url + " options=-cjit=" + setting);
}

std::string own_settings(std::string const& url) {
  return sql_value(url,
                   "SELECT coalesce(string_agg(array_to_string(s.setconfig, ' '), ' '), '')"
                   " FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase"
                   " WHERE d.datname = current_database()");
}

TEST(CompiledQueries, AreNotWantedInADatabaseOfItsOwn) {
  auto const url = make_database();
  migrate(with_jit(url, "on"), false).value();
  EXPECT_EQ(own_settings(url), "jit=off");
}

TEST(CompiledQueries, StayAsSomebodyHasSetThem) {
  auto const url = make_database();
  auto const name = sql_value(url, "SELECT current_database()");
  sql(url, "ALTER DATABASE \"" + name + "\" SET jit = on");
  migrate(with_jit(url, "on"), false).value();
  EXPECT_EQ(own_settings(url), "jit=on");
}

TEST(CompiledQueries, StayWhereOthersHaveTables) {
  auto const url = make_database();
  sql(url, "CREATE SCHEMA shop CREATE TABLE orders (id int)");
  migrate(with_jit(url, "on"), false).value();
  EXPECT_EQ(own_settings(url), "");
}

TEST(CompiledQueries, AreNotTouchedWhereTheServerDoesNotCompile) {
  auto const url = make_database();
  migrate(with_jit(url, "off"), false).value();
  EXPECT_EQ(own_settings(url), "");
}

}  // namespace
}  // namespace affsync::schema::test::compiled_queries_test
