#include "daemon/cli/check_stream.hpp"

#include <map>

#include "connectors/engine/answer/records.hpp"
#include "connectors/engine/rows/page_review.hpp"
#include "daemon/cli/first_page.hpp"
#include "daemon/cli/terminal/numbers.hpp"
#include "daemon/reports/spans.hpp"
#include "daemon/sync/inbox.hpp"
#include "daemon/sync/item_values.hpp"
#include "daemon/sync/run_times.hpp"

namespace affsync::cli {
namespace {

namespace asio = boost::asio;

// Returns a remark if our clock and the broker's differ by minutes, because signatures and days
// depend on the clock.
std::string clock_remark(engine::Answer const& answer, TimePoint now) {
  constexpr auto tolerated = std::chrono::minutes(2);
  if (!answer.server_time) return {};
  auto const ahead = std::chrono::duration_cast<std::chrono::seconds>(now - *answer.server_time);
  if (std::chrono::abs(ahead) <= tolerated) return {};
  return "the clock of this machine is " + reports::short_span_text(std::chrono::abs(ahead)) +
         (ahead.count() > 0 ? " ahead of" : " behind") + " the broker's; set it";
}

// Returns the error that would end a run if most rows of the page cannot be mapped.
std::optional<Error> mapping_failure(sync::StreamTask const& task, engine::PageRead const& page) {
  if (page.quarantined.empty() || page.unmapped <= page.mapped) return std::nullopt;
  auto const all = page.mapped + page.unmapped;
  auto const what = all == 1 ? "the only row of the page cannot be mapped"
                    : page.mapped == 0
                        ? "none of the " + rows_text(all) + " of the page can be mapped"
                        : group_thousands(page.unmapped) + " of " + rows_text(all) +
                              " of the page cannot be mapped";
  return Error(ErrorCode::mapping_failed, what + ", such as: " + page.quarantined.front().reason,
               "`affsync inspect " + task.source() + " " + task.stream() +
                   "` shows what each column finds. Fix the mapping of the connector.");
}

// Adds what the page as a whole shows. A broker may leave out a field that has no value, so a path
// that no row has is no failure, and for columns without money not even a warning.
void note_review(sync::StreamTask const& task, engine::PageReview const& review,
                 SourceCheck& line) {
  for (auto const& warning : review.warnings) {
    line.result = "warning";
    line.remarks.push_back(task.session->withhold_secrets(warning));
    line.detail += "; " + line.remarks.back();
  }
  if (review.lacking.empty()) return;
  std::string paths;
  for (auto const& path : review.lacking) paths += (paths.empty() ? "" : ", ") + path;
  auto const text = "no row of this page has a value for: " + paths;
  line.detail += "; " + text;
  if (!review.lacks_money) return;
  line.result = "warning";
  line.remarks.push_back(text +
                         ". Correct the connector unless the broker leaves out what has no value; "
                         "`affsync inspect " +
                         task.source() + " " + task.stream() + "` shows the rows");
}

// The day of the page that has most rows, but neither the first nor the last one that was asked
// for: the broker's days may begin at another hour than ours.
std::optional<Day> fullest_day(engine::PageRead const& page, std::string const& column) {
  if (!page.scope || !page.scope->slice.from || page.batches.empty()) return std::nullopt;
  auto const& batch = page.batches.front();
  auto const index = batch.table().index_of(column);
  if (!index) return std::nullopt;
  std::map<Day, int> rows;
  for (std::size_t row = 0; row < batch.size(); ++row) {
    auto const* cell = batch.cell(row, *index);
    auto const day = cell ? parse_day(std::string_view(cell).substr(0, 10)) : std::nullopt;
    if (day && *day > *page.scope->slice.from && *day < *page.scope->slice.to) ++rows[*day];
  }
  auto const most = std::ranges::max_element(
      rows, [](auto const& one, auto const& other) { return one.second < other.second; });
  return most == rows.end() ? std::nullopt : std::optional(most->first);
}

// A window whose last day is not given although the connector says so loses a day of each slice,
// and no answer ever shows it: so a day that has rows is asked for alone. What an error to that
// would mean is not known.
asio::awaitable<std::string> lost_last_day(sync::StreamTask const& task, Clock const& clock,
                                           engine::PageRead const& page, RunReport& report) {
  auto const& spec = task.plan->spec;
  auto const& window = spec->window;
  bool const sends_both_days = window && window->form == engine::WindowForm::day &&
                               !window->from_parameter.empty() && !window->to_parameter.empty() &&
                               !window->to_exclusive && !window->changes && window->span_days > 1;
  if (!sends_both_days || spec->report || !page.remarks.empty()) co_return std::string();
  auto const day = fullest_day(page, window->column);
  if (!day) co_return std::string();
  auto const alone = co_await fetch_day(task, clock, *day, report);
  if (!alone || alone->read.rows_read > 0 || !alone->read.quarantined.empty())
    co_return std::string();
  auto const text = format_day(*day);
  co_return "there are rows of " + text + ", but none if both `" + window->from_parameter +
      "` and `" + window->to_parameter + "` are " + text + ": it seems that the broker leaves `" +
      window->to_parameter +
      "` out, so the last day of each window would be missing. Write `last: exclusive` under "
      "`window` of the connector";
}

std::optional<Error> start_ahead(sync::StreamTask const& task, TimePoint now) {
  try {
    sync::refuse_start_ahead(*task.plan, now);
    return std::nullopt;
  } catch (Failure const& failure) {
    return failure.error();
  }
}

}  // namespace

SourceCheck failed_check(std::string source, std::string stream, Error error) {
  SourceCheck line;
  line.source = std::move(source);
  line.stream = std::move(stream);
  line.result = "failed";
  line.detail = error.message;
  line.error = std::move(error);
  return line;
}

std::optional<SourceCheck> failed_question(Error const& error) {
  if (error.code == ErrorCode::migration_failed) return std::nullopt;
  return failed_check("database", "", error);
}

asio::awaitable<SourceCheck> check_stream(sync::StreamTask task, Clock const& clock) {
  if (auto const error = task.plan->obstacle()) {
    SourceCheck line = failed_check(task.source(), task.stream(), *error);
    line.result = "warning";
    co_return line;
  }
  if (auto const lack = sync::lack_of_values(task, task.items)) {
    SourceCheck line = failed_check(task.source(), task.stream(), *lack);
    line.result = "warning";
    co_return line;
  }
  if (auto const error = start_ahead(task, clock.now())) {
    co_return failed_check(task.source(), task.stream(), *error);
  }
  RunReport report;
  auto page = co_await fetch_first_page(task, clock, false, report);
  if (!page) {
    auto const error = task.plan->advised(page.error());
    SourceCheck line = failed_check(task.source(), task.stream(), error);
    // Files come when somebody exports them, and `import` reads them from anywhere.
    bool const is_no_file =
        error.code == ErrorCode::not_found && sync::folder_of(task.plan->base_url);
    if (is_no_file) line.result = "warning";
    co_return line;
  }

  SourceCheck line;
  line.source = task.source();
  line.stream = task.stream();
  line.result = "ok";
  line.rows = page->read.rows_read;
  line.total = page->read.expected_rows;
  line.detail = line.total ? group_thousands(*line.rows) + " of " + rows_text(*line.total)
                           : rows_text(*line.rows);
  if (task.plan->spec->window) line.detail += " in the newest window";
  line.remarks = page->read.remarks;
  auto clock_says = clock_remark(page->answer, clock.now());
  if (!clock_says.empty()) line.remarks.push_back(std::move(clock_says));
  if (auto error = mapping_failure(task, page->read)) {
    line.result = "failed";
    line.detail += "; " + error->message;
    line.error = std::move(*error);
    co_return line;
  }
  auto no_last_day = co_await lost_last_day(task, clock, page->read, report);
  if (!no_last_day.empty()) line.remarks.push_back(std::move(no_last_day));
  if (!line.remarks.empty()) line.result = "warning";
  if (auto const& bad = page->read.quarantined; !bad.empty()) {
    line.result = "warning";
    auto const count = std::to_string(bad.size());
    line.detail += "; " + count + " of them cannot be mapped, such as: " + bad.front().reason;
    // Repeat it as a remark, since the table may cut the line.
    line.remarks.push_back(count + " cannot be mapped, such as: " + bad.front().reason +
                           "; `affsync " + "inspect " + task.source() + " " + task.stream() +
                           "` shows more");
  }
  for (auto const& path : page->read.missing_totals) {
    if (line.result == "ok") line.result = "warning";
    line.detail += "; the total `" + path +
                   "` that the connector names is missing from the answer, so it is not compared";
  }
  if (auto const rows =
          engine::find_records(task.plan->spec, page->answer.body, false, page->asked);
      rows) {
    note_review(task, engine::review_page(*task.plan, rows->rows, page->answer.body), line);
  }
  co_return line;
}

}  // namespace affsync::cli
