// Preloaded into a program under test. Shifts its wall clock by the number of seconds stored in the
// file that $AFFSYNC_TEST_CLOCK names. The steady clock is unchanged, as it is when the system time
// is really set.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

using Seconds = std::atomic<std::int64_t>;

Seconds const* shared_offset() {
  static Seconds const none{0};
  char const* name = std::getenv("AFFSYNC_TEST_CLOCK");
  if (name == nullptr) return &none;
  int const file = ::open(name, O_RDONLY | O_CLOEXEC);
  if (file < 0) return &none;
  void* const memory = ::mmap(nullptr, sizeof(Seconds), PROT_READ, MAP_SHARED, file, 0);
  ::close(file);
  return memory == MAP_FAILED ? &none : static_cast<Seconds const*>(memory);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int clock_gettime(clockid_t clock,
                                                                    timespec* time) noexcept {
  long const result = ::syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && clock == CLOCK_REALTIME) {
    static Seconds const* const offset = shared_offset();
    time->tv_sec += offset->load();
  }
  return static_cast<int>(result);
}

// What PostgreSQL asks.
extern "C" __attribute__((visibility("default"))) int gettimeofday(timeval* time, void*) noexcept {
  timespec now{};
  int const result = clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return result;
}
