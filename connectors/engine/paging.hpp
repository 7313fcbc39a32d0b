// Offset paging over a list that may move while it is read. It knows rows only by the hashes of
// their keys.
//
// Consecutive pages overlap. A page whose first row has been seen before is anchored: nothing lies
// between it and what was read, so it may be taken. Otherwise rows in front of it have gone and the
// list has moved under us: step back until a page is anchored. Offset 0 always is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "connectors/engine/manifest.hpp"
#include "connectors/engine/seen_keys.hpp"
#include "connectors/engine/stream_reader.hpp"

namespace affsync::engine {

// Where a list was left, to go on after a restart.
struct PagePosition {
  std::int64_t offset = 0;             // rows up to here were taken
  std::vector<std::uint64_t> anchors;  // the keys of the last of them
  std::int64_t rows = 0;               // distinct rows taken so far
};

enum class PageOutcome {
  more,         // take the page's rows, ask for the next
  discarded,    // not anchored: leave its rows, ask again
  sweep_again,  // take the rows; the count did not agree, so the list is read once more from 0
  end,          // take the rows; the list has ended
};

class OffsetPager {
 public:
  explicit OffsetPager(PageSpec const& spec);

  // Begins a list from its first row, or where it was left.
  void start();
  void resume(PagePosition position);

  // The offset to ask for next.
  std::int64_t offset() const { return ask_; }

  // The keys of a page's rows in their order, and the broker's count of the whole list where the
  // page told one. Errors: paging_broken.
  Result<PageOutcome> take(std::vector<std::uint64_t> const& keys,
                           std::optional<std::int64_t> total);

  // Of the page taken last: rows that no page of this list had brought before.
  std::int64_t fresh_rows() const { return fresh_counted_; }
  // A row of that key was on an earlier page of this sweep; ask before `take`.
  bool has_seen(std::uint64_t key) const { return seen_.contains(key); }

  PagePosition position() const;
  bool resumed() const { return resumed_; }
  std::optional<std::int64_t> total() const { return total_; }

  // At the end of a list: why its rows cannot be all; and the keys, which leave the pager.
  std::optional<SliceDoubt> doubt() const { return doubt_; }
  std::vector<std::uint64_t> take_keys() { return seen_.take_sorted(); }

 private:
  static constexpr int max_sweeps = 3;

  std::int64_t distinct() const;
  std::size_t full_page() const;
  void begin_sweep();
  Result<PageOutcome> step_back(bool list_has_shifted);
  bool is_end(std::size_t rows, std::size_t fresh) const;
  std::optional<Error> judge_stale_page(std::size_t rows, bool repeated);
  PageOutcome finish();

  PageSpec spec_;
  SeenKeys seen_;
  std::vector<std::uint64_t> anchors_;
  std::int64_t ask_ = 0;
  std::int64_t position_ = 0;
  int overlap_ = 1;            // rows that pages share now; more once the list has shifted
  bool wants_anchor_ = false;  // the page asked for begins with a row that was taken
  bool resumed_ = false;
  std::int64_t rows_before_resume_ = 0;  // distinct rows, the anchors not among them
  std::int64_t resume_anchors_ = 0;

  std::size_t largest_ = 0;       // page of this sweep
  std::size_t proven_full_ = 0;   // rows of a page that was not the last: what the server caps at
  std::size_t last_rows_ = 0;     // of the page taken before
  std::uint64_t last_print_ = 0;  // hash of that page's keys
  std::int64_t last_ask_ = 0;

  std::int64_t step_ = 0;         // next step back; 0: none in a row
  std::int64_t catch_up_to_ = 0;  // after steps back, pages up to here bring nothing new
  int steps_ = 0;                 // in this list
  int steps_without_fresh_ = 0;
  std::int64_t furthest_ = 0;  // position in this list
  int stale_pages_ = 0;
  int explained_pages_ = 0;  // stale, but rows were put in front meanwhile
  std::int64_t stale_rows_ = 0;

  std::optional<std::int64_t> total_;
  std::optional<std::int64_t> total_at_fresh_;
  int sweeps_ = 0;
  std::int64_t repeats_ = 0;  // rows of this sweep seen twice, the overlap not counted
  std::optional<std::pair<std::int64_t, std::int64_t>> last_count_;  // distinct, total: last sweep
  std::int64_t counted_ = 0;  // rows reported as fresh so far
  std::int64_t fresh_counted_ = 0;
  std::optional<SliceDoubt> doubt_;
};

}  // namespace affsync::engine
