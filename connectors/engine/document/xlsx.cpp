#include "connectors/engine/document/xlsx.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "connectors/engine/document/table_rows.hpp"
#include "connectors/engine/document/unpack.hpp"
#include "connectors/engine/document/xlsx_cells.hpp"
#include "connectors/engine/document/xml_reader.hpp"
#include "connectors/engine/values/cell_error.hpp"
#include "connectors/engine/values/json_size.hpp"

namespace affsync::engine {
namespace {

constexpr std::string_view book_path = "xl/workbook.xml";
constexpr std::string_view links_path = "xl/_rels/workbook.xml.rels";

struct Workbook {
  struct Sheet {
    std::string name, link;  // id of its link
    bool is_hidden = false;
  };
  std::vector<Sheet> sheets;
  std::vector<std::pair<std::string, std::string>> links;  // id, path
  std::string texts;                                       // path of the shared texts
  bool from_1904 = false;
};

std::string path_of_target(std::string const& target) {
  return target.starts_with('/') ? target.substr(1) : "xl/" + target;
}

Result<void> read_book(std::string_view bytes, DocumentLimits const& limits, Workbook& book) {
  XmlEvents events;
  events.start = [&](XmlElement const& element) -> Result<void> {
    if (element.name == "sheet") {
      auto const state = attribute(element, "state");
      book.sheets.push_back({attribute(element, "name"), attribute(element, "id"),
                             state == "hidden" || state == "veryHidden"});
    } else if (element.name == "workbookPr") {
      auto const value = attribute(element, "date1904");
      book.from_1904 = value == "1" || value == "true";
    }
    return {};
  };
  events.text = [](std::string_view) -> Result<void> { return {}; };
  events.end = events.text;
  return read_xml_events(bytes, limits, "XLSX", events);
}

Result<void> read_links(std::string_view bytes, DocumentLimits const& limits, Workbook& book) {
  XmlEvents events;
  events.start = [&](XmlElement const& element) -> Result<void> {
    if (element.name != "Relationship") return {};
    auto const path = path_of_target(attribute(element, "Target"));
    book.links.emplace_back(attribute(element, "Id"), path);
    if (attribute(element, "Type").ends_with("/sharedStrings")) book.texts = path;
    return {};
  };
  events.text = [](std::string_view) -> Result<void> { return {}; };
  events.end = events.text;
  return read_xml_events(bytes, limits, "XLSX", events);
}

// Collects the text of <t> elements, which may come in runs of one format each. The reading aid for
// East Asian texts, <rPh>, is none of it.
class TextCollector {
 public:
  void start(std::string_view name) {
    if (name == "rPh") in_aid_ = true;
    in_text_ = name == "t" && !in_aid_;
  }
  void text(std::string_view text) {
    if (in_text_) collected_ += text;
  }
  void end(std::string_view name) {
    if (name == "rPh") in_aid_ = false;
    if (name == "t") in_text_ = false;
  }
  std::string take() { return without_escapes(std::exchange(collected_, {})); }
  std::size_t size() const { return collected_.size(); }

 private:
  bool in_text_ = false;
  bool in_aid_ = false;
  std::string collected_;
};

Result<std::vector<std::string>> read_texts(std::string_view bytes, DocumentLimits const& limits) {
  std::vector<std::string> texts;
  TextCollector collector;
  XmlEvents events;
  events.start = [&](XmlElement const& element) -> Result<void> {
    collector.start(element.name);
    return {};
  };
  events.text = [&](std::string_view text) -> Result<void> {
    collector.text(text);
    if (collector.size() <= limits.cell_bytes) return {};
    return Error(ErrorCode::answer_too_large, "XLSX refused: a text has too many bytes");
  };
  events.end = [&](std::string_view name) -> Result<void> {
    collector.end(name);
    if (name != "si") return {};
    texts.push_back(collector.take());
    if (texts.size() <= limits.values) return {};
    return Error(ErrorCode::answer_too_large, "XLSX refused: too many texts");
  };
  if (auto const read = read_xml_events(bytes, limits, "XLSX", events); !read) return read.error();
  return texts;
}

class SheetReader {
 public:
  SheetReader(std::vector<std::string> const& texts, DocumentSpec const& spec,
              DocumentLimits const& limits, std::string sheet, MergedCells& merged, TableRows& rows)
      : texts_(texts),
        spec_(spec),
        limits_(limits),
        sheet_(std::move(sheet)),
        merged_(merged),
        rows_(rows) {}

