// A directory that goes away with its object.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace affsync::test {

class TempDir {
 public:
  TempDir();  // under the system's directory for temporary files, readable by its owner only
  ~TempDir();
  TempDir(TempDir const&) = delete;
  TempDir& operator=(TempDir const&) = delete;

  std::filesystem::path const& path() const { return path_; }
  // Writes a file of that name in the directory and gives its path.
  std::filesystem::path write(std::string const& name, std::string_view text) const;

 private:
  std::filesystem::path path_;
};

}  // namespace affsync::test
