#include "connectors/proof/fixture.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>

#include "base/suggest.hpp"
#include "base/text.hpp"

namespace affsync::proof {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view known_keys[] = {
    "of",         "evidence",     "status",      "header",   "class",       "wait",
    "read",       "days",         "after",       "asked",    "sends",       "next",
    "next sends", "count",        "totals",      "unmapped", "never kept",  "token",
    "expires",    "sandbox adds", "may be null", "folded",   "open",        "sandbox",
    "base_url",   "credentials",  "credential",  "setting",  "stream path", "item"};

Error bad(std::string const& where, std::string text, std::string hint = {}) {
  Error error(ErrorCode::config_invalid, std::move(text), std::move(hint));
  error.where = where;
  return error;
}

std::string trimmed(std::string const& text) {
  return std::string(trim_blanks(text));
}

std::vector<std::string> cells_of(std::string const& line) {
  std::vector<std::string> cells;
  for (std::size_t from = 0;;) {
    auto const bar = line.find('|', from);
    cells.push_back(trimmed(line.substr(from, bar - from)));
    if (bar == std::string::npos) return cells;
    from = bar + 1;
  }
}

Result<std::string> text_of(fs::path const& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in && !in.eof()) return bad(file.string(), "the file cannot be read");
  return text;
}

// The bodies that belong to an expectation have its name and one of these extensions.
constexpr std::array<std::string_view, 7> body_extensions{".json", ".jsonl", ".csv", ".xml",
                                                          ".xlsx", ".html",  ".txt"};

std::string name_of(ExpectedRow const& row) {
  auto const id = row.columns.find("external_id");
  if (id != row.columns.end()) return row.table + " " + id->second;
  std::string text = row.table;
  for (auto const& [name, value] : row.columns) text += " " + name + "=" + value;
  return text;
}

std::string cell(ExpectedRow const& row, std::string const& column) {
  auto const found = row.columns.find(column);
  return found == row.columns.end() ? "empty" : "`" + found->second + "`";
}

// Two rows for one key are the same row with other values.
bool same_row(ExpectedRow const& left, ExpectedRow const& right) {
  auto const id = left.columns.find("external_id");
  auto const other = right.columns.find("external_id");
  if (left.table != right.table) return false;
  return id != left.columns.end() && other != right.columns.end() && id->second == other->second;
}

std::string differing_cells(ExpectedRow const& expected, ExpectedRow const& found) {
  std::set<std::string> columns;
  for (auto const& [name, value] : expected.columns) columns.insert(name);
  for (auto const& [name, value] : found.columns) columns.insert(name);
  std::string text;
  for (auto const& column : columns) {
    auto const wanted = cell(expected, column), got = cell(found, column);
    if (wanted == got) continue;
    text += (text.empty() ? "" : "; ") + column + " is " + got + ", expected " + wanted;
  }
  return text;
}

}  // namespace

std::string Fixture::get(std::string const& key, std::string const& fallback) const {
  auto const found = lines.find(key);
  return found == lines.end() ? fallback : found->second;
}

std::vector<std::string> Fixture::all(std::string const& key) const {
  std::vector<std::string> values;
  auto const [begin, end] = lines.equal_range(key);
  for (auto it = begin; it != end; ++it) values.push_back(it->second);
  return values;
}

std::vector<std::string> Fixture::words(std::string const& key) const {
  std::istringstream in(get(key));
  std::vector<std::string> out{std::istream_iterator<std::string>(in), {}};
  if (out == std::vector<std::string>{"none"}) out.clear();
  return out;
}

Fixture const* FixtureFolder::find(std::string const& name) const {
  auto const found = std::ranges::find(fixtures, name, &Fixture::name);
  return found == fixtures.end() ? nullptr : &*found;
}

