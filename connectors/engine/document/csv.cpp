#include "connectors/engine/document/csv.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "connectors/engine/document/charset.hpp"

namespace affsync::engine {
namespace {

// Returns where the line after the one at `from` begins.
std::size_t next_line(std::string_view text, std::size_t from) {
  auto const end = text.find_first_of("\r\n", from);
  if (end == text.npos) return text.size();
  return end + (text.substr(end).starts_with("\r\n") ? 2 : 1);
}

// Excel's own first line: "sep=;".
std::optional<char> delimiter_of_excel(std::string_view text) {
  auto const line = trim_blanks(text.substr(0, next_line(text, 0)));
  if (line.size() != 5 || !starts_without_case(line, "sep=")) return std::nullopt;
  return line.back();
}

// How well a delimiter fits: by the columns of the header that it gives, above all if the header
// has the required ones, or the lines behind it have as many.
std::size_t fit_of(std::string_view text, std::size_t start, char delimiter,
                   DocumentSpec const& spec, DocumentLimits const& limits) {
  constexpr int most_lines = 60;
  CsvLines lines(text, start, delimiter, spec.quote, limits);
  TableLine line;
  std::size_t columns = spec.table.columns.size();
  std::size_t fitting = 0;
  std::size_t others = 0;
  bool is_sure = false;
  for (int i = 0; i < most_lines; ++i) {
    auto const more = lines.next(line);
    if (!more || !*more) break;
    if (is_blank(line)) continue;
    auto const cells = line.cells.size();
    if (columns != 0) {
      ++(cells == columns ? fitting : others);
    } else if (spec.table.skip_lines > 0 || !spec.table.header_after.empty() ||
               may_be_header(line.cells, spec.table)) {
      columns = cells;
      bool const names_any = !spec.table.required.empty() || !spec.table.mapped.empty();
      is_sure = names_any && has_columns(line.cells, spec.table.required) &&
                lacking(line.cells, spec.table.mapped) == nullptr;
    }
  }
  // Lines that do not fit are told later, with their numbers; here they only decide between two.
  constexpr std::size_t fits_well = 10'000;
  if (columns == 0) return 0;
  return is_sure || others <= fitting ? fits_well + columns : columns;
}

char find_delimiter(std::string_view text, std::size_t start, DocumentSpec const& spec,
                    DocumentLimits const& limits) {
  char best = ',';
  std::size_t most = 0;
  for (char const one : {',', ';', '\t', '|'}) {
    auto const fit = fit_of(text, start, one, spec, limits);
    if (fit <= most) continue;
    most = fit;
    best = one;
  }
  return best;
}

// What another answer may be, whose text would otherwise be taken for a header without rows.
std::string_view other_format(std::string_view text) {
  auto const start = trim_blanks(text.substr(0, 200));
  if (starts_without_case(start, "<!doctype") || starts_without_case(start, "<html")) {
    return "a web page";
  }
  if (starts_without_case(start, "<?xml")) return "XML";
  bool const may_be_json = start.starts_with('{') || start.starts_with('[');
  return may_be_json && parse_json(text) ? "JSON" : "";
}

std::size_t line_at(std::string_view text, std::size_t at) {
  std::size_t line = 1;
  for (std::size_t i = next_line(text, 0); i <= at && i < text.size(); i = next_line(text, i))
    ++line;
  return line;
}

}  // namespace

CsvLines::CsvLines(std::string_view text, std::size_t start, char delimiter, char quote,
                   DocumentLimits const& limits)
    : text_(text),
      delimiter_(delimiter),
      quote_(quote),
      limits_(limits),
      at_(start),
      line_(line_at(text, start)) {}

Error CsvLines::flaw(std::size_t at, std::string_view what) const {
  return Error(ErrorCode::malformed_answer, place_in(text_, at) + ": " + std::string(what));
}

bool CsvLines::ends_line() const {
  return at_ >= text_.size() || text_[at_] == '\n' || text_[at_] == '\r';
}

void CsvLines::skip_line_end() {
  if (at_ >= text_.size()) return;
  at_ += text_.substr(at_).starts_with("\r\n") ? 2 : 1;
  ++line_;
}

std::string CsvLines::plain_cell() {
  auto const start = at_;
  while (!ends_line() && text_[at_] != delimiter_) ++at_;
  return std::string(text_.substr(start, at_ - start));
}

Result<std::string> CsvLines::quoted_cell() {
  auto const start = at_++;
  std::string cell;
  for (;;) {
    auto const end = text_.find(quote_, at_);
    if (end == text_.npos) return flaw(start, "a quote that is never closed");
    auto const piece = text_.substr(at_, end - at_);
    for (std::size_t i = 0; i < piece.size(); ++i) {
      bool const ends =
          piece[i] == '\n' || (piece[i] == '\r' && !piece.substr(i + 1).starts_with('\n'));
      if (ends) ++line_;
    }
    cell += piece;
    at_ = end + 1;
    if (!text_.substr(at_).starts_with(quote_)) break;
    cell += quote_;
    ++at_;
    if (cell.size() > limits_.cell_bytes) break;
  }
  while (!ends_line() && text_[at_] == ' ' && delimiter_ != ' ') ++at_;
  if (!ends_line() && text_[at_] != delimiter_) {
    return flaw(at_, "text behind a closing quote");
  }
  return cell;
}

Result<bool> CsvLines::next(TableLine& line) {
  line.cells.clear();
  line.number = line_;
  if (at_ >= text_.size()) return false;
  for (;;) {
    // Some programs write a blank behind the delimiter.
    auto start = at_;
    while (start < text_.size() && text_[start] == ' ' && delimiter_ != ' ') ++start;
    std::string cell;
    if (quote_ != '\0' && text_.substr(start).starts_with(quote_)) {
      at_ = start;
      auto quoted = quoted_cell();
      if (!quoted) return quoted.error();
      cell = std::move(*quoted);
    } else {
      cell = plain_cell();
    }
    if (cell.size() > limits_.cell_bytes || line.cells.size() >= limits_.columns) {
      return Error(ErrorCode::answer_too_large,
                   "line " + std::to_string(line.number) +
                       (line.cells.size() >= limits_.columns ? ": too many cells"
                                                             : ": a cell has too many bytes"));
    }
    line.cells.push_back(Json::string(std::move(cell)));
    if (ends_line()) break;
    ++at_;  // the delimiter
  }
  line.is_open = at_ >= text_.size();
  skip_line_end();
  return true;
}

Result<Json> read_csv(std::string_view bytes, DocumentSpec const& spec,
                      DocumentLimits const& limits, DocumentEnd* end) {
  auto const utf8 = to_utf8(bytes, spec.charset, limits.bytes);
  if (!utf8) {
    auto error = utf8.error();
    if (error.code == ErrorCode::malformed_answer && spec.charset.empty()) {
      error.hint =
          "If the file has another charset, name it, such as `csv: {charset: windows-1252}`.";
    }
    return error;
  }
  std::string_view text(*utf8);
  if (auto const other = other_format(text); !other.empty()) {
    return Error(ErrorCode::malformed_answer, "it is " + std::string(other) + ", not a table");
  }
  auto delimiter = spec.delimiter;
  std::size_t start = 0;
  if (auto const own = delimiter_of_excel(text)) {
    delimiter = own;
    start = next_line(text, 0);
  }
  TableRows rows(spec.table, limits, false);
  // The text before the header is no CSV: quotes in it mean nothing.
  auto const skip = [&] {
    auto const next = next_line(text, start);
    rows.keep_before(text.substr(start, next - start));
    start = next;
  };
  for (int i = 0; i < spec.table.skip_lines; ++i) skip();
  if (!spec.table.header_after.empty()) {
    auto const mark = text.find(spec.table.header_after, start);
    while (mark != text.npos && next_line(text, start) <= mark) skip();
    if (mark != text.npos) skip();
  }
  if (!delimiter) delimiter = find_delimiter(text, start, spec, limits);

  CsvLines lines(text, start, *delimiter, spec.quote, limits);
  for (;;) {
    TableLine line;
    auto const more = lines.next(line);
    if (!more) return more.error();
    if (!*more) break;
    if (end != nullptr && line.is_open) rows.may_be_cut();
    if (auto const taken = rows.take(std::move(line)); !taken) return taken.error();
  }
  if (end != nullptr) {
    end->lacks_last = rows.lacks_last();
    end->is_shown = rows.ends_with_sums() && !end->lacks_last;
  }
  return rows.finish();
}

}  // namespace affsync::engine
