#include "schema/store/sql_statements.hpp"

#include <gtest/gtest.h>

namespace affsync::schema::sql_statements_test {
namespace {

using Statements = std::vector<std::string>;

TEST(SqlStatements, ArePartedAtSemicolonsOnly) {
  EXPECT_EQ(sql_statements("SELECT 1; SELECT 2"), (Statements{"SELECT 1", " SELECT 2"}));
  EXPECT_EQ(sql_statements("SELECT ';' || 'it''s; so';SELECT \"a;b\" FROM t;"),
            (Statements{"SELECT ';' || 'it''s; so'", "SELECT \"a;b\" FROM t"}));
  EXPECT_EQ(sql_statements("DO $$ BEGIN a; b; END $$; SELECT $x$ $$ ; $x$;"),
            (Statements{"DO $$ BEGIN a; b; END $$", " SELECT $x$ $$ ; $x$"}));
  EXPECT_EQ(sql_statements("SELECT $1; SELECT a$b$c FROM t"),
            (Statements{"SELECT $1", " SELECT a$b$c FROM t"}));
  EXPECT_EQ(sql_statements("SELECT E'\\';' ; SELECT 'x\\';"),
            (Statements{"SELECT E'\\';' ", " SELECT 'x\\'"}));
}

TEST(SqlStatements, CommentsAreNoStatements) {
  EXPECT_EQ(sql_statements("-- a; b\n"), Statements{});
  EXPECT_EQ(sql_statements("-- it's\nSELECT 1; -- ;\n/* ; /* ; */ ' */ ;"),
            (Statements{"-- it's\nSELECT 1"}));
  EXPECT_EQ(sql_statements(" ; ;\n"), Statements{});
}

}  // namespace
}  // namespace affsync::schema::sql_statements_test
