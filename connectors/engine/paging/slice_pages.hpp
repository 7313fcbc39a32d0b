// Counts the pages of a slice, to estimate how many first pages of later slices may be requested
// before the slice has ended.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

namespace affsync::engine {

class SlicePages {
 public:
  void begin_slice() { before_ = std::exchange(taken_, 0); }
  void take() { ++taken_; }

  // Returns how many slices fit into `room` further requests if each has as many pages as this one.
  // `ahead`: pages that are requested now, the next one included; `ends`: there are no more of it.
  // Room is left for pages that are not known yet, as for a slice like the one before it, so that
  // their requests do not have to wait behind those of later slices.
  std::size_t slices_in(std::size_t room, std::size_t ahead, bool ends) const {
    auto const seen = taken_ + ahead;
    if (!ends && before_ == 0) return 0;  // nothing is known about the length of slices
    std::size_t left = 0;
    if (!ends) left = seen < before_ ? before_ - seen : taken_;
    auto const each = ends ? seen : std::max(seen, before_);
    return room > left ? (room - left + each - 1) / each : 0;
  }

 private:
  std::size_t taken_ = 0;
  std::size_t before_ = 0;  // of the slice before it; 0: this is the first one
};

}  // namespace affsync::engine
