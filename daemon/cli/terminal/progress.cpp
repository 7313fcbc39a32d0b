#include "daemon/cli/terminal/progress.hpp"

#include <algorithm>
#include <utility>

#include "daemon/cli/terminal/numbers.hpp"
#include "daemon/cli/terminal/status_style.hpp"
#include "daemon/cli/terminal/table.hpp"
#include "daemon/log/utf8.hpp"
#include "daemon/reports/spans.hpp"

namespace affsync::cli {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The rate covers only the last seconds, so that it follows the limiter.
constexpr seconds rate_window{10};
// Minimum number of columns for a useful bar and its percentage.
constexpr int least_bar = 20;

std::string stream_label(std::string const& source, std::string const& stream) {
  return log::to_one_line(source + "/" + stream);
}

std::string counted(std::int64_t count, char const* one, char const* many) {
  return group_thousands(count) + " " + (count == 1 ? one : many);
}

// "5 new, 1 gone"; counts of zero are left out.
std::string changes_of(RunReport const& report) {
  std::string text;
  auto add = [&](std::int64_t count, char const* word) {
    if (count > 0) text += (text.empty() ? "" : ", ") + group_thousands(count) + word;
  };
  add(report.inserted, " new");
  add(report.updated, " changed");
  add(report.deleted, " gone");
  add(report.quarantined, report.dry_run ? " cannot be mapped" : " quarantined");
  if (report.dry_run) return text.empty() ? "nothing is stored" : text + "; nothing is stored";
  return text.empty() ? "no change" : text;
}

}  // namespace

std::int64_t Progress::Run::rows_per_second(Instant now) const {
  if (samples.empty()) return 0;
  auto const [since, rows_then] = samples.front();
  auto const passed = std::chrono::duration_cast<milliseconds>(now - since).count();
  return passed < 200 ? 0 : (rows - rows_then) * 1000 / passed;
}

std::optional<std::pair<std::int64_t, std::int64_t>> Progress::Run::days() const {
  if (!from || !to || *to <= *from) return std::nullopt;
  auto const all = (*to - *from).count() + 1;
  auto const read = reached ? (*reached - *from).count() + 1 : 0;
  return std::pair<std::int64_t, std::int64_t>(std::clamp<std::int64_t>(read, 0, all), all);
}

std::string Progress::Run::day_reached() const {
  auto const known = days();
  if (!known) return {};
  return format_day(reached.value_or(*from)) + ", " +
         std::to_string(known->first * 100 / known->second) + " %";
}

Progress::Progress(log::Console& console, ProgressOptions options)
    : console_(console), options_(std::move(options)), live_(console.terminal().interactive) {
  if (!live_ || !options_.own_thread) return;
  thread_ = std::jthread([this](std::stop_token const& stop) { redraw_until_stopped(stop); });
}

Progress::~Progress() {
  finish();
}

void Progress::finish() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  std::lock_guard const lock(mutex_);
  if (live_) console_.show({});
  live_ = false;
}

void Progress::on_throttled(std::string const& source, std::chrono::microseconds wait,
                            bool is_asked) {
  std::lock_guard const lock(mutex_);
  auto const now = options_.now();
  auto& until = wait_until_[source];
  bool const known = until > now;
  if (now + wait >= until) {
    asked_.erase(source);
    if (is_asked) asked_.insert(source);
  }
  until = std::max(until, now + wait);
  if (live_) {
    redraw(now, {});
  } else if (!known && wait >= seconds(1)) {
    auto const text = reports::short_span_text(std::chrono::ceil<seconds>(wait));
    console_.print(log::to_one_line(source) + ": waits " + text + ": " + reason_of_wait(source));
  }
}

void Progress::on_run_started(RunReport const& report) {
  std::lock_guard const lock(mutex_);
  auto const now = options_.now();
  find_or_add(report, now);
  if (live_) {
    redraw(now, {});
  } else {
    console_.print(stream_label(report.source, report.stream) + ": started");
  }
  changed_.notify_all();
}

void Progress::on_progress(RunReport const& report, std::optional<std::int64_t> expected) {
  std::lock_guard const lock(mutex_);
  auto const now = options_.now();
  auto& run = find_or_add(report, now);
  update(run, report, expected, now);
  if (live_) {
    redraw(now, {});
  } else if (now - run.last_plain >= options_.plain_every) {
    run.last_plain = now;
    console_.print(plain_line(run, now));
  }
}

void Progress::on_run_ended(RunReport const& report) {
  std::lock_guard const lock(mutex_);
  auto const gone = std::find_if(runs_.begin(), runs_.end(), [&](Run const& run) {
    return run.source == report.source && run.stream == report.stream;
  });
  if (gone != runs_.end()) runs_.erase(gone);
  auto const terminal = console_.terminal();
  if (live_) {
    redraw(options_.now(), ended_line(report, terminal));
  } else {
    console_.print(ended_line(report, terminal));
  }
}

Progress::Run& Progress::find_or_add(RunReport const& report, Instant now) {
  for (auto& run : runs_) {
    if (run.source == report.source && run.stream == report.stream) return run;
  }
  Run run;
  run.source = report.source;
  run.stream = report.stream;
  run.started = now;
  run.last_plain = now;
  run.from = report.window_from;
  run.to = report.window_to;
  run.samples.emplace_back(now, report.rows_read);
  return runs_.emplace_back(std::move(run));
}

void Progress::update(Run& run, RunReport const& report, std::optional<std::int64_t> expected,
                      Instant now) {
  run.rows = report.rows_read;
  run.pages = report.pages;
  run.expected = expected;
  run.from = report.window_from;
  run.to = report.window_to;
  run.reached = report.reached;
  run.samples.emplace_back(now, report.rows_read);
  while (run.samples.size() > 2 && now - run.samples[1].first >= rate_window) {
    run.samples.pop_front();
  }
}

