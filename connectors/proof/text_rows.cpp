#include "connectors/proof/text_rows.hpp"

#include <algorithm>

#include "connectors/engine/document/document.hpp"

namespace affsync::proof {
namespace {

using Span = std::pair<std::size_t, std::size_t>;  // begin and end

std::vector<Span> lines_of(std::string const& text) {
  std::vector<Span> lines;
  for (std::size_t from = 0; from < text.size();) {
    auto const end = std::min(text.find('\n', from), text.size() - 1) + 1;
    lines.emplace_back(from, end);
    from = end;
  }
  return lines;
}

// The outermost elements of this name. Elements inside of one may have the same name.
std::vector<Span> elements_of(std::string const& text, std::string const& name) {
  std::vector<Span> elements;
  std::size_t depth = 0, begin = 0;
  for (auto at = text.find('<'); at != std::string::npos; at = text.find('<', at + 1)) {
    auto const close = text.find('>', at);
    if (close == std::string::npos) break;
    bool const ends = text.compare(at + 1, 1, "/") == 0;
    auto const from = at + (ends ? 2 : 1);
    auto tag = text.substr(from, text.find_first_of(" \t\r\n/>", from) - from);
    tag = tag.substr(tag.find(':') + 1);  // without the prefix of its namespace
    if (tag != name) continue;
    bool const is_empty = !ends && text[close - 1] == '/';
    if (!ends && depth == 0) begin = at;
    if (!ends && !is_empty) ++depth;
    if (ends && depth > 0) --depth;
    if ((ends || is_empty) && depth == 0) elements.emplace_back(begin, close + 1);
  }
  return elements;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

std::optional<TextRows> TextRows::find(std::string const& text, engine::DocumentSpec const& spec,
                                       Count const& count) {
  std::vector<Span> spans;
  switch (spec.format) {
    case engine::DocumentFormat::csv:
    case engine::DocumentFormat::json_lines:
      spans = lines_of(text);
      break;
    case engine::DocumentFormat::xml:
      spans = elements_of(text, spec.row);
      break;
    default:
      return std::nullopt;
  }
  auto const all = count(text);
  if (!all || engine::is_packed(text)) return std::nullopt;
  TextRows out;
  std::size_t done = 0;
  for (auto const& [begin, end] : spans) {
    auto without = text;
    without.erase(begin, end - begin);
    auto const left = count(without);
    // An XML document without any row may be refused.
    bool const is_row = left ? *left + 1 == *all : *all == 1;
    if (!is_row) continue;
    out.between_.push_back(text.substr(done, begin - done));
    out.rows_.push_back(text.substr(begin, end - begin));
    done = end;
  }
  if (out.rows_.size() != *all) return std::nullopt;
  out.between_.push_back(text.substr(done));
  for (std::size_t i = 1; i + 1 < out.between_.size(); ++i) {
    out.is_plain_ = out.is_plain_ && is_blank(out.between_[i]);
  }
  return out;
}

std::string TextRows::with(std::vector<Placed> const& rows) const {
  std::string out = between_.front();
  if (is_plain_) {
    auto const joint = between_.size() > 2 ? between_[1] : std::string();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i > 0) out += joint;
      out += rows[i].text;
    }
    return out + between_.back();
  }
  for (std::size_t place = 0; place < rows_.size(); ++place) {
    for (auto const& row : rows) {
      if (row.place == place) out += row.text;
    }
    out += between_[place + 1];
  }
  return out;
}

}  // namespace affsync::proof
