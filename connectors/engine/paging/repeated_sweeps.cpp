#include "connectors/engine/paging/repeated_sweeps.hpp"

#include <utility>

namespace affsync::engine {

void RepeatedSweeps::note(std::vector<std::uint64_t> const& keys) {
  if (!needed_ || once_) return;
  rows_ += keys.size();
  for (auto const key : keys) {
    if (now_.insert(key) && last_.contains(key)) ++again_;
  }
}

// A row is passed over when another one that was read goes, so the next reading lacks that one. If
// it has all rows of the reading before, none was passed over; what came meanwhile does no harm.
// But of rows without an id, one more may be the same one on two pages: only a count shows that.
bool RepeatedSweeps::wants_another(bool may_have_skipped, bool is_known) {
  constexpr int most_sweeps = 4;
  unconfirmed_ = false;
  if (!needed_ || once_ || !may_have_skipped) return false;
  if (is_known && sweeps_ == 0) {
    unconfirmed_ = true;
    return false;
  }
  agree_ = sweeps_ > 0 && again_ == last_.size() &&
           (!exactly_ || (now_.size() == last_.size() && rows_ == last_rows_));
  if (agree_) return false;
  if (sweeps_ + 1 < most_sweeps) {
    keep_reading();
    return true;
  }
  SliceDoubt doubt;
  doubt.text = "the list kept changing while it was read, so rows may be missing or counted twice";
  doubt_ = std::move(doubt);
  return false;
}

void RepeatedSweeps::keep_reading() {
  ++sweeps_;
  unconfirmed_ = false;
  std::swap(last_, now_);
  last_rows_ = rows_;
}

}  // namespace affsync::engine
