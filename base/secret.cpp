#include "base/secret.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ostream>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/utf8.hpp"

namespace affsync {
namespace {

// `as_form`: a blank is a plus sign, as in application/x-www-form-urlencoded.
std::string percent_encoded(std::string_view text, bool as_form) {
  static constexpr char hex[] = "0123456789ABCDEF";
  std::string out;
  for (unsigned char c : text) {
    bool const plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += static_cast<char>(c);
    } else if (as_form && c == ' ') {
      out += '+';
    } else {
      out += {'%', hex[c >> 4], hex[c & 15]};
    }
  }
  return out;
}

// One character of UTF-8 as \uXXXX, or as a pair of these.
std::string unicode_escape(std::string_view character) {
  unsigned code = static_cast<unsigned char>(character[0]) & (0xFFu >> (character.size() + 1));
  for (char c : character.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3Fu);
  std::array<char, 16> text{};
  if (code < 0x10000) {
    std::snprintf(text.data(), text.size(), "\\u%04x", code);
  } else {
    code -= 0x10000;
    std::snprintf(text.data(), text.size(), "\\u%04x\\u%04x", 0xD800 + (code >> 10),
                  0xDC00 + (code & 0x3FF));
  }
  return text.data();
}

// As different peers escape: with or without \/ for a slash, \uXXXX for what is not ASCII.
std::string json_escaped(std::string_view text, bool escape_slash, bool escape_unicode) {
  std::string out;
  append_json_string(out, text);
  out = out.substr(1, out.size() - 2);
  std::string escaped;
  for (std::size_t at = 0; at < out.size();) {
    auto const length = std::max<std::size_t>(utf8_character(out, at), 1);
    auto const character = out.substr(at, length);
    if (escape_slash && character == "/") {
      escaped += "\\/";
    } else if (escape_unicode && length > 1) {
      escaped += unicode_escape(character);
    } else {
      escaped += character;
    }
    at += length;
  }
  return escaped;
}

char without_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

void replace_all(std::string& text, std::string const& what) {
  if (what.empty()) return;
  for (std::size_t from = 0;;) {
    auto const begin = text.begin() + static_cast<std::ptrdiff_t>(from);
    auto const found = std::search(begin, text.end(), what.begin(), what.end(), [](char a, char b) {
      return without_case(a) == without_case(b);
    });
    if (found == text.end()) return;
    auto const at = static_cast<std::size_t>(found - text.begin());
    text.replace(at, what.size(), "***");
    from = at + 3;
  }
}

}  // namespace

Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) {
  other.wipe();
}

Secret& Secret::operator=(Secret const& other) {
  if (this != &other) {
    wipe();
    text_ = other.text_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    text_ = std::move(other.text_);
    other.wipe();
  }
  return *this;
}

Secret::~Secret() {
  wipe();
}

void Secret::wipe() noexcept {
  // The whole of the buffer: a short text stays behind in a string that was moved from.
  text_.resize(text_.capacity());
  // A volatile pointer keeps the compiler from dropping the write as dead.
  char volatile* bytes = text_.data();
  for (std::size_t i = 0; i < text_.size(); ++i) bytes[i] = '\0';
  text_.clear();
}

std::ostream& operator<<(std::ostream& out, Secret const&) {
  return out << "***";
}

std::string redact(std::string text, Secret const& secret) {
  // Shorter ones would turn ordinary words into stars and so give their letters away.
  if (secret.reveal().size() < 4) return text;
  auto const& plain = secret.reveal();
  std::vector<std::string> forms{plain, percent_encoded(plain, false),
                                 percent_encoded(plain, true)};
  for (bool slash : {false, true}) {
    for (bool unicode : {false, true}) forms.push_back(json_escaped(plain, slash, unicode));
  }
  for (auto const& form : forms) replace_all(text, form);
  return text;
}

}  // namespace affsync
