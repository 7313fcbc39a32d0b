// Answers of a broker with what must result from them, written by hand: the evidence that a
// connector is held to. Format: docs/writing_a_connector.md and tests/fixtures/README.md.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace affsync::proof {

struct ExpectedRow {
  std::string table;
  std::map<std::string, std::string> columns;  // includes external_id; null columns are left out
  friend bool operator==(ExpectedRow const&, ExpectedRow const&) = default;
  friend auto operator<=>(ExpectedRow const&, ExpectedRow const&) = default;
};

// One answer: NAME.json (or .csv, .xml …) is its body, NAME.expected says what must result.
struct Fixture {
  std::string connector;  // the name of the folder
  std::string name;
  std::string body;
  std::string extension;                          // of the body's file: ".json"
  std::multimap<std::string, std::string> lines;  // "key: value"
  std::vector<ExpectedRow> rows;
  bool has_tables = false;  // a table is named, even if only to state that it gets no row

  bool has(std::string const& key) const { return lines.contains(key); }
  std::string get(std::string const& key, std::string const& fallback = {}) const;
  std::vector<std::string> all(std::string const& key) const;
  // The words of a list. "none" stands for the empty list.
  std::vector<std::string> words(std::string const& key) const;
  std::string of() const { return get("of"); }  // a stream, `login`, or `any` (every request)
  std::string label() const { return connector + "/" + name; }
  // True for an answer with rows or a token, false for a refusal.
  bool is_good() const { return has("token") || get("class", "ok") == "ok"; }
};

struct FixtureFolder {
  std::filesystem::path path;
  std::vector<Fixture> fixtures;  // sorted by name
  // With which credentials, settings and address the connector is read: the file `source`.
  Fixture source;

  Fixture const* find(std::string const& name) const;
};

// Errors: config_invalid, with file and line, for a folder that cannot be read, a body without its
// expectation and the reverse, and for lines that have no meaning.
Result<FixtureFolder> read_fixtures(std::filesystem::path const& folder);

// Reads "key: value" lines and tables into `out`; `where` names the file.
Result<void> read_expected(std::string const& text, std::string const& where, Fixture& out);

// What differs between the rows that must result and those that did, in words: one line for each
// row that is missing, too many, or has another value.
std::vector<std::string> row_differences(std::vector<ExpectedRow> const& expected,
                                         std::vector<ExpectedRow> const& found);

}  // namespace affsync::proof
