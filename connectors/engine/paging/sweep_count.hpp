// Decides whether a sweep found all rows that the broker counts, and whether reading the list once
// more could settle a difference.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "connectors/engine/paging/slice.hpp"

namespace affsync::engine {

class SweepCount {
 public:
  struct Sweep {
    std::int64_t rows = 0;              // distinct rows
    std::optional<std::int64_t> total;  // the broker's count
    // The broker's number of pages, if it counts only pages.
    std::optional<std::int64_t> total_pages;
    std::size_t page_rows = 0;  // rows of a page, for total_pages
    std::int64_t repeats = 0;   // rows that came twice
    // The count changed during the sweep, and a row may have been missed between two pages.
    bool moved = false;
    bool resumed = false;    // some of `rows` were read before a restart
    bool repeatable = true;  // false: a single answer, which would be the same again
    Sweep() = default;
  };

  // Takes the result of a sweep. Returns false if the list is done; then doubt() says whether its
  // count agrees.
  bool wants_another(Sweep const& sweep);

  std::optional<SliceDoubt> const& doubt() const { return doubt_; }

 private:
  static constexpr int max_sweeps = 3;
  int sweeps_ = 0;
  std::optional<std::pair<std::int64_t, std::int64_t>> last_;  // rows and count of the last sweep
  std::optional<SliceDoubt> doubt_;
};

}  // namespace affsync::engine
