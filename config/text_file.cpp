#include "config/text_file.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace affsync::config {

Result<std::string> read_text_file(std::string const& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return Error(ErrorCode::config_invalid, "it is a directory");
  }
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error(ErrorCode::config_invalid, std::strerror(errno));
  std::string text(most_text_bytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return Error(ErrorCode::config_invalid, std::strerror(errno));
  text.resize(static_cast<std::size_t>(in.gcount()));
  text.shrink_to_fit();
  return text;
}

}  // namespace affsync::config