  Result<void> start(XmlElement const& element) {
    if (element.name == "row") {
      line_ = TableLine();
      line_.number = unsigned_number(attribute(element, "r")).value_or(last_line_ + 1);
      last_line_ = line_.number;
    } else if (element.name == "c") {
      column_ = column_of(attribute(element, "r")).value_or(line_.cells.size());
      kind_ = attribute(element, "t");
      value_.clear();
      has_formula_ = has_value_ = false;
    } else if (element.name == "v") {
      in_value_ = has_value_ = true;
    } else if (element.name == "f") {
      has_formula_ = true;
    }
    collector_.start(element.name);
    return {};
  }

  Result<void> text(std::string_view text) {
    if (in_value_) value_ += text;
    collector_.text(text);
    if (value_.size() + collector_.size() <= limits_.cell_bytes) return {};
    return too_large("a cell has too many bytes");
  }

  Result<void> end(std::string_view name) {
    collector_.end(name);
    if (name == "v") in_value_ = false;
    if (name == "c") return end_cell();
    if (name != "row") return {};
    if (line_.number <= static_cast<std::size_t>(spec_.table.skip_lines)) return {};
    line_.merged = merged_.in_line(line_);
    if (repeated_ + merged_.repeated_bytes() > most_repeated_bytes) return repeats_texts();
    return rows_.take(std::exchange(line_, {}));
  }

 private:
  Error too_large(std::string_view what) const {
    return Error(ErrorCode::answer_too_large,
                 "line " + std::to_string(line_.number) + ": " + std::string(what));
  }

  Error repeats_texts() const {
    return repeats_too_much("line " + std::to_string(line_.number) + ": the cells repeat",
                            "of texts");
  }

  // A program that computes nothing writes a formula alone, or beside it an empty `v`, as openpyxl
  // does. An empty text as a result is an empty `v` of the type `str`.
  bool lacks_result() const {
    if (!has_formula_ || kind_ == "inlineStr") return false;
    bool const is_number = kind_.empty() || kind_ == "n";
    return (!has_value_ || (is_number && value_.empty())) &&
           line_.number > static_cast<std::size_t>(spec_.table.skip_lines);
  }

  Error no_result() const {
    return Error(ErrorCode::malformed_answer,
                 "line " + std::to_string(line_.number) + " of the sheet \"" + sheet_ +
                     "\": the cell " + letters_of(column_) + std::to_string(line_.number) +
                     " has a formula whose result is not in the file",
                 "Open the file with a spreadsheet program and save it once: that stores the "
                 "results of formulas.");
  }

  Result<void> end_cell() {
    if (column_ >= limits_.columns) return too_large("too many cells");
    values_ += column_ + 1 > line_.cells.size() ? column_ + 1 - line_.cells.size() : 0;
    if (values_ > limits_.values) return too_large("too many cells");
    if (lacks_result()) return no_result();
    auto cell = read_cell();
    if (!cell) return cell.error();
    if (line_.cells.size() <= column_) line_.cells.resize(column_ + 1);
    line_.cells[column_] = std::move(*cell);
    return {};
  }

  Result<Json> read_cell() {
    if (kind_ == "inlineStr") return Json::string(collector_.take());
    collector_.take();
    if (kind_ == "s") {
      auto const index = unsigned_number(value_);
      if (index && *index < texts_.size()) {
        auto const& text = texts_[*index];
        repeated_ += text.size();
        if (repeated_ <= most_repeated_bytes) return Json::string(text);
        return repeats_texts();
      }
      return Error(ErrorCode::malformed_answer, "not XLSX: line " + std::to_string(line_.number) +
                                                    " names a text that is not there");
    }
    if (value_.empty()) return Json();
    if (kind_ == "e") {
      return cell_error(value_, letters_of(column_) + std::to_string(line_.number));
    }
    if (kind_ == "b") return Json::boolean(value_ == "1" || value_ == "true");
    bool const is_number = (kind_.empty() || kind_ == "n") &&
                           value_.find_first_not_of("0123456789+-.eE") == std::string::npos;
    if (!is_number) return Json::string(kind_ == "str" ? without_escapes(value_) : value_);
    auto number = parse_json(plain_digits(fifteen_digits(value_)));
    return number ? std::move(*number) : Json::string(value_);
  }

