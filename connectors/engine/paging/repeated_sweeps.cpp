#include "connectors/engine/paging/repeated_sweeps.hpp"

#include <utility>

namespace affsync::engine {

bool RepeatedSweeps::wants_another() {
  constexpr int most_sweeps = 4;
  if (!needed_ || now_.pages < 2) return false;
  if (last_ && last_->rows == now_.rows && last_->sum == now_.sum) return false;
  if (++sweeps_ < most_sweeps) {
    last_ = now_;
    return true;
  }
  SliceDoubt doubt;
  doubt.text = "the list kept changing while it was read, so rows may be missing or counted twice";
  doubt_ = std::move(doubt);
  return false;
}

}  // namespace affsync::engine