std::string Progress::reason_of_wait(std::string const& source) const {
  return asked_.contains(source) ? "the broker asked" : "throttled, affsync backs off";
}

seconds Progress::wait_of(std::string const& source, Instant now) const {
  auto const until = wait_until_.find(source);
  if (until == wait_until_.end() || until->second <= now) return seconds(0);
  return std::chrono::ceil<seconds>(until->second - now);
}

std::string Progress::plain_line(Run const& run, Instant now) const {
  std::string line = stream_label(run.source, run.stream) + ": ";
  auto const day = run.day_reached();
  if (!day.empty()) line += day + ", ";
  // In a pass by days, only the rows of the current days have been counted, so leave the count out.
  line += run.expected && day.empty()
              ? group_thousands(run.rows) + " of " + rows_text(*run.expected)
              : rows_text(run.rows);
  line += ", " + counted(run.pages, "page", "pages") + ", " +
          group_thousands(run.rows_per_second(now)) + " rows/s";
  return line;
}

std::string Progress::ended_line(RunReport const& report, log::Terminal const& terminal) const {
  auto const status = to_string(report.status);
  std::string line = stream_label(report.source, report.stream) + ": " +
                     styled(status, status_style(status), terminal);
  if (report.rows_read > 0 || !report.error) {
    line += ", " + counted(report.rows_read, "row", "rows") + " (" + changes_of(report) + ")";
  }
  line += " in " + shown_duration(report.duration());
  if (report.error) line += ": " + log::to_one_line(report.error->message);
  return line;
}

log::LiveLine Progress::live_line(Run const& run, log::Terminal const& terminal, int name_width,
                                  Instant now) const {
  // Keep the last column free, since some terminals wrap when it is written to.
  int const room = std::max(1, terminal.columns - 1);
  std::string_view const ellipsis = terminal.unicode ? "…" : "~";
  std::string text = log::cut_to_width(stream_label(run.source, run.stream), name_width, ellipsis);
  text.append(static_cast<std::size_t>(std::max(0, name_width - log::display_width(text))), ' ');

  auto const day = run.day_reached();
  std::string tail = day.empty() ? std::string() : "  " + day;
  tail += "  " + (run.expected && day.empty()
                      ? group_thousands(run.rows) + " of " + rows_text(*run.expected)
                      : rows_text(run.rows));
  auto const wait = wait_of(run.source, now);
  if (wait > seconds(0)) {
    tail += "  waits " + reports::short_span_text(wait) + ": " + reason_of_wait(run.source);
  } else {
    tail += "  " + group_thousands(run.rows_per_second(now)) + "/s";
    auto const elapsed = std::chrono::duration_cast<seconds>(now - run.started);
    std::string const more =
        "  " + counted(run.pages, "page", "pages") + "  " + reports::short_span_text(elapsed);
    int const left = room - name_width - log::display_width(tail) - log::display_width(more);
    if (left >= (run.expected ? least_bar : 0)) tail += more;
  }

  int const left = room - name_width - log::display_width(tail);
  if (auto const days = run.days()) {
    if (left >= least_bar) {
      text +=
          "  " + progress_bar(days->first, days->second, std::min(24, left - 2), terminal.unicode);
    }
  } else if (run.expected && *run.expected > 0 && left >= least_bar / 2) {
    auto const done = std::min(run.rows, *run.expected);
    auto percent = std::to_string(done * 100 / *run.expected) + "%";
    percent.insert(0, 5 - std::min<std::size_t>(percent.size(), 5), ' ');
    int const width = std::min(24, left - 2 - 5);
    text += "  " + progress_bar(done, *run.expected, width, terminal.unicode) + percent;
  }
  text = log::cut_to_width(text + tail, room, ellipsis);
  return {text, log::display_width(text)};
}

std::vector<log::LiveLine> Progress::live_lines(log::Terminal const& terminal, Instant now) const {
  int name_width = 0;
  for (auto const& run : runs_) {
    name_width = std::max(name_width, log::display_width(stream_label(run.source, run.stream)));
  }
  name_width = std::min(name_width, std::max(12, terminal.columns * 2 / 5));
  // Lines that scrolled off the screen could not be replaced.
  auto const most = static_cast<std::size_t>(terminal.rows > 3 ? terminal.rows - 2 : 1);
  std::vector<log::LiveLine> lines;
  for (auto const& run : runs_) {
    if (lines.size() + 1 == most && runs_.size() > most) {
      auto const more = "and " + counted(static_cast<std::int64_t>(runs_.size() - lines.size()),
                                         "more stream", "more streams");
      lines.push_back({more, log::display_width(more)});
      break;
    }
    lines.push_back(live_line(run, terminal, name_width, now));
  }
  return lines;
}

// The caller must hold the lock. `lasting`: a permanent line, which is written without delay.
void Progress::redraw(Instant now, std::string_view lasting) {
  if (lasting.empty() && now - last_draw_ < options_.redraw_every) return;
  last_draw_ = now;
  console_.print_and_show(lasting, live_lines(console_.terminal(), now));
}

void Progress::redraw_until_stopped(std::stop_token const& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    changed_.wait(lock, stop, [this] { return !runs_.empty(); });
    changed_.wait_for(lock, stop, options_.redraw_every, [] { return false; });
    if (!stop.stop_requested() && !runs_.empty()) redraw(options_.now(), {});
  }
}

}  // namespace affsync::cli
