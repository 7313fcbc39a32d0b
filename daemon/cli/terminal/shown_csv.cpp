#include "daemon/cli/terminal/shown_csv.hpp"

#include <unistd.h>

#include <string_view>
#include <utility>

#include "base/utf8.hpp"

namespace affsync::cli {

std::string without_controls(std::string const& csv) {
  constexpr std::string_view replacement = "\xEF\xBF\xBD";
  std::string_view const text(csv);
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    auto const length = utf8_character(text, at);
    auto const character = text.substr(at, length == 0 ? 1 : length);
    bool const ends_line = character == "\n" || text.substr(at).starts_with("\r\n");
    bool const is_text =
        length > 0 && (ends_line || character == "\t" || !is_control_character(character));
    out += is_text ? character : replacement;
    at += character.size();
  }
  return out;
}

std::string shown_csv(std::string csv) {
  return ::isatty(STDOUT_FILENO) == 1 ? without_controls(csv) : std::move(csv);
}

}  // namespace affsync::cli
