#include "tests/support/cluster_template.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "tests/support/places/places.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace affsync::test {
namespace {

namespace fs = std::filesystem;

// Held until the object goes.
class FileLock {
 public:
  explicit FileLock(fs::path const& file)
      : descriptor_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0 || ::flock(descriptor_, LOCK_EX) != 0) {
      throw std::runtime_error("cannot lock " + file.string());
    }
  }
  ~FileLock() { ::close(descriptor_); }
  FileLock(FileLock const&) = delete;
  FileLock& operator=(FileLock const&) = delete;

 private:
  int descriptor_;
};

// With owners, since PostgreSQL has its own user when the tests run as root.
void copy_into(fs::path const& from, fs::path const& to) {
  ProcessOptions options;
  options.program = "/bin/cp";
  options.arguments = {"-a", "--reflink=auto", from.string() + "/.", to.string()};
  auto const done = run(options);
  if (done.status != 0) throw std::runtime_error("cp: " + done.err);
}

// The time of a build: another build of the same program has another one.
std::string built(fs::path const& program) {
  return std::to_string(fs::last_write_time(program).time_since_epoch().count());
}

}  // namespace

void copy_cluster(fs::path const& state_dir, std::function<void(fs::path const&)> const& make,
                  std::vector<fs::path> const& programs) {
  auto const program = fs::read_symlink("/proc/self/exe");
  auto const folder = in_build("clusters") / program.filename();
  auto builds = built(program);
  for (auto const& other : programs) builds += "_" + built(other);
  auto const ready = folder / builds;
  fs::create_directories(folder.parent_path());
  {
    FileLock const lock(folder.string() + ".lock");
    if (!fs::exists(ready)) {
      fs::remove_all(folder);  // of an earlier build, or of a process that was killed
      // Made elsewhere: the server's user may not be able to enter the build directory.
      TempDir const workshop;
      fs::permissions(workshop.path(), fs::perms(0755));
      auto const made = workshop.path() / "state";
      fs::create_directory(made);
      make(made);
      auto const half = folder / "half";
      fs::create_directories(half);
      copy_into(made, half);
      fs::rename(half, ready);
    }
  }
  fs::create_directories(state_dir);
  copy_into(ready, state_dir);
}

}  // namespace affsync::test
