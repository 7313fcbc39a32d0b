// Splits date texts in Russian (or English) into words, numbers and marks, so that the parsers need
// not handle case, ё, kinds of blanks or dots after abbreviations.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace affsync::engine {

// Returns the text in lower case (Latin and Russian), with е for ё and one blank for every run of
// blanks (no-break ones too); blanks at the ends are removed. Invalid UTF-8 stays as it is.
std::string fold_russian(std::string_view text);

struct DateToken {
  enum class Kind { word, number, mark };
  Kind kind = Kind::mark;
  std::string text;  // folded; a mark is one character
  int value = 0;     // of a number
};

// Splits a text. Commas, and dots after words, are dropped; a dot between digits and every other
// character is a mark. nullopt if the text is too long for a date, or has a number of more than six
// digits.
std::optional<std::vector<DateToken>> cut_date_text(std::string_view text);

// A cursor over tokens; past the end it returns an empty mark.
class DateTokens {
 public:
  explicit DateTokens(std::vector<DateToken> const& tokens) : tokens_(&tokens) {}

  bool at_end() const { return at_ == tokens_->size(); }
  DateToken const& peek(std::size_t ahead = 0) const;
  DateToken const& take();
  // Takes the next token if it is this word or mark.
  bool take(std::string_view text);
  // Takes the next token if it is one of these words, which are separated by blanks.
  bool take_any(std::string_view words);
  // Takes the next token if it is a number with `least_digits` to `most_digits` digits.
  std::optional<int> take_number(std::size_t least_digits, std::size_t most_digits);

 private:
  std::vector<DateToken> const* tokens_;
  std::size_t at_ = 0;
};

}  // namespace affsync::engine
