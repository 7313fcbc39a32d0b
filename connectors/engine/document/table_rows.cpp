#include "connectors/engine/document/table_rows.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/case_fold.hpp"
#include "base/text.hpp"
#include "connectors/engine/values/json_size.hpp"

namespace affsync::engine {
namespace {

// A header that is not within so many lines is not there.
constexpr std::size_t most_before_header = 100;
constexpr std::size_t most_shown = 200;
// Each row repeats the names of the columns.
constexpr std::size_t most_name_bytes = 4096;

std::string joined_cells(std::vector<Json> const& cells) {
  std::string text;
  for (auto const& cell : cells) {
    auto const one = cell_text(cell);
    if (one.empty()) continue;
    if (!text.empty()) text += ' ';
    text += one;
  }
  return text;
}

std::string shortened(std::string text) {
  if (text.size() <= most_shown) return text;
  auto end = most_shown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text + "…";
}

// Returns a line as a message may show it: a header or an error, but no row, which may name a
// person.
std::string shown_line(std::string const& text) {
  constexpr std::size_t most_digits = 3;
  std::size_t run = 0;
  for (char const c : text) {
    run = c >= '0' && c <= '9' ? run + 1 : 0;
    if (c == '@' || run > most_digits) return "(not shown, since it may be a row)";
  }
  return shortened(text);
}

std::string listed_names(std::vector<std::string> const& names, char const* between = ", ") {
  std::string text;
  for (auto const& name : names)
    text += (text.empty() ? "`" : between + std::string("`")) + name + "`";
  return text;
}

bool same_cells(std::vector<Json> const& left, std::vector<Json> const& right) {
  auto const at = [](std::vector<Json> const& cells, std::size_t i) {
    return i < cells.size() ? cell_text(cells[i]) : std::string_view{};
  };
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    if (at(left, i) != at(right, i)) return false;
  }
  return true;
}

}  // namespace

std::string_view cell_text(Json const& cell) {
  auto const text = cell.scalar_text();
  return text ? trim_blanks(*text) : std::string_view{};
}

bool is_blank(TableLine const& line) {
  // The error of a workbook's cell is an object.
  return std::ranges::all_of(
      line.cells, [](Json const& cell) { return cell_text(cell).empty() && !cell.is_object(); });
}

std::vector<std::string> column_names(std::vector<Json> const& header) {
  auto count = header.size();
  while (count > 0 && cell_text(header[count - 1]).empty()) --count;
  // Another column may be called "id_2" in the file itself.
  std::set<std::string, std::less<>> taken;
  for (auto const& cell : header) taken.emplace(cell_text(cell));
  std::set<std::string, std::less<>> seen;
  std::map<std::string, int, std::less<>> times;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) {
    std::string const written(cell_text(header[i]));
    auto name = written.empty() ? "column_" + std::to_string(i + 1) : written;
    if (written.empty() ? !taken.insert(name).second : !seen.insert(name).second) {
      int& number = times.try_emplace(name, 1).first->second;
      auto const stem = name + "_";
      do {
        name = stem + std::to_string(++number);
      } while (!taken.insert(name).second);
    }
    names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::string> const* lacking(std::vector<Json> const& header,
                                        std::vector<std::vector<std::string>> const& mapped) {
  auto const names = column_names(header);
  auto const found = std::ranges::find_if(mapped, [&](auto const& some) {
    return std::ranges::none_of(some, [&](std::string const& name) {
      return std::ranges::find(names, name) != names.end();
    });
  });
  return found == mapped.end() ? nullptr : &*found;
}

bool has_columns(std::vector<Json> const& header, std::vector<std::string> const& required) {
  auto const names = column_names(header);
  return std::ranges::all_of(required, [&](std::string const& name) {
    return std::ranges::find(names, name) != names.end();
  });
}

bool may_be_header(std::vector<Json> const& line, TableSpec const& spec) {
  return spec.required.empty() ? lacking(line, spec.mapped) == nullptr
                               : has_columns(line, spec.required);
}

TableRows::TableRows(TableSpec const& spec, DocumentLimits const& limits, bool pads,
                     Convert convert)
    : spec_(spec), limits_(limits), pads_(pads), convert_(std::move(convert)) {
  if (spec_.columns.empty()) return;
  columns_ = spec_.columns;
  for (auto const& name : columns_) header_.push_back(Json::string(name));
  find_totals();
}

bool TableRows::is_header(TableLine const& line) {
  if (!spec_.header_after.empty()) return passed_mark_;
  if (spec_.skip_lines > 0) return true;
  if (may_be_header(line.cells, spec_)) return true;
  bool const has_some = std::ranges::any_of(
      spec_.mapped, [&](auto const& names) { return lacking(line.cells, {names}) == nullptr; });
  if (spec_.required.empty() && has_some && nearest_.empty()) nearest_ = line.cells;
  return false;
}

bool TableRows::is_further_header(TableLine const& line) const {
  bool const is_named = spec_.columns.empty() && !spec_.required.empty();
  return is_named && has_columns(line.cells, spec_.required);
}

Result<void> TableRows::take_header(TableLine line) {
  columns_ = column_names(line.cells);
  header_line_ = line.number;
  if (auto const measured = measure_names(); !measured) return measured.error();
  header_ = std::move(line.cells);
  if (!has_columns(header_, spec_.required)) return finish().error();
  if (auto const checked = check_header(); !checked) return checked.error();
  if (find_totals()) return {};
  return Error(ErrorCode::malformed_answer,
               "line " + std::to_string(header_line_) + ": the header has no column `" +
                   spec_.totals->column + "`, which tells the lines of sums");
}

Result<void> TableRows::measure_names() {
  name_bytes_ = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    auto const size = columns_[i].size();
    name_bytes_ += size;
    if (size <= most_name_bytes) continue;
    return Error(ErrorCode::malformed_answer,
                 "line " + std::to_string(header_line_) + ": the name of column " +
                     std::to_string(i + 1) + " has " + std::to_string(size) + " bytes, more than " +
                     std::to_string(most_name_bytes),
                 "This line is no header, or a quote in it is never closed.");
  }
  return {};
}

