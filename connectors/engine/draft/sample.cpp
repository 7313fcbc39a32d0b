#include "connectors/engine/draft/sample.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>

#include "base/case_fold.hpp"
#include "base/text.hpp"
#include "connectors/engine/document/charset.hpp"
#include "connectors/engine/document/document.hpp"
#include "connectors/engine/document/xlsx.hpp"

namespace affsync::engine {
namespace {

constexpr std::size_t most_rows = 2000;
constexpr int most_skipped = 30;

bool ends_with_word(std::string_view file, std::string_view ending) {
  return file.size() > ending.size() &&
         equal_without_case(file.substr(file.size() - ending.size()), ending);
}

Error no_rows() {
  return Error(
      ErrorCode::usage, "the sample has no list of rows",
      "Take an answer or export with at least one row. If the rows are members of an object, "
      "such as amounts by coin, write `records` with `names` and `value` by hand.");
}

// Cyrillic words are runs of high bytes; accents of Western Europe stand alone.
std::string guessed_charset(std::string_view bytes) {
  std::size_t high = 0;
  std::size_t in_runs = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto const is_high = [&](std::size_t at) {
      return at < bytes.size() && static_cast<unsigned char>(bytes[at]) >= 0xC0;
    };
    if (!is_high(i)) continue;
    ++high;
    if (is_high(i + 1) || (i > 0 && is_high(i - 1))) ++in_runs;
  }
  return in_runs * 2 > high ? "windows-1251" : "windows-1252";
}

Json const* rows_in(Json const& document) {
  auto const* rows = document.find("rows");
  return rows != nullptr && rows->is_array() && !rows->items().empty() ? rows : nullptr;
}

bool is_word_of_sums(std::string_view text) {
  while (!text.empty() && (text.back() == ':' || text.back() == ' ')) text.remove_suffix(1);
  constexpr std::string_view words[] = {"total", "totals", "grand total", "subtotal", "sub-total",
                                        "sum",   "summe",  "gesamt",      "итого",    "всего"};
  return std::ranges::any_of(words,
                             [&](std::string_view word) { return equal_folded(text, word); });
}

std::size_t filled_cells(Json const& row) {
  return static_cast<std::size_t>(std::ranges::count_if(row.members(), [](auto const& member) {
    auto const cell = member.value.scalar_text();
    return cell && !trim_blanks(*cell).empty();
  }));
}

// Finds the lines of sums among the last rows: the words that are in their first filled cells. A
// connector names one column for all of them, that of the last line.
std::optional<TotalsSpec> find_sums(Json const& rows) {
  constexpr std::size_t most = 10;
  TotalsSpec found;
  auto const& items = rows.items();
  // Workbooks leave cells out.
  auto const& longest =
      *std::ranges::max_element(items, {}, [](Json const& row) { return row.members().size(); });
  for (std::size_t back = 0; back < std::min(most, items.size()); ++back) {
    for (auto const& member : items[items.size() - 1 - back].members()) {
      auto const cell = member.value.scalar_text();
      auto const text = cell ? trim_blanks(*cell) : std::string_view();
      if (text.empty()) continue;
      bool const fits = found.words.empty() || found.column == member.name;
      // "Total June", but not a client of the name Total Trading.
      bool const is_longer = starts_without_case(text, "total ") &&
                             filled_cells(items[items.size() - 1 - back]) < filled_cells(longest);
      if ((is_word_of_sums(text) || is_longer) && fits) {
        found.column = member.name;
        bool const is_new = std::ranges::none_of(
            found.words, [&](std::string const& word) { return equal_folded(word, text); });
        if (is_new) found.words.emplace_back(text);
      }
      break;
    }
  }
  if (found.words.empty()) return std::nullopt;
  if (found.column == longest.members().front().name) found.column.clear();
  return found;
}

Result<Json> open_sheet(std::string_view bytes, Sample& sample) {
  auto& spec = sample.document;
  auto document = read_document(bytes, spec);
  bool const is_foreign = !document && spec.format == DocumentFormat::csv &&
                          document.error().message.find("is not UTF-8") != std::string::npos;
  if (is_foreign) spec.charset = guessed_charset(bytes);
  // The header is the first line that gives a table with rows.
  std::optional<Error> first;
  for (int skipped = 0; skipped <= most_skipped; ++skipped) {
    spec.table.skip_lines = skipped;
    document = read_document(bytes, spec);
    if (document && rows_in(*document) != nullptr &&
        rows_in(*document)->items().front().members().size() > 1) {
      break;
    }
    if (!document && !first) first = document.error();
    if (skipped == most_skipped) return first ? *first : no_rows();
  }
  spec.table.totals = find_sums(*rows_in(*document));
  if (!spec.table.totals) return document;
  return read_document(bytes, spec);
}

// Of a workbook, the first sheet with a table.
Result<Json> open_table(std::string_view bytes, Sample& sample) {
  auto& spec = sample.document;
  auto document = open_sheet(bytes, sample);
  if (document || spec.format != DocumentFormat::xlsx) return document;
  auto const names = sheet_names(bytes, {});
  if (!names) return names.error();
  for (auto const& name : *names) {
    spec.sheet = name;
    auto other = open_sheet(bytes, sample);
    if (!other) continue;
    sample.words.push_back("sheet: " + yaml_text(name));
    return other;
  }
  return document;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

// The language names no field with a control character: a line of the file would end there.
bool can_be_named(std::string_view name) {
  return !name.empty() && std::ranges::none_of(name, is_control);
}

// Finds the longest list of objects in a document, and its path.
std::pair<std::string, Json const*> longest_list(Json const& document) {
  struct Place {
    std::string path;
    Json const* value;
    int depth;
  };
  std::pair<std::string, Json const*> best{"", nullptr};
  std::deque<Place> open{{"", &document, 0}};
  while (!open.empty()) {
    auto const place = open.front();
    open.pop_front();
    if (place.value->is_array()) {
      auto const& items = place.value->items();
      bool const has_rows = !items.empty() && items.front().is_object();
      if (has_rows && (best.second == nullptr || items.size() > best.second->items().size())) {
        best = {place.path.empty() ? "$" : place.path, place.value};
      }
      continue;
    }
    if (!place.value->is_object() || place.depth > 4) continue;
    for (auto const& member : place.value->members()) {
      if (!can_be_named(member.name)) continue;
      auto const step = path_step(member.name);
      open.push_back(
          {place.path.empty() ? step : place.path + "." + step, &member.value, place.depth + 1});
    }
  }
  return best;
}

// The name of the first element of an XML text.
std::string first_element(std::string_view text) {
  for (std::size_t at = text.find('<'); at != text.npos; at = text.find('<', at + 1)) {
    auto rest = text.substr(at + 1);
    if (rest.starts_with('?') || rest.starts_with('!')) continue;
    rest = rest.substr(0, rest.find_first_of(" \t\r\n/>"));
    auto const colon = rest.find(':');
    return std::string(colon == rest.npos ? rest : rest.substr(colon + 1));
  }
  return {};
}

// The text of an element with attributes is "#text" of an object, and means what the element is
// called.
constexpr std::string_view text_member = "#text";

// `owner`: the name of the member that `row` is, empty for a row itself.
void collect_fields(Json const& row, std::string const& owner, std::string const& before, int depth,
                    std::map<std::string, std::size_t>& places, Sample& sample) {
  for (auto const& member : row.members()) {
    if (!can_be_named(member.name)) {
      auto name = Json::string(before + member.name).dump();
      if (std::ranges::find(sample.unnamed, name) == sample.unnamed.end()) {
        sample.unnamed.push_back(std::move(name));
      }
      continue;
    }
    auto const path = before + path_step(member.name);
    if (member.value.is_object() && depth < 3) {
      collect_fields(member.value, member.name, path + ".", depth + 1, places, sample);
      continue;
    }
    auto const [place, is_new] = places.try_emplace(path, sample.fields.size());
    if (is_new) {
      auto& field = sample.fields.emplace_back();
      field.path = path;
      field.name = member.name == text_member && !owner.empty() ? owner : member.name;
      field.is_number = true;
      field.is_of_program = sample.document.format == DocumentFormat::json ||
                            sample.document.format == DocumentFormat::json_lines;
    }
    auto& field = sample.fields[place->second];
    ++field.rows;
    field.is_list = field.is_list || (member.value.is_array() && !member.value.items().empty());
    auto const text = member.value.scalar_text();
    if (!text || trim_blanks(*text).empty()) continue;
    field.is_number = field.is_number && member.value.is_number();
    field.values.emplace_back(trim_blanks(*text));
  }
}

DocumentFormat format_of(std::string_view bytes, std::string_view file) {
  if (bytes.starts_with("PK\x03\x04") && !ends_with_word(file, ".zip")) return DocumentFormat::xlsx;
  auto text = bytes;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  text = trim_blanks(text.substr(0, 4096));
  if (text.starts_with('<')) return DocumentFormat::xml;
  if (text.starts_with('{') || text.starts_with('[')) {
    return parse_json(bytes) ? DocumentFormat::json : DocumentFormat::json_lines;
  }
  for (auto const& [ending, format] :
       {std::pair{".xml", DocumentFormat::xml}, std::pair{".json", DocumentFormat::json},
        std::pair{".jsonl", DocumentFormat::json_lines},
        std::pair{".xlsx", DocumentFormat::xlsx}}) {
    if (file.find(ending) != file.npos) return format;
  }
  return DocumentFormat::csv;
}

}  // namespace

std::string yaml_text(std::string_view text) {
  auto const is_plain = [](unsigned char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20U) >= 'a' && (c | 0x20U) <= 'z') || c == '_' ||
           c >= 0x80;
  };
  bool const plain = !text.empty() &&
                     std::ranges::all_of(text,
                                         [&](char c) {
                                           return is_plain(static_cast<unsigned char>(c)) ||
                                                  c == '.' || c == '-' || c == '/';
                                         }) &&
                     (is_plain(static_cast<unsigned char>(text.front())) || text.front() == '/') &&
                     text.find_first_not_of("0123456789.") != text.npos;
  bool const means_something = equal_without_case(text, "null") ||
                               equal_without_case(text, "true") ||
                               equal_without_case(text, "false") ||
                               equal_without_case(text, "yes") || equal_without_case(text, "no") ||
                               equal_without_case(text, "y") || equal_without_case(text, "n") ||
                               equal_without_case(text, "on") || equal_without_case(text, "off");
  if (plain && !means_something) return std::string(text);
  if (text == "$") return "$";
  // A line break in single quotes is read as a blank.
  if (std::ranges::any_of(text, is_control)) return Json::string(std::string(text)).dump();
  std::string quoted = "'";
  for (char const c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

namespace {

std::string totals_text(TotalsSpec const& totals) {
  std::string words;
  for (auto const& word : totals.words) words += (words.empty() ? "" : ", ") + yaml_text(word);
  if (totals.words.size() > 1) words = "[" + words + "]";
  return "totals: {" + (totals.column.empty() ? "" : "column: " + yaml_text(totals.column) + ", ") +
         "words: " + words + "}";
}

}  // namespace

Result<Sample> read_sample(std::string_view bytes, std::string_view file) {
  Sample sample;
  auto& spec = sample.document;
  spec.format = format_of(bytes, file);
  Result<Json> document = spec.is_table() ? open_table(bytes, sample) : read_document(bytes, spec);
  if (!document) return document.error();
  Json const* rows = nullptr;
  if (spec.format == DocumentFormat::json) {
    auto const [path, list] = longest_list(*document);
    sample.records = path;
    rows = list;
  } else if (spec.format == DocumentFormat::xml) {
    auto const path = longest_list(*document).first;
    if (path.empty()) return no_rows();
    spec.row = JsonPath(path).steps().back();
    spec.root = first_element(bytes);
    sample.words = {"row: " + yaml_text(spec.row), "root: " + yaml_text(spec.root)};
    document = read_document(bytes, spec);
    if (!document) return document.error();
    rows = rows_in(*document);
  } else {
    rows = rows_in(*document);
  }
  if (rows == nullptr) return no_rows();
  if (!spec.charset.empty()) sample.words.push_back("charset: " + spec.charset);
  if (spec.table.totals) {
    sample.words.push_back(totals_text(*spec.table.totals));
    auto const* sums = document->find("totals");
    if (sums != nullptr && sums->is_array() && sums->items().size() == 1) {
      for (auto const& [name, cell] : sums->items().front().members()) {
        auto const text = cell.scalar_text();
        if (text && !trim_blanks(*text).empty()) sample.sums.push_back(name);
      }
    }
  }
  std::map<std::string, std::size_t> places;
  for (auto const& row : rows->items()) {
    if (!row.is_object()) continue;
    if (++sample.rows > most_rows) break;
    collect_fields(row, "", "", 0, places, sample);
  }
  sample.rows = std::min(sample.rows, most_rows);
  if (sample.fields.empty()) return no_rows();
  sample.skipped = spec.table.skip_lines;
  return sample;
}

}  // namespace affsync::engine
