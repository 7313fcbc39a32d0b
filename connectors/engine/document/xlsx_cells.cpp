#include "connectors/engine/document/xlsx_cells.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace affsync::engine {
namespace {

void append_utf8(std::string& out, unsigned code) {
  auto const put = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

}  // namespace

std::string attribute(XmlElement const& element, std::string_view name) {
  for (auto const& [own, value] : element.attributes) {
    if (own == name) return value;
  }
  return {};
}

std::optional<std::size_t> column_of(std::string_view reference) {
  std::size_t column = 0;
  std::size_t letters = 0;
  for (; letters < reference.size() && reference[letters] >= 'A' && reference[letters] <= 'Z';
       ++letters) {
    if (letters == 4) return std::nullopt;
    column = column * 26 + static_cast<std::size_t>(reference[letters] - 'A') + 1;
  }
  if (letters == 0) return std::nullopt;
  return column - 1;
}

std::string letters_of(std::size_t column) {
  std::string letters;
  for (++column; column > 0; column = (column - 1) / 26) {
    letters.insert(letters.begin(), static_cast<char>('A' + (column - 1) % 26));
  }
  return letters;
}

std::optional<std::size_t> unsigned_number(std::string_view text) {
  std::size_t number = 0;
  auto const* const end = text.data() + text.size();
  auto const [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

std::string without_escapes(std::string text) {
  constexpr std::size_t length = 7;  // _xHHHH_
  if (text.find("_x") == text.npos) return text;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::string_view const rest = std::string_view(text).substr(at, length);
    unsigned code = 0;
    bool is_escape = rest.size() == length && rest.starts_with("_x") && rest.ends_with('_');
    if (is_escape) {
      auto const* const end = rest.data() + length - 1;
      auto const [stop, error] = std::from_chars(rest.data() + 2, end, code, 16);
      is_escape = error == std::errc{} && stop == end && (code < 0xD800 || code > 0xDFFF);
    }
    if (is_escape) append_utf8(out, code);
    if (!is_escape) out += text[at];
    at += is_escape ? length : 1;
  }
  return out;
}

std::optional<MergedCells::Range> MergedCells::read_range(std::string_view reference) {
  auto const colon = reference.find(':');
  if (colon == reference.npos) return std::nullopt;
  auto const line_in = [](std::string_view place) {
    auto const digit = place.find_first_of("0123456789");
    return digit == place.npos ? std::nullopt : unsigned_number(place.substr(digit));
  };
  auto const first = reference.substr(0, colon), last = reference.substr(colon + 1);
  auto const first_column = column_of(first), last_column = column_of(last);
  auto const first_line = line_in(first), last_line = line_in(last);
  if (!first_column || !last_column || !first_line || !last_line) return std::nullopt;
  if (*first_column > *last_column || *first_line > *last_line) return std::nullopt;
  return Range{*first_line, *last_line, *first_column, *last_column};
}

Result<MergedCells> MergedCells::of_sheet(std::string_view sheet, DocumentLimits const& limits) {
  MergedCells merged;
  if (sheet.find("mergeCell") == sheet.npos) return merged;
  std::size_t cells = 0;
  XmlEvents events;
  events.start = [&](XmlElement const& element) -> Result<void> {
    if (element.name != "mergeCell") return {};
    auto range = read_range(attribute(element, "ref"));
    if (!range || range->first_column >= limits.columns) return {};
    range->last_column = std::min(range->last_column, limits.columns - 1);
    cells += range->last_column - range->first_column + 1;
    if (cells > limits.values) {
      return Error(ErrorCode::answer_too_large, "XLSX refused: too many merged cells");
    }
    merged.ranges_.push_back(*range);
    return {};
  };
  events.text = [](std::string_view) -> Result<void> { return {}; };
  events.end = events.text;
  if (auto const read = read_xml_events(sheet, limits, "XLSX", events); !read) return read.error();
  std::ranges::stable_sort(merged.ranges_, {}, &Range::first_line);
  return merged;
}

std::map<std::size_t, MergedCell> const* MergedCells::in_line(TableLine const& line) {
  if (ranges_.empty()) return nullptr;
  std::erase_if(values_, [&](auto const& one) { return one.second.last_line < line.number; });
  for (; next_ < ranges_.size() && ranges_[next_].first_line <= line.number; ++next_) {
    auto const& range = ranges_[next_];
    bool const has_value = range.first_line == line.number &&
                           range.first_column < line.cells.size() &&
                           !line.cells[range.first_column].is_null();
    if (!has_value) continue;
    for (auto column = range.first_column; column <= range.last_column; ++column) {
      values_[column] = {line.cells[range.first_column], range.first_line, range.last_line};
    }
  }
  for (auto const& [column, one] : values_) {
    repeated_ += one.value.scalar_text().value_or("").size();
  }
  return values_.empty() ? nullptr : &values_;
}

}  // namespace affsync::engine
