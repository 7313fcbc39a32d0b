// Assertions and input parsing for the fuzz targets.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace affsync::fuzz {

// libFuzzer treats it as a crash, the replay test as a failure.
class Broken : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

inline void require(bool kept, std::string_view promise, std::string_view seen = {}) {
  if (!kept) throw Broken(std::string(promise) + ": " + std::string(seen));
}

// Removes the first line from the input and returns it without its line end.
inline std::string_view take_line(std::string_view& input) {
  auto const end = input.find('\n');
  auto const line = input.substr(0, end);
  input.remove_prefix(end == input.npos ? input.size() : end + 1);
  return line;
}

// Removes the text before the next space and returns it.
inline std::string_view take_word(std::string_view& line) {
  auto const end = line.find(' ');
  auto const word = line.substr(0, end);
  line.remove_prefix(end == line.npos ? line.size() : end + 1);
  return word;
}

// Turns text into a choice from 0 to `most`: a written number, or an arbitrary value for other
// text.
inline int to_choice(std::string_view word, int most) {
  unsigned number = 0;
  for (char const c : word.substr(0, 6)) number = number * 10 + static_cast<unsigned char>(c - '0');
  return static_cast<int>(number % (static_cast<unsigned>(most) + 1));
}

}  // namespace affsync::fuzz
