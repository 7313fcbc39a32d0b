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

}  // namespace affsync
