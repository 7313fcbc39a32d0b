#include "schema/store/sql_statements.hpp"

#include <algorithm>

namespace affsync::schema {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::vector<std::string> statements() {
    while (at_ < text_.size()) {
      char const c = text_[at_];
      if (c == ';') {
        take();
        begin_ = ++at_;
      } else if (starts("--")) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (starts("/*")) {
        skip_comment();
      } else {
        if (c != ' ' && c != '\n' && c != '\t' && c != '\r') something_ = true;
        if (c == '\'' || c == '"') {
          skip_quoted(c);
        } else if (c == '$' && !(at_ > 0 && is_word(text_[at_ - 1]))) {
          skip_dollars();
        } else {
          ++at_;
        }
      }
    }
    take();
    return std::move(all_);
  }

 private:
  bool starts(std::string_view word) const { return text_.substr(at_).starts_with(word); }

  void take() {
    if (something_) all_.emplace_back(text_.substr(begin_, at_ - begin_));
    something_ = false;
  }

  void skip_comment() {
    int depth = 0;
    do {
      if (starts("/*")) ++depth;
      if (starts("*/")) --depth;
      at_ += starts("/*") || starts("*/") ? 2 : 1;
    } while (depth > 0 && at_ < text_.size());
  }

  void skip_quoted(char quote) {
    // Backslash escapes exist only in E'…'.
    bool const escapes = quote == '\'' && at_ > 0 &&
                         (text_[at_ - 1] == 'E' || text_[at_ - 1] == 'e') &&
                         !(at_ > 1 && is_word(text_[at_ - 2]));
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (escapes && text_[at_] == '\\') ++at_;
    }
    ++at_;  // a doubled quote is read as the start of another quoted text, with the same result
  }

  void skip_dollars() {
    auto end = at_ + 1;
    while (end < text_.size() && is_word(text_[end])) ++end;
    if (end >= text_.size() || text_[end] != '$') {
      ++at_;  // $1
      return;
    }
    auto const tag = text_.substr(at_, end + 1 - at_);
    auto const close = text_.find(tag, end + 1);
    at_ = close == std::string_view::npos ? text_.size() : close + tag.size();
  }

  std::string_view text_;
  std::size_t at_ = 0, begin_ = 0;
  bool something_ = false;
  std::vector<std::string> all_;
};

}  // namespace

std::vector<std::string> sql_statements(std::string_view text) {
  return Scanner(text).statements();
}

}  // namespace affsync::schema
