// Makes a manual page of the project's Markdown, at build time; needs nothing but the standard
// library.
//
//   affsync-to-man TITLE SECTION DATE VERSION ROOT REFERENCE <page.md >page.man
//
// Understands what the documents use: headings, paragraphs, lists, tables, fenced code, links,
// `code`,
// **bold** and *emphasis*. Lines of the page that pull in other texts:
//   <!-- section FILE "Heading" -->   a section of a document below ROOT, without its heading
//   <!-- document FILE -->            a whole document without its title
//   <!-- code FILE -->                a file as it stands
//   <!-- reference -->                the file REFERENCE
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Lines = std::vector<std::string>;

[[noreturn]] void give_up(std::string const& message) {
  std::cerr << "affsync-to-man: " << message << "\n";
  std::exit(1);
}

Lines read_lines(std::string const& file) {
  std::ifstream in(file);
  if (!in) give_up("cannot read " + file);
  Lines lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool is_fence(std::string const& line) {
  return line.find_first_not_of(' ') != std::string::npos &&
         line.substr(line.find_first_not_of(' ')).starts_with("```");
}

// 0: no heading.
std::size_t heading_level(std::string const& line) {
  auto const end = line.find_first_not_of('#');
  return end == std::string::npos || end == 0 || line[end] != ' ' ? 0 : end;
}

std::string heading_text(std::string const& line) {
  return line.substr(heading_level(line) + 1);
}

// Returns the lines below the heading, up to the next one of its level or above.
Lines section_of(Lines const& document, std::string const& heading) {
  Lines section;
  std::size_t level = 0;
  bool code = false;
  for (auto const& line : document) {
    if (is_fence(line)) code = !code;
    auto const found = code ? 0 : heading_level(line);
    if (level != 0 && found != 0 && found <= level) break;
    if (level != 0) section.push_back(line);
    if (level == 0 && found != 0 && heading_text(line) == heading) level = found;
  }
  if (level == 0) give_up("there is no section \"" + heading + "\"");
  return section;
}

// The value of a line <!-- NAME VALUE -->; empty if it is another one.
std::string pulled(std::string const& line, std::string const& name) {
  auto const start = "<!-- " + name;
  if (!line.starts_with(start) || !line.ends_with(" -->")) return {};
  return line.substr(start.size(), line.size() - start.size() - 4) + " ";
}

void append(Lines& lines, Lines const& more) {
  lines.insert(lines.end(), more.begin(), more.end());
}

Lines pull(std::string const& line, std::string const& root, std::string const& reference) {
  auto const trimmed = [](std::string text) {
    text.erase(0, text.find_first_not_of(' '));
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  };
  Lines lines;
  if (auto const value = pulled(line, "section"); !value.empty()) {
    auto const quote = value.find('"');
    auto const end = value.rfind('"');
    if (quote == end) give_up("no heading in: " + line);
    auto const file = trimmed(value.substr(0, quote));
    append(lines,
           section_of(read_lines(root + "/" + file), value.substr(quote + 1, end - quote - 1)));
  } else if (auto const document = pulled(line, "document"); !document.empty()) {
    for (auto const& one : read_lines(root + "/" + trimmed(document))) {
      if (heading_level(one) != 1) lines.push_back(one);
    }
  } else if (auto const code = pulled(line, "code"); !code.empty()) {
    lines.push_back("```");
    append(lines, read_lines(root + "/" + trimmed(code)));
    lines.push_back("```");
  } else if (!pulled(line, "reference").empty()) {
    append(lines, read_lines(reference));
  } else {
    lines.push_back(line);
  }
  return lines;
}

// Escapes what roff would understand. A hyphen would be typeset as one that cannot be pasted.
std::string escaped(std::string_view text) {
  std::string out;
  for (char const letter : text) {
    if (letter == '\\') {
      out += "\\e";
    } else if (letter == '-') {
      out += "\\-";
    } else {
      out += letter;
    }
  }
  return out;
}

// A line that begins with a dot or an apostrophe is a request.
std::string guarded(std::string const& line) {
  return line.starts_with(".") || line.starts_with("'") ? "\\&" + line : line;
}

std::string inline_text(std::string_view text);

// [text](target) -> text; the targets are pages of the web site or files beside the document.
bool take_link(std::string_view& rest, std::string& out) {
  if (!rest.starts_with("[")) return false;
  auto const middle = rest.find("](");
  auto const end = middle == std::string_view::npos ? middle : rest.find(')', middle);
  if (end == std::string_view::npos || rest.substr(1, middle).find('[') != std::string_view::npos) {
    return false;
  }
  out += inline_text(rest.substr(1, middle - 1));
  rest.remove_prefix(end + 1);
  return true;
}

// Text between two marks, such as **bold**.
bool take_marked(std::string_view& rest, std::string_view mark, char const* font, bool code,
                 std::string& out) {
  if (!rest.starts_with(mark)) return false;
  auto const end = rest.find(mark, mark.size());
  if (end == std::string_view::npos || end == mark.size()) return false;
  auto const inner = rest.substr(mark.size(), end - mark.size());
  if (!code && inner.front() == ' ') return false;
  out += font + (code ? escaped(inner) : inline_text(inner)) + "\\fR";
  rest.remove_prefix(end + mark.size());
  return true;
}

std::string inline_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (take_marked(text, "``", "\\fB", true, out) || take_marked(text, "`", "\\fB", true, out) ||
        take_marked(text, "**", "\\fB", false, out) || take_marked(text, "*", "\\fI", false, out) ||
        take_link(text, out)) {
      continue;
    }
    if (text.size() > 1 && text[0] == '\\' &&
        std::string_view("|*`_[]<>\\").find(text[1]) != std::string_view::npos) {
      text.remove_prefix(1);
    }
    out += escaped(text.substr(0, 1));
    text.remove_prefix(1);
  }
  return out;
}

