#include "connectors/engine/paging/sweep_count.hpp"

namespace affsync::engine {
namespace {

std::int64_t pages_of(std::int64_t rows, std::size_t page_rows) {
  auto const size = static_cast<std::int64_t>(page_rows);
  return size == 0 ? 0 : (rows + size - 1) / size;
}

}  // namespace

bool SweepCount::wants_another(Sweep const& sweep) {
  doubt_.reset();
  std::int64_t rows = sweep.rows;
  std::int64_t counted = rows;
  char const* unit = "";
  if (sweep.total) {
    counted = *sweep.total;
  } else if (sweep.total_pages && *sweep.total_pages >= 0 && !sweep.resumed) {
    // An empty list may have one page or none.
    rows = pages_of(sweep.rows, sweep.page_rows);
    counted = rows == 0 && *sweep.total_pages <= 1 ? 0 : *sweep.total_pages;
    unit = " pages";
  }
  if (rows == counted && !sweep.moved) return false;

  std::pair<std::int64_t, std::int64_t> const count{sweep.rows, counted};
  // If a second sweep gives the same result, a third one would too.
  bool const hopeless = (last_ == count && !sweep.moved) || !sweep.repeatable;
  ++sweeps_;
  if (sweeps_ < max_sweeps && !hopeless) {
    if (!sweep.resumed) last_ = count;
    return true;
  }
  SliceDoubt doubt;
  if (rows == counted) {
    doubt.text = "the list kept changing while it was read, so rows may be missing";
    doubt_ = std::move(doubt);
    return false;
  }
  doubt.text = std::to_string(sweep.rows) + " distinct rows, but the broker counts " +
               std::to_string(counted) + unit;
  if (sweep.total == std::nullopt) {
    doubt.text += " of " + std::to_string(sweep.page_rows) + " rows";
  }
  if (sweep.repeats > 0) {
    doubt.text += "; " + std::to_string(sweep.repeats) +
                  " rows came more than once, so the key may not be unique";
  }
  doubt_ = std::move(doubt);
  return false;
}

}  // namespace affsync::engine
