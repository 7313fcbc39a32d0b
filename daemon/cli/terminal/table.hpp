// Aligned tables for people. On a terminal they fit its width: texts are shortened, then whole
// columns are left out (and named below), the least important first; numbers are never cut.
// Elsewhere nothing is cut and there are no colours. Performs no I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/log/terminal.hpp"

namespace affsync::cli {

using log::Terminal;

enum class Style { plain, dim, bold, good, warning, bad };
enum class Align { left, right };

// Returns `text` in colours if the terminal has them.
std::string styled(std::string_view text, Style style, Terminal const& terminal);

struct TableColumn {
  std::string title;
  Align align = Align::left;
  int importance = 5;          // columns of higher importance are shortened and left out later
  int min_width = 0;           // width to which texts may be cut; 0: never cut
  bool droppable = false;      // the column may be left out
  bool hide_if_empty = false;  // left out if every row is empty there
  bool cut_middle = false;     // cut in the middle, since names and ids often begin alike
};

struct Cell {
  std::string text;
  Style style = Style::plain;
  Cell() = default;
  Cell(std::string content, Style look = Style::plain)  // NOLINT: a text is a cell
      : text(std::move(content)), style(look) {}
  Cell(std::string_view content) : text(content) {}  // NOLINT
  Cell(char const* content) : text(content) {}       // NOLINT
};

class TextTable {
 public:
  explicit TextTable(std::vector<TableColumn> columns) : columns_(std::move(columns)) {}

  // Missing cells at the end are empty. Texts may contain anything: they are put on one line, and
  // control characters become spaces.
  void add_row(std::vector<Cell> cells);
  // Adds a horizontal line, before totals.
  void add_rule();
  // Adds a text that belongs to no column, such as how many rows were left out.
  void add_line(std::string text, Style style);
  bool empty() const { return rows_.empty(); }

  // Returns complete lines, each with a line feed; the titles first.
  std::string render(Terminal const& terminal) const;

 private:
  struct Row {
    bool rule = false;
    std::vector<Cell> cells;  // empty for a line of text
    Cell line;
  };
  struct Layout;
  Layout lay_out(Terminal const& terminal) const;

  std::vector<TableColumn> columns_;
  std::vector<Row> rows_;
};

// Returns the start and the end of `text` that fit into `width` together, with `ellipsis` between
// them if something was cut.
std::string cut_middle(std::string_view text, int width, std::string_view ellipsis);

// Wraps `text` at spaces into lines of at most `columns` (0: no limit), each beginning with
// `indent`.
std::string wrap_text(std::string_view text, std::string_view indent, int columns);

// Returns a bar of `eighths` eighths of a character. Without Unicode: a '#' for each character,
// rounded.
std::string bar_text(int eighths, bool unicode);
// Returns a bar of fixed width, filled to `part` of `whole`.
std::string progress_bar(std::int64_t part, std::int64_t whole, int width, bool unicode);
// Returns one character for each level 0..7; -1 is a gap (a dot). Empty without Unicode.
std::string sparkline(std::vector<int> const& levels, bool unicode);

}  // namespace affsync::cli
