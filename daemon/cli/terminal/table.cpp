#include "daemon/cli/terminal/table.hpp"

#include <algorithm>
#include <numeric>

#include "daemon/log/utf8.hpp"

namespace affsync::cli {

namespace {

constexpr int column_gap = 2;

void append_padded(std::string& out, std::string_view text, int width, Align align, Style style,
                   Terminal const& terminal) {
  auto const blanks = static_cast<std::size_t>(std::max(0, width - log::display_width(text)));
  if (align == Align::right) out.append(blanks, ' ');
  out += styled(text, style, terminal);
  if (align == Align::left) out.append(blanks, ' ');
}

void end_line(std::string& out) {
  while (!out.empty() && out.back() == ' ') out.pop_back();
  out += '\n';
}

}  // namespace

std::string styled(std::string_view text, Style style, Terminal const& terminal) {
  if (!terminal.colour || text.empty() || style == Style::plain) return std::string(text);
  std::string out = "\x1b[";
  switch (style) {
    case Style::plain:
      break;
    case Style::dim:
      out += "2m";
      break;
    case Style::bold:
      out += "1m";
      break;
    case Style::good:
      out += "32m";
      break;
    case Style::warning:
      out += "33m";
      break;
    case Style::bad:
      out += "31m";
      break;
  }
  out += text;
  return out += "\x1b[0m";
}

struct TextTable::Layout {
  std::vector<int> widths;           // by column; -1: left out
  std::vector<std::size_t> dropped;  // columns left out because the terminal is too narrow

  int total() const {
    int sum = -column_gap;
    for (int const width : widths) sum += width < 0 ? 0 : width + column_gap;
    return sum;
  }
};

void TextTable::add_row(std::vector<Cell> cells) {
  for (auto& cell : cells) cell.text = log::to_one_line(cell.text);
  cells.resize(columns_.size());
  rows_.push_back({false, std::move(cells), {}});
}

void TextTable::add_rule() {
  rows_.push_back({true, {}, {}});
}

void TextTable::add_line(std::string text, Style style) {
  rows_.push_back({false, {}, Cell(std::move(text), style)});
}

TextTable::Layout TextTable::lay_out(Terminal const& terminal) const {
  Layout natural;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    int widest = 0;
    for (auto const& row : rows_) {
      if (!row.cells.empty()) widest = std::max(widest, log::display_width(row.cells[i].text));
    }
    bool const hidden = columns_[i].hide_if_empty && widest == 0;
    int const title = log::display_width(columns_[i].title);
    natural.widths.push_back(hidden ? -1 : std::max(widest, title));
  }
  if (terminal.columns <= 0) return natural;

  std::vector<std::size_t> least_first(columns_.size());
  std::iota(least_first.begin(), least_first.end(), std::size_t{0});
  std::stable_sort(least_first.begin(), least_first.end(), [&](std::size_t a, std::size_t b) {
    return columns_[a].importance < columns_[b].importance;
  });

  auto droppable = least_first.begin();
  for (;;) {
    Layout layout = natural;
    for (std::size_t const i : least_first) {
      int const excess = layout.total() - terminal.columns;
      int const shortest = columns_[i].min_width;
      if (excess <= 0 || shortest <= 0 || layout.widths[i] <= shortest) continue;
      layout.widths[i] = std::max(shortest, layout.widths[i] - excess);
    }
    if (layout.total() <= terminal.columns) return layout;
    droppable = std::find_if(droppable, least_first.end(), [&](std::size_t i) {
      return columns_[i].droppable && natural.widths[i] >= 0;
    });
    if (droppable == least_first.end()) return layout;  // wider than the terminal, but complete
    natural.dropped.push_back(*droppable);
    natural.widths[*droppable++] = -1;
  }
}

