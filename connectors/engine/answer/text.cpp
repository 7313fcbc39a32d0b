#include "connectors/engine/answer/text.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/case_fold.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"

namespace affsync::engine {
namespace {

constexpr std::array code_names{"code", "error_code", "errorCode", "retCode", "status_code"};
constexpr std::array message_names{"message", "detail", "error_description", "error_message",
                                   "msg",     "retMsg", "description",       "reason",
                                   "title",   "errors", "non_field_errors",  "details"};

struct ErrorTextFinder {
  std::vector<std::string> parts;
  int depth = 0;
  bool by_name = false;  // ignore fields whose names are not typical for errors

  void add(std::string_view text) {
    std::string const line = one_line(text);
    if (line.empty() || parts.size() >= 6) return;
    if (by_name && may_be_token(line)) return;
    if (std::find(parts.begin(), parts.end(), line) == parts.end()) parts.push_back(line);
  }
  void read_message(Json const& value);
  void read_object(Json const& object);
  void read_fields(Json const& object);
};

void ErrorTextFinder::read_message(Json const& value) {
  if (depth > 4) return;
  if (auto const text = value.scalar_text()) {
    if (value.is_string()) add(*text);
    return;
  }
  ++depth;
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.items().size() && i < 3; ++i) read_message(value.items()[i]);
  } else if (value.is_object()) {
    read_object(value);
  }
  --depth;
}

void ErrorTextFinder::read_object(Json const& object) {
  std::size_t const before = parts.size();
  for (auto const* name : code_names) {
    Json const* const code = object.find(name);
    if (code == nullptr || parts.size() > before) continue;
    if (auto const text = code->scalar_text()) add(*text);
  }
  if (Json const* const error = object.find("error")) read_message(*error);
  for (auto const* name : message_names) {
    if (Json const* const message = object.find(name)) read_message(*message);
  }
  bool const is_named = depth > 1;
  if (parts.size() == before && (is_named || !by_name)) read_fields(object);
}

// Objects whose members are lists of texts: {"login": ["This field is required."]}.
void ErrorTextFinder::read_fields(Json const& object) {
  for (auto const& [name, value] : object.members()) {
    bool const texts = value.is_array() && !value.items().empty() &&
                       std::all_of(value.items().begin(), value.items().end(),
                                   [](Json const& item) { return item.is_string(); });
    if (texts) add(name + ": " + value.items().front().as_string());
  }
}

}  // namespace

bool may_be_token(std::string_view text) {
  constexpr std::size_t shortest = 20;
  std::size_t length = 0;
  bool has_digit = false;
  for (char const c : text) {
    bool const digit = c >= '0' && c <= '9';
    bool const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    bool const of_word =
        digit || letter || std::string_view("-_.+/=~").find(c) != std::string::npos;
    length = of_word ? length + 1 : 0;
    has_digit = of_word && (has_digit || digit);
    if (length >= shortest && has_digit) return true;
  }
  return false;
}

std::string one_line(std::string_view text, std::size_t limit) {
  std::string out;
  std::size_t count = 0;
  bool blank = false;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t const length = utf8_character(text, i);
    std::string_view const sequence = length == 0 ? "?" : text.substr(i, length);
    i += std::max<std::size_t>(length, 1);
    if (sequence == " " || is_control_character(sequence) || is_joint_without_width(sequence)) {
      blank = !out.empty();
      continue;
    }
    if (count + (blank ? 1 : 0) >= limit) return out + "…";
    if (blank) {
      out += ' ';
      ++count;
      blank = false;
    }
    out += sequence;
    ++count;
  }
  return out;
}

std::string beginning(std::string_view text, std::size_t bytes, std::size_t limit) {
  auto line = one_line(text.substr(0, bytes), limit);
  if (text.size() > bytes && !line.ends_with("…")) line += "…";
  return line;
}

std::string without_query(std::string_view link, std::size_t limit) {
  return beginning(link, std::min(link.find_first_of("?#"), link.size()), limit);
}

bool looks_like_html(std::string_view body) {
  auto const start = body.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (start == std::string_view::npos || body[start] != '<') return false;
  auto const text = body.substr(start, 4096);
  for (auto const* word : {"<!doctype html", "<html", "<head", "<body", "<title"}) {
    if (find_without_case(text, word) != std::string_view::npos) return true;
  }
  return false;
}

std::string html_title(std::string_view body) {
  auto const text = body.substr(0, 16 * 1024);
  auto const open = find_without_case(text, "<title");
  if (open == std::string_view::npos) return {};
  auto const from = text.find('>', open);
  if (from == std::string_view::npos) return {};
  auto const length = find_without_case(text.substr(from + 1), "</title");
  if (length == std::string_view::npos) return {};
  return one_line(text.substr(from + 1, length), 100);
}

namespace {

std::string found_text(Json const& body, ErrorTextFinder finder) {
  if (body.is_object() || body.is_array()) finder.read_message(body);
  if (body.is_string()) finder.add(body.as_string());
  std::string text;
  for (auto const& part : finder.parts) {
    if (!text.empty()) text += ": ";
    text += part;
  }
  return one_line(text);
}

}  // namespace

std::string error_text(Json const& body) {
  return found_text(body, ErrorTextFinder());
}

std::string error_text_by_name(Json const& body) {
  ErrorTextFinder finder;
  finder.by_name = true;
  return found_text(body.is_object() ? body : Json(), std::move(finder));
}

bool has_text(std::string_view bytes, Json const& body, std::string_view text) {
  if (contains_folded(bytes, text)) return true;
  bool const may_be_escaped = std::ranges::any_of(
      text, [](char c) { return c == '/' || static_cast<unsigned char>(c) >= 0x80; });
  return may_be_escaped && bytes.find('\\') != std::string_view::npos &&
         contains_folded(body.dump(), text);
}

}  // namespace affsync::engine
