// Marks a process, so that another process of the same machine can tell whether it still runs.
#pragma once

#include <string>
#include <string_view>

namespace affsync::schema {

struct ProcessMark {
  std::string host;
  int process_id = 0;
  // Boot of the machine, namespace of the process's number, and the moment of its start. Empty if
  // /proc does not show them.
  std::string key;
  ProcessMark() = default;
};

ProcessMark own_mark();

// Returns true only if the process with this number and key has ended for certain: it ran on this
// machine, in the same namespace.
bool has_ended(int process_id, std::string_view key);

}  // namespace affsync::schema
