#include "connectors/engine/rows/row_days.hpp"

#include <string_view>

#include "connectors/engine/request/target.hpp"

namespace affsync::engine {

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
