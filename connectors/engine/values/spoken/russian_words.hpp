// Texts of dates in Russian (or English) cut into words, numbers and marks, so that the readers of
// dates need not think of case, ё, kinds of blanks or dots behind abbreviations.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace affsync::engine {

// Small letters (Latin and Russian), ё as е, every run of blanks (no-break ones too) as one blank,
// none at the ends. Bytes that are no UTF-8 stay as they are.
std::string fold_russian(std::string_view text);

struct DateToken {
  enum class Kind { word, number, mark };
  Kind kind = Kind::mark;
  std::string text;  // folded; a mark is one character
  int value = 0;     // of a number
};

// Commas and dots behind words are left out; a dot between digits and anything else is a mark.
// nullopt for a text that is no date for its length, or a number of more than six digits.
std::optional<std::vector<DateToken>> cut_date_text(std::string_view text);

// Walks along the tokens; past the end there is an empty mark.
class DateTokens {
 public:
  explicit DateTokens(std::vector<DateToken> const& tokens) : tokens_(&tokens) {}

  bool at_end() const { return at_ == tokens_->size(); }
  DateToken const& peek(std::size_t ahead = 0) const;
  DateToken const& take();
  // Takes the next token when it is this word or mark.
  bool take(std::string_view text);
  // Takes the next token when it is one of these words, which blanks separate.
  bool take_any(std::string_view words);
  // Takes the next token when it is a number of at least and at most so many digits.
  std::optional<int> take_number(std::size_t least_digits, std::size_t most_digits);

 private:
  std::vector<DateToken> const* tokens_;
  std::size_t at_ = 0;
};

}  // namespace affsync::engine
