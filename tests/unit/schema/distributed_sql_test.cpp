// SQL must have no form that Citus does not run on distributed tables. The extension cannot be
// installed everywhere, so the text of views, functions, migrations and statements is examined.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "schema/store/inlined_rates.hpp"
#include "schema/store/sql_statements.hpp"
#include "tests/support/places/places.hpp"

namespace affsync::schema::distributed_sql_test {
namespace {

namespace fs = std::filesystem;

using Words = std::vector<std::string>;

std::string file_text(fs::path const& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Words in upper case, parentheses, commas, semicolons, + and -; without texts in quotes and
// comments.
Words words_of(std::string const& sql) {
  Words words;
  for (std::size_t i = 0; i < sql.size();) {
    auto const c = sql[i];
    if (sql.compare(i, 2, "--") == 0) {
      i = std::min(sql.find('\n', i), sql.size());
    } else if (c == '\'') {
      i = std::min(sql.find('\'', i + 1), sql.size() - 1) + 1;
    } else if (std::isalnum(static_cast<unsigned char>(c)) || c == '_') {
      std::string word;
      for (; i < sql.size() &&
             (std::isalnum(static_cast<unsigned char>(sql[i])) || sql[i] == '_' || sql[i] == '.');
           ++i) {
        word += static_cast<char>(std::toupper(static_cast<unsigned char>(sql[i])));
      }
      words.push_back(word);
    } else {
      if (std::string_view("(),;+-").find(c) != std::string_view::npos) words.emplace_back(1, c);
      ++i;
    }
  }
  return words;
}

// The words between a parenthesis and its end.
Words inside(Words const& words, std::size_t open) {
  int depth = 0;
  for (auto i = open; i < words.size(); ++i) {
    depth += words[i] == "(" ? 1 : words[i] == ")" ? -1 : 0;
    if (depth == 0) {
      return {words.begin() + static_cast<std::ptrdiff_t>(open) + 1,
              words.begin() + static_cast<std::ptrdiff_t>(i)};
    }
  }
  return {};
}

bool has_own_from(Words const& query) {
  int depth = 0;
  for (std::size_t i = 0; i < query.size(); ++i) {
    depth += query[i] == "(" ? 1 : query[i] == ")" ? -1 : 0;
    // IS DISTINCT FROM is a comparison.
    if (depth == 0 && query[i] == "FROM" && i > 0 && query[i - 1] != "DISTINCT") return true;
  }
  return false;
}

// "correlated subqueries are not supported when the FROM clause contains a subquery without FROM",
// and "Subqueries without a FROM clause can only contain immutable functions".
std::vector<std::string> flaws_of_query(std::string const& sql) {
  static std::set<std::string> const stable{"TO_JSONB",          "TO_JSON",      "NOW",
                                            "CLOCK_TIMESTAMP",   "CURRENT_DATE", "TO_CHAR",
                                            "JSONB_BUILD_OBJECT"};
  std::vector<std::string> flaws;
  auto const words = words_of(sql);
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    bool const in_from = words[i - 1] == "FROM" || words[i - 1] == "LATERAL" ||
                         words[i - 1] == "JOIN" || words[i - 1] == ",";
    if (words[i] != "(" || words[i + 1] != "SELECT" || !in_from) continue;
    if (words[i - 1] == ",") continue;  // an item of a list of columns; FROM lists are not used
    auto const query = inside(words, i);
    if (query.empty() || has_own_from(query)) continue;
    for (std::size_t j = 1; j < query.size(); ++j) {
      if (query[j] == "SELECT") flaws.push_back("a subquery in a subquery of FROM without FROM");
      if (stable.contains(query[j])) flaws.push_back("stable " + query[j] + " without FROM");
      // A day is longer or shorter where clocks are changed; the difference of two times is not.
      bool const moved = query[j - 1] == "+" || query[j - 1] == "-";
      if (moved && (query[j] == "INTERVAL" || query[j] == "MAKE_INTERVAL")) {
        flaws.push_back("stable " + query[j - 1] + " interval without FROM");
      }
    }
  }
  return flaws;
}

// "cannot execute ADD CONSTRAINT command with other subcommands"
std::vector<std::string> flaws_of_statement(std::string const& statement) {
  auto const words = words_of(statement);
  if (words.size() < 4 || words[0] != "ALTER" || words[1] != "TABLE") return {};
  int depth = 0, commands = 1;
  bool constraint = false;
  for (std::size_t i = 2; i < words.size(); ++i) {
    depth += words[i] == "(" ? 1 : words[i] == ")" ? -1 : 0;
    if (depth != 0) continue;
    if (words[i] == ",") ++commands;
    static std::set<std::string> const kinds{"CONSTRAINT", "CHECK",   "UNIQUE",
                                             "PRIMARY",    "FOREIGN", "EXCLUDE"};
    if (words[i] == "ADD" && i + 1 < words.size() && kinds.contains(words[i + 1])) {
      constraint = true;
    }
  }
  if (!constraint || commands == 1) return {};
  return {"ADD CONSTRAINT together with other subcommands"};
}

// A condition of parameters alone is false at times, and then Citus leaves out the whole statement,
// with all that it would have written.
std::vector<std::string> flaws_of_changes(std::string const& statement) {
  static std::regex const conditions(
      R"(\b(AND|WHERE)\s+\$\d+(::\w+(\[\])?)?(\s*[-+]\s*\$\d+(::\w+)?)*\s*(IS\b|[<>=]+\s*\$?'?\d)[^A-Za-z]*)",
      std::regex::icase);
  auto const words = words_of(statement);
  auto const has = [&](char const* word) { return std::ranges::count(words, word) > 0; };
  if (!has("WITH") || !(has("UPDATE") || has("DELETE"))) return {};
  if (!std::regex_search(statement, conditions)) return {};
  return {"a condition of parameters alone beside a change"};
}

// Tables that stay on the coordinator: what changes them is not Citus's.
bool is_kept_here(std::string const& table) {
  static std::set<std::string> const kept{
      "lease",      "program",    "upkeep",         "schema_migration", "alert_message", "alert",
      "alert_rule", "alert_mute", "alert_receiver", "field_sample",     "field_seen"};
  return kept.contains(table);
}

// "functions used in the DO UPDATE SET clause of INSERTs on distributed tables must be marked
// IMMUTABLE", and "functions used in UPDATE queries on distributed tables must not be VOLATILE".
std::vector<std::string> flaws_of_set(std::string const& statement) {
  static std::regex const upsert(R"(INSERT INTO affsync\.(\w+)[^;]*?DO UPDATE SET([^;]*))");
  static std::regex const update(R"(\bUPDATE affsync\.(\w+)([^;]*))");
  static std::regex const stable(R"(\b(jsonb_build_object|to_jsonb|now|clock_timestamp)\()");
  static std::regex const changing(R"(\b(clock_timestamp|gen_random_uuid)\()");
  std::vector<std::string> flaws;
  std::smatch found;
  if (std::regex_search(statement, found, upsert) && !is_kept_here(found[1]) &&
      std::regex_search(found[2].first, found[2].second, stable)) {
    flaws.push_back("a stable function in DO UPDATE SET of " + found[1].str());
  }
  if (std::regex_search(statement, found, update) && !is_kept_here(found[1]) &&
      std::regex_search(found[2].first, found[2].second, changing)) {
    flaws.push_back("a volatile function in an UPDATE of " + found[1].str());
  }
  return flaws;
}

// "complex joins are only supported when all distributed tables are co-located and joined on their
// distribution columns": a row that may be missing is looked up by a number of affsync.source,
// which every server has a copy of, instead of by that of a distributed table.
std::vector<std::string> flaws_of_joins(std::string const& statement) {
  static std::regex const beside(R"(FROM affsync\.source s JOIN affsync\.\w+ \w+ ON[^;]*LEFT JOIN )"
                                 R"(affsync\.(\w+) \w+ ON \w+\.source_id = s\.source_id)");
  std::smatch found;
  if (!std::regex_search(statement, found, beside) || is_kept_here(found[1])) return {};
  return {"LEFT JOIN of " + found[1].str() + " by affsync.source"};
}

// "cannot perform distributed planning on this query because parameterized queries for SQL
// functions referencing distributed tables are not supported", unless affsync rewrites them itself.
std::vector<std::string> flaws_of_function(std::string const& statement) {
  auto const words = words_of(statement);
  if (words.size() < 5 || words[0] != "CREATE" || std::ranges::count(words, "FUNCTION") == 0) {
    return {};
  }
  bool const in_sql = statement.find("LANGUAGE sql") != std::string::npos;
  bool const rewritten = statement.find(") LANGUAGE sql STABLE AS $$\n") != std::string::npos;
  if (!in_sql || rewritten || statement.find(" affsync.") == std::string::npos) return {};
  static std::regex const reads(R"((FROM|JOIN)\s+affsync\.(?!\w+\())");
  if (!std::regex_search(statement, reads)) return {};
  return {"an SQL function that reads tables"};
}

std::vector<std::string> flaws_of(std::string const& sql) {
  auto flaws = flaws_of_query(sql);
  for (auto const& statement : sql_statements(sql)) {
    for (auto& flaw : flaws_of_statement(statement)) flaws.push_back(std::move(flaw));
    for (auto& flaw : flaws_of_changes(statement)) flaws.push_back(std::move(flaw));
    for (auto& flaw : flaws_of_function(statement)) flaws.push_back(std::move(flaw));
    for (auto& flaw : flaws_of_set(statement)) flaws.push_back(std::move(flaw));
    for (auto& flaw : flaws_of_joins(statement)) flaws.push_back(std::move(flaw));
  }
  return flaws;
}

// What C++ code sends: its text literals, joined.
std::string literals_of(std::string const& code) {
  std::string text;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (code.compare(i, 7, "R\"sql(\n") == 0) {
      auto const end = code.find(")sql\"", i);
      text += code.substr(i + 6, end - i - 6) + ";\n";
      i = end + 4;
    } else if (code[i] == '"' && (i == 0 || code[i - 1] != '\'')) {
      for (++i; i < code.size() && code[i] != '"'; ++i)
        text += code[i] == '\\' ? code[++i] : code[i];
      text += ' ';
    } else if (code[i] == ';') {
      text += ";\n";
    }
  }
  return text;
}

TEST(DistributedSql, FormsThatCitusRefusesAreFound) {
  EXPECT_EQ(
      flaws_of("SELECT 1 FROM a CROSS JOIN LATERAL (SELECT (SELECT b.x FROM b) AS x) c").size(),
      1U);
  EXPECT_EQ(flaws_of("SELECT 1 FROM (SELECT CASE WHEN a IS DISTINCT FROM b THEN (SELECT c FROM d)"
                     " END) e")
                .size(),
            1U);
  EXPECT_EQ(flaws_of("SELECT 1 FROM a CROSS JOIN LATERAL (SELECT to_jsonb(a.x) AS x) c").size(),
            1U);
  EXPECT_EQ(
      flaws_of("SELECT 1 FROM a CROSS JOIN LATERAL (SELECT a.x > a.y - interval '1 day' AS x) c")
          .size(),
      1U);
  EXPECT_TRUE(
      flaws_of("SELECT 1 FROM a CROSS JOIN LATERAL (SELECT a.x - a.y > interval '1 day' AS x) c")
          .empty());
  EXPECT_TRUE(
      flaws_of("SELECT 1 FROM a LEFT JOIN LATERAL (SELECT b.x FROM b LIMIT 1) c ON true").empty());
  EXPECT_TRUE(flaws_of("SELECT 1 FROM a CROSS JOIN LATERAL (SELECT a.x + 1 AS y) c").empty());
  EXPECT_EQ(flaws_of("ALTER TABLE a ADD COLUMN b int, ADD CHECK (b > 0);").size(), 1U);
  EXPECT_TRUE(flaws_of("ALTER TABLE a ADD CHECK (b IN (1, 2));").empty());
  EXPECT_TRUE(flaws_of("ALTER TABLE a ADD COLUMN b int, ADD COLUMN c int;").empty());
  EXPECT_EQ(flaws_of("WITH r AS (UPDATE a SET b = $1 WHERE c = $2 AND $1::bigint + $3::bigint > 0)"
                     " UPDATE d SET e = 1 WHERE f = $4")
                .size(),
            1U);
  EXPECT_EQ(flaws_of("WITH r AS (UPDATE a SET b = $1 WHERE c = $2 AND $1::text IS NOT NULL)"
                     " UPDATE d SET e = 1 WHERE f = $4")
                .size(),
            1U);
  EXPECT_TRUE(flaws_of("WITH r AS (UPDATE a SET b = $1 WHERE c = $2 AND b + $1::bigint > b)"
                       " UPDATE d SET e = 1 WHERE f = $4")
                  .empty());
  std::string const upsert =
      "INSERT INTO affsync.stream_state AS z (a) VALUES ($1) ON CONFLICT (a)";
  EXPECT_EQ(flaws_of(upsert + " DO UPDATE SET b = jsonb_build_object('c', z.c)").size(), 1U);
  EXPECT_TRUE(flaws_of(upsert + " DO UPDATE SET b = coalesce(z.b, $2::jsonb)").empty());
  EXPECT_EQ(
      flaws_of("UPDATE affsync.source_block SET until = least(until, clock_timestamp())").size(),
      1U);
  EXPECT_TRUE(flaws_of("UPDATE affsync.lease SET until = clock_timestamp()").empty());
  std::string const joined =
      "SELECT 1 FROM affsync.source s JOIN affsync.stream st"
      " ON st.source_id = s.source_id LEFT JOIN affsync.source_block b ON ";
  EXPECT_EQ(flaws_of(joined + "b.source_id = s.source_id").size(), 1U);
  EXPECT_TRUE(flaws_of(joined + "b.source_id = st.source_id").empty());
  EXPECT_EQ(flaws_of("CREATE FUNCTION f(integer) RETURNS bigint\nLANGUAGE sql STABLE AS $$"
                     " SELECT count(*) FROM affsync.client c WHERE c.source_id = $1 $$;")
                .size(),
            1U);
}

TEST(DistributedSql, SchemaAndStoreHaveNone) {
  // Applied files are not changed any more; whoever distributes has a later version.
  std::set<std::string> const frozen{"0009_exchange_rates.sql"};
  // Functions that are called on a single server only: what calls them is another file, or another
  // text, where tables are distributed; see views/distributed and with_inlined_rates().
  std::set<std::string> const single{"00_fx_usd_rate.sql", "00_fx_days.sql", "27_alert_words.sql"};
  fs::path const root = test::in_source("schema");
  int read = 0;
  for (auto const& entry : fs::recursive_directory_iterator(root)) {
    auto const path = entry.path();
    auto const is_sql = path.extension() == ".sql";
    if (!is_sql && path.extension() != ".cpp") continue;
    if (frozen.contains(path.filename()) || single.contains(path.filename())) continue;
    // The query of a rule or a view that another one replaces.
    if (fs::exists(path.parent_path() / "distributed" / path.filename())) continue;
    ++read;
    auto const text = is_sql ? with_inlined_rates(file_text(path)) : file_text(path);
    for (auto const& flaw : flaws_of(is_sql ? text : literals_of(text))) {
      ADD_FAILURE() << path << ": Citus does not run " << flaw;
    }
  }
  EXPECT_GT(read, 100);
}

TEST(DistributedSql, RatesAreLookedUpInTheQueryItself) {
  auto const sql = with_inlined_rates(
      "SELECT r.usd_rate FROM a\nCROSS JOIN LATERAL affsync.usd_rate(a.c, (a.t)::date,\n a.n IS "
      "NULL,"
      " u.whole, u.factor) r\nWHERE x");
  EXPECT_EQ(sql.find("affsync.usd_rate("), std::string::npos) << sql;
  EXPECT_NE(sql.find("x.currency = coalesce(u.whole, a.c)"), std::string::npos) << sql;
  EXPECT_NE(sql.find("x.on_date BETWEEN (a.t)::date - 7 AND (a.t)::date"), std::string::npos)
      << sql;
  EXPECT_NE(sql.find("WHERE (a.n IS NULL) AND"), std::string::npos) << sql;
  EXPECT_EQ(sql.substr(sql.size() - 11), ") r\nWHERE x") << sql;
  EXPECT_EQ(with_inlined_rates("SELECT 1"), "SELECT 1");
}

// Behind a pooler a transaction needs its settings; only Transaction sends them.
TEST(StoreSources, BeginTransactionsInOnePlace) {
  std::set<std::string> const known{"transaction.hpp", "pg_session.cpp",
                                    "migrate.cpp"};  // indexes are built outside of transactions
  fs::path const root = test::in_source("schema/store");
  for (auto const& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file() || known.contains(entry.path().filename())) continue;
    auto const text = file_text(entry.path());
    for (std::string const word : {"pqxx::work ", "pqxx::nontransaction "}) {
      EXPECT_EQ(text.find(word), std::string::npos) << entry.path() << " uses " << word;
    }
  }
}

}  // namespace
}  // namespace affsync::schema::distributed_sql_test
