#include "daemon/cli/init/new_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/error.hpp"
#include "daemon/embedded/file_descriptor.hpp"

namespace affsync::cli {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void cannot_write(fs::path const& path, int reason) {
  throw Failure(ErrorCode::output_failed,
                "cannot write " + path.string() + ": " + std::strerror(reason),
                reason == EEXIST ? "Nothing was written; --force replaces the configuration."
                                 : "Nothing was written; --config FILE names another place.");
}

// Blocks the signals that end the process for its lifetime.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t blocked;
    sigemptyset(&blocked);
    for (int const number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) sigaddset(&blocked, number);
    pthread_sigmask(SIG_BLOCK, &blocked, &before_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(BlockedSignals const&) = delete;
  BlockedSignals& operator=(BlockedSignals const&) = delete;

 private:
  sigset_t before_{};
};

fs::path temporary_name(fs::path const& path) {
  return path.parent_path() /
         ("." + path.filename().string() + "." + std::to_string(::getpid()) + ".new");
}

void write_temporary(NewFile const& file, std::vector<fs::path>& made) {
  auto const path = temporary_name(file.path);
  embedded::FileDescriptor const out(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (out.get() < 0) cannot_write(file.path, errno);
  made.push_back(path);
  if (file.owner && ::fchown(out.get(), file.owner->user, file.owner->group) != 0) {
    cannot_write(file.path, errno);
  }
  if (::fchmod(out.get(), file.mode) != 0) cannot_write(file.path, errno);
  auto const& text = file.text.reveal();
  for (std::size_t done = 0; done < text.size();) {
    auto const count = ::write(out.get(), text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) cannot_write(file.path, errno);
    done += static_cast<std::size_t>(count);
  }
  if (::fsync(out.get()) != 0) cannot_write(file.path, errno);
}

void sync_directory(fs::path const& path) {
  auto const directory = path.parent_path().empty() ? fs::path(".") : path.parent_path();
  embedded::FileDescriptor const opened(::open(directory.c_str(), O_RDONLY | O_CLOEXEC));
  if (opened.get() >= 0) (void)::fsync(opened.get());
}

void remove_all(std::vector<fs::path> const& paths) {
  for (auto const& path : paths) ::unlink(path.c_str());
}

}  // namespace

void write_new_files(std::vector<NewFile> const& files) {
  BlockedSignals const blocked;
  std::vector<fs::path> temporary, named;
  try {
    for (auto const& file : files) write_temporary(file, temporary);
    for (std::size_t i = 0; i < files.size(); ++i) {
      auto const& file = files[i];
      // A link, unlike a renaming, never replaces a file that came into being meanwhile.
      int const failed = file.replace ? ::rename(temporary[i].c_str(), file.path.c_str())
                                      : ::link(temporary[i].c_str(), file.path.c_str());
      if (failed != 0) cannot_write(file.path, errno);
      if (!file.replace) named.push_back(file.path);
    }
  } catch (...) {
    remove_all(named);
    remove_all(temporary);
    throw;
  }
  remove_all(temporary);
  for (auto const& file : files) sync_directory(file.path);
}

fs::path free_name(fs::path const& path) {
  auto candidate = path;
  std::error_code ignored;
  for (int number = 2; fs::exists(fs::symlink_status(candidate, ignored)); ++number) {
    candidate = path;
    candidate.replace_extension("." + std::to_string(number) + path.extension().string());
  }
  return candidate;
}

}  // namespace affsync::cli
