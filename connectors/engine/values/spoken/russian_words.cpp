#include "connectors/engine/values/spoken/russian_words.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace affsync::engine {
namespace {

// No date in words is longer.
constexpr std::size_t longest_date_text = 160;
constexpr std::size_t most_digits_of_a_number = 6;

bool is_ascii_digit(char c) {
  return c >= '0' && c <= '9';
}

// A letter, or a byte of a character beyond ASCII.
bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80;
}

// Returns the length of the blank at the front in bytes; 0 if there is none.
std::size_t blank_length(std::string_view text) {
  auto const first = static_cast<unsigned char>(text.front());
  if (first <= 0x20) return 1;
  if (text.starts_with("\u00a0")) return 2;
  if (text.size() >= 3 && text.starts_with("\xe2\x80")) {
    auto const third = static_cast<unsigned char>(text[2]);
    // U+2000 to U+200A, and the narrow no-break space.
    if ((third >= 0x80 && third <= 0x8a) || third == 0xaf) return 3;
  }
  return 0;
}

// Takes a Russian letter from the front and appends it in lower case; false if there is none.
bool take_russian_letter(std::string_view& text, std::string& out) {
  if (text.size() < 2) return false;
  auto const first = static_cast<unsigned char>(text[0]);
  auto const second = static_cast<unsigned char>(text[1]);
  if (first != 0xd0 && first != 0xd1) return false;
  if ((first == 0xd0 && second == 0x81) || (first == 0xd1 && second == 0x91)) {
    out += "\u0435";  // Ё and ё
  } else if (first == 0xd0 && second >= 0x90 && second <= 0x9f) {
    out += {'\xd0', static_cast<char>(second + 0x20)};
  } else if (first == 0xd0 && second >= 0xa0 && second <= 0xaf) {
    out += {'\xd1', static_cast<char>(second - 0x20)};
  } else {
    return false;
  }
  text.remove_prefix(2);
  return true;
}

DateToken const past_the_end;

}  // namespace

std::string fold_russian(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (auto const blank = blank_length(text); blank != 0) {
      if (!out.empty() && out.back() != ' ') out += ' ';
      text.remove_prefix(blank);
    } else if (!take_russian_letter(text, out)) {
      out += to_lower(text.front());
      text.remove_prefix(1);
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::optional<std::vector<DateToken>> cut_date_text(std::string_view text) {
  if (text.size() > longest_date_text) return std::nullopt;
  auto const folded = fold_russian(text);
  std::vector<DateToken> tokens;
  for (std::size_t at = 0; at < folded.size();) {
    auto const start = at;
    DateToken token;
    if (is_ascii_digit(folded[at])) {
      token.kind = DateToken::Kind::number;
      while (at < folded.size() && is_ascii_digit(folded[at])) {
        if (at - start == most_digits_of_a_number) return std::nullopt;
        token.value = token.value * 10 + (folded[at++] - '0');
      }
    } else if (is_word_byte(folded[at])) {
      token.kind = DateToken::Kind::word;
      while (at < folded.size() && is_word_byte(folded[at])) ++at;
      token.text = folded.substr(start, at - start);
      // The dot of an abbreviation.
      if (at < folded.size() && folded[at] == '.') ++at;
    } else {
      ++at;
      if (folded[start] == ' ' || folded[start] == ',') continue;
    }
    if (token.text.empty()) token.text = folded.substr(start, at - start);
    tokens.push_back(std::move(token));
  }
  return tokens;
}

DateToken const& DateTokens::peek(std::size_t ahead) const {
  return at_ + ahead < tokens_->size() ? (*tokens_)[at_ + ahead] : past_the_end;
}

DateToken const& DateTokens::take() {
  auto const& token = peek();
  if (!at_end()) ++at_;
  return token;
}

bool DateTokens::take(std::string_view text) {
  if (peek().kind == DateToken::Kind::number || peek().text != text) return false;
  take();
  return true;
}

bool DateTokens::take_any(std::string_view words) {
  while (!words.empty()) {
    auto const end = std::min(words.find(' '), words.size());
    if (take(words.substr(0, end))) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

std::optional<int> DateTokens::take_number(std::size_t least_digits, std::size_t most_digits) {
  auto const& token = peek();
  if (token.kind != DateToken::Kind::number) return std::nullopt;
  if (token.text.size() < least_digits || token.text.size() > most_digits) return std::nullopt;
  take();
  return token.value;
}

}  // namespace affsync::engine
