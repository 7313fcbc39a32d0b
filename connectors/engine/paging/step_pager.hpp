// Paging from page to page: by page number, by a cursor or link that each answer gives, or by the
// id of the last row. Pages do not overlap, so a change of the list is noticed only by the broker's
// count, if there is one.
#pragma once

#include <unordered_set>

#include "connectors/engine/paging/pager.hpp"
#include "connectors/engine/paging/seen_keys.hpp"
#include "connectors/engine/paging/sweep_count.hpp"

namespace affsync::engine {

class StepPager final : public Pager {
 public:
  explicit StepPager(PageSpec const& spec);

  void start() override;
  void resume(PagePosition position) override;
  PageAsk ask() const override { return ask_for(number_); }
  Foresight foresee(std::size_t most) const override;
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
  bool may_have_skipped() const override { return several_ && !in_one_ && !by<IdPaging>(); }
  std::vector<std::uint64_t> take_keys() override { return seen_.take_sorted(); }

 private:
  void begin_sweep();
  PageAsk ask_for(std::int64_t number) const;
  template <class Kind>
  bool by() const {
    return std::holds_alternative<Kind>(spec_.kind);
  }
  bool by_number() const { return by<NumberPaging>(); }
  std::int64_t distinct() const;
  bool by_token() const { return by<CursorPaging>() || by<LinkPaging>(); }
  // What a page had.
  struct Taken {
    std::size_t rows = 0;
    std::size_t fresh = 0;
    bool same_page = false;  // the same rows as the page before it
  };
  bool is_full(std::size_t rows) const;
  bool is_end(Taken const& taken, PageHints const& hints);
  bool is_end_by_token(Taken const& taken, PageHints const& hints);
  std::optional<Error> judge(Taken const& taken, PageHints const& hints);
  void note_doubt(std::size_t rows, PageHints const& hints);
  std::string more_in_words() const;
  PageOutcome finish();

  PageSpec spec_;
  std::string parameter_;  // that selects the page
  int first_page_ = 1;
  SeenKeys seen_;
  std::vector<std::uint64_t> anchors_;
  std::int64_t number_ = 0;                   // of the page to request
  std::string token_;                         // for requesting the next page; empty: the first page
  std::unordered_set<std::uint64_t> tokens_;  // hashes of the tokens received so far
  bool asked_again_ = false;                  // a page pointed to itself and was requested again
  bool resumed_ = false;
  bool wants_anchor_ = false;  // the requested page was already taken before a restart
  std::int64_t rows_before_resume_ = 0;

  bool is_honoured_ = false;  // a second page of some list had other rows than the first
  std::int64_t pages_ = 0;    // since start() or resume()
  std::size_t largest_ = 0;   // largest page of this sweep
  std::size_t last_rows_ = 0;
  std::uint64_t last_page_hash_ = 0;
  int stale_pages_ = 0;        // in a row, with rows but no new ones
  int empty_pages_ = 0;        // in a row
  bool said_more_ = false;     // the last page said explicitly that another follows
  bool was_promised_ = false;  // the page before it did
  std::vector<RowPlace> places_;
  std::string end_in_doubt_;  // why the list may not have ended where it seemed to
  std::int64_t repeats_ = 0;
  bool moved_ = false;    // the total changed within this sweep
  bool several_ = false;  // this sweep had more than one page
  bool in_one_ = false;   // the first page had all rows that its answer counts

  std::optional<std::int64_t> total_;
  std::optional<std::int64_t> total_pages_;
  SweepCount count_;
  std::int64_t counted_ = 0;  // rows reported as fresh so far
  std::int64_t fresh_counted_ = 0;
};

}  // namespace affsync::engine
