// A temporary directory that is removed with its object.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace affsync::test {

class TempDir {
 public:
  TempDir();  // in the system's temporary directory, accessible to its owner only
  ~TempDir();
  TempDir(TempDir const&) = delete;
  TempDir& operator=(TempDir const&) = delete;

  std::filesystem::path const& path() const { return path_; }
  // Writes a file of that name in the directory and returns its path.
  std::filesystem::path write(std::string const& name, std::string_view text) const;

 private:
  std::filesystem::path path_;
};

}  // namespace affsync::test
