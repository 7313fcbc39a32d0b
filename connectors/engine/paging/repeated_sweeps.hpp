// Lists of which a single reading in several pages is not enough, counted or not: of rows without
// an id, one that moves to the next page meanwhile looks like a second one; and of a window that is
// replaced, one that moves to a page that was read already would be deleted at once. So they are
// read until two readings in a row agree, unless no row can have moved without a trace. Of days
// that nothing was read of before, nothing can go; so a count is enough there if they are long
// past, too. Where the database knows the days, it stands for the reading before: one that has all
// rows of it is enough.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/paging/seen_keys.hpp"
#include "connectors/engine/paging/slice.hpp"

namespace affsync::engine {

class RepeatedSweeps {
 public:
  explicit RepeatedSweeps(StreamSpec const& spec)
      : RepeatedSweeps((spec.map.hash || spec.replaces_window) && !spec.page.is_single_answer(),
                       spec.map.hash && !spec.page.has_total()) {}

  // `first_of_past`: of days long past that nothing was read of before.
  void begin_list(bool first_of_past = false) {
    *this = RepeatedSweeps(needed_, exactly_);
    once_ = first_of_past && !exactly_;
  }
  void begin_sweep() {
    now_.clear();
    rows_ = again_ = 0;
  }
  // `keys`: of a page's rows.
  void note(std::vector<std::uint64_t> const& keys);
  // At the end of a reading: returns true if the list has to be read once more.
  // `may_have_skipped`: see Pager. `is_known`: the database can tell whether the reading lacks a
  // row; then a first one is_unconfirmed() until it has.
  bool wants_another(bool may_have_skipped, bool is_known);
  bool is_unconfirmed() const { return unconfirmed_; }
  // Says that the reading lacks a row of the database, or that one may have come twice: the list
  // has to be read once more.
  void refute() { keep_reading(); }
  // Returns true before the end of a first reading, which of several pages is not the last one.
  bool expects_another() const { return needed_ && !once_ && sweeps_ == 0; }
  // Returns true if the last two readings agree.
  bool agree() const { return agree_; }
  // Set if the list never agreed with itself.
  std::optional<SliceDoubt> const& doubt() const { return doubt_; }

 private:
  RepeatedSweeps(bool needed, bool exactly) : needed_(needed), exactly_(exactly) {}
  // Keeps the reading for the next one to be compared with.
  void keep_reading();

  bool needed_;
  bool exactly_;  // neither reading may have a row that the other has not
  bool once_ = false;
  SeenKeys now_, last_;                   // the rows of this reading and of the one before it
  std::size_t rows_ = 0, last_rows_ = 0;  // how many rows they had, with those that came twice
  std::size_t again_ = 0;                 // how many of `last_` are in `now_`
  int sweeps_ = 0;
  bool agree_ = false;
  bool unconfirmed_ = false;
  std::optional<SliceDoubt> doubt_;
};

}  // namespace affsync::engine