std::string upper(std::string text) {
  for (char& letter : text) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  }
  return text;
}

// The cells of a table's line; \| inside of a cell is a bar.
Lines cells_of(std::string const& line) {
  Lines cells(1);
  bool code = false;
  for (std::size_t at = line.find('|') + 1; at < line.size(); ++at) {
    if (line[at] == '`') code = !code;
    if (line[at] == '\\' && at + 1 < line.size() && line[at + 1] == '|') {
      cells.back() += '|';
      ++at;
    } else if (line[at] == '|') {
      cells.emplace_back();
    } else {
      cells.back() += line[at];
    }
  }
  cells.pop_back();
  for (auto& cell : cells) {
    cell.erase(0, cell.find_first_not_of(' '));
    cell.erase(cell.find_last_not_of(' ') + 1);
  }
  return cells;
}

class Page {
 public:
  explicit Page(std::ostream& out) : out_(out) {}

  void add(Lines const& lines) {
    for (at_ = 0; at_ < lines.size(); ++at_) {
      auto const& line = lines[at_];
      if (is_fence(line)) {
        add_code(lines);
      } else if (heading_level(line) != 0) {
        add_heading(line);
      } else if (line.starts_with("|")) {
        add_table(lines);
      } else if (line.find_first_not_of(' ') == std::string::npos) {
        open_ = false;
      } else if (!line.starts_with("<!--")) {
        add_text(line);
      }
    }
  }

 private:
  void add_heading(std::string const& line) {
    bool const top = heading_level(line) <= 2;
    out_ << (top ? ".SH \"" : ".SS \"")
         << inline_text(top ? upper(heading_text(line)) : heading_text(line)) << "\"\n";
    open_ = true;  // the paragraph of a heading
  }

