// The kernel's figures about this process, for the process_… metrics.
#pragma once

#include <cstdint>

namespace affsync::serve {

struct ProcessFigures {
  double cpu_seconds = 0;           // user and system
  std::int64_t resident_bytes = 0;  // 0: unknown
  int open_files = 0;               // 0: unknown
};

ProcessFigures read_process_figures();

}  // namespace affsync::serve
