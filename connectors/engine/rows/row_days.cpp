#include "connectors/engine/rows/row_days.hpp"

#include <algorithm>
#include <string_view>

#include "connectors/engine/paging/window.hpp"
#include "connectors/engine/request/target.hpp"
#include "connectors/engine/values/time_format.hpp"

namespace affsync::engine {
namespace {

using std::chrono::days;

bool has_days_in_path(StreamSpec const& spec) {
  return spec.request.path.find("${window.") != std::string::npos;
}

// Whether requests say which days they are for.
bool asks_for_days(StreamSpec const& spec) {
  return !spec.window->from_parameter.empty() || has_days_in_path(spec);
}

// The days of a request: of a month all, also where the parameter of a day names no more than it.
Slice days_of_request(WindowSpec const& window, Slice slice) {
  bool const names_day =
      window.form != WindowForm::day || window.format.empty() || fields_of(window.format).day;
  if (window.by_month() || !names_day) {
    slice = {begin_of_month(*slice.from), end_of_month(*slice.to)};
  }
  return slice;
}

// What the broker was told the days by, for a message.
std::string parameters_of(StreamSpec const& spec) {
  auto const& window = *spec.window;
  if (window.from_parameter.empty()) return "the days in its path";
  std::string text = "`" + window.from_parameter + "`";
  if (!window.to_parameter.empty()) text += " and `" + window.to_parameter + "`";
  return text + " of the window";
}

}  // namespace

std::string time_column_of(StreamSpec const& spec) {
  if (!spec.window || spec.window->column.empty() || spec.map.table == nullptr) return {};
  auto const is_time = [&](std::string_view name) {
    auto const index = spec.map.table->index_of(name);
    return index && spec.map.table->columns[*index].type == ColumnType::timestamptz;
  };
  if (is_time(spec.window->column)) return spec.window->column;
  auto const& columns = spec.map.columns;
  auto const day = std::ranges::find(columns, spec.window->column, &ColumnMapping::column);
  if (day == columns.end() || day->from.empty()) return {};
  auto const text_of = [](ColumnMapping const& column) {
    std::string text;
    for (auto const& path : column.from) text += path.text() + '\n';
    return text;
  };
  for (auto const& column : columns) {
    if (is_time(column.column) && text_of(column) == text_of(*day)) return column.column;
  }
  return {};
}

void RowDays::begin_slice() {
  within_ = true;
  beside_.clear();
  doubt_.reset();
}

bool RowDays::all_within() const {
  return within_ && spec_.window && !spec_.window->column.empty();
}

void RowDays::note_stray(std::string_view day, Slice const& slice) {
  doubt_.emplace();
  doubt_->text = "asked for " + format_day(*slice.from) + " to " + format_day(*slice.to) +
                 ", the broker gave rows of other days by `" + spec_.window->column +
                 "`, such as " + std::string(day) + ": it does not seem to obey " +
                 parameters_of(spec_) + ", so rows of these days may be missing";
  doubt_->hint =
      "Correct the parameters in the connector as the broker's documentation writes them, or "
      "`column` of the window if they select by another time. Until then these days do not count "
      "as read; what was received is stored, and no row was marked as vanished.";
}

void RowDays::note(Batch const& batch, Slice const& asked, Slice const& of_rows) {
  constexpr std::size_t most_beside = 10'000;
  if (!spec_.window || spec_.window->column.empty() || !of_rows.from || !of_rows.to) return;
  auto const column = batch.table().index_of(spec_.window->column);
  if (!column) return;
  auto const first = format_day(*of_rows.from), last = format_day(*of_rows.to);
  auto const day_before = format_day(*of_rows.from - days(1));
  bool const may_be_beside = overlaps_slice_before(*spec_.window, of_rows);
  // The broker's days and those of the column may be of two zones.
  auto const of_request = days_of_request(*spec_.window, asked);
  auto const earliest = format_day(*of_request.from - days(1));
  auto const latest = format_day(std::max(*of_request.to, *of_rows.to) + days(1));
  bool const may_stray = !of_file_ && asks_for_days(spec_);
  for (std::size_t row = 0; row < batch.size(); ++row) {
    auto const* cell = batch.cell(row, *column);
    // A time begins with its day in UTC.
    auto const day = cell ? std::string_view(cell).substr(0, first.size()) : std::string_view();
    within_ = within_ && day.size() == first.size() && day >= first && day <= last;
    bool const is_stray = day.size() == first.size() && (day < earliest || day > latest);
    if (may_stray && is_stray && !doubt_) note_stray(day, asked);
    if (may_be_beside && cell != nullptr && day_before == cell && beside_.size() < most_beside) {
      beside_.insert(batch.external_id(row));
    }
  }
}

}  // namespace affsync::engine
