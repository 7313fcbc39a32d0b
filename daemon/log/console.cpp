#include "daemon/log/console.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace affsync::log {

namespace {

// Ignores write errors (EPIPE and EIO of a closed terminal): there is nowhere else to report them.
void write_to_stderr(std::string_view text) {
  while (!text.empty()) {
    auto const written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void append_lines(std::string& out, std::string_view text) {
  out += text;
  if (!text.empty() && text.back() != '\n') out += '\n';
}

}  // namespace

Console::Console(Writer write, Look look) : write_(std::move(write)), look_(std::move(look)) {}

Console& Console::standard_error() {
  // Never destroyed: threads may still log while static objects are destroyed.
  static auto* console =
      new Console(write_to_stderr, [] { return look_at_terminal(STDERR_FILENO); });
  return *console;
}

Terminal Console::terminal() const {
  return look_();
}

void Console::print(std::string_view text) {
  std::lock_guard const lock(mutex_);
  std::string out;
  erase_live(out);
  append_lines(out, text);
  draw_live(out);
  write_(out);
}

void Console::show(std::vector<LiveLine> lines) {
  print_and_show({}, std::move(lines));
}

void Console::print_and_show(std::string_view text, std::vector<LiveLine> lines) {
  std::lock_guard const lock(mutex_);
  std::string out;
  erase_live(out);
  append_lines(out, text);
  live_ = std::move(lines);
  draw_live(out);
  if (!out.empty()) write_(out);
}

void Console::erase_live(std::string& out) const {
  if (live_.empty()) return;
  // If the window became narrower since the last drawing, the terminal has wrapped longer lines.
  int const columns = look_().columns;
  int up = 0;
  for (auto const& line : live_) {
    up += columns > 0 ? std::max(1, (line.width + columns - 1) / columns) : 1;
  }
  out += "\x1b[" + std::to_string(up) + "A\r\x1b[J";
}

void Console::draw_live(std::string& out) const {
  for (auto const& line : live_) {
    out += line.text;
    out += '\n';
  }
}

}  // namespace affsync::log
