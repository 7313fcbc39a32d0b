// The only writer to stderr: log lines, plain lines, and below them the live lines of a progress
// display, which are replaced in place. One shared writer keeps log lines and display apart.
//
// The cursor always rests at the start of the line below all output and is never hidden, so that a
// process that ends at any moment leaves a usable terminal.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/log/terminal.hpp"

namespace affsync::log {

// One line without a line feed. `width`: its columns on the terminal, without colour codes.
struct LiveLine {
  std::string text;
  int width = 0;
};

// Every member may be called from any thread.
class Console {
 public:
  using Writer = std::function<void(std::string_view)>;
  using Look = std::function<Terminal()>;

  // print() and show() call both functions under the lock of this object.
  Console(Writer write, Look look);
  Console(Console const&) = delete;
  Console& operator=(Console const&) = delete;

  // The console of this process's stderr; lives as long as the process.
  static Console& standard_error();

  Terminal terminal() const;

  // Writes complete lines above the live ones. Adds a line feed at the end if it is missing.
  void print(std::string_view text);
  // Replaces the live lines; an empty list removes them. Only for terminals.
  void show(std::vector<LiveLine> lines);
  // Does both in one write: `text` stays, the live lines follow it.
  void print_and_show(std::string_view text, std::vector<LiveLine> lines);

 private:
  void erase_live(std::string& out) const;
  void draw_live(std::string& out) const;

  Writer write_;
  Look look_;
  mutable std::mutex mutex_;
  std::vector<LiveLine> live_;
};

}  // namespace affsync::log
