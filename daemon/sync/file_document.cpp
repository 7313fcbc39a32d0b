#include "daemon/sync/file_document.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "connectors/engine/answer/classify.hpp"
#include "connectors/engine/paging/window.hpp"

namespace affsync::sync {
namespace {

// More than any file has; one slice must hold them all.
constexpr int most_days = 100'000;

// A row of a later day is put aside.
constexpr int plausible_days_ahead = 2;

// The least and the greatest day of a column of the first table. Counts the rows without one.
std::optional<DaySpan> days_in(Batch const& batch, std::string const& column,
                               std::int64_t& without) {
  auto const index = batch.table().index_of(column);
  if (!index) return std::nullopt;
  constexpr std::size_t length_of_day = 10;
  std::string_view first, last;
  for (std::size_t row = 0; row < batch.size(); ++row) {
    auto const* cell = batch.cell(row, *index);
    if (cell == nullptr) {
      ++without;
      continue;
    }
    auto const day = std::string_view(cell).substr(0, length_of_day);
    if (first.empty() || day < first) first = day;
    if (last.empty() || day > last) last = day;
  }
  auto const from = parse_day(first), to = parse_day(last);
  if (!from || !to) return std::nullopt;
  return DaySpan{*from, *to};
}

bool keeps_days(engine::StreamSpec const& spec) {
  return std::ranges::any_of(spec.keep, &engine::KeptField::is_day_of_window);
}

// In how many slices the period is read: one, unless the rows keep the day of their window.
int slices_in(engine::StreamPlan const& plan, DaySpan const& period) {
  auto const& spec = *plan.spec;
  if (!spec.window || !keeps_days(spec)) return 1;
  int slices = 0;
  engine::Slice const whole{period.from, period.to};
  for (auto next = engine::slice_from(*spec.window, period.from, whole, spec.window->span_days);
       next && slices < most_days; ++slices) {
    next = engine::slice_from(*spec.window, *next->to + std::chrono::days(1), whole,
                              spec.window->span_days);
  }
  return slices;
}

// Whether the rows say their day themselves.
bool has_own_days(engine::StreamSpec const& spec) {
  if (!spec.each.empty()) return false;
  auto const column =
      std::ranges::find(spec.map.columns, spec.window->column, &engine::ColumnMapping::column);
  if (column == spec.map.columns.end()) return false;
  return std::ranges::none_of(column->from, [&](JsonPath const& path) {
    return std::ranges::any_of(spec.keep, [&](engine::KeptField const& kept) {
      return kept.is_day_of_window() && kept.field == path.head();
    });
  });
}

}  // namespace

std::optional<Error> refusal_of_period(engine::StreamPlan const& plan, DaySpan const& period) {
  auto const& window = plan.spec->window;
  if (!window || window->changes || window->column.empty()) return std::nullopt;
  if (slices_in(plan, period) < 2 || has_own_days(*plan.spec)) return std::nullopt;
  return Error(ErrorCode::usage,
               "the rows of the stream do not tell their day, which is that of the request, and " +
                   format_day(period.from) + " to " + format_day(period.to) + " are several",
               std::string("Import one file for each ") + (window->by_month() ? "month" : "day") +
                   ", with its days in --since and --until.");
}

std::shared_ptr<engine::StreamPlan const> plan_of_file(engine::StreamPlan const& plan,
                                                       std::optional<DaySpan> period) {
  auto one = std::make_shared<engine::StreamPlan>(plan);
  one->of_file = true;
  one->spec->page = engine::PageSpec();
  one->spec->parts.clear();
  one->spec->keeps_days.reset();  // a file may be older than what the broker still shows
  auto& window = one->spec->window;
  bool const has_days = period && window && !window->changes && !window->column.empty();
  if (has_days) {
    window->start = std::min(window->start, period->from);
    window->start_days.reset();
    window->lag_days = -plausible_days_ahead;  // it has the days that it has
    if (slices_in(*one, *period) > 1) {
      one->own_days = true;
      one->spec->reconcile.clear();  // the file's sums are of all its days
    } else {
      window->span_days = window->max_span_days = most_days;
      // Months matter only where rows keep them: else the period is that of the file.
      if (window->by_month() && !keeps_days(*one->spec)) window->form = engine::WindowForm::day;
    }
    window->may_be_empty_days.reset();
  } else {
    window.reset();
  }
  one->adds_only = !has_days || !plan.spec->replaces_window;
  return one;
}

FileDocument read_file_document(std::string bytes, engine::SourcePlan const& source,
                                std::shared_ptr<engine::StreamPlan const> const& plan,
                                TimePoint now) {
  FileDocument file;
  file.hash = hash_content(bytes);
  if (bytes.empty()) {  // in some formats a list without rows, but no program exports one like this
    file.answer = Error(ErrorCode::malformed_answer, "the file is empty: it has 0 bytes",
                        "Export it again; it may have been written to a full disk.");
    return file;
  }
  HttpResponse response;
  response.status = 200;
  response.is_of_file = true;
  response.body = std::move(bytes);
  // Only a line of sums shows that a table is whole.
  auto document = plan->spec->document;
  document.table.ends_with_totals = document.table.totals.has_value();
  auto verdict = engine::classify(response, source.errors, source.rate, false, now,
                                  plan->spec->good, document, &*plan->spec);
  if (verdict.error) {
    file.answer = std::move(*verdict.error);
    return file;
  }
  engine::Answer answer;
  answer.no_rows = verdict.answer_class == engine::AnswerClass::empty;
  answer.body = std::move(verdict.body);
  answer.bytes = response.body.size();
  engine::ReaderStart start;
  start.now = now;
  // A first reading only finds the days.
  engine::StreamReader reader(plan_of_file(*plan, std::nullopt), start);
  reader.next_request();
  auto page = reader.on_answer(answer, now);
  if (page && !page->batches.empty()) {
    file.rows = page->rows_read;
    auto const& window = plan->spec->window;
    if (window && !window->column.empty())
      file.days = days_in(page->batches.front(), window->column, file.without_day);
  }
  file.answer = std::move(answer);
  return file;
}

}  // namespace affsync::sync
