#include "base/json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

namespace affsync {
namespace {

// Comparing all pairs is fastest for the few members of a row, but quadratic: with thousands of
// members a hostile document could block the program. Larger objects are sorted instead.
bool has_equal_names(Json::Object const& members) {
  constexpr std::size_t few = 24;
  if (members.size() <= few) {
    // Most names differ in their length or in one of three characters.
    std::array<std::uint32_t, few> marks;
    for (std::size_t i = 0; i < members.size(); ++i) {
      auto const& name = members[i].name;
      auto const at = [&](std::size_t place) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(name[place]));
      };
      auto const size = name.size();
      auto& mark = marks[i];
      mark = static_cast<std::uint32_t>(size & 0xFF);
      if (size > 0) mark |= at(0) << 8 | at(size / 2) << 16 | at(size - 1) << 24;
      for (std::size_t j = 0; j < i; ++j) {
        if (marks[j] == mark && members[j].name == name) return true;
      }
    }
    return false;
  }
  std::vector<std::string_view> names;
  names.reserve(members.size());
  for (auto const& member : members) names.push_back(member.name);
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) != names.end();
}

}  // namespace

Json Json::boolean(bool value) {
  Json json;
  json.value_.emplace<bool>(value);
  return json;
}

Json Json::number(std::string text) {
  Json json;
  json.value_.emplace<Number>(Number{std::move(text)});
  return json;
}

Json Json::string(std::string text) {
  Json json;
  json.has_nul_ = text.find('\0') != std::string::npos;
  json.value_.emplace<std::string>(std::move(text));
  return json;
}

Json Json::stray_word(std::string text) {
  Json json = string(std::move(text));
  json.has_stray_word_ = true;
  return json;
}

Json Json::array(Array items) {
  Json json;
  for (auto const& item : items) {
    json.has_nul_ |= item.has_nul_;
    json.has_duplicate_ |= item.has_duplicate_;
    json.has_stray_word_ |= item.has_stray_word_;
  }
  json.value_.emplace<Array>(std::move(items));
  return json;
}

Json Json::object(Object members) {
  Json json;
  for (auto const& member : members) {
    json.has_nul_ |= member.value.has_nul_ || member.name.find('\0') != std::string::npos;
    json.has_duplicate_ |= member.value.has_duplicate_;
    json.has_stray_word_ |= member.value.has_stray_word_;
  }
  json.has_duplicate_ = json.has_duplicate_ || has_equal_names(members);
  json.value_.emplace<Object>(std::move(members));
  return json;
}

Json::Object& Json::InPlace::object(Json& out) {
  return out.value_.emplace<Object>();
}

void Json::InPlace::end_array(Json& out) {
  for (auto const& item : out.items()) {
    out.has_nul_ |= item.has_nul_;
    out.has_duplicate_ |= item.has_duplicate_;
    out.has_stray_word_ |= item.has_stray_word_;
  }
}

void Json::InPlace::end_object(Json& out, bool may_have_nul) {
  for (auto const& member : out.members()) {
    out.has_nul_ |= member.value.has_nul_;
    if (may_have_nul) out.has_nul_ |= member.name.find('\0') != std::string::npos;
    out.has_duplicate_ |= member.value.has_duplicate_;
    out.has_stray_word_ |= member.value.has_stray_word_;
  }
  out.has_duplicate_ = out.has_duplicate_ || has_equal_names(out.members());
}

Json::Object const& Json::members() const {
  return std::get<Object>(value_);
}

std::optional<std::string_view> Json::scalar_text() const {
  switch (kind()) {
    case Kind::boolean:
      return as_bool() ? "true" : "false";
    case Kind::number:
      return number_text();
    case Kind::string:
      return as_string();
    default:
      return std::nullopt;
  }
}

Json const* Json::find(std::string_view name) const {
  auto const* object = std::get_if<Object>(&value_);
  if (object == nullptr) return nullptr;
  for (auto it = object->rbegin(); it != object->rend(); ++it) {
    if (it->name == name) return &it->value;
  }
  return nullptr;
}

