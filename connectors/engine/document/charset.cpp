#include "connectors/engine/document/charset.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/encodings.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"

namespace affsync::engine {
namespace {

constexpr std::array<std::string_view, 17> known_charsets{
    "utf-8",        "utf-16",       "utf-16le",     "utf-16be",     "us-ascii",     "windows-1250",
    "windows-1251", "windows-1252", "windows-1253", "windows-1254", "windows-1257", "iso-8859-1",
    "iso-8859-2",   "iso-8859-5",   "iso-8859-15",  "koi8-r",       "ibm866"};

class Converter {
 public:
  explicit Converter(std::string const& charset) : handle_(iconv_open("UTF-8", charset.c_str())) {}
  ~Converter() {
    if (is_open()) iconv_close(handle_);
  }
  Converter(Converter const&) = delete;
  Converter& operator=(Converter const&) = delete;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): POSIX defines the handle of a failure like this
  bool is_open() const { return handle_ != reinterpret_cast<iconv_t>(-1); }

  // Appends what it can convert to `out`; returns the number of bytes that it took.
  std::size_t convert(std::string_view bytes, std::string& out, std::size_t limit) {
    auto* from = const_cast<char*>(bytes.data());
    auto left = bytes.size();
    std::array<char, 16 * 1024> buffer;
    while (left > 0 && out.size() <= limit) {
      auto* to = buffer.data();
      auto room = buffer.size();
      auto const done = iconv(handle_, &from, &left, &to, &room);
      out.append(buffer.data(), buffer.size() - room);
      if (done == static_cast<std::size_t>(-1) && errno != E2BIG) break;
    }
    return bytes.size() - left;
  }

 private:
  iconv_t handle_;
};

Error not_of_charset(std::string_view text, std::size_t at, std::string_view charset,
                     unsigned char byte) {
  return {ErrorCode::malformed_answer,
          place_in(text, at) + ": the byte 0x" +
              hex_of(std::string_view(reinterpret_cast<char const*>(&byte), 1)) + " is not " +
              std::string(charset)};
}

Error too_large() {
  return Error(ErrorCode::answer_too_large, "the text has too many bytes");
}

Result<std::string> checked_utf8(std::string_view text, std::size_t limit) {
  if (text.size() > limit) return too_large();
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    auto const length = utf8_character(text, at);
    if (length == 0) {
      return not_of_charset(text, at, "UTF-8", static_cast<unsigned char>(text[at]));
    }
    at += length;
  }
  return std::string(text);
}

}  // namespace

std::span<std::string_view const> charset_names() {
  return known_charsets;
}

std::string place_in(std::string_view text, std::size_t at) {
  std::size_t line = 1;
  std::size_t column = 1;
  for (std::size_t i = 0; i < std::min(at, text.size()); ++i) {
    auto const byte = static_cast<unsigned char>(text[i]);
    bool const ends = byte == '\n' || (byte == '\r' && !text.substr(i + 1).starts_with('\n'));
    if (ends) {
      ++line;
      column = 1;
    } else if ((byte & 0xC0U) != 0x80U && byte != '\r') {
      ++column;
    }
  }
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

Result<std::string> to_utf8(std::string_view bytes, std::string_view charset, std::size_t limit) {
  std::string name = to_lower(charset);
  if (bytes.starts_with("\xEF\xBB\xBF")) {
    bytes.remove_prefix(3);
    name.clear();
  } else if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) {
    name = bytes.front() == '\xFF' ? "utf-16le" : "utf-16be";
    bytes.remove_prefix(2);
  }
  if (name == "utf8") name = "utf-8";
  if (name == "utf-16") name = "utf-16le";  // there is no mark
  if (name.empty() || name == "utf-8" || name == "us-ascii") return checked_utf8(bytes, limit);
  if (std::ranges::find(known_charsets, name) == known_charsets.end()) {
    bool const is_name = name.size() <= 40 && std::ranges::all_of(name, [](char c) {
                           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                                  c == '_' || c == '.';
                         });
    return Error(ErrorCode::malformed_answer, is_name ? "the charset \"" + name + "\" is unknown"
                                                      : "what it calls its charset is none");
  }
  Converter converter(name);
  if (!converter.is_open()) {
    return Error(ErrorCode::malformed_answer,
                 "this system cannot read the charset \"" + name + "\"");
  }
  std::string text;
  auto const taken = converter.convert(bytes, text, limit);
  if (text.size() > limit) return too_large();
  if (taken == bytes.size()) return text;
  return not_of_charset(text, text.size(), name, static_cast<unsigned char>(bytes[taken]));
}

}  // namespace affsync::engine
