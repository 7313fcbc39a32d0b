// How a fuzz target asserts, and how it takes its input apart.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace affsync::fuzz {

// libFuzzer takes it for a crash, the replay test for a failure.
class Broken : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

inline void require(bool kept, std::string_view promise, std::string_view seen = {}) {
  if (!kept) throw Broken(std::string(promise) + ": " + std::string(seen));
}

// Takes a line off the front, without its end.
inline std::string_view take_line(std::string_view& input) {
  auto const end = input.find('\n');
  auto const line = input.substr(0, end);
  input.remove_prefix(end == input.npos ? input.size() : end + 1);
  return line;
}

// Takes what stands before the next blank off the front.
inline std::string_view take_word(std::string_view& line) {
  auto const end = line.find(' ');
  auto const word = line.substr(0, end);
  line.remove_prefix(end == line.npos ? line.size() : end + 1);
  return word;
}

// A number for a choice: that which is written, or whatever comes of other texts. From 0 to most.
inline int to_choice(std::string_view word, int most) {
  unsigned number = 0;
  for (char const c : word.substr(0, 6)) number = number * 10 + static_cast<unsigned char>(c - '0');
  return static_cast<int>(number % (static_cast<unsigned>(most) + 1));
}

}  // namespace affsync::fuzz
