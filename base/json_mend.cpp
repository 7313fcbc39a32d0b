#include "base/json_mend.hpp"

#include <cstddef>

#include "base/text.hpp"
#include "base/utf8.hpp"

namespace affsync {
namespace {

constexpr std::string_view nul_escape = "\\u0000";

bool is_number_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Characters of numbers and of the words that programs write instead (NaN, -Infinity).
bool is_word_letter(char c) {
  return is_number_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '+' || c == '.';
}

// NaN, Infinity and -Infinity, as Python and C write them.
bool is_no_number(std::string_view word) {
  if (word.starts_with('-') || word.starts_with('+')) word.remove_prefix(1);
  auto const lower = to_lower(word);
  return lower == "nan" || lower == "inf" || lower == "infinity";
}

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_number_digit(text[at])) ++at;
  return at;
}

// Returns the end of the JSON number that starts at `at`; `at` itself if none starts there.
std::size_t number_end(std::string_view text, std::size_t at) {
  auto end = at;
  if (end < text.size() && text[end] == '-') ++end;
  auto const whole = end;
  end = skip_digits(text, end);
  if (end == whole || (text[whole] == '0' && end - whole > 1)) return at;
  if (end < text.size() && text[end] == '.') {
    auto const fraction = end + 1;
    end = skip_digits(text, fraction);
    if (end == fraction) return at;
  }
  if (end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    ++end;
    if (end < text.size() && (text[end] == '+' || text[end] == '-')) ++end;
    auto const exponent = end;
    end = skip_digits(text, exponent);
    if (end == exponent) return at;
  }
  return end;
}

// A double holds up to 1.8e308. A number with an exponent of three digits or with hundreds of
// digits could be larger. Too small numbers become 0 without an error.
bool may_overflow(std::string_view number) {
  auto const mark = number.find_first_of("eE");
  if (mark == number.npos) return number.size() > 300;
  auto exponent = number.substr(mark + 1);
  if (exponent.front() == '-') return number.size() > 300;
  if (exponent.front() == '+') exponent.remove_prefix(1);
  return exponent.size() >= 3 || number.size() > 300;
}

// Returns the code unit of the escape `\uXXXX` at `at`; -1 if there is none.
int escaped_unit(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) != "\\u" || at + 6 > text.size()) return -1;
  int unit = 0;
  for (char c : text.substr(at + 2, 4)) {
    int const lower = c | 0x20;
    int const digit = is_number_digit(c)             ? c - '0'
                      : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10
                                                     : -1;
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

class Mender {
 public:
  explicit Mender(std::string_view text) : text_(text) { out_.reserve(text.size() + 64); }

  std::optional<std::string> run() {
    bool in_string = false;
    while (at_ < text_.size()) {
      char const c = text_[at_];
      if (c == '"') in_string = !in_string;
      if (in_string && c == '\\') {
        escape();
      } else if (in_string) {
        character();
      } else if (is_word_letter(c)) {
        word();
      } else {
        if (c == '[' || c == '{') ++depth_;
        if (c == ']' || c == '}') --depth_;
        copy(1);
      }
      if (!is_blank(c)) last_ = c;
    }
    if (!mended_) return std::nullopt;
    return std::move(out_);
  }

 private:
  void copy(std::size_t count) {
    out_ += text_.substr(at_, count);
    at_ += count;
  }
  void replace(std::size_t count) {
    out_ += nul_escape;
    at_ += count;
    mended_ = true;
  }
  void character() {
    auto const length = utf8_character(text_, at_);
    length == 0 || text_[at_] == '\0' ? replace(1) : copy(length);
  }
  void escape() {
    int const unit = escaped_unit(text_, at_);
    if (unit < 0xD800 || unit > 0xDFFF) return copy(2);
    int const next = escaped_unit(text_, at_ + 6);
    bool const is_pair = unit < 0xDC00 && next >= 0xDC00 && next <= 0xDFFF;
    is_pair ? copy(12) : replace(6);
  }
  // Copies or replaces a number, a JSON keyword, or a word such as NaN.
  void word() {
    auto end = at_;
    while (end < text_.size() && is_word_letter(text_[end])) ++end;
    auto const word = text_.substr(at_, end - at_);
    if (number_end(text_, at_) == end) return number(end);
    auto const behind = text_.find_first_not_of(" \t\r\n", end);
    bool const is_value = depth_ > 0 && (last_ == ':' || last_ == ',' || last_ == '[') &&
                          behind != text_.npos &&
                          std::string_view(",]}").find(text_[behind]) != std::string_view::npos;
    if (!is_value || !is_no_number(word)) return copy(word.size());
    out_ += '"';
    out_ += nul_escape;
    out_ += stray_word_mark.substr(1);
    out_ += word;
    out_ += '"';
    at_ = end;
    mended_ = true;
  }
  void number(std::size_t end) {
    bool const huge = may_overflow(text_.substr(at_, end - at_));
    if (huge) out_ += '"';
    copy(end - at_);
    if (huge) out_ += '"';
    mended_ |= huge;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
  bool mended_ = false;
  int depth_ = 0;    // of arrays and objects around at_
  char last_ = ' ';  // last character before at_ that is not a blank
};

}  // namespace

std::optional<std::string> mend_json(std::string_view text) {
  return Mender(text).run();
}

}  // namespace affsync
