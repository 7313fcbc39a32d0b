// The tables that say which connector uses which word, and what each connector has: they are those
// of the files.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/manifest/schema.hpp"
#include "tests/support/places/places.hpp"

namespace affsync::engine::connector_tables_test {
namespace {

namespace fs = std::filesystem;

std::string text_of(fs::path const& file) {
  std::ifstream in(test::in_source(file), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> lines_of(std::string const& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The lines of a connector without comments.
std::string without_comments(std::string const& text) {
  std::string out;
  for (auto line : lines_of(text)) {
    char quote = '\0';
    for (std::size_t i = 0; i < line.size(); ++i) {
      char const c = line[i];
      if (quote != '\0') {
        if (c == quote) quote = '\0';
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '#' && (i == 0 || line[i - 1] == ' ')) {
        line.resize(i);
        break;
      }
    }
    out += line + "\n";
  }
  return out;
}

bool is_part_of_a_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// A word that begins with blanks stands at the beginning of a line with as many.
bool uses(std::string const& text, std::string const& word) {
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    if (at == 0) return true;
    if (word[0] == ' ' ? text[at - 1] == '\n'
                       : !is_part_of_a_word(word[0]) || !is_part_of_a_word(text[at - 1])) {
      return true;
    }
  }
  return false;
}

std::map<std::string, std::string> shipped() {
  std::map<std::string, std::string> files;
  for (auto const& entry : fs::directory_iterator(test::in_source("connectors"))) {
    auto const& file = entry.path();
    if (file.extension() != ".yaml") continue;
    files[file.stem()] = text_of(fs::path("connectors") / file.filename());
  }
  return files;
}

std::vector<std::string> cells_of(std::string const& line) {
  std::vector<std::string> cells;
  for (std::size_t from = line.find("| "); from != std::string::npos;) {
    auto const end = line.find(" |", from + 1);
    if (end == std::string::npos) break;
    cells.push_back(line.substr(from + 2, end - from - 2));
    from = end + 1;
  }
  return cells;
}

TEST(ConnectorTables, EachWordIsUsedByTheConnectorsThatThePageNames) {
  std::map<std::string, std::string> files;
  for (auto const& [name, text] : shipped()) files[name] = without_comments(text);
  int words = 0;
  for (auto const& line : lines_of(text_of("docs/language.md"))) {
    auto const cells = cells_of(line);
    if (cells.size() != 3 || cells[1].front() != '`') continue;
    ++words;
    auto const word = cells[1].substr(1, cells[1].size() - 2);
    std::string used;
    for (auto const& [name, text] : files) {
      if (uses(text, word)) used += (used.empty() ? "`" : ", `") + name + "`";
    }
    EXPECT_EQ(cells[2], used.empty() ? "none yet" : used) << "the row of " << cells[1];
  }
  EXPECT_GT(words, 80);
}

std::string shown(StreamSpec const& stream) {
  std::vector<std::string_view> tables{stream.map.table->name};
  for (auto const& also : stream.also) {
    if (std::ranges::find(tables, also.table->name) == tables.end()) {
      tables.push_back(also.table->name);
    }
  }
  std::string text = "`" + stream.name + "` (";
  for (std::size_t i = 0; i < tables.size(); ++i) {
    text += (i > 0 ? ", " : "") + std::string(tables[i]);
  }
  std::string by = "not stated";
  if (stream.evidence) by = to_string(stream.evidence->by);
  std::ranges::replace(by, '_', ' ');
  return text + "; " + by + (stream.enabled ? ")" : ", off)");
}

TEST(ConnectorTables, EachConnectorHasTheStreamsAndTheLengthThatThePageSays) {
  std::string wanted;
  for (auto const& [name, text] : shipped()) {
    auto const manifest = parse_manifest(text, name + ".yaml").value();
    std::string streams;
    for (auto const& stream : manifest.streams) {
      streams += (streams.empty() ? "" : ", ") + shown(stream);
    }
    bool const has_page = fs::exists(test::in_source("docs/brokers") / (name + ".md"));
    wanted += "| [" + name + "](" +
              (has_page ? name + ".md" : "../../connectors/" + name + ".yaml") + ") | " +
              std::to_string(std::ranges::count(text, '\n')) + " | " + streams + " |\n";
  }
  std::string found;
  for (auto const& line : lines_of(text_of("docs/brokers/README.md"))) {
    if (line.starts_with("| [")) found += line + "\n";
  }
  EXPECT_EQ(found, wanted);
}

// The README names each connector, and each page of a broker is named by the table of connectors.
TEST(ConnectorTables, EachConnectorIsInTheReadmeAndInTheDocumentation) {
  auto const readme = text_of("README.md");
  auto const page = text_of("docs/connectors.md");
  for (auto const& [name, text] : shipped()) {
    EXPECT_NE(readme.find("`" + name + "`"), std::string::npos) << name;
    bool const is_named = page.find("brokers/" + name + ".md") != std::string::npos ||
                          page.find("connectors/" + name + ".yaml") != std::string::npos;
    EXPECT_TRUE(is_named) << name;
  }
}

void add_words(Json const& schema, std::set<std::string>& keys, std::set<std::string>& words) {
  if (schema.is_array()) {
    for (auto const& item : schema.items()) add_words(item, keys, words);
  }
  if (!schema.is_object()) return;
  for (auto const& member : schema.members()) {
    if (member.name == "properties" && member.value.is_object()) {
      for (auto const& property : member.value.members()) keys.insert(property.name + ":");
    }
    if (member.name == "enum" && member.value.is_array()) {
      for (auto const& word : member.value.items()) {
        if (word.is_string()) words.insert(word.as_string());
      }
    }
    add_words(member.value, keys, words);
  }
}

// A fuzzer that starts with files without a word hardly ever finds it.
TEST(ConnectorTables, EachWordOfTheLanguageIsInTheCorpusOfTheFuzzer) {
  std::string corpus;
  auto const folder = fs::path("tests/fuzz/corpus/connector");
  for (auto const& entry : fs::directory_iterator(test::in_source(folder))) {
    corpus += text_of(folder / entry.path().filename()) + "\n";
  }
  std::set<std::string> keys, words;
  add_words(parse_json(connector_schema()).value(), keys, words);
  EXPECT_GT(keys.size(), 190U);
  for (auto const& key : keys) EXPECT_TRUE(uses(corpus, key)) << key;
  for (auto const& word : words) EXPECT_TRUE(uses(corpus, word)) << word;
}

}  // namespace
}  // namespace affsync::engine::connector_tables_test
