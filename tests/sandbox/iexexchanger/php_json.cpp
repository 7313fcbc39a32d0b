// Escaping and float noise.
#include "tests/sandbox/iexexchanger/php_json.hpp"

#include <array>
#include <cstdio>

namespace affsync::sandbox::iexexchanger {
namespace {

void append_unit(std::string& out, unsigned unit) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += "0123456789abcdef"[(unit >> shift) & 15];
}

}  // namespace

std::string php_string(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size();) {
    auto const byte = static_cast<unsigned char>(text[i]);
    std::size_t const size = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    if (size == 1) {
      if (byte == '"' || byte == '\\' || byte == '/') out += '\\';
      out += text[i];
    } else {
      unsigned point = byte & (0xffu >> (size + 1));
      for (std::size_t k = 1; k < size && i + k < text.size(); ++k)
        point = point << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3fu);
      if (point >= 0x10000) {
        append_unit(out, 0xd800 + ((point - 0x10000) >> 10));
        point = 0xdc00 + ((point - 0x10000) & 0x3ff);
      }
      append_unit(out, point);
    }
    i += size;
  }
  return out + '"';
}

std::string php_number(Fixed value) {
  std::string out;
  append_python_number(out, value);  // the same rule, except for the form of the exponent
  auto const e = out.find("e-0");
  if (e == std::string::npos) return out;
  out.erase(e + 2, 1);
  if (out.find('.') == std::string::npos) out.insert(e, ".0");
  return out;
}

std::string float_noise(WideSum value) {
  auto const narrow = static_cast<float>(static_cast<double>(value) / fixed_one);
  std::array<char, 40> text;
  auto const size = std::snprintf(text.data(), text.size(), "%.14g", static_cast<double>(narrow));
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace affsync::sandbox::iexexchanger
