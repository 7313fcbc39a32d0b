// JSON text -> Json, in one pass and without a conversion: a number's digits are copied as they
// stand. A parser of our own, because what is wrong with a single value (half a character, a zero
// byte, 1e999999) must cost that row and not the page, and for its speed: every row passes here.
#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "base/json.hpp"
#include "base/utf8.hpp"

namespace affsync {
namespace {

bool is_json_digit(char c) {
  return c >= '0' && c <= '9';
}

// What ends a stretch of a string that can be copied without a look: quotes, backslashes, control
// characters and all that is not ASCII.
constexpr std::array<bool, 256> special_in_string = [] {
  std::array<bool, 256> special{};
  for (unsigned c = 0; c < 256; ++c) special[c] = c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
  return special;
}();

void append_utf8(std::string& out, unsigned code) {
  auto const put = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

}  // namespace

class JsonParser {
 public:
  JsonParser(std::string_view text, JsonLimits const& limits) : text_(text), limits_(limits) {}

  Result<Json> run() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    Json root;
    skip_blanks();
    bool good = value(root, 0);
    if (good) {
      skip_blanks();
      good = at_ == text_.size();
    }
    if (good) return root;
    if (!refusal_.empty()) {
      return Error(ErrorCode::answer_too_large, "JSON refused: " + std::string(refusal_));
    }
    return Error(ErrorCode::malformed_answer,
                 "not valid JSON at byte " + std::to_string(std::min(at_, text_.size()) + 1));
  }

 private:
  // These give false at the first error, with at_ where it is.
  bool value(Json& out, std::size_t depth) {
    if (++values_ > limits_.values) return refuse("too many values");
    switch (peek()) {
      case '{': return object(out, depth);
      case '[': return array(out, depth);
      case '"': {
        std::string text;
        bool nul = false;
        if (!string(text, nul)) return false;
        out.value_.emplace<std::string>(std::move(text));
        out.has_nul_ = nul;
        return true;
      }
      case 't': out.value_.emplace<bool>(true); return literal("true");
      case 'f': out.value_.emplace<bool>(false); return literal("false");
      case 'n': return literal("null");
      default: return number(out);
    }
  }

  bool object(Json& out, std::size_t depth) {
    if (depth >= limits_.depth) return refuse("nested too deeply");
    ++at_;
    // Collected on a stack that all objects share, so that each allocates once and exactly.
    auto const first = members_.size();
    skip_blanks();
    if (!take('}')) {
      do {
        skip_blanks();
        if (members_.size() - first >= limits_.members) {
          return refuse("an object has too many members");
        }
        JsonMember member;
        bool nul = false;
        if (peek() != '"' || !string(member.name, nul)) return false;
        skip_blanks();
        if (!take(':')) return false;
        skip_blanks();
        if (!value(member.value, depth + 1)) return false;
        out.has_nul_ |= nul || member.value.has_nul_;
        out.has_duplicate_ |= member.value.has_duplicate_;
        members_.push_back(std::move(member));
        skip_blanks();
      } while (take(','));
      if (!take('}')) return false;
    }
    auto const begin = members_.begin() + static_cast<std::ptrdiff_t>(first);
    auto& members = out.value_.emplace<Json::Object>(std::make_move_iterator(begin),
                                                     std::make_move_iterator(members_.end()));
    members_.erase(begin, members_.end());
    out.has_duplicate_ = out.has_duplicate_ || Json::has_equal_names(members);
    return true;
  }

  bool array(Json& out, std::size_t depth) {
    if (depth >= limits_.depth) return refuse("nested too deeply");
    ++at_;
    auto const first = items_.size();
    skip_blanks();
    if (!take(']')) {
      do {
        skip_blanks();
        Json item;
        if (!value(item, depth + 1)) return false;
        out.has_nul_ |= item.has_nul_;
        out.has_duplicate_ |= item.has_duplicate_;
        items_.push_back(std::move(item));
        skip_blanks();
      } while (take(','));
      if (!take(']')) return false;
    }
    auto const begin = items_.begin() + static_cast<std::ptrdiff_t>(first);
    out.value_.emplace<Json::Array>(std::make_move_iterator(begin),
                                    std::make_move_iterator(items_.end()));
    items_.erase(begin, items_.end());
    return true;
  }

