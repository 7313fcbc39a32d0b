#include "base/secret.hpp"

#include <ostream>
#include <utility>

namespace affsync {
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
  // Overwrite the whole buffer: a moved-from string keeps a short text in its buffer.
  text_.resize(text_.capacity());
  // The volatile pointer keeps the compiler from removing the writes as dead stores.
  char volatile* bytes = text_.data();
  for (std::size_t i = 0; i < text_.size(); ++i) bytes[i] = '\0';
  text_.clear();
}

std::ostream& operator<<(std::ostream& out, Secret const&) {
  return out << "***";
}

}  // namespace affsync
