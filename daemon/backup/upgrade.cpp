#include "daemon/backup/upgrade.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>

#include "daemon/backup/backup.hpp"
#include "daemon/embedded/cluster.hpp"
#include "daemon/embedded/file_descriptor.hpp"
#include "daemon/embedded/layout.hpp"
#include "daemon/embedded/programs.hpp"

namespace affsync::backup {
namespace {

namespace fs = std::filesystem;
using embedded::Cluster;
using embedded::ClusterOptions;
using embedded::FileDescriptor;

Error in_use() {
  return Error(ErrorCode::usage, "the embedded database is in use",
               "Stop affsync first (systemctl stop affsync).");
}

ClusterOptions cluster_in(UpgradeOptions const& options, fs::path const& state_dir) {
  ClusterOptions cluster;
  cluster.state_dir = state_dir;
  cluster.program_directories = options.program_directories;
  return cluster;
}

// Nobody may write after the dump: sessions of this server cannot.
Result<void> dump_old(UpgradeOptions const& options, fs::path const& file) {
  auto wishes = cluster_in(options, options.state_dir);
  wishes.settings = {"default_transaction_read_only=on"};
  auto const cluster = Cluster::start(wishes);
  if (!cluster) return cluster.error();
  if (!(*cluster)->started_here()) return in_use();
  auto const made = back_up((*cluster)->url(), file, true);
  if (!made) return made.error();
  return {};
}

Result<void> load_new(UpgradeOptions const& options, fs::path const& state_dir,
                      fs::path const& file) {
  auto const cluster = Cluster::start(cluster_in(options, state_dir));
  if (!cluster) return cluster.error();
  auto store = options.store;
  store.url = (*cluster)->url();
  auto const restored = restore_embedded(store, (*cluster)->url("postgres"), file, false);
  if (!restored) return restored.error();
  return {};
}

// Other processes that start meanwhile wait for the lock; the server that they start is the new
// one.
Result<FileDescriptor> take_lock(embedded::Layout const& layout) {
  FileDescriptor lock(::open(layout.lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.valid() || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return in_use();
  return lock;
}

Result<fs::path> exchange(embedded::Layout const& old, fs::path const& made, int from) {
  auto const failed = [](fs::path const& what) {
    return Error(ErrorCode::database_unavailable,
                 "cannot rename " + what.string() + ": " + std::strerror(errno));
  };
  fs::path kept = old.home / ("data." + std::to_string(from));
  std::error_code unknown;
  for (int i = 2; fs::exists(kept, unknown); ++i) {
    kept = old.home / ("data." + std::to_string(from) + "." + std::to_string(i));
  }
  if (::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, old.data.c_str(), RENAME_EXCHANGE) != 0) {
    return failed(made);
  }
  // From here on the new version is in use; the old one has the new one's place.
  if (::rename(made.c_str(), kept.c_str()) != 0) return failed(made);
  return kept;
}

}  // namespace

Result<Upgraded> upgrade_cluster(UpgradeOptions const& options) {
  auto const layout = embedded::describe_layout(options.state_dir);
  if (!layout) return layout.error();
  Upgraded result;
  result.from = embedded::major_of_cluster(layout->data);
  if (result.from == 0) {
    return Error(ErrorCode::migration_failed,
                 "there is no database yet in " + options.state_dir.string());
  }
  auto const newest = embedded::find_server_programs(options.program_directories, 0);
  if (!newest) return newest.error();
  result.to = newest->major;
  if (result.to <= result.from && !options.to_the_same) {
    result.to = result.from;
    return result;
  }
  // The old programs too: only they read the old cluster.
  auto const old = embedded::find_server_programs(options.program_directories, result.from);
  if (!old) return old.error();
  if (options.dry_run) return result;

  auto const workplace = layout->state / "upgrade";
  std::error_code ignored;
  fs::remove_all(workplace, ignored);  // of an interrupted upgrade
  fs::create_directories(workplace, ignored);
  fs::permissions(workplace, fs::perms(0755), ignored);
  auto const file = workplace / "affsync.dump";
  if (auto const dumped = dump_old(options, file); !dumped) return dumped.error();
  auto const lock = take_lock(*layout);
  if (!lock) return lock.error();
  if (auto const loaded = load_new(options, workplace, file); !loaded) return loaded.error();
  auto kept = exchange(*layout, workplace / "postgresql" / "data", result.from);
  if (!kept) return kept.error();
  result.kept = std::move(*kept);
  fs::remove_all(workplace, ignored);
  return result;
}

}  // namespace affsync::backup