namespace {

// Returns whether one of eight bytes is a control character, a quote or a backslash.
bool has_escaped(std::uint64_t eight) {
  constexpr std::uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
  auto const quote = eight ^ (ones * '"'), slash = eight ^ (ones * '\\');
  // A byte below n gets its top bit when n is subtracted and it had none. A borrow from the byte
  // below may add a false hit, but only above a true one.
  return ((((eight - ones * 0x20) & ~eight) | ((quote - ones) & ~quote) |
           ((slash - ones) & ~slash)) &
          tops) != 0;
}

// Returns the position of the first character that needs an escape, not before `from`; the size of
// the text if there is none.
std::size_t find_escaped(std::string_view text, std::size_t from) {
  for (; from + 8 <= text.size(); from += 8) {
    std::uint64_t eight;
    std::memcpy(&eight, text.data() + from, sizeof eight);
    if (has_escaped(eight)) break;
  }
  for (; from < text.size(); ++from) {
    auto const c = static_cast<unsigned char>(text[from]);
    if (c < 0x20 || c == '"' || c == '\\') break;
  }
  return from;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  auto const first = find_escaped(text, 0);
  if (first == text.size()) {
    auto const start = out.size();
    out.resize(start + text.size() + 2, '"');
    if (!text.empty()) std::memcpy(out.data() + start + 1, text.data(), text.size());
    return;
  }
  out += '"';
  std::size_t plain = 0;  // start of the characters that need no escape
  for (auto i = first; i < text.size(); i = find_escaped(text, i + 1)) {
    auto const c = static_cast<unsigned char>(text[i]);
    out.append(text, plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\0':
        out += "\xEF\xBF\xBD";
        break;
      default:
        out += {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    }
  }
  out.append(text, plain);
  out += '"';
}

void Json::dump_to(std::string& out) const {
  switch (kind()) {
    case Kind::null:
      out += "null";
      break;
    case Kind::boolean:
      out += as_bool() ? "true" : "false";
      break;
    case Kind::number:
      out += number_text();
      break;
    case Kind::string:
      append_json_string(out, as_string());
      break;
    case Kind::array: {
      out += '[';
      bool first = true;
      for (auto const& item : items()) {
        if (!std::exchange(first, false)) out += ',';
        item.dump_to(out);
      }
      out += ']';
      break;
    }
    case Kind::object: {
      out += '{';
      bool first = true;
      for (auto const& member : members()) {
        if (!std::exchange(first, false)) out += ',';
        append_json_string(out, member.name);
        out += ':';
        member.value.dump_to(out);
      }
      out += '}';
      break;
    }
  }
}

std::string Json::dump() const {
  std::string out;
  dump_to(out);
  return out;
}

namespace {

// Names with one of these are quoted in a path.
constexpr std::string_view quoted_characters = ". \t\n\r[]\"'";

// Reads one quoted name from `text`, which begins with a quote; returns its length with both
// quotes, 0 if it has no end.
std::size_t read_quoted(std::string_view text, std::string& name) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\') ++i;
    if (i < text.size()) name += text[i];
  }
  return 0;
}

std::optional<std::vector<std::string>> split_path(std::string_view text) {
  std::vector<std::string> steps;
  for (;;) {
    std::string name;
    std::size_t length = 0;
    if (text.starts_with('"')) {
      length = read_quoted(text, name);
    } else {
      length = std::min(text.find('.'), text.size());
      name = text.substr(0, length);
      if (name.find_first_of(quoted_characters) != std::string::npos) return std::nullopt;
    }
    if (length == 0 || name.empty()) return std::nullopt;
    steps.push_back(std::move(name));
    text.remove_prefix(length);
    if (text.empty()) return steps;
    if (text.front() != '.') return std::nullopt;
    text.remove_prefix(1);
  }
}

}  // namespace

bool is_json_path(std::string_view text) {
  return text == "$" || (!text.starts_with('$') && split_path(text));
}

std::string path_step(std::string_view name) {
  if (!name.empty() && !name.starts_with('$') &&
      name.find_first_of(quoted_characters) == std::string_view::npos) {
    return std::string(name);
  }
  std::string quoted = "\"";
  for (char const c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

JsonPath::JsonPath(std::string_view text) : text_(text) {
  if (text == "$" || text.empty()) return;
  if (text.find('"') == std::string_view::npos) {
    for (std::size_t from = 0;;) {
      auto const dot = text.find('.', from);
      steps_.emplace_back(text.substr(from, dot - from));
      if (dot == std::string_view::npos) return;
      from = dot + 1;
    }
  }
  auto steps = split_path(text);
  steps_ = steps ? std::move(*steps) : std::vector<std::string>{std::string(text)};
  text_.clear();
  for (auto const& step : steps_) text_ += (text_.empty() ? "" : ".") + path_step(step);
}

Json const* JsonPath::in(Json const& document) const {
  Json const* at = &document;
  for (auto const& step : steps_) {
    if (at->is_array()) {
      std::size_t index = 0;
      auto const end = step.data() + step.size();
      auto const [stop, error] = std::from_chars(step.data(), end, index);
      if (error != std::errc{} || stop != end || index >= at->items().size()) return nullptr;
      at = &at->items()[index];
    } else {
      at = at->find(step);
      if (at == nullptr) return nullptr;
    }
  }
  return at;
}

std::string_view JsonPath::head() const {
  return steps_.empty() ? std::string_view{} : std::string_view{steps_.front()};
}

}  // namespace affsync
