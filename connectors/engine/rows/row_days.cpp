#include "connectors/engine/rows/row_days.hpp"

#include <algorithm>
#include <string_view>

#include "connectors/engine/request/target.hpp"

namespace affsync::engine {

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
}

bool RowDays::all_within() const {
  return within_ && spec_.window && !spec_.window->column.empty();
}

void RowDays::note(Batch const& batch, Slice const& slice) {
  constexpr std::size_t most_beside = 10'000;
  if (!spec_.window || spec_.window->column.empty() || !slice.from || !slice.to) return;
  auto const column = batch.table().index_of(spec_.window->column);
  if (!column) return;
  auto const first = format_day(*slice.from), last = format_day(*slice.to);
  auto const day_before = format_day(*slice.from - std::chrono::days(1));
  bool const may_be_beside = overlaps_slice_before(*spec_.window, slice);
  for (std::size_t row = 0; row < batch.size(); ++row) {
    auto const* cell = batch.cell(row, *column);
    // A time begins with its day in UTC.
    auto const day = cell ? std::string_view(cell).substr(0, first.size()) : std::string_view();
    within_ = within_ && day.size() == first.size() && day >= first && day <= last;
    if (may_be_beside && cell != nullptr && day_before == cell && beside_.size() < most_beside) {
      beside_.insert(batch.external_id(row));
    }
  }
}

}  // namespace affsync::engine
