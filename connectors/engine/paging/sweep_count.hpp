// Whether the rows of a sweep are all that the broker counts, and whether reading the list once
// more could settle it.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "connectors/engine/paging/slice.hpp"

namespace affsync::engine {

class SweepCount {
 public:
  struct Sweep {
    std::int64_t rows = 0;                    // distinct ones
    std::optional<std::int64_t> total;        // as the broker counts
    std::optional<std::int64_t> total_pages;  // where it only tells pages …
    std::size_t page_rows = 0;                // … of so many rows
    std::int64_t repeats = 0;                 // rows that came twice
    bool moved = false;                       // the count changed on the way, and a row may have
                                              // slipped through between two pages
    bool resumed = false;                     // a part of `rows` is from before a restart
    bool repeatable = true;                   // false: one answer, which would be the same again
    Sweep() = default;
  };

  // At the end of a sweep. False: the list is done, and doubt() says whether its count is good.
  bool wants_another(Sweep const& sweep);

  std::optional<SliceDoubt> const& doubt() const { return doubt_; }

 private:
  static constexpr int max_sweeps = 3;
  int sweeps_ = 0;
  std::optional<std::pair<std::int64_t, std::int64_t>> last_;  // rows and count of the last sweep
  std::optional<SliceDoubt> doubt_;
};

}  // namespace affsync::engine
