// Converts a broker's texts, words and booleans. As in numbers.hpp, every reader appends to `out`
// and returns the problem in words, or an empty text on success.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace affsync::engine {

// Accepts true, yes, y, on, t and their opposites (any case), and 1 and 0 in any spelling.
std::string_view read_boolean(std::string_view text, std::string& out);

// Converts ASCII letters from index `from` on to upper case.
void make_upper(std::string& text, std::size_t from);

// Reads a currency code and writes it in upper case.
std::string_view read_currency(std::string_view text, std::string& out);

struct TextRules {
  std::string strip_prefix;  // removed from the front, once
  std::string take_before;   // only what is before this text is kept
  bool lower_case = false;   // converts ASCII letters, as the last step
};
// The result may be empty, which means null.
void read_text(std::string_view text, TextRules const& rules, std::string& out);

// Translates a broker's words to ours; the case of ASCII letters is ignored.
class WordTable {
 public:
  WordTable() = default;
  WordTable(std::map<std::string, std::string> const& words, std::optional<std::string> otherwise);
  std::string_view read(std::string_view text, std::string& out) const;

 private:
  std::vector<std::pair<std::string, std::string>> words_;
  std::optional<std::string> otherwise_;
};

}  // namespace affsync::engine
