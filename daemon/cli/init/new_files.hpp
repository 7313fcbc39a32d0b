// Writes the files of `affsync init`: all of them or none, whole, with their modes from the start.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"

namespace affsync::cli {

struct FileOwner {
  uid_t user = 0;
  gid_t group = 0;
};

struct NewFile {
  std::filesystem::path path;
  Secret text;
  mode_t mode = 0600;
  bool replace = false;  // false: an existing file is an error
  std::optional<FileOwner> owner;
};

// Writes temporary files, then gives them their names in the order given. If anything fails, and
// whenever the process ends in between, no name has changed or all have (but for files that were
// replaced). Signals that end the process wait until it is done. Throws Failure(output_failed).
void write_new_files(std::vector<NewFile> const& files);

// Returns `path`, or with a number before its last suffix if it exists: "a.secret", "a.2.secret".
std::filesystem::path free_name(std::filesystem::path const& path);

}  // namespace affsync::cli
