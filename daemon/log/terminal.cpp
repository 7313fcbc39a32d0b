#include "daemon/log/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.hpp"

namespace affsync::log {

namespace {

std::string_view environment_text(char const* name) {
  char const* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

// Terminal emulators show UTF-8 even if no locale is set (containers, cron), so only a locale with
// another encoding turns it off.
bool locale_allows_unicode() {
  for (char const* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    auto const value = to_lower(environment_text(name));
    if (value.empty()) continue;
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return true;
}

int size_from_environment(char const* name, int otherwise) {
  auto const text = environment_text(name);
  int size = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  bool const usable = error == std::errc{} && end == text.data() + text.size() && size > 0;
  return usable ? size : otherwise;
}

}  // namespace

Terminal look_at_terminal(int fd) {
  Terminal terminal;
  terminal.unicode = locale_allows_unicode();
  if (isatty(fd) == 0) return terminal;

  winsize size{};
  bool const known = ioctl(fd, TIOCGWINSZ, &size) == 0;
  terminal.columns = known && size.ws_col > 0 ? size.ws_col : size_from_environment("COLUMNS", 80);
  terminal.rows = known && size.ws_row > 0 ? size.ws_row : size_from_environment("LINES", 24);
  auto const kind = environment_text("TERM");
  terminal.interactive = !kind.empty() && kind != "dumb";
  terminal.colour = terminal.interactive && environment_text("NO_COLOR").empty();
  return terminal;
}

}  // namespace affsync::log
