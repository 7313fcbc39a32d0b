#include "config/secret_file.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace affsync::config {
namespace {

constexpr std::size_t max_secret_bytes = 64 * 1024;

}  // namespace

Result<std::string> read_secret_file(std::string const& path) {
  auto const unreadable = [](std::string reason) {
    return Error(ErrorCode::secret_missing, std::move(reason));
  };
  std::error_code failed;
  auto const status = std::filesystem::status(path, failed);
  if (failed) return unreadable(failed.message());
  // Reading a pipe or a terminal could block forever, and a reload would find it empty.
  if (status.type() != std::filesystem::file_type::regular) {
    return unreadable(std::filesystem::is_directory(status) ? "it is a directory"
                                                            : "it is not a regular file");
  }
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return unreadable(std::strerror(errno));
  std::string text(max_secret_bytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return unreadable(std::strerror(errno));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > max_secret_bytes) return unreadable("it is larger than 64 KiB");
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return unreadable("it is empty");
  if (text.find('\0') != std::string::npos) return unreadable("it contains a zero byte");
  return text;
}

}  // namespace affsync::config
