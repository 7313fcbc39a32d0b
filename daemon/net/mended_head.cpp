#include "daemon/net/mended_head.hpp"

#include <algorithm>

namespace affsync::net {
namespace {

constexpr std::string_view line_end = "\r\n";

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_of_name(char c) {
  return is_alphanumeric(c) ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_bare_status(std::string_view line) {
  constexpr std::size_t length = std::string_view("HTTP/1.1 200").size();
  return line.size() == length &&
         (line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ")) &&
         std::ranges::all_of(line.substr(length - 3), [](char c) { return c >= '0' && c <= '9'; });
}

// Returns true if the field has a name that is none. `is_whole`: its end has come.
bool is_odd_field(std::string_view line, bool is_whole) {
  if (line == "\r") return false;
  auto const name = line.substr(0, line.find(':'));
  if (name.empty() || (is_whole && name.size() == line.size())) return false;
  if (std::ranges::all_of(name, is_of_name)) return false;
  std::string letters;
  for (char const c : name) {
    if (is_alphanumeric(c)) letters += static_cast<char>(c | 0x20);
  }
  bool const may_end_body =
      letters.find("length") != std::string::npos || letters.find("encoding") != std::string::npos;
  return !may_end_body;
}

// A line that begins with a blank continues the one before it.
bool continues(std::string_view line) {
  return line.starts_with(' ') || line.starts_with('\t');
}

struct Line {
  std::string_view text;
  bool is_whole = false;
};

Line take_line(std::string_view& head) {
  auto const end = head.find(line_end);
  bool const is_whole = end != std::string_view::npos;
  Line const line{head.substr(0, end), is_whole};
  head.remove_prefix(is_whole ? end + line_end.size() : head.size());
  return line;
}

}  // namespace

bool needs_mending(std::string_view head, bool begins) {
  for (bool is_first = begins; !head.empty(); is_first = false) {
    auto const line = take_line(head);
    // The end of a header whose other lines were read already: what follows is the body.
    if (!is_first && line.is_whole && line.text.empty()) return false;
    if (is_first) {
      auto const end = line.text.ends_with('\r') ? line.text.size() - 1 : line.text.size();
      bool const has_end = line.is_whole || end < line.text.size();
      if (has_end && is_bare_status(line.text.substr(0, end))) return true;
    } else if (!continues(line.text) && is_odd_field(line.text, line.is_whole)) {
      return true;
    }
  }
  return false;
}

std::string mended_head(std::string_view head, bool begins) {
  std::string mended;
  bool is_left_out = false;
  for (bool is_first = begins; !head.empty(); is_first = false) {
    auto const line = take_line(head);
    if (is_first || !continues(line.text)) {
      is_left_out = !is_first && is_odd_field(line.text, true);
    }
    if (is_left_out) continue;
    mended += line.text;
    if (is_first && is_bare_status(line.text)) mended += ' ';
    mended += line_end;
  }
  return mended;
}

}  // namespace affsync::net
