// What a file descriptor refers to: a terminal with its size and abilities, or a file.
#pragma once

namespace affsync::log {

struct Terminal {
  bool interactive = false;  // a terminal on which the cursor can be moved
  bool colour = false;       // interactive, and NO_COLOR is not set
  bool unicode = true;       // the locale allows characters beyond ASCII
  int columns = 0;           // 0: no limit (not a terminal)
  int rows = 0;              // 0: no limit
};

// Asks the system at each call, so that it reports a resized window. May be called from any thread.
Terminal look_at_terminal(int fd);

}  // namespace affsync::log