Result<void> TableRows::check_header() const {
  auto const* names = lacking(header_, spec_.mapped);
  if (names == nullptr) return {};
  auto const place = header_line_ == 0 ? "" : "line " + std::to_string(header_line_) + ": ";
  return Error(ErrorCode::malformed_answer,
               place + "the header has no column " + listed_names(*names, " or ") +
                   ", which `map` or `where` reads; it has: " + shown_line(joined_cells(header_)),
               "Nothing of it is stored, since what is known would become empty. If the broker has"
               " renamed the column, name both under `from`; if some answers lack it, set"
               " `optional: true` there.");
}

void TableRows::keep_before(std::string_view text) {
  text = trim_blanks(text);
  if (first_.empty()) first_ = text;
  ++seen_;
  passed_mark_ = passed_mark_ || (!spec_.header_after.empty() &&
                                  text.find(spec_.header_after) != std::string::npos);
  if (!text.empty() && before_.size() < most_before_header) {
    before_.push_back(Json::string(std::string(text)));
  }
}

bool TableRows::find_totals() {
  if (!spec_.totals || spec_.totals->column.empty()) return true;
  auto const found = std::ranges::find(columns_, spec_.totals->column);
  totals_at_ = static_cast<std::size_t>(found - columns_.begin());
  return found != columns_.end();
}

bool TableRows::is_totals(TableLine const& line) const {
  if (!spec_.totals || totals_at_ >= line.cells.size()) return false;
  auto const text = cell_text(line.cells[totals_at_]);
  return std::ranges::any_of(spec_.totals->words,
                             [&](std::string const& word) { return equal_folded(word, text); });
}

Json TableRows::row_of(TableLine line) const {
  Json::Object members;
  members.reserve(columns_.size());
  for (std::size_t i = 0; i < std::min(columns_.size(), line.cells.size()); ++i) {
    auto& cell = line.cells[i];
    if (cell.is_null()) continue;
    members.push_back(
        {columns_[i], convert_ ? convert_(columns_[i], std::move(cell)) : std::move(cell)});
  }
  return Json::object(std::move(members));
}

void TableRows::fill_merged(TableLine& line) const {
  if (line.merged == nullptr) return;
  for (auto const& [column, merged] : *line.merged) {
    if (column >= columns_.size()) return;
    bool const is_measure =
        std::ranges::find(spec_.measures, columns_[column]) != spec_.measures.end();
    if (is_measure || merged.first_line <= header_line_) continue;
    if (line.cells.size() <= column) line.cells.resize(column + 1);
    auto& cell = line.cells[column];
    if (cell_text(cell).empty() && !cell.is_object()) cell = merged.value;
  }
}

