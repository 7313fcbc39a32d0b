#include "daemon/backup/upgrade.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

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
Result<BackedUp> dump_old(UpgradeOptions const& options, fs::path const& file) {
  auto wishes = cluster_in(options, options.state_dir);
  wishes.settings = {"default_transaction_read_only=on"};
  auto const cluster = Cluster::start(wishes);
  if (!cluster) return cluster.error();
  if (!(*cluster)->started_here()) return in_use();
  return back_up((*cluster)->url(), file, true);
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
  auto lock = embedded::open_lock(layout);
  if (!lock) return lock.error();
  if (::flock(lock->get(), LOCK_EX | LOCK_NB) != 0) return in_use();
  return lock;
}

// The directory of the dump and of the new cluster. Whatever is left of it at the end is removed,
// except after keep(): then it may have the old cluster.
class Workplace {
 public:
  // Makes it anew for the owner of the old cluster. Errors: database_unavailable.
  static Result<Workplace> make(embedded::Layout const& layout) {
    auto const user = embedded::find_server_user(layout.data);
    if (!user) return user.error();
    Workplace place(layout.state / "upgrade");
    std::error_code error;
    fs::remove_all(place.path_, error);  // of an interrupted upgrade
    if (!error) fs::create_directory(place.path_, error);
    if (!error) fs::permissions(place.path_, fs::perms(0755), error);
    if (!error && user->other && ::lchown(place.path_.c_str(), user->uid, user->gid) != 0) {
      error = std::error_code(errno, std::generic_category());
    }
    if (!error) return place;
    return Error(ErrorCode::database_unavailable,
                 "cannot make the directory " + place.path_.string() + ": " + error.message(),
                 "Remove what an earlier upgrade left there, as the user that it belongs to.");
  }

  Workplace(Workplace&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Workplace(Workplace const&) = delete;
  ~Workplace() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }

  fs::path const& path() const { return path_; }
  void keep() { path_.clear(); }

 private:
  explicit Workplace(fs::path path) : path_(std::move(path)) {}

  fs::path path_;
};

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

  auto workplace = Workplace::make(*layout);
  if (!workplace) return workplace.error();
  auto const file = workplace->path() / "affsync.dump";
  auto dumped = dump_old(options, file);
  if (!dumped) return dumped.error();
  result.left_behind = std::move(dumped->left_out);
  auto const lock = take_lock(*layout);
  if (!lock) return lock.error();
  if (auto const loaded = load_new(options, workplace->path(), file); !loaded) {
    return loaded.error();
  }
  auto kept = exchange(*layout, workplace->path() / "postgresql" / "data", result.from);
  if (!kept) {
    workplace->keep();
    return kept.error();
  }
  result.kept = std::move(*kept);
  return result;
}

}  // namespace affsync::backup
