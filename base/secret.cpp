#include "base/secret.hpp"

#include <array>
#include <atomic>
#include <ostream>
#include <utility>

namespace affsync {
namespace {

std::string percent_encoded(std::string_view text) {
  static constexpr char hex[] = "0123456789ABCDEF";
  std::string out;
  for (unsigned char c : text) {
    bool const plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += static_cast<char>(c);
    } else {
      out += {'%', hex[c >> 4], hex[c & 15]};
    }
  }
  return out;
}

std::string json_escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

void replace_all(std::string& text, std::string const& what) {
  if (what.empty()) return;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += 3) {
    text.replace(at, what.size(), "***");
  }
}

}  // namespace

Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }

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

Secret::~Secret() { wipe(); }

void Secret::wipe() noexcept {
  // A volatile pointer keeps the compiler from dropping the write as dead.
  volatile char* bytes = text_.data();
  for (std::size_t i = 0; i < text_.size(); ++i) bytes[i] = '\0';
  text_.clear();
}

std::ostream& operator<<(std::ostream& out, Secret const&) { return out << "***"; }

std::string redact(std::string text, Secret const& secret) {
  // Shorter ones would turn ordinary words into stars and so give their letters away.
  if (secret.reveal().size() < 4) return text;
  for (auto const& form : std::array{secret.reveal(), percent_encoded(secret.reveal()),
                                     json_escaped(secret.reveal())}) {
    replace_all(text, form);
  }
  return text;
}

}  // namespace affsync
