#include "base/encodings.hpp"

namespace affsync {
namespace {

// Returns the byte of two digits at `at`; -1 if there are none.
int byte_at(std::string_view text, std::size_t at) {
  if (at + 2 > text.size()) return -1;
  int const high = hex_digit(text[at]), low = hex_digit(text[at + 1]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

// `keeps`: what is no escape stays; otherwise it ends with nullopt.
std::optional<std::string> decoded(std::string_view text, bool keeps) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    int const byte = text[at] == '%' ? byte_at(text, at + 1) : -1;
    if (text[at] == '%' && byte < 0 && !keeps) return std::nullopt;
    out += byte < 0 ? text[at] : static_cast<char>(byte);
    if (byte >= 0) at += 2;
  }
  return out;
}

}  // namespace

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string hex_of(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(2 * bytes.size());
  for (unsigned char const byte : bytes) out += {digits[byte >> 4U], digits[byte & 15U]};
  return out;
}

std::optional<std::string> bytes_of_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(hex.size() / 2);
  for (std::size_t at = 0; at < hex.size(); at += 2) {
    int const byte = byte_at(hex, at);
    if (byte < 0) return std::nullopt;
    out += static_cast<char>(byte);
  }
  return out;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  return decoded(text, false);
}

std::string percent_decoded_where_it_is(std::string_view text) {
  return *decoded(text, true);
}

bool has_dot_segment(std::string_view encoded_path) {
  auto const path = "/" + percent_decoded_where_it_is(encoded_path) + "/";
  return path.find("/./") != std::string::npos || path.find("/../") != std::string::npos;
}

}  // namespace affsync
