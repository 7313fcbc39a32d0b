#include "daemon/log/utf8.hpp"

#include <algorithm>
#include <iterator>

#include "base/utf8.hpp"
#include "daemon/log/width_table.hpp"

namespace affsync::log {

namespace {

constexpr char32_t replacement = 0xfffd;

template <std::size_t N>
bool is_in(CodePointRange const (&ranges)[N], char32_t code_point) {
  auto const* const at = std::lower_bound(
      std::begin(ranges), std::end(ranges), code_point,
      [](CodePointRange const& range, char32_t value) { return range.last < value; });
  return at != std::end(ranges) && at->first <= code_point;
}

}  // namespace

char32_t take_code_point(std::string_view& text) {
  auto const length = utf8_character(text, 0);
  auto const character = text.substr(0, std::max<std::size_t>(length, 1));
  text.remove_prefix(character.size());
  if (length == 0) return replacement;
  auto const lead = static_cast<unsigned char>(character[0]);
  if (length == 1) return lead;
  char32_t code = lead & (0x7fU >> length);
  for (char const c : character.substr(1)) code = code << 6U | (static_cast<unsigned>(c) & 0x3fU);
  return code;
}

void append_utf8(std::string& out, char32_t code_point) {
  auto put = [&](char32_t bits) { out += static_cast<char>(bits); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xc0U | code_point >> 6U);
    put(0x80U | (code_point & 0x3fU));
  } else if (code_point < 0x10000) {
    put(0xe0U | code_point >> 12U);
    put(0x80U | (code_point >> 6U & 0x3fU));
    put(0x80U | (code_point & 0x3fU));
  } else {
    put(0xf0U | code_point >> 18U);
    put(0x80U | (code_point >> 12U & 0x3fU));
    put(0x80U | (code_point >> 6U & 0x3fU));
    put(0x80U | (code_point & 0x3fU));
  }
}

std::string to_valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) append_utf8(out, take_code_point(text));
  return out;
}

int code_point_width(char32_t code_point) {
  if (code_point < 0x300) {
    bool const control = code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0);
    return control ? 0 : 1;
  }
  if (is_in(zero_width_ranges, code_point)) return 0;
  return is_in(wide_ranges, code_point) ? 2 : 1;
}

int display_width(std::string_view text) {
  int width = 0;
  int last = 0;  // width of the character that a variation selector would widen
  while (!text.empty()) {
    char32_t const code = take_code_point(text);
    if (code == 0xfe0f && last == 1) {  // shown as an emoji
      width += 1;
      last = 2;
      continue;
    }
    int const own = code_point_width(code);
    width += own;
    if (own > 0) last = own;
  }
  return width;
}

bool is_control(char32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0) || code_point == 0x61c ||
         code_point == 0x200e || code_point == 0x200f ||
         (code_point >= 0x2028 && code_point <= 0x202e) ||
         (code_point >= 0x2066 && code_point <= 0x2069);
}

std::string to_one_line(std::string_view text) {
  return affsync::to_one_line(text);
}

std::string cut_to_width(std::string_view text, int width, std::string_view ellipsis) {
  if (display_width(text) <= width) return std::string(text);
  int const room = width - display_width(ellipsis);
  if (room < 0) return {};
  std::string_view rest = text;
  std::size_t kept = 0;
  // Measure from the start each time, since a variation selector widens the character before it.
  while (!rest.empty()) {
    take_code_point(rest);
    auto const length = text.size() - rest.size();
    if (display_width(text.substr(0, length)) > room) break;
    kept = length;
  }
  return std::string(text.substr(0, kept)).append(ellipsis);
}

}  // namespace affsync::log
