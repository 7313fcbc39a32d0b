#include "base/readings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/case_fold.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"

namespace affsync {
namespace {

std::optional<std::uint32_t> number(std::string_view digits, int base) {
  std::uint32_t value = 0;
  auto const* const end = digits.data() + digits.size();
  auto const [last, flaw] = std::from_chars(digits.data(), end, value, base);
  if (digits.empty() || flaw != std::errc() || last != end || value > 0x10FFFF) return std::nullopt;
  return value;
}

std::string utf8(std::uint32_t code) {
  auto const rest = [code](int shift) {
    return static_cast<char>(0x80 | ((code >> shift) & 0x3F));
  };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0 | (code >> 6)), rest(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0 | (code >> 12)), rest(6), rest(0)};
  return {static_cast<char>(0xF0 | (code >> 18)), rest(12), rest(6), rest(0)};
}

// The bytes that an escape at the start of a text encodes.
struct Spelling {
  std::string bytes;
  std::size_t length = 0;  // of the escape in the text; 0: there is none
};

Spelling percent(std::string_view text) {
  if (text.starts_with('+')) return {" ", 1};
  if (!text.starts_with('%') || text.size() < 3) return {};
  auto const byte = number(text.substr(1, 2), 16);
  if (!byte) return {};
  return {std::string(1, static_cast<char>(*byte)), 3};
}

Spelling json_escape(std::string_view text) {
  if (!text.starts_with('\\') || text.size() < 2) return {};
  if (text[1] != 'u') {
    constexpr std::string_view names = "\"\\/bfnrt", meant = "\"\\/\b\f\n\r\t";
    auto const at = names.find(text[1]);
    if (at == std::string_view::npos) return {};
    return {std::string(1, meant[at]), 2};
  }
  auto const first = text.size() < 6 ? std::nullopt : number(text.substr(2, 4), 16);
  if (!first) return {};
  bool const is_half = *first >= 0xD800 && *first < 0xDC00;
  if (!is_half) return {utf8(*first), 6};
  if (text.size() < 12 || text[6] != '\\' || text[7] != 'u') return {};
  auto const second = number(text.substr(8, 4), 16);
  if (!second || *second < 0xDC00 || *second > 0xDFFF) return {};
  return {utf8(0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00)), 12};
}

Spelling html_entity(std::string_view text) {
  if (!text.starts_with('&')) return {};
  constexpr std::array<std::pair<std::string_view, char>, 5> names{
      {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}};
  for (auto const& [name, meant] : names) {
    if (starts_without_case(text, name)) return {std::string(1, meant), name.size()};
  }
  auto const end = text.substr(0, 12).find(';');
  if (end == std::string_view::npos || end < 3 || text[1] != '#') return {};
  bool const hex = text[2] == 'x' || text[2] == 'X';
  auto const code = number(text.substr(hex ? 3 : 2, end - (hex ? 3 : 2)), hex ? 16 : 10);
  if (!code) return {};
  return {utf8(*code), end + 1};
}

Spelling spelling_at(std::string_view text) {
  switch (text.front()) {
    case '%':
    case '+':
      return percent(text);
    case '\\':
      return json_escape(text);
    default:
      return html_entity(text);
  }
}

// Returns where the next escape may begin at or after `from`; the size of the text if nowhere.
std::size_t next_escape(std::string_view text, std::size_t from) {
  auto const at =
      std::find_if(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(),
                   [](char c) { return c == '%' || c == '+' || c == '\\' || c == '&'; });
  return static_cast<std::size_t>(at - text.begin());
}

// The place of `count` bytes from `at` on.
Place place_of(Reading const& reading, std::size_t at, std::size_t count) {
  return {reading.places[at].begin, reading.places[at + count - 1].end};
}

}  // namespace

Reading as_it_stands(std::string_view text, bool with_places) {
  Reading reading{std::string(text), {}};
  if (!with_places) return reading;
  reading.places.reserve(text.size());
  for (std::uint32_t at = 0; at < text.size(); ++at) reading.places.push_back({at, at + 1});
  return reading;
}

bool decode(Reading& reading) {
  std::string_view const text = reading.bytes;
  auto next = next_escape(text, 0);
  if (next == text.size()) return false;
  bool const placed = !reading.places.empty();
  Reading out;
  out.bytes.reserve(text.size());
  bool changed = false;
  for (std::size_t at = 0; at < text.size();) {
    auto const plain = next - at;
    out.bytes.append(text, at, plain);
    if (placed) {
      auto const from = reading.places.begin() + static_cast<std::ptrdiff_t>(at);
      out.places.insert(out.places.end(), from, from + static_cast<std::ptrdiff_t>(plain));
    }
    at += plain;
    if (at == text.size()) break;
    auto spelling = spelling_at(text.substr(at));
    changed = changed || spelling.length > 0;
    if (spelling.length == 0) spelling = {std::string(1, text[at]), 1};
    if (placed) {
      out.places.insert(out.places.end(), spelling.bytes.size(),
                        place_of(reading, at, spelling.length));
    }
    out.bytes += spelling.bytes;
    at += spelling.length;
    next = next_escape(text, at);
  }
  if (changed) reading = std::move(out);
  return changed;
}

namespace {

// How many bytes at the start are ASCII, and neither blanks nor control characters.
std::size_t plain_bytes(std::string_view text) {
  auto const end = std::ranges::find_if(text, [](char c) {
    auto const byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte >= 0x7F;
  });
  return static_cast<std::size_t>(end - text.begin());
}

}  // namespace

Reading compared(Reading const& reading) {
  std::string_view const text = reading.bytes;
  bool const placed = !reading.places.empty();
  Reading out;
  out.bytes.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    auto const plain = plain_bytes(text.substr(at));
    if (plain > 0) {
      auto const begin = out.bytes.size();
      out.bytes.append(text, at, plain);
      for (auto i = begin; i < out.bytes.size(); ++i) out.bytes[i] = to_lower(out.bytes[i]);
      if (placed) {
        auto const from = reading.places.begin() + static_cast<std::ptrdiff_t>(at);
        out.places.insert(out.places.end(), from, from + static_cast<std::ptrdiff_t>(plain));
      }
      at += plain;
      continue;
    }
    auto const first = static_cast<unsigned char>(text[at]);
    std::size_t const length =
        first < 0x80 ? 1 : std::max<std::size_t>(utf8_character(text, at), 1);
    auto const character = text.substr(at, length);
    bool const blank = first < 0x80
                           ? first <= 0x20 || first == 0x7F
                           : is_control_character(character) || is_joint_without_width(character);
    if (blank && !out.bytes.empty() && out.bytes.back() == ' ') {
      if (placed) out.places.back().end = place_of(reading, at, length).end;
      at += length;
      continue;
    }
    auto const before = out.bytes.size();
    if (blank) {
      out.bytes += ' ';
    } else {
      out.bytes += fold_case(character);
    }
    if (placed) {
      out.places.insert(out.places.end(), out.bytes.size() - before, place_of(reading, at, length));
    }
    at += length;
  }
  return out;
}

}  // namespace affsync
