#include "base/crash_point.hpp"

#ifdef AFFSYNC_CRASH_POINTS
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>

namespace affsync {
namespace {

struct CrashOrder {
  std::optional<std::size_t> point;
  std::atomic<unsigned> passages_left{0};

  CrashOrder() {
    char const* const value = std::getenv("AFFSYNC_CRASH_AT");
    if (value == nullptr || *value == '\0') return;
    std::string_view const text(value);
    auto const colon = text.find(':');
    unsigned passage = 1;
    bool numbered = true;
    if (colon != std::string_view::npos) {
      auto const end = std::from_chars(text.data() + colon + 1, text.data() + text.size(), passage);
      numbered = end.ec == std::errc() && end.ptr == text.data() + text.size() && passage > 0;
    }
    auto const found =
        std::find(crash_point_names.begin(), crash_point_names.end(), text.substr(0, colon));
    if (found == crash_point_names.end() || !numbered) {
      std::fprintf(stderr, "AFFSYNC_CRASH_AT=%s is not NAME or NAME:N; see base/crash_point.hpp\n",
                   value);
      ::_exit(2);
    }
    point = static_cast<std::size_t>(found - crash_point_names.begin());
    passages_left = passage;
  }
};

}  // namespace

void crash_point(CrashPoint point) noexcept {
  static CrashOrder order;
  if (!order.point || *order.point != static_cast<std::size_t>(point)) return;
  if (order.passages_left.fetch_sub(1) == 1) std::raise(SIGKILL);
}

bool daemon_task_shall_fail(std::string_view name) noexcept {
  char const* const ordered = std::getenv("AFFSYNC_FAIL_TASK");
  return ordered != nullptr && name == ordered;
}

}  // namespace affsync
#endif
