#include "tests/support/clock/wall_clock.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <system_error>

namespace affsync::test {

WallClock::WallClock() {
  auto const file = dir_.write("ahead", std::string(sizeof *ahead_, '\0'));
  int const descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  void* const memory =
      ::mmap(nullptr, sizeof *ahead_, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  ::close(descriptor);
  // Programs of other users follow it too.
  std::filesystem::permissions(dir_.path(), std::filesystem::perms(0755));
  std::filesystem::permissions(file, std::filesystem::perms(0644));
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  ahead_ = new (memory) std::atomic<std::int64_t>(0);
}

WallClock::~WallClock() {
  ::munmap(ahead_, sizeof *ahead_);
}

void WallClock::add_to_environment(std::map<std::string, std::string>& environment) const {
  environment["LD_PRELOAD"] = AFFSYNC_SET_CLOCK;
  environment["AFFSYNC_TEST_CLOCK"] = (dir_.path() / "ahead").string();
  // AddressSanitizer demands to be the first library; a preloaded library comes before it.
  char const* const given = std::getenv("ASAN_OPTIONS");
  environment["ASAN_OPTIONS"] =
      (given != nullptr ? std::string(given) + ":" : std::string()) + "verify_asan_link_order=0";
}

}  // namespace affsync::test
