// SQL must have no form that Citus does not run on distributed tables. The extension cannot be
// installed everywhere, so the text of views, functions, migrations and statements is examined.
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "schema/store/sql_statements.hpp"
#include "tests/support/places/places.hpp"

namespace affsync::schema {
namespace {

namespace fs = std::filesystem;

using Words = std::vector<std::string>;

std::string file_text(fs::path const& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Words in upper case, parentheses, commas and semicolons; without texts in quotes and comments.
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
      if (c == '(' || c == ')' || c == ',' || c == ';') words.emplace_back(1, c);
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

std::vector<std::string> flaws_of(std::string const& sql) {
  auto flaws = flaws_of_query(sql);
  for (auto const& statement : sql_statements(sql)) {
    for (auto& flaw : flaws_of_statement(statement)) flaws.push_back(std::move(flaw));
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
  EXPECT_TRUE(
      flaws_of("SELECT 1 FROM a LEFT JOIN LATERAL (SELECT b.x FROM b LIMIT 1) c ON true").empty());
  EXPECT_TRUE(flaws_of("SELECT 1 FROM a CROSS JOIN LATERAL (SELECT a.x + 1 AS y) c").empty());
  EXPECT_EQ(flaws_of("ALTER TABLE a ADD COLUMN b int, ADD CHECK (b > 0);").size(), 1U);
  EXPECT_TRUE(flaws_of("ALTER TABLE a ADD CHECK (b IN (1, 2));").empty());
  EXPECT_TRUE(flaws_of("ALTER TABLE a ADD COLUMN b int, ADD COLUMN c int;").empty());
}

TEST(DistributedSql, SchemaAndStoreHaveNone) {
  std::set<std::string> const known{
      // Applied files are not changed any more; whoever distributes has a later version.
      "0009_exchange_rates.sql",
      // Looks up a rate once for all rows, which costs half on one server; docs/scaling.md names
      // what therefore does not run on several.
      "00_fx_usd_rate.sql"};
  fs::path const root = test::in_source("schema");
  int read = 0;
  for (auto const& entry : fs::recursive_directory_iterator(root)) {
    auto const path = entry.path();
    auto const is_sql = path.extension() == ".sql";
    if (!is_sql && path.extension() != ".cpp") continue;
    if (known.contains(path.filename())) continue;
    ++read;
    auto const text = file_text(path);
    for (auto const& flaw : flaws_of(is_sql ? text : literals_of(text))) {
      ADD_FAILURE() << path << ": Citus does not run " << flaw;
    }
  }
  EXPECT_GT(read, 100);
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
}  // namespace affsync::schema