  std::vector<std::string> const& texts_;
  DocumentSpec const& spec_;
  DocumentLimits const& limits_;
  std::string sheet_;
  MergedCells& merged_;
  TableRows& rows_;
  TableLine line_;
  std::size_t last_line_ = 0;
  std::size_t column_ = 0;
  std::string kind_;
  std::string value_;
  bool in_value_ = false;
  bool has_formula_ = false, has_value_ = false;  // of the cell
  std::size_t repeated_ = 0;                      // bytes of shared texts
  std::size_t values_ = 0;
  TextCollector collector_;
};

std::string const* find_member(std::vector<ArchiveMember> const& members, std::string_view name) {
  auto const found = std::ranges::find(members, name, &ArchiveMember::name);
  return found == members.end() ? nullptr : &found->bytes;
}

struct SheetPlace {
  std::string name, path;
};

// The first sheet is the first one that a user sees; one of a name may be hidden.
Result<SheetPlace> place_of_sheet(Workbook const& book, std::string const& wanted) {
  bool const all_hidden = std::ranges::all_of(book.sheets, &Workbook::Sheet::is_hidden);
  std::string names;
  for (auto const& sheet : book.sheets) {
    names += (names.empty() ? "\"" : ", \"") + sheet.name + "\"";
    bool const fits = wanted.empty() ? !sheet.is_hidden || all_hidden : sheet.name == wanted;
    if (!fits) continue;
    auto const link =
        std::ranges::find(book.links, sheet.link, &std::pair<std::string, std::string>::first);
    if (link != book.links.end()) return SheetPlace{sheet.name, link->second};
  }
  return Error(ErrorCode::malformed_answer, wanted.empty() ? "the workbook has no sheet"
                                                           : "the workbook has no sheet \"" +
                                                                 wanted + "\"; it has " +
                                                                 (names.empty() ? "none" : names));
}

Result<Workbook> open_workbook(std::string_view bytes, DocumentLimits const& limits) {
  auto const parts = read_zip(
      bytes, limits, [](std::string_view name) { return name == book_path || name == links_path; });
  if (!parts) return parts.error();
  auto const* const book_part = find_member(*parts, book_path);
  auto const* const links_part = find_member(*parts, links_path);
  if (book_part == nullptr || links_part == nullptr) {
    return Error(ErrorCode::malformed_answer, "not XLSX: the archive holds no workbook");
  }
  Workbook book;
  if (auto const read = read_book(*book_part, limits, book); !read) return read.error();
  if (auto const read = read_links(*links_part, limits, book); !read) return read.error();
  return book;
}

}  // namespace

Result<std::vector<std::string>> sheet_names(std::string_view bytes, DocumentLimits const& limits) {
  auto const book = open_workbook(bytes, limits);
  if (!book) return book.error();
  std::vector<std::string> names;
  for (auto const& sheet : book->sheets) {
    if (!sheet.is_hidden) names.push_back(sheet.name);
  }
  return names;
}

Result<Json> read_xlsx(std::string_view bytes, DocumentSpec const& spec,
                       DocumentLimits const& limits) {
  if (!bytes.starts_with("PK")) {
    bool const is_old = bytes.starts_with("\xD0\xCF\x11\xE0");
    return Error(ErrorCode::malformed_answer,
                 is_old ? "a workbook of the old form (XLS) or with a password"
                        : "not XLSX: it is no archive",
                 is_old ? "Save it as XLSX or CSV, without a password." : "");
  }
  auto const book = open_workbook(bytes, limits);
  if (!book) return book.error();
  auto const place = place_of_sheet(*book, spec.sheet);
  if (!place) return place.error();
  auto const& path = place->path;
  auto const parts = read_zip(
      bytes, limits, [&](std::string_view name) { return name == path || name == book->texts; });
  if (!parts) return parts.error();
  auto const* const sheet = find_member(*parts, path);
  if (sheet == nullptr) {
    return Error(ErrorCode::malformed_answer, "not XLSX: " + path + " is missing");
  }
  std::vector<std::string> texts;
  if (auto const* const part = find_member(*parts, book->texts)) {
    auto found = read_texts(*part, limits);
    if (!found) return found.error();
    texts = std::move(*found);
  }
  auto const convert = [&](std::string const& column, Json cell) {
    // What nothing reads may hold anything.
    auto const error = error_of_cell(cell);
    bool const is_read = std::ranges::find(spec.table.read, column) != spec.table.read.end();
    if (!error.empty() && !is_read) return Json::string(std::string(error));
    bool const is_day =
        cell.is_number() && std::ranges::find(spec.dates, column) != spec.dates.end();
    return is_day ? Json::string(day_of_serial(cell.number_text(), book->from_1904)) : cell;
  };
  TableRows rows(spec.table, limits, true, convert);
  auto merged = MergedCells::of_sheet(*sheet, limits);
  if (!merged) return merged.error();
  SheetReader reader(texts, spec, limits, place->name, *merged, rows);
  XmlEvents events;
  events.start = [&](XmlElement const& element) { return reader.start(element); };
  events.text = [&](std::string_view text) { return reader.text(text); };
  events.end = [&](std::string_view name) { return reader.end(name); };
  if (auto const read = read_xml_events(*sheet, limits, "XLSX", events); !read) return read.error();
  return rows.finish();
}

}  // namespace affsync::engine
