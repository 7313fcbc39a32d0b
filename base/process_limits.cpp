#include "base/process_limits.hpp"

#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "base/error.hpp"

namespace affsync {

std::size_t raise_file_limit() {
  constexpr std::size_t usual = 1024;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return usual;
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised = limit;
    raised.rlim_cur = raised.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return limit.rlim_cur == RLIM_INFINITY ? std::size_t(1) << 30 : std::size_t(limit.rlim_cur);
}

std::size_t runs_at_once(std::size_t open_files) {
  constexpr std::size_t most = 64, others = 64, for_a_run = 2;
  std::size_t const for_runs = open_files > others ? (open_files - others) / for_a_run : 0;
  return std::clamp<std::size_t>(for_runs, 2, most);
}

std::size_t startable_threads(std::size_t threads) {
  std::mutex mutex;
  std::condition_variable over;
  bool is_over = false, refused = false;
  std::vector<std::thread> started;
  started.reserve(threads);
  try {
    while (started.size() < threads) {
      started.emplace_back([&] {
        std::unique_lock lock(mutex);
        over.wait(lock, [&] { return is_over; });
      });
    }
  } catch (std::system_error const&) {
    refused = true;
  }
  {
    std::lock_guard lock(mutex);
    is_over = true;
  }
  over.notify_all();
  for (auto& thread : started) thread.join();
  if (refused) {
    throw Failure(ErrorCode::internal, "the system starts no more threads for affsync",
                  "Raise the limit of processes (ulimit -u, TasksMax of the unit, --pids-limit of"
                  " the container) or that of memory.");
  }
  return threads;
}

void return_large_blocks() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  mallopt(M_TRIM_THRESHOLD, 8 << 20);  // else it would become 128 KiB, and trimming frequent
#endif
}

void release_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace affsync
