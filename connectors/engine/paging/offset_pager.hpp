// Offset paging over a list that may change while it is read. Rows are known only by the hashes of
// their keys.
//
// Consecutive pages overlap. A page whose first row has been seen before is anchored: no row was
// skipped between it and the rows before, so it can be taken. If it is not anchored, rows before it
// were deleted and the list has shifted: the pager steps back until a page is anchored. Offset 0
// always is.
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
  // For a list with a single answer. `limit`: the rows that are asked for, if the broker takes such
  // a parameter; an answer with as many may be cut.
  explicit OffsetPager(std::optional<PageSize> limit);
  OffsetPager(OffsetPaging paging, PageSize size);

  void start() override;
  void resume(PagePosition position) override;
  PageAsk ask() const override { return ask_at(ask_); }
  Foresight foresee(std::size_t most) const override;
  Result<PageOutcome> take(std::vector<std::uint64_t> const& keys, PageHints const& hints) override;

  bool ends_at_refusal(ErrorCode code) override;
  void read_again() override { begin_sweep(); }
  std::int64_t fresh_rows() const override { return fresh_counted_; }
  std::vector<RowPlace> const& places() const override { return places_; }
  PagePosition position() const override;
  bool may_be_cut(std::size_t rows, PageHints const& hints) const override;
  bool resumed() const override { return resumed_; }
  bool resuming() const override { return resumed_ && pages_ == 0; }
  std::optional<std::int64_t> total() const override { return total_; }
  std::optional<SliceDoubt> doubt() const override;
  bool may_have_skipped() const override { return unlinked_ && !in_one_; }
  std::vector<std::uint64_t> take_keys() override { return seen_.take_sorted(); }

 private:
  PageAsk ask_at(std::int64_t offset) const;
  std::optional<std::int64_t> certain_rows() const;
  std::int64_t distinct() const;
  std::size_t full_page() const;
  bool is_full(std::size_t rows) const;
  void begin_sweep();
  Result<PageOutcome> step_back(bool list_has_shifted);
  bool is_end(std::size_t rows, std::size_t fresh) const;
  std::optional<Error> judge_stale_page(std::size_t rows, bool repeated);
  void note_totals(PageHints const& hints);
  // Says in `end_in_doubt_` why the list may go on behind the page that seems to be its last.
  void note_doubt(std::size_t rows, PageHints const& hints);
  PageOutcome finish();

  OffsetPaging paging_;
  PageSize size_;
  bool is_single_answer_ = true;
  bool has_limit_ = true;  // of a single answer
  SeenKeys seen_;
  std::vector<std::uint64_t> anchors_;
  std::int64_t ask_ = 0;
  std::int64_t position_ = 0;
  int overlap_ = 1;            // rows that consecutive pages share; more once the list has shifted
  bool wants_anchor_ = false;  // the requested page starts with a row that was taken
  bool resumed_ = false;
  bool is_honoured_ = false;             // a second page of some list had other rows than the first
  std::int64_t rows_before_resume_ = 0;  // distinct rows, without the anchors
  std::int64_t resume_anchors_ = 0;

  std::size_t largest_ = 0;           // largest page of this sweep
  std::size_t proven_full_ = 0;       // rows of a page that was not the last: the server's maximum
  std::size_t last_rows_ = 0;         // rows of the page taken before
  std::uint64_t last_page_hash_ = 0;  // hash of its keys
  std::int64_t last_ask_ = 0;

  std::int64_t step_ = 0;         // next step back; 0: the last page was no step back
  std::int64_t catch_up_to_ = 0;  // after steps back, pages up to here have no new rows
  int steps_ = 0;                 // steps back in this list
  int steps_without_fresh_ = 0;
  std::int64_t furthest_ = 0;  // largest position in this list
  int stale_pages_ = 0;
  int explained_pages_ = 0;  // stale because rows were inserted before them meanwhile
  std::int64_t stale_rows_ = 0;

  std::optional<std::int64_t> total_;
  std::optional<std::int64_t> total_at_fresh_;
  std::optional<std::int64_t> total_pages_;
  std::int64_t pages_ = 0;    // since start() or resume()
  std::int64_t repeats_ = 0;  // rows of this sweep seen twice, without the overlap
  SweepCount count_;
  bool moved_ = false;        // the total of pages that share no rows changed within this sweep
  bool unlinked_ = false;     // a page of this sweep shares no row with the one before it
  bool in_one_ = false;       // the first page had all rows that its answer counts
  std::int64_t counted_ = 0;  // rows reported as fresh so far
  std::int64_t fresh_counted_ = 0;
  std::vector<RowPlace> places_;
  std::string end_in_doubt_;  // why the list may not have ended where it seemed to
};

}  // namespace affsync::engine
