// What happens when this program reads the next entry of a folder, as on a share that goes away.
#pragma once

#include <functional>

namespace affsync::test {

// Returns an errno value, with which the reading fails, or 0. Unset: nothing happens. May be called
// on any thread.
inline std::function<int()> on_folder_entry;

}  // namespace affsync::test