  // `nul` is set when the string holds what PostgreSQL cannot store.
  bool string(std::string& out, bool& nul) {
    auto plain = ++at_;  // start of what is not copied yet
    for (;;) {
      while (at_ < text_.size() && !special_in_string[static_cast<unsigned char>(text_[at_])]) {
        ++at_;
      }
      if (at_ == text_.size()) return false;
      char const c = text_[at_];
      auto const length = static_cast<unsigned char>(c) >= 0x80 ? utf8_character(text_, at_) : 0;
      if (length != 0) {
        at_ += length;
        continue;
      }
      out.append(text_, plain, at_ - plain);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c == '\\') {
        if (!escape(out, nul)) return false;
      } else if (c == '\0' || static_cast<unsigned char>(c) >= 0x80) {
        ++at_;
        out += '\0';
        nul = true;
      } else {
        return false;  // a control character
      }
      plain = at_;
    }
  }

  bool escape(std::string& out, bool& nul) {
    char const c = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    static constexpr std::string_view letters = "\"\\/bfnrt";
    static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    auto const which = letters.find(c);
    if (which != letters.npos) {
      out += meanings[which];
      at_ += 2;
      return true;
    }
    int const unit = code_unit(at_);
    if (unit < 0) return false;
    at_ += 6;
    auto code = static_cast<unsigned>(unit);
    if (unit >= 0xD800 && unit <= 0xDFFF) {
      int const low = unit <= 0xDBFF ? code_unit(at_) : -1;
      bool const is_pair = low >= 0xDC00 && low <= 0xDFFF;
      if (is_pair) at_ += 6;
      code = is_pair ? 0x10000 + ((code & 0x3FF) << 10) + (static_cast<unsigned>(low) & 0x3FF) : 0;
    }
    nul |= code == 0;
    append_utf8(out, code);
    return true;
  }

  // The four digits of the escape `\uXXXX` at `at`; -1 when there is none.
  int code_unit(std::size_t at) const {
    auto const digits = text_.substr(std::min(at, text_.size()), 6);
    if (digits.size() < 6 || !digits.starts_with("\\u")) return -1;
    unsigned unit = 0;
    auto const end = digits.data() + 6;
    auto const [stop, error] = std::from_chars(digits.data() + 2, end, unit, 16);
    return error == std::errc{} && stop == end ? static_cast<int>(unit) : -1;
  }

  bool number(Json& out) {
    auto const begin = at_;
    take('-');
    auto const whole = at_;
    if (!digits() || (text_[whole] == '0' && at_ - whole > 1)) {
      at_ = whole;
      return false;
    }
    if (take('.') && !digits()) return false;
    bool huge = false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      auto const exponent = at_;
      if (!digits()) return false;
      huge = is_huge_exponent(text_.substr(exponent, at_ - exponent));
    }
    auto const text = text_.substr(begin, at_ - begin);
    if (huge || text.size() > 300) {
      out.value_.emplace<std::string>(text);
    } else {
      out.value_.emplace<Json::Number>(Json::Number{std::string(text)});
    }
    return true;
  }

  static bool is_huge_exponent(std::string_view exponent) {
    if (exponent.size() < 3) return false;
    unsigned value = 0;
    auto const result = std::from_chars(exponent.begin(), exponent.end(), value);
    return result.ec != std::errc{} || value > 300;
  }

  // One digit or more.
  bool digits() {
    auto const begin = at_;
    while (is_json_digit(peek())) ++at_;
    return at_ > begin;
  }

  bool literal(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void skip_blanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
      ++at_;
    }
  }
  bool refuse(std::string_view why) {
    refusal_ = why;
    return false;
  }

  std::string_view text_;
  JsonLimits const& limits_;
  std::size_t at_ = 0;
  std::size_t values_ = 0;
  std::string_view refusal_;
  std::vector<JsonMember> members_;
  std::vector<Json> items_;
};

Result<Json> parse_json(std::string_view text, JsonLimits const& limits) {
  return JsonParser(text, limits).run();
}

}  // namespace affsync