Result<void> read_expected(std::string const& text, std::string const& where, Fixture& out) {
  std::istringstream in(text);
  std::string line;
  std::string table;
  std::vector<std::string> names;
  for (int number = 1; std::getline(in, line); ++number) {
    auto const place = where + ":" + std::to_string(number);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (trimmed(line).empty() || line.starts_with('#')) continue;
    if (line.starts_with('[')) {
      table = line.substr(1, line.find(']') - 1);
      names.clear();
      out.has_tables = true;
    } else if (table.empty()) {
      auto const colon = line.find(':');
      if (colon == std::string::npos) {
        return bad(place, "expected `key: value`, found: " + line);
      }
      auto const key = line.substr(0, colon);
      if (std::ranges::find(known_keys, key) == std::end(known_keys)) {
        std::vector<std::string> const all(std::begin(known_keys), std::end(known_keys));
        auto const meant = nearest(key, all);
        return bad(place, "`" + key + "` is not a key of an expectation",
                   meant ? "Did you mean `" + *meant + "`?" : "");
      }
      out.lines.emplace(key, trimmed(line.substr(colon + 1)));
    } else if (names.empty()) {
      names = cells_of(line);
    } else {
      auto const cells = cells_of(line);
      if (cells.size() != names.size()) {
        return bad(place, "the row has " + std::to_string(cells.size()) + " cells, the header " +
                              std::to_string(names.size()));
      }
      ExpectedRow row;
      row.table = table;
      for (std::size_t i = 0; i < cells.size(); ++i) {
        if (!cells[i].empty()) row.columns[names[i]] = cells[i];
      }
      out.rows.push_back(std::move(row));
    }
  }
  return {};
}

Result<FixtureFolder> read_fixtures(fs::path const& folder) {
  FixtureFolder out;
  out.path = folder;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  if (error) {
    return bad(folder.string(), "the fixtures cannot be read: " + error.message(),
               "Name their folder with --fixtures.");
  }
  std::set<fs::path> expectations, bodies;
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    auto const& file = entry->path();
    if (file.extension() == ".expected") expectations.insert(file);
    if (std::ranges::find(body_extensions, file.extension().string()) != body_extensions.end()) {
      bodies.insert(file);
    }
  }
  auto const name = fs::absolute(folder).lexically_normal();
  auto const connector = name.has_filename() ? name.filename() : name.parent_path().filename();
  for (auto const& file : expectations) {
    Fixture fixture;
    fixture.connector = connector;
    fixture.name = file.stem();
    fs::path body;
    for (auto const extension : body_extensions) {
      auto other = file;
      other.replace_extension(extension);
      if (bodies.erase(other) == 0) continue;
      if (!body.empty()) return bad(file.string(), "there are two bodies of this name");
      body = other;
    }
    if (body.empty()) return bad(file.string(), "there is no body of this name beside it");
    fixture.extension = body.extension();
    auto text = text_of(body);
    if (!text) return text.error();
    fixture.body = std::move(*text);
    auto expected = text_of(file);
    if (!expected) return expected.error();
    if (auto const read = read_expected(*expected, file.string(), fixture); !read) {
      return read.error();
    }
    if (fixture.of().empty())
      return bad(file.string(), "`of` is missing: the stream, `login` or `any`");
    out.fixtures.push_back(std::move(fixture));
  }
  if (!bodies.empty()) {
    return bad(bodies.begin()->string(), "there is no .expected of this name beside it",
               "Say in it what must result from this answer.");
  }
  std::ranges::sort(out.fixtures, {}, &Fixture::name);

  auto const file = folder / "source";
  out.source.connector = connector;
  out.source.name = "source";
  if (fs::exists(file, error)) {
    auto text = text_of(file);
    if (!text) return text.error();
    if (auto const read = read_expected(*text, file.string(), out.source); !read) {
      return read.error();
    }
  }
  return out;
}

std::vector<std::string> row_differences(std::vector<ExpectedRow> const& expected,
                                         std::vector<ExpectedRow> const& found) {
  auto missing = expected, extra = found;
  for (auto it = missing.begin(); it != missing.end();) {
    auto const equal = std::ranges::find(extra, *it);
    if (equal == extra.end()) {
      ++it;
      continue;
    }
    extra.erase(equal);
    it = missing.erase(it);
  }
  std::vector<std::string> out;
  for (auto const& row : missing) {
    auto const other =
        std::ranges::find_if(extra, [&](ExpectedRow const& one) { return same_row(row, one); });
    if (other == extra.end()) {
      out.push_back(name_of(row) + ": the row is missing");
      continue;
    }
    out.push_back(name_of(row) + ": " + differing_cells(row, *other));
    extra.erase(other);
  }
  for (auto const& row : extra) out.push_back(name_of(row) + ": the row is not expected");
  return out;
}

}  // namespace affsync::proof
