#include "daemon/backup/backup.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "daemon/backup/client_programs.hpp"
#include "daemon/backup/own_objects.hpp"
#include "daemon/backup/plain_connection.hpp"
#include "daemon/embedded/file_descriptor.hpp"

namespace affsync::backup {
namespace {

namespace fs = std::filesystem;
using embedded::FileDescriptor;

Error file_error(fs::path const& file, std::string const& reason, std::string hint = {}) {
  return Error(ErrorCode::usage, "cannot write " + file.string() + ": " + reason, std::move(hint));
}

// The file while it is written. A part that a killed backup left behind is written anew.
Result<FileDescriptor> open_part(fs::path const& part) {
  FileDescriptor file(
      ::open(part.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file.valid()) return file_error(part, std::strerror(errno));
  struct stat found{};
  // Whoever owns the file could read the whole database.
  if (::fstat(file.get(), &found) != 0 || found.st_uid != ::geteuid()) {
    return file_error(part, "it belongs to another user", "Remove it, or name another file.");
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    return file_error(part, "another backup is writing it", "Wait for it, or name another file.");
  }
  if (::fchmod(file.get(), S_IRUSR | S_IWUSR) != 0 || ::ftruncate(file.get(), 0) != 0) {
    return file_error(part, std::strerror(errno));
  }
  return file;
}

// A backup of which the machine's memory had a part only would be none after a power failure.
Result<void> make_durable(FileDescriptor const& part, fs::path const& from, fs::path const& to,
                          bool replace) {
  if (::fsync(part.get()) != 0) return file_error(from, std::strerror(errno));
  unsigned const flags = replace ? 0 : RENAME_NOREPLACE;
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) != 0) {
    return file_error(to, std::strerror(errno));
  }
  FileDescriptor const folder(::open(to.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.valid()) ::fsync(folder.get());
  return {};
}

Result<void> check_target(fs::path const& file, bool replace) {
  std::error_code failed;
  auto const status = fs::symlink_status(file, failed);
  if (!fs::exists(status)) return {};
  if (!fs::is_regular_file(status)) return file_error(file, "it is not a regular file");
  if (!replace) {
    return file_error(file, "it exists", "Name another file, or give --force to replace this one.");
  }
  return {};
}

Result<void> dump_to(fs::path const& part, std::string const& url, int server_major) {
  auto const program = find_client_program("pg_dump", server_major);
  if (!program) return program.error();
  auto const outcome =
      run_client(*program, url,
                 {"--format=custom", "--encoding=UTF8", "--schema=affsync", "--schema=reporting",
                  "--no-owner", "--lock-wait-timeout=60s", "--file=" + part.string()});
  if (!outcome) return outcome.error();
  if (!outcome->success()) {
    return Error(ErrorCode::database_error, "pg_dump failed: " + reason_of(*outcome));
  }
  return {};
}

}  // namespace

Result<BackedUp> back_up(std::string const& url, fs::path const& file, bool replace) {
  std::error_code failed;
  auto const target = fs::absolute(file, failed);
  if (failed) return file_error(file, failed.message());
  if (auto const free = check_target(target, replace); !free) return free.error();

  auto connection = PlainConnection::open(url);
  if (!connection) return connection.error();
  auto const there = connection->run("SELECT to_regclass('affsync.schema_migration')");
  if (!there) return there.error();
  if (there->empty()) {
    return Error(ErrorCode::migration_failed, "the database holds no affsync schema",
                 "There is nothing to back up.");
  }
  auto own = own_objects(*connection);
  if (!own) return own.error();
  fs::path const part = target.string() + ".part";
  auto const written = open_part(part);
  if (!written) return written.error();
  auto const dumped = dump_to(part, url, connection->server_major());
  if (!dumped) {
    fs::remove(part, failed);
    return dumped.error();
  }
  auto const durable = make_durable(*written, part, target, replace);
  if (!durable) {
    fs::remove(part, failed);
    return durable.error();
  }
  BackedUp result;
  result.bytes = fs::file_size(target, failed);
  result.server_major = connection->server_major();
  result.left_out = std::move(*own);
  return result;
}

}  // namespace affsync::backup