  void add_code(Lines const& lines) {
    auto const indent = lines[at_].find_first_not_of(' ');
    out_ << ".PP\n.RS 4\n.EX\n";
    for (++at_; at_ < lines.size() && !is_fence(lines[at_]); ++at_) {
      auto const& line = lines[at_];
      auto const blank = std::min(line.find_first_not_of(' '), line.size());
      out_ << guarded(escaped(line.substr(std::min(indent, blank)))) << "\n";
    }
    out_ << ".EE\n.RE\n";
    open_ = false;
  }

  // The first cell becomes a term, the others what is said of it; those of more than two columns
  // are named by the header.
  void add_table(Lines const& lines) {
    auto const header = cells_of(lines[at_]);
    for (at_ += 2; at_ < lines.size() && lines[at_].starts_with("|"); ++at_) {
      auto const cells = cells_of(lines[at_]);
      out_ << ".TP\n\\fB\\fR" << inline_text(cells.front()) << "\n";
      for (std::size_t i = 1; i < cells.size(); ++i) {
        if (cells[i].empty()) continue;
        if (i > 1) out_ << ".br\n";
        bool const named = cells.size() > 2 && i < header.size() && !header[i].empty();
        auto const text =
            (named ? "\\fI" + inline_text(header[i]) + ":\\fR " : "") + inline_text(cells[i]);
        out_ << guarded(text) << "\n";
      }
    }
    --at_;
    open_ = false;
  }

  void add_text(std::string const& line) {
    auto const indent = line.find_first_not_of(' ');
    auto const text = line.substr(indent);
    auto const number = text.find_first_not_of("0123456789");
    bool const numbered =
        number != 0 && number != std::string::npos && text.substr(number).starts_with(". ");
    if (text.starts_with("- ") || text.starts_with("* ")) {
      out_ << ".IP \\(bu 3\n" << guarded(inline_text(text.substr(2))) << "\n";
      open_ = true;
    } else if (numbered) {
      out_ << ".IP " << text.substr(0, number + 1) << " 4\n"
           << guarded(inline_text(text.substr(number + 2))) << "\n";
      open_ = true;
    } else {
      // An indented paragraph belongs to the list's entry before it.
      if (!open_) out_ << (indent > 0 ? ".IP\n" : ".PP\n");
      open_ = true;
      out_ << guarded(inline_text(text)) << "\n";
    }
  }

  std::ostream& out_;
  std::size_t at_ = 0;
  bool open_ = false;  // a paragraph goes on
};

// A mark may span two lines: joins the lines of a paragraph first.
Lines joined_paragraphs(Lines const& lines) {
  Lines joined;
  bool code = false, text = false;
  for (auto const& line : lines) {
    bool const fence = is_fence(line);
    auto const first = line.find_first_not_of(' ');
    bool const plain = !fence && !code && first != std::string::npos && heading_level(line) == 0 &&
                       line[0] != '|' && !line.starts_with("<!--");
    auto const number = plain ? line.find_first_not_of("0123456789", first) : 0;
    bool const entry =
        plain &&
        (line.substr(first).starts_with("- ") || line.substr(first).starts_with("* ") ||
         (number != std::string::npos && number > first && line.substr(number).starts_with(". ")));
    if (plain && text && !entry) {
      joined.back() += " " + line.substr(first);
    } else {
      joined.push_back(line);
    }
    text = plain;
    if (fence) code = !code;
  }
  return joined;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) give_up("TITLE SECTION DATE VERSION ROOT REFERENCE");
  std::vector<std::string> const arguments(argv, argv + argc);
  Lines lines;
  for (std::string line; std::getline(std::cin, line);) {
    append(lines, pull(line, arguments[5], arguments[6]));
  }
  std::cout << ".TH \"" << arguments[1] << "\" \"" << arguments[2] << "\" \"" << arguments[3]
            << "\" \"affsync " << arguments[4] << "\"\n.nh\n.ad l\n";
  Page(std::cout).add(joined_paragraphs(lines));
  return std::cout.flush() ? 0 : 1;
}
