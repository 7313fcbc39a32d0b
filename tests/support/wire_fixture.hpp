// Broker answers as seen in public sources, in tests/fixtures/<connector>. NAME.json is the body;
// NAME.expected states, written by hand, what must result. Format: tests/fixtures/README.md.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace affsync::test {

struct ExpectedRow {
  std::string table;
  std::map<std::string, std::string> columns;  // includes external_id; null columns are left out
  friend bool operator==(ExpectedRow const&, ExpectedRow const&) = default;
  friend auto operator<=>(ExpectedRow const&, ExpectedRow const&) = default;
};

struct WireFixture {
  std::string connector;
  std::string name;
  std::string body;
  std::string extension;                          // of its file, such as ".json"
  std::multimap<std::string, std::string> lines;  // "key: value"
  std::vector<ExpectedRow> rows;
  bool has_tables = false;  // a table is named, even if only to state that it gets no row

  bool has(std::string const& key) const { return lines.contains(key); }
  std::string get(std::string const& key, std::string const& fallback = {}) const {
    auto const found = lines.find(key);
    return found == lines.end() ? fallback : found->second;
  }
  std::vector<std::string> all(std::string const& key) const {
    std::vector<std::string> values;
    auto const [begin, end] = lines.equal_range(key);
    for (auto it = begin; it != end; ++it) values.push_back(it->second);
    return values;
  }
  // The words of a list. "none" stands for the empty list.
  std::vector<std::string> words(std::string const& key) const {
    std::istringstream in(get(key));
    std::vector<std::string> out{std::istream_iterator<std::string>(in), {}};
    if (out == std::vector<std::string>{"none"}) out.clear();
    return out;
  }
  std::string of() const { return get("of"); }  // a stream, `login`, or `any` (every request)
  std::string label() const { return connector + "/" + name; }
};

inline std::filesystem::path fixtures_folder() {
  return std::filesystem::path(AFFSYNC_SOURCE_DIR) / "tests" / "fixtures";
}

inline std::string file_text(std::filesystem::path const& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::string trimmed(std::string const& text) {
  auto const begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

inline std::vector<std::string> cells_of(std::string const& line) {
  std::vector<std::string> cells;
  std::size_t from = 0;
  for (;;) {
    auto const bar = line.find('|', from);
    cells.push_back(trimmed(line.substr(from, bar - from)));
    if (bar == std::string::npos) return cells;
    from = bar + 1;
  }
}

// Reads "key: value" lines into `lines`. After a line "[table]" come its rows, the column names
// first.
inline void read_expected(std::string const& text, std::string const& where, WireFixture& out) {
  std::istringstream in(text);
  std::string line;
  std::string table;
  std::vector<std::string> names;
  while (std::getline(in, line)) {
    if (trimmed(line).empty() || line.starts_with('#')) continue;
    if (line.starts_with('[')) {
      table = line.substr(1, line.find(']') - 1);
      names.clear();
      out.has_tables = true;
    } else if (table.empty()) {
      auto const colon = line.find(':');
      if (colon == std::string::npos)
        throw std::runtime_error(where + ": expected key: value, found: " + line);
      out.lines.emplace(line.substr(0, colon), trimmed(line.substr(colon + 1)));
    } else if (names.empty()) {
      names = cells_of(line);
    } else {
      auto const cells = cells_of(line);
      if (cells.size() != names.size())
        throw std::runtime_error(where + ": wrong number of cells: " + line);
      ExpectedRow row;
      row.table = table;
      for (std::size_t i = 0; i < cells.size(); ++i) {
        if (!cells[i].empty()) row.columns[names[i]] = cells[i];
      }
      out.rows.push_back(std::move(row));
    }
  }
}

// Names of the fixture folders, one per connector.
inline std::vector<std::string> fixture_connectors() {
  std::vector<std::string> names;
  for (auto const& entry : std::filesystem::directory_iterator(fixtures_folder())) {
    if (entry.is_directory()) names.push_back(entry.path().filename());
  }
  std::ranges::sort(names);
  return names;
}

// Sorted by name. A body without its expectation is an error, and so is the reverse.
inline std::vector<WireFixture> fixtures_of(std::string const& connector) {
  std::vector<WireFixture> fixtures;
  for (auto const& entry : std::filesystem::directory_iterator(fixtures_folder() / connector)) {
    auto const file = entry.path();
    if (file.filename() == "source") continue;
    if (file.extension() == ".expected") {
      auto const bodies = {".json", ".jsonl", ".csv", ".xml", ".xlsx", ".html", ".txt"};
      bool const has_body = std::ranges::any_of(bodies, [&](auto const* extension) {
        return std::filesystem::exists(std::filesystem::path(file).replace_extension(extension));
      });
      if (!has_body) throw std::runtime_error("no body beside " + file.string());
      continue;
    }
    auto expected = file;
    expected.replace_extension(".expected");
    WireFixture fixture;
    fixture.connector = connector;
    fixture.name = file.stem();
    fixture.extension = file.extension();
    fixture.body = file_text(file);
    read_expected(file_text(expected), expected.string(), fixture);
    fixtures.push_back(std::move(fixture));
  }
  std::ranges::sort(fixtures, {}, &WireFixture::name);
  return fixtures;
}

// The credentials, settings and address that the connector is tested with: the file `source`.
inline WireFixture fixture_source(std::string const& connector) {
  WireFixture source;
  auto const file = fixtures_folder() / connector / "source";
  read_expected(file_text(file), file.string(), source);
  return source;
}

}  // namespace affsync::test
