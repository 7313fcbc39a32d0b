// Shows the progress of `sync` on stderr. On a terminal: one line for each running stream, redrawn
// in place at most ten times a second, and one permanent line for each that has ended. Elsewhere:
// plain lines at the start, every few seconds and at the end.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "daemon/log/console.hpp"
#include "daemon/sync/observer.hpp"

namespace affsync::cli {

struct ProgressOptions {
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
  bool own_thread = true;  // redraw without events too, so that waits count down
  std::chrono::milliseconds redraw_every{100};
  std::chrono::milliseconds plain_every{5'000};
  ProgressOptions() = default;
};

// May be used from any thread. The destructor removes the live lines. A process that is killed
// leaves them above the cursor and the terminal usable.
class Progress final : public sync::Observer {
 public:
  explicit Progress(log::Console& console = log::Console::standard_error(),
                    ProgressOptions options = {});
  ~Progress() override;
  Progress(Progress const&) = delete;
  Progress& operator=(Progress const&) = delete;

  // Removes the live lines; later events are printed as plain lines. Call it before a result is
  // written to stdout, so that the two do not mix.
  void finish();

  void on_throttled(std::string const& source, std::chrono::microseconds wait,
                    bool is_asked) override;
  void on_run_started(RunReport const& report) override;
  void on_progress(RunReport const& report, std::optional<std::int64_t> expected) override;
  void on_run_ended(RunReport const& report) override;

 private:
  using Instant = std::chrono::steady_clock::time_point;

  struct Run {
    std::string source, stream;
    std::int64_t rows = 0, pages = 0;
    std::optional<std::int64_t> expected;
    std::optional<Day> from, to, reached;  // days of the pass, and the last day that was read
    Instant started{}, last_plain{};
    std::deque<std::pair<Instant, std::int64_t>> samples;  // rows of the last seconds, for the rate
    std::int64_t rows_per_second(Instant now) const;
    // For a pass over several days: the number of days read and of all days.
    std::optional<std::pair<std::int64_t, std::int64_t>> days() const;
    std::string day_reached() const;  // "2021-03-04, 57 %"; empty without days
  };

  Run& find_or_add(RunReport const& report, Instant now);
  void update(Run& run, RunReport const& report, std::optional<std::int64_t> expected, Instant now);
  std::chrono::seconds wait_of(std::string const& source, Instant now) const;
  std::string reason_of_wait(std::string const& source) const;
  std::string plain_line(Run const& run, Instant now) const;
  std::string ended_line(RunReport const& report, log::Terminal const& terminal) const;
  log::LiveLine live_line(Run const& run, log::Terminal const& terminal, int name_width,
                          Instant now) const;
  std::vector<log::LiveLine> live_lines(log::Terminal const& terminal, Instant now) const;
  void redraw(Instant now, std::string_view lasting);
  void redraw_until_stopped(std::stop_token const& stop);

  log::Console& console_;
  ProgressOptions options_;
  std::mutex mutex_;
  bool live_;  // stderr is a terminal
  std::condition_variable_any changed_;
  std::vector<Run> runs_;                      // open runs, in the order of their start
  std::map<std::string, Instant> wait_until_;  // by source
  std::set<std::string> asked_;                // those of which the broker asked for that wait
  Instant last_draw_{};
  std::jthread thread_;  // last member, since it uses the others
};

}  // namespace affsync::cli
