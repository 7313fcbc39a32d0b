// A text that must never be shown: a password, token or key. It prints as *** and overwrites its
// memory when destroyed. Only reveal() gives access to the text, so `grep reveal` finds every use.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

namespace affsync {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(Secret const&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret const& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  std::string const& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  friend bool operator==(Secret const&, Secret const&) = default;

 private:
  void wipe() noexcept;
  std::string text_;
};

std::ostream& operator<<(std::ostream& out, Secret const&);

}  // namespace affsync