Result<void> TableRows::take(TableLine line) {
  if (is_blank(line)) return {};
  last_line_ = line.number;
  auto const place = "line " + std::to_string(line.number) + ": ";
  if (columns_.empty()) {
    if (!is_header(line)) {
      keep_before(joined_cells(line.cells));
      return seen_ < most_before_header ? Result<void>() : Result<void>(finish().error());
    }
    return take_header(std::move(line));
  }
  if (same_cells(line.cells, header_)) return {};  // the header once more
  // Tables below each other, each with columns of its own.
  if (is_further_header(line)) return take_header(std::move(line));
  name_bytes_read_ += name_bytes_;
  if (name_bytes_read_ > most_repeated_bytes) {
    return repeats_too_much(place + "the rows repeat", "of names of columns");
  }
  if (is_totals(line)) {
    totals_.push_back(row_of(std::move(line)));
    return {};
  }
  auto count = line.cells.size();
  while (count > columns_.size() && cell_text(line.cells[count - 1]).empty()) --count;
  if (count > columns_.size() || (count < columns_.size() && !pads_)) {
    return Error(
        ErrorCode::malformed_answer,
        place + std::to_string(count) + " cells, but the header " +
            (header_line_ == 0 ? std::string() : "on line " + std::to_string(header_line_) + " ") +
            "has " + std::to_string(columns_.size()) + " columns",
        "If this line is no row, name what is in it under `totals`; if a text has the "
        "delimiter in it, the file must quote it.");
  }
  values_ += columns_.size() + 1;
  if (values_ > limits_.values) {
    return Error(ErrorCode::answer_too_large, place + "too many cells");
  }
  has_row_behind_sums_ = !totals_.empty();
  if (is_cut_) {
    lacks_last_ = true;
    return {};
  }
  fill_merged(line);
  rows_.push_back(row_of(std::move(line)));
  return {};
}

Result<Json> TableRows::finish() {
  if (columns_.empty() && !nearest_.empty()) {
    header_ = nearest_;
    return check_header().error();
  }
  if (columns_.empty() || !has_columns(header_, spec_.required)) {
    if (!spec_.header_after.empty() && !passed_mark_) {
      return Error(ErrorCode::malformed_answer, "no line holds \"" + spec_.header_after +
                                                    "\", after which the header follows; the "
                                                    "first line: " +
                                                    shown_line(first_));
    }
    std::string text = columns_.empty() ? "no header with " : "the header has no ";
    text += spec_.required.size() == 1 ? "column " : "columns ";
    text += listed_names(spec_.required);
    if (spec_.required.empty()) text = "no header";
    if (spec_.required.empty() && !spec_.mapped.empty()) {
      text += " with the columns that `map` reads";
    }
    auto const shown = columns_.empty() ? first_ : joined_cells(header_);
    text += shown.empty()
                ? ": nothing is in it"
                : (columns_.empty() ? "; the first line: " : "; it has: ") + shown_line(shown);
    return Error(
        ErrorCode::malformed_answer, std::move(text),
        shown.empty() ? "" : "If the file is right, `key` of the stream names other columns.");
  }
  if (spec_.required.empty() && spec_.columns.empty() && columns_.size() == 1 && rows_.empty()) {
    return Error(ErrorCode::malformed_answer,
                 "one cell alone is no table: " + shown_line(columns_.front()));
  }
  if (spec_.ends_with_totals && spec_.totals && totals_.empty() && !rows_.empty()) {
    return Error(ErrorCode::malformed_answer,
                 "line " + std::to_string(last_line_) +
                     ": the file ends without a line of sums, so it may have been cut off",
                 "Export it again. If the broker writes no such line into some files, leave out "
                 "`totals` in the connector.");
  }
  Json::Object document;
  document.push_back({"rows", Json::array(std::move(rows_))});
  if (!totals_.empty()) document.push_back({"totals", Json::array(std::move(totals_))});
  if (!before_.empty()) document.push_back({"before", Json::array(std::move(before_))});
  return Json::object(std::move(document));
}

}  // namespace affsync::engine
