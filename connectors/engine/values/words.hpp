// Texts, words and yes-or-no of a broker. As in numbers.hpp: `out` is appended to, the problem is
// returned in words, empty when all is well.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace affsync::engine {

// true, yes, y, on, t and their contraries (any case), 1 and 0 in any spelling.
std::string_view read_boolean(std::string_view text, std::string& out);

// Makes ASCII letters from `from` on large ones.
void make_upper(std::string& text, std::size_t from);

// Upper-case code.
std::string_view read_currency(std::string_view text, std::string& out);

struct TextRules {
  std::string strip_prefix;  // taken off the front, once
  std::string take_before;   // only what stands before it
  bool lower_case = false;   // ASCII letters, last of all steps
};
// May come out empty, which means null.
void read_text(std::string_view text, TextRules const& rules, std::string& out);

// A broker's words and ours; case of ASCII letters does not count.
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
