// What stands behind a file descriptor: a terminal with a size and abilities, or a plain file.
#pragma once

namespace affsync::log {

struct Terminal {
  bool interactive = false;  // a terminal on which the cursor can be moved
  bool colour = false;       // interactive, and NO_COLOR is not set
  bool unicode = true;       // the locale does not rule out characters beyond ASCII
  int columns = 0;           // 0: no limit (not a terminal)
  int rows = 0;              // 0: no limit
};

// Asks the system each time, so that a resized window is seen. Any thread.
Terminal look_at_terminal(int fd);

}  // namespace affsync::log
