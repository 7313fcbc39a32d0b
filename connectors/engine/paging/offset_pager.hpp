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

#include "connectors/engine/paging/pager.hpp"
#include "connectors/engine/paging/seen_keys.hpp"
#include "connectors/engine/paging/sweep_count.hpp"

namespace affsync::engine {

class OffsetPager final : public Pager {
 public:
  explicit OffsetPager(PageSpec const& spec);

  void start() override;
  void resume(PagePosition position) override;
  PageAsk ask() const override;
  Result<PageOutcome> take(std::vector<std::uint64_t> const& keys, PageHints const& hints) override;

  bool ends_at_refusal(ErrorCode code) override;
  void read_again() override { begin_sweep(); }
  std::int64_t fresh_rows() const override { return fresh_counted_; }
  std::vector<RowPlace> const& places() const override { return places_; }
  PagePosition position() const override;
  bool resumed() const override { return resumed_; }
  bool resuming() const override { return resumed_ && pages_ == 0; }
  std::optional<std::int64_t> total() const override { return total_; }
  std::optional<SliceDoubt> doubt() const override;
  std::vector<std::uint64_t> take_keys() override { return seen_.take_sorted(); }

 private:
  std::int64_t distinct() const;
  std::size_t full_page() const;
  bool is_full(std::size_t rows) const;
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

  std::size_t largest_ = 0;      // page of this sweep
  std::size_t proven_full_ = 0;  // rows of a page that was not the last: what the server caps at
  std::size_t last_rows_ = 0;    // of the page taken before
  std::uint64_t last_page_hash_ = 0;  // hash of that page's keys
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
  std::optional<std::int64_t> total_pages_;
  std::int64_t pages_ = 0;    // since the start or the resume
  std::int64_t repeats_ = 0;  // rows of this sweep seen twice, the overlap not counted
  SweepCount count_;
  std::int64_t counted_ = 0;  // rows reported as fresh so far
  std::int64_t fresh_counted_ = 0;
  std::vector<RowPlace> places_;
  std::string end_in_doubt_;  // why the end of the list may not have been it
};

}  // namespace affsync::engine
