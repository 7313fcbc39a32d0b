#include "base/yaml/syntax.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/utf8.hpp"

namespace affsync::yaml {
namespace {

struct Words {
  std::string_view theirs;  // the beginning of yaml-cpp's message
  std::string_view ours;
  std::string_view hint;
};

constexpr std::string_view quote_hint = "Put a text with special characters in quotes.";

// The messages of yaml-cpp are for programmers, and some quote the text, which may be a password.
constexpr Words plain_words[] = {
    {"illegal tab", "a tab in the indentation", "Indent with blanks."},
    {"illegal map value", "an unexpected colon, such as a second one on the same line",
     "Check the indentation and that each colon is followed by a blank; put a text with special "
     "characters in quotes."},
    {"illegal map key", "a key where none is allowed", "Check the indentation."},
    {"illegal block entry", "a list item where none is allowed", "Check the indentation."},
    {"illegal flow end", "a closing bracket without an opening one", quote_hint},
    {"end of map flow", "a { without its }", {}},
    {"end of sequence flow", "a [ without its ]", {}},
    {"end of map", "a line that does not fit the mapping around it",
     "Check the indentation, and that each key ends with a colon and a blank."},
    {"end of sequence", "a line that does not fit the list around it", "Check the indentation."},
    {"illegal EOF", "a quote that is not closed", "It was opened here or further up."},
    {"illegal document indicator", "a quote that is not closed",
     "It was opened here or further up."},
    {"unknown escape", "an unknown escape after a backslash",
     "In double quotes write \\\\ for a backslash, or use single quotes."},
    {"invalid unicode", "an escape that is not a character", {}},
    {"bad character found while scanning hex", "an escape that is not a character", {}},
    {"the referenced anchor", "an alias (a word that begins with *) without its anchor",
     quote_hint},
    {"alias not found", "a * that names nothing", quote_hint},
    {"anchor not found", "an & that names nothing", quote_hint},
    {"illegal character found while scanning", "a special character at the start of a text",
     quote_hint},
    {"unknown token", "a character that needs quotes at the start of a text", quote_hint},
    {"cannot assign multiple", "two tags, anchors or aliases for one value", quote_hint},
};

// Returns the position of the first byte that is not UTF-8 or is a control character; npos if there
// is none.
std::size_t first_bad_byte(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    auto const c = static_cast<unsigned char>(text[i]);
    bool const is_control = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
    auto const length = utf8_character(text, i);
    if (length == 0 || is_control) return i;
    i += length;
  }
  return std::string_view::npos;
}

}  // namespace

namespace {

// Returns the position of the last bracket of the kind `opening` that is not closed, outside quotes
// and comments; nullopt if there is none.
std::optional<YAML::Mark> open_bracket(std::string_view text, char opening) {
  std::vector<YAML::Mark> open;
  std::vector<char> kinds;
  int line = 0, column = 0;
  char quote = 0, before = ' ';
  bool comment = false;
  for (char const c : text) {
    if (c == '\n') {
      ++line;
      column = 0;
      comment = false;
      before = ' ';
      continue;
    }
    bool const at_start = before == ' ' || before == '\t' || before == '{' || before == '[' ||
                          before == ',' || before == ':';
    if (!comment && quote != 0) {
      if (c == quote && !(quote == '"' && before == '\\')) quote = 0;
    } else if (!comment) {
      if (c == '#' && (before == ' ' || before == '\t')) {
        comment = true;
      } else if ((c == '"' || c == '\'') && at_start) {
        quote = c;
      } else if ((c == '{' || c == '[') && at_start) {
        YAML::Mark mark;
        mark.line = line;
        mark.column = column;
        open.push_back(mark);
        kinds.push_back(c);
      } else if ((c == '}' || c == ']') && !open.empty()) {
        open.pop_back();
        kinds.pop_back();
      }
    }
    before = c;
    ++column;
  }
  for (std::size_t i = open.size(); i-- > 0;) {
    if (kinds[i] == opening) return open[i];
  }
  return std::nullopt;
}

// Returns whether the first character of the line that is not a blank is a tab.
bool is_indented_by_tab(std::string_view text, int line) {
  for (; line > 0; --line) {
    auto const end = text.find('\n');
    if (end == std::string_view::npos) return false;
    text.remove_prefix(end + 1);
  }
  auto const first = text.find_first_not_of(' ');
  return first != std::string_view::npos && text[first] == '\t';
}

}  // namespace

Error in_plain_words(YAML::ParserException const& flaw, std::string_view text,
                     Builder const& builder) {
  Error error(ErrorCode::config_invalid, "not valid YAML", std::string(quote_hint));
  for (auto const& words : plain_words) {
    if (!flaw.msg.starts_with(words.theirs)) continue;
    error.message += ": " + std::string(words.ours);
    error.hint = words.hint;
    break;
  }
  error.where = builder.place(flaw.mark);
  // An exception of yaml-cpp has no code, only words. It notices a missing bracket only at the end
  // of the file or at the next token that does not fit. Report where the bracket was opened.
  bool const flow = flaw.msg.starts_with("end of map flow");
  if (flow || flaw.msg.starts_with("end of sequence flow")) {
    if (auto const opened = open_bracket(text, flow ? '{' : '[')) {
      error.where = builder.place(*opened);
      error.hint = flow ? "It was opened here. Put a text that contains # } or , (such as a "
                          "password) in quotes."
                        : "It was opened here. Put a text that contains # ] or , in quotes.";
    }
  }
  // The tab is in the line of the error or in the line before.
  for (int const line : {flaw.mark.line, flaw.mark.line - 1}) {
    if (line < 0 || !is_indented_by_tab(text, line)) continue;
    YAML::Mark mark;
    mark.line = line;
    mark.column = 0;
    error.where = builder.place(mark);
    error.message = "not valid YAML: a tab in the indentation";
    error.hint = "Indent with blanks.";
    break;
  }
  return error;
}

void check_bytes(std::string_view text, Builder const& builder) {
  auto const bad = first_bad_byte(text);
  if (bad == std::string_view::npos) return;
  YAML::Mark mark;
  mark.line =
      static_cast<int>(std::count(text.begin(), text.begin() + static_cast<long>(bad), '\n'));
  auto const line_start = bad == 0 ? std::string_view::npos : text.rfind('\n', bad - 1);
  mark.column = static_cast<int>(line_start == std::string_view::npos ? bad : bad - line_start - 1);
  bool const is_control = static_cast<unsigned char>(text[bad]) < 0x80;
  Error error(ErrorCode::config_invalid,
              is_control ? "a control character in the text" : "the text is not UTF-8",
              is_control ? "Remove it." : "Save the file in the UTF-8 encoding.");
  throw Failure(std::move(error.at(builder.place(mark))));
}

}  // namespace affsync::yaml