std::string TextTable::render(Terminal const& terminal) const {
  Layout const layout = lay_out(terminal);
  std::string_view const ellipsis = terminal.unicode ? "…" : "~";
  std::string_view const dash = terminal.unicode ? "─" : "-";
  std::string out;
  auto each_shown = [&](auto&& append) {
    bool first = true;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (layout.widths[i] < 0) continue;
      if (!first) out.append(column_gap, ' ');
      first = false;
      append(i, layout.widths[i]);
    }
    end_line(out);
  };
  auto append_cell = [&](std::size_t i, std::string_view text, Style style) {
    int const width = layout.widths[i];
    auto const fitting = columns_[i].cut_middle ? cut_middle(text, width, ellipsis)
                                                : log::cut_to_width(text, width, ellipsis);
    append_padded(out, fitting, width, columns_[i].align, style, terminal);
  };

  each_shown([&](std::size_t i, int) { append_cell(i, columns_[i].title, Style::bold); });
  for (auto const& row : rows_) {
    if (!row.rule && row.cells.empty()) {
      out += styled(row.line.text, row.line.style, terminal) + '\n';
      continue;
    }
    each_shown([&](std::size_t i, int width) {
      if (!row.rule) return append_cell(i, row.cells[i].text, row.cells[i].style);
      std::string line;
      for (int n = 0; n < width; ++n) line += dash;
      out += styled(line, Style::dim, terminal);
    });
  }

  std::string hidden;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    bool const dropped =
        std::find(layout.dropped.begin(), layout.dropped.end(), i) != layout.dropped.end();
    if (!dropped || columns_[i].title.empty()) continue;
    hidden += (hidden.empty() ? "" : ", ") + columns_[i].title;
  }
  if (!hidden.empty()) {
    auto const note = "(a wider terminal also shows: " + hidden + ")";
    out += styled(wrap_text(note, "", terminal.columns), Style::dim, terminal);
  }
  return out;
}

std::string cut_middle(std::string_view text, int width, std::string_view ellipsis) {
  if (log::display_width(text) <= width) return std::string(text);
  int const room = width - log::display_width(ellipsis);
  if (room < 0) return {};
  auto out = log::cut_to_width(text, (room + 1) / 2, {});
  int const left = room - log::display_width(out);
  auto end = text;
  while (log::display_width(end) > left) log::take_code_point(end);
  return out.append(ellipsis).append(end);
}

std::string wrap_text(std::string_view text, std::string_view indent, int columns) {
  std::string const clean = log::to_one_line(text);
  std::string out(indent);
  int const start = log::display_width(indent);
  int at = start;
  for (std::size_t from = 0; from < clean.size();) {
    auto const end = std::min(clean.find(' ', from), clean.size());
    auto const word = std::string_view(clean).substr(from, end - from);
    int const width = log::display_width(word);
    if (at > start && columns > 0 && at + 1 + width > columns) {
      out += '\n';
      out += indent;
      at = start;
    } else if (at > start) {
      out += ' ';
      ++at;
    }
    out += word;
    at += width;
    from = end + 1;
  }
  return out += '\n';
}

std::string bar_text(int eighths, bool unicode) {
  static constexpr char const* parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (eighths <= 0) return {};
  if (!unicode) return std::string(static_cast<std::size_t>((eighths + 4) / 8), '#');
  std::string out;
  for (int n = 0; n < eighths / 8; ++n) out += "█";
  return out += parts[eighths % 8];
}

std::string progress_bar(std::int64_t part, std::int64_t whole, int width, bool unicode) {
  part = std::clamp<std::int64_t>(part, 0, whole);
  // The rows of one pass times the eighths stay far below 2^63.
  auto const eighths = whole > 0 ? static_cast<int>(part * width * 8 / whole) : 0;
  std::string out = bar_text(eighths, unicode);
  int const used = unicode ? (eighths + 7) / 8 : (eighths + 4) / 8;
  for (int n = used; n < width; ++n) out += unicode ? "░" : ".";
  return out;
}

std::string sparkline(std::vector<int> const& levels, bool unicode) {
  static constexpr char const* marks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string out;
  if (!unicode) return out;
  for (int const level : levels) out += level < 0 ? "·" : marks[std::min(level, 7)];
  return out;
}

}  // namespace affsync::cli
