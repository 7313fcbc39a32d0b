#include "connectors/engine/paging/offset_pager.hpp"

#include <algorithm>

#include "connectors/engine/paging/page_keys.hpp"

namespace affsync::engine {
namespace {

constexpr int max_steps_without_fresh = 40;
constexpr std::int64_t max_steps = 100;
constexpr std::size_t max_anchors_kept = 16;
constexpr int max_explained_pages = 200;

Error shifting_list_error(std::int64_t offset) {
  return Error(ErrorCode::paging_broken,
               "the list keeps shifting: around row " + std::to_string(offset) +
                   " no page fits the one before it",
               "Sort the list by something unique that does not change: set the order in `query` "
               "of the stream.");
}

}  // namespace

OffsetPager::OffsetPager(std::optional<PageSize> limit)
    : size_(limit.value_or(PageSize{})), has_limit_(limit.has_value()) {}

OffsetPager::OffsetPager(OffsetPaging paging, PageSize size)
    : paging_(std::move(paging)), size_(std::move(size)), is_single_answer_(false) {
  size_.rows = std::max(size_.rows, 1);
  paging_.overlap = std::clamp(paging_.overlap, 0, size_.rows - 1);
}

void OffsetPager::begin_sweep() {
  seen_.clear();
  anchors_.clear();
  ask_ = position_ = 0;
  wants_anchor_ = resumed_ = moved_ = unlinked_ = in_one_ = false;
  rows_before_resume_ = resume_anchors_ = 0;
  largest_ = last_rows_ = 0;
  last_ask_ = step_ = catch_up_to_ = 0;
  steps_without_fresh_ = stale_pages_ = explained_pages_ = 0;
  stale_rows_ = repeats_ = 0;
  total_.reset();
  total_pages_.reset();
  total_at_fresh_.reset();
  end_in_doubt_.clear();
}

void OffsetPager::start() {
  begin_sweep();
  steps_ = 0;
  furthest_ = pages_ = 0;
  overlap_ = paging_.overlap;
  count_ = {};
  counted_ = fresh_counted_ = 0;
}

void OffsetPager::resume(PagePosition position) {
  start();
  if (position.offset <= 0 || position.anchors.empty()) return;
  resumed_ = true;
  position_ = position.offset;
  anchors_ = std::move(position.anchors);
  for (auto const key : anchors_) seen_.insert(key);
  resume_anchors_ = static_cast<std::int64_t>(seen_.size());
  rows_before_resume_ = std::max<std::int64_t>(0, position.rows - resume_anchors_);
  ask_ = std::max<std::int64_t>(0, position_ - static_cast<std::int64_t>(anchors_.size()));
  wants_anchor_ = true;
}

std::int64_t OffsetPager::distinct() const {
  return rows_before_resume_ + static_cast<std::int64_t>(seen_.size());
}

PagePosition OffsetPager::position() const {
  // A few are enough to recognise the position; the overlap may have grown to half a page.
  auto const kept = static_cast<std::ptrdiff_t>(std::min(anchors_.size(), max_anchors_kept));
  PagePosition position;
  position.offset = position_;
  position.anchors.assign(anchors_.end() - kept, anchors_.end());
  position.rows = distinct();
  return position;
}

// Returns the rows of a page that is followed by another: what the server has shown, or what was
// requested.
std::size_t OffsetPager::full_page() const {
  return proven_full_ > 0 ? proven_full_ : static_cast<std::size_t>(size_.rows);
}

// A page smaller than requested may still be full, because brokers limit pages silently.
bool OffsetPager::is_full(std::size_t rows) const {
  return rows >= full_page() || (proven_full_ == 0 && may_be_a_cap(rows));
}

bool OffsetPager::ends_at_refusal(ErrorCode code) {
  if (code != ErrorCode::not_found && code != ErrorCode::bad_request) return false;
  if (is_single_answer_ || pages_ == 0 || last_rows_ == 0 || wants_anchor_) return false;
  if (total_ && distinct() < *total_) return false;
  if (!total_ && may_be_a_depth(code, distinct())) {
    end_in_doubt_ = "the broker refused the page after " + std::to_string(distinct()) +
                    " rows; this may be its limit, not the end of the list";
  }
  return true;
}

std::optional<SliceDoubt> OffsetPager::doubt() const {
  if (auto doubt = count_.doubt()) return doubt;
  if (end_in_doubt_.empty()) return std::nullopt;
  SliceDoubt doubt;
  doubt.text = end_in_doubt_;
  return doubt;
}

Result<PageOutcome> OffsetPager::step_back(bool list_has_shifted) {
  fresh_counted_ = 0;
  if (resumed_) {
    // What was read before the restart is unknown here, so no later page can be anchored.
    begin_sweep();
    return PageOutcome::discarded;
  }
  ++steps_;
  ++steps_without_fresh_;
  // Without a limit, a list that shifts at nearly every page would be read forever, a few rows at a
  // time.
  auto const page = static_cast<std::int64_t>(largest_ > 0 ? largest_ : full_page());
  if (steps_without_fresh_ > max_steps_without_fresh ||
      steps_ > std::max<std::int64_t>(max_steps, 2 * furthest_ / page)) {
    return shifting_list_error(ask_);
  }
  catch_up_to_ = std::max(catch_up_to_, ask_ + 1);
  // A list that has shifted once will shift again; with a larger overlap the next pages still fit.
  if (list_has_shifted) {
    auto const most = std::max<std::int64_t>(1, page / 2);
    overlap_ = static_cast<int>(std::clamp<std::int64_t>(4 * overlap_, 1, most));
  }
  // A page minus the overlap, so that the page reaches beyond the row that did not fit. Doubled
  // each time, because many rows may have been deleted at once.
  step_ = step_ > 0 ? step_ * 2 : std::max<std::int64_t>(1, page - paging_.overlap);
  ask_ = std::max<std::int64_t>(0, ask_ - step_);
  wants_anchor_ = ask_ > 0;
  return PageOutcome::discarded;
}

PageAsk OffsetPager::ask_at(std::int64_t offset) const {
  PageAsk ask;
  if (has_limit_) ask.query.emplace_back(size_.parameter, std::to_string(size_.rows));
  if (is_single_answer_) return ask;
  ask.query.emplace_back(paging_.parameter, std::to_string(offset + paging_.first));
  return ask;
}

// Returns how many rows the list has at least, by what the broker counts.
std::optional<std::int64_t> OffsetPager::certain_rows() const {
  if (total_) return total_;
  // Without a count of rows only shared rows show that the list has shifted.
  if (!total_pages_ || overlap_ == 0) return std::nullopt;
  return (*total_pages_ - 1) * static_cast<std::int64_t>(largest_) + 1;
}

Foresight OffsetPager::foresee(std::size_t most) const {
  Foresight out;
  out.reaches_end = is_single_answer_;
  // While the pager steps back, or looks for its place after a restart, nothing is as expected.
  auto const certain = certain_rows();
  if (out.reaches_end || pages_ == 0 || last_rows_ == 0 || step_ > 0 || !certain) return out;
  if (!is_honoured_) most = pages_ == 1 ? std::min<std::size_t>(most, 1) : 0;
  auto const page = static_cast<std::int64_t>(largest_);
  auto const shared = std::min<std::int64_t>(overlap_, page - 1);
  auto end = ask_ + page;
  for (; end < *certain && out.asks.size() < most; end += page - shared) {
    out.asks.push_back(ask_at(end - shared));
  }
  out.reaches_end = end >= *certain;
  return out;
}

Result<PageOutcome> OffsetPager::take(std::vector<std::uint64_t> const& keys,
                                      PageHints const& hints) {
  auto const rows = keys.size();
  ++pages_;
  if (wants_anchor_ && (rows == 0 || !seen_.contains(keys.front()))) return step_back(rows > 0);
  step_ = 0;
  unlinked_ = unlinked_ || (ask_ > 0 && !wants_anchor_);
  note_totals(hints);

  // Rows at the front that were requested again.
  auto const shared =
      std::min(rows, static_cast<std::size_t>(std::max<std::int64_t>(0, position_ - ask_)));
  auto const [fresh, distinct_keys] = add_page(keys, shared, seen_, places_);
  if (ask_ == 0) in_one_ = hints.total == static_cast<std::int64_t>(distinct_keys);
  repeats_ += static_cast<std::int64_t>(rows - fresh - std::min(shared, rows - fresh));
  auto const high = static_cast<std::int64_t>(seen_.size()) - resume_anchors_;
  fresh_counted_ = std::max<std::int64_t>(0, high - counted_);
  counted_ += fresh_counted_;

  auto const page_hash = hash_of_page(keys);
  bool const repeated =
      rows > 0 && ask_ > last_ask_ && rows == last_rows_ && page_hash == last_page_hash_;
  is_honoured_ = is_honoured_ || (fresh > 0 && pages_ > 1);
  if (fresh > 0 && last_rows_ > 0) proven_full_ = std::max(proven_full_, last_rows_);
  largest_ = std::max(largest_, rows);
  // A row that occurs twice in a page has only one position in the list; counting it twice would
  // move the next page past unseen rows.
  position_ = ask_ + static_cast<std::int64_t>(distinct_keys);
  furthest_ = std::max(furthest_, position_);
  last_rows_ = rows;
  last_page_hash_ = page_hash;
  last_ask_ = ask_;
  // A page that has only the overlap would look like the end.
  auto const overlap =
      std::min<std::size_t>(static_cast<std::size_t>(overlap_), largest_ > 0 ? largest_ - 1 : 0);
  if (rows > 0) {
    // After a restart even a page that has only the overlap is enough to recognise the position.
    auto const kept =
        static_cast<std::ptrdiff_t>(std::min(static_cast<std::size_t>(overlap_), rows));
    anchors_.assign(keys.end() - kept, keys.end());
  }

  if (is_single_answer_ || is_end(rows, fresh)) {
    note_doubt(rows, hints);
    return finish();
  }
  if (fresh > 0) {
    stale_pages_ = steps_without_fresh_ = 0;
    stale_rows_ = 0;
    total_at_fresh_ = total_;
  } else if (auto error = judge_stale_page(rows, repeated)) {
    return *error;
  }
  ask_ = std::max<std::int64_t>(0, position_ - static_cast<std::int64_t>(overlap));
  wants_anchor_ = ask_ > 0 && ask_ < position_;
  return PageOutcome::more;
}

void OffsetPager::note_totals(PageHints const& hints) {
  if (hints.total) {
    // Pages that share rows show themselves whether the list has shifted.
    moved_ = moved_ || (overlap_ == 0 && total_ && total_ != hints.total);
    total_ = hints.total;
    if (seen_.size() == 0) seen_.expect(static_cast<std::size_t>(*total_));
  }
  if (hints.total_pages) total_pages_ = hints.total_pages;
}

void OffsetPager::note_doubt(std::size_t rows, PageHints const& hints) {
  if (may_be_cut(rows, hints)) end_in_doubt_ = cut_answer(rows, hints);
  bool const is_counted = total_ && distinct() >= *total_;
  if (rows == 0 || is_counted) return;
  if (!is_single_answer_) {
    end_in_doubt_ = hints.part.goes_on ? hints.part.text : hints.unread_more;
  } else if (end_in_doubt_.empty()) {
    end_in_doubt_ = hints.unread_more;
  }
}

bool OffsetPager::may_be_cut(std::size_t rows, PageHints const& hints) const {
  bool const is_full = has_limit_ && rows >= static_cast<std::size_t>(size_.rows);
  if (!is_single_answer_ || (!is_full && hints.part.text.empty())) return false;
  return !hints.total || static_cast<std::int64_t>(rows) < *hints.total;
}

bool OffsetPager::is_end(std::size_t rows, std::size_t fresh) const {
  if (rows == 0) return true;
  bool const reaches_total = total_ && position_ >= *total_;
  if (fresh == 0 && reaches_total && distinct() >= *total_) return true;
  // If the server limits pages, no page may have been proven full yet; then the list's largest page
  // counts.
  if (fresh == 0) return rows < largest_;
  return reaches_total && !is_full(rows);
}

std::optional<Error> OffsetPager::judge_stale_page(std::size_t rows, bool repeated) {
  if (position_ < catch_up_to_) return std::nullopt;
  stale_rows_ += static_cast<std::int64_t>(rows);
  // Rows that were inserted before this position move known rows here, as many as the total has
  // grown.
  bool const explained =
      !repeated && total_ && total_at_fresh_ && stale_rows_ <= *total_ - *total_at_fresh_;
  if (explained && ++explained_pages_ <= max_explained_pages) return std::nullopt;
  if (++stale_pages_ < 2) return std::nullopt;
  std::string const count_text =
      total_ ? "the broker counts " + std::to_string(*total_) : "the list has not ended";
  return Error(ErrorCode::paging_broken,
               "two pages in a row had no new row, although only " + std::to_string(distinct()) +
                   " rows were read and " + count_text + "; the parameter `" + paging_.parameter +
                   "` seems to be ignored",
               "Compare `page` of the stream with the broker's documentation; use `type: none` for "
               "a list without pages.");
}

PageOutcome OffsetPager::finish() {
  SweepCount::Sweep sweep;
  sweep.rows = distinct();
  sweep.total = total_;
  sweep.total_pages = total_pages_;
  sweep.page_rows = std::max(largest_, proven_full_);
  sweep.repeats = repeats_;
  sweep.moved = moved_;
  sweep.resumed = resumed_;
  sweep.repeatable = !is_single_answer_;
  if (!count_.wants_another(sweep)) return PageOutcome::end;
  begin_sweep();
  return PageOutcome::sweep_again;
}

}  // namespace affsync::engine
