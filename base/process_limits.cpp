#include "base/process_limits.hpp"

#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>

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
