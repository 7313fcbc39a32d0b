#include "connectors/engine/paging/step_pager.hpp"

#include <algorithm>
#include <utility>

#include "base/batch.hpp"
#include "connectors/engine/paging/page_keys.hpp"

namespace affsync::engine {
namespace {

constexpr std::ptrdiff_t anchors_kept = 16;

// Limit of pages without rows that each name a next page: some brokers search for matches page by
// page, others never stop naming a next page.
constexpr int max_empty_pages = 20;

// Returns true if the text can be a stored link: path and query, percent-encoded.
bool is_target(std::string_view text) {
  return text.starts_with('/') &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

Error endless_list_error(std::string what) {
  return Error(ErrorCode::paging_broken, std::move(what),
               "Compare `page` of the stream with the broker's documentation; use `type: none` for "
               "a list without pages.");
}

}  // namespace

StepPager::StepPager(PageSpec const& spec) : spec_(spec), parameter_(spec.parameter()) {
  if (auto const* paging = std::get_if<NumberPaging>(&spec_.kind)) first_page_ = paging->first_page;
}

void StepPager::begin_sweep() {
  seen_.clear();
  anchors_.clear();
  number_ = first_page_;
  token_.clear();
  tokens_.clear();
  resumed_ = wants_anchor_ = moved_ = several_ = in_one_ = false;
  asked_again_ = said_more_ = was_promised_ = false;
  end_in_doubt_.clear();
  rows_before_resume_ = repeats_ = 0;
  largest_ = last_rows_ = 0;
  stale_pages_ = empty_pages_ = 0;
  total_.reset();
  total_pages_.reset();
}

void StepPager::start() {
  begin_sweep();
  pages_ = counted_ = fresh_counted_ = 0;
  count_ = {};
}

void StepPager::resume(PagePosition position) {
  start();
  if (position.anchors.empty() || (!by_number() && position.token.empty())) return;
  if (by<LinkPaging>() && !is_target(position.token)) return;
  resumed_ = true;
  anchors_ = std::move(position.anchors);
  rows_before_resume_ = position.rows;
  if (by_number()) {
    // Request the page again; if its last row is missing, the list has changed.
    number_ = std::max<std::int64_t>(position.offset, first_page_);
    wants_anchor_ = true;
  } else {
    token_ = std::move(position.token);
  }
}

std::int64_t StepPager::distinct() const {
  return rows_before_resume_ + static_cast<std::int64_t>(seen_.size());
}

PagePosition StepPager::position() const {
  PagePosition position;
  // `number_` is the page to request; the page before it was taken.
  position.offset = pages_ > 0 ? number_ - 1 : number_;
  position.token = token_;
  position.anchors = anchors_;
  position.rows = distinct();
  return position;
}

PageAsk StepPager::ask_for(std::int64_t number) const {
  PageAsk ask;
  if (by<LinkPaging>() && !token_.empty()) {
    ask.target = token_;
    return ask;
  }
  if (spec_.size) ask.query.emplace_back(spec_.size->parameter, std::to_string(spec_.size->rows));
  if (by_number()) {
    ask.query.emplace_back(parameter_, std::to_string(number));
  } else if (!token_.empty()) {
    ask.query.emplace_back(parameter_, token_);
  }
  return ask;
}

// Numbered pages share no rows, so only a count of the rows shows that the list has shifted; a
// count of the pages would not. With tokens the next request is in the answer.
Foresight StepPager::foresee(std::size_t most) const {
  Foresight out;
  if (!by_number() || pages_ == 0 || last_rows_ == 0 || wants_anchor_ || !total_) return out;
  if (!is_honoured_) most = pages_ == 1 ? std::min<std::size_t>(most, 1) : 0;
  auto const page = static_cast<std::int64_t>(largest_);
  auto number = number_;
  auto const end = [&] { return (number - first_page_ + 1) * page; };
  for (; end() < *total_ && out.asks.size() < most; ++number) {
    out.asks.push_back(ask_for(number + 1));
  }
  out.reaches_end = end() >= *total_;
  return out;
}

Result<PageOutcome> StepPager::take(std::vector<std::uint64_t> const& keys,
                                    PageHints const& hints) {
  auto const rows = keys.size();
  fresh_counted_ = 0;
  if (wants_anchor_) {
    if (std::ranges::find(keys, anchors_.back()) == keys.end()) {
      // What was read before the restart is unknown here, so the list is read from its start.
      begin_sweep();
      return PageOutcome::discarded;
    }
    rows_before_resume_ =
        std::max<std::int64_t>(0, rows_before_resume_ - static_cast<std::int64_t>(rows));
    counted_ = static_cast<std::int64_t>(rows);
    wants_anchor_ = false;
  }
  ++pages_;
  if (hints.total) {
    // Only with paging by id do changes before the position not move later rows.
    moved_ = moved_ || (total_ && total_ != hints.total && !by<IdPaging>());
    total_ = hints.total;
  }
  if (hints.total_pages) total_pages_ = hints.total_pages;

  Taken taken;
  taken.rows = rows;
  auto const [fresh, distinct_keys] = add_page(keys, 0, seen_, places_);
  taken.fresh = fresh;
  bool const is_first = number_ == first_page_ && !resumed_;
  several_ = several_ || !is_first;
  if (is_first) in_one_ = hints.total == static_cast<std::int64_t>(distinct_keys);
  is_honoured_ = is_honoured_ || (pages_ > 1 && taken.fresh > 0);
  repeats_ += static_cast<std::int64_t>(rows - taken.fresh);
  auto const high = static_cast<std::int64_t>(seen_.size());
  fresh_counted_ = std::max<std::int64_t>(0, high - counted_);
  counted_ = std::max(counted_, high);
  if (rows > 0) {
    auto const kept = std::min<std::ptrdiff_t>(anchors_kept, std::ssize(keys));
    anchors_.assign(keys.end() - kept, keys.end());
  }
  auto const page_hash = hash_of_page(keys);
  taken.same_page = rows > 0 && rows == last_rows_ && page_hash == last_page_hash_;
  last_rows_ = rows;
  last_page_hash_ = page_hash;
  // Rows inserted at the front of the list may move a whole page of known rows here, once.
  stale_pages_ = taken.fresh > 0 ? 0 : stale_pages_ + (rows > 0 ? 1 : 0);
  empty_pages_ = rows > 0 ? 0 : empty_pages_ + 1;
  was_promised_ = std::exchange(said_more_, hints.more.value_or(false));

  ++number_;
  if (is_end(taken, hints)) {
    token_.clear();
    note_doubt(rows, hints);
    return finish();
  }
  if (auto error = judge(taken, hints)) return *error;
  largest_ = std::max(largest_, rows);
  token_ = by_number() ? std::string() : hints.next;
  return PageOutcome::more;
}

// Returns true if the page may be followed by another: it is as large as other pages, or as
// requested. If the broker's maximum is smaller than requested, it is a round number. If no size is
// requested, every page may be full.
bool StepPager::is_full(std::size_t rows) const {
  if (largest_ > 0) return rows >= largest_;
  if (!spec_.size) return true;
  return rows >= static_cast<std::size_t>(spec_.size->rows) || may_be_a_cap(rows);
}

bool StepPager::is_end(Taken const& taken, PageHints const& hints) {
  if (hints.more && !*hints.more) return true;
  if (by_token()) return is_end_by_token(taken, hints);
  if (hints.more) return false;
  if (taken.rows == 0) return true;
  // Counts may have an upper limit, or be those of the page, so a full page is always followed by
  // another request.
  bool const may_go_on = is_full(taken.rows) && taken.fresh > 0;
  if (by_number() && hints.total_pages) {
    return number_ - first_page_ >= *hints.total_pages && !may_go_on;
  }
  if (hints.total && distinct() >= *hints.total) return !may_go_on;
  // Where the broker counts more rows, some were taken out of the page after it was cut.
  if (hints.total && taken.fresh > 0) return false;
  // A first page may be short because the server limits pages; a page shorter than an earlier one
  // is the last.
  return taken.rows < largest_;
}

bool StepPager::is_end_by_token(Taken const& taken, PageHints const& hints) {
  if (hints.next.empty()) return !said_more_ || taken.rows == 0;
  bool const leads_to_itself = !token_.empty() && hints.next == token_;
  bool const leads_back = leads_to_itself || tokens_.contains(hash_key(hints.next));
  if (taken.rows == 0) {
    if (leads_back || (hints.total && distinct() >= *hints.total)) return true;
    return empty_pages_ > max_empty_pages && !said_more_;
  }
  if (leads_to_itself) {
    // Some brokers mark the last page like this. Others have one name for the whole list, so a full
    // page is requested once more.
    if (taken.fresh > 0) return taken.rows < largest_;
    return !taken.same_page || asked_again_;
  }
  if (!leads_back) return false;
  if (taken.fresh > 0) {
    end_in_doubt_ = "after " + std::to_string(distinct()) + (distinct() == 1 ? " row" : " rows") +
                    " the next page is one that was read already";
    return true;
  }
  return !taken.same_page;  // a full circle
}

bool StepPager::ends_at_refusal(ErrorCode code) {
  if (code != ErrorCode::not_found && code != ErrorCode::bad_request) return false;
  if (!by_number() || pages_ == 0 || last_rows_ == 0 || wants_anchor_ || said_more_) return false;
  // Behind a short page the count is what is wrong, which the end of the list tells.
  if (total_ && distinct() < *total_ && last_rows_ >= largest_) return false;
  if (total_pages_ && number_ - first_page_ < *total_pages_) return false;
  if (!total_ && !total_pages_ && may_be_a_depth(code, distinct())) {
    end_in_doubt_ = "the broker refused the page after " + std::to_string(distinct()) +
                    " rows; this may be its limit, not the end of the list";
  }
  return true;
}

std::optional<SliceDoubt> StepPager::doubt() const {
  if (auto doubt = count_.doubt()) return doubt;
  // If all rows that the broker counts were read, it does not matter how the list ended.
  if (end_in_doubt_.empty() || total_ == distinct()) return std::nullopt;
  SliceDoubt doubt;
  doubt.text = end_in_doubt_;
  return doubt;
}

// Notes why the list may not have ended with the page taken last.
void StepPager::note_doubt(std::size_t rows, PageHints const& hints) {
  if (rows > 0) {
    if (hints.part.goes_on) end_in_doubt_ = hints.part.text;
    if (end_in_doubt_.empty()) end_in_doubt_ = hints.unread_more;
    return;
  }
  // A broker names the next page of a cursor or link before it knows whether it has rows. Another
  // one says `more` of each full page; then the empty one says that it was the last.
  bool const was_promised = was_promised_ && !by_token() && !hints.more;
  if (!said_more_ && !was_promised) return;
  auto const so_far = std::to_string(distinct()) + (distinct() == 1 ? " row" : " rows");
  end_in_doubt_ = "after " + so_far + " the broker said that more follow (" + more_in_words() +
                  "), but the next page is empty";
}

std::string StepPager::more_in_words() const {
  auto const& path = spec_.more();
  return path ? "`" + path->text() + "`" : "header `" + spec_.headers.more + "`";
}

std::optional<Error> StepPager::judge(Taken const& taken, PageHints const& hints) {
  auto const so_far = std::to_string(distinct()) + (distinct() == 1 ? " row" : " rows");
  if (!by_number()) {
    if (hints.next.empty()) {
      return endless_list_error("after " + so_far +
                                " the broker says that more follow, but gives no " +
                                (by<LinkPaging>() ? "link" : "cursor") + " to them");
    }
    bool const is_news = tokens_.insert(hash_key(hints.next)).second;
    if (!is_news && taken.fresh > 0 && by_token()) {
      asked_again_ = true;
    } else if (!is_news) {
      return endless_list_error("after " + so_far + " the next page is one that was read already");
    }
  }
  if (empty_pages_ > max_empty_pages) {
    return endless_list_error(std::to_string(empty_pages_) +
                              " pages in a row had no rows, though " +
                              "the broker says that more follow");
  }
  if (stale_pages_ < 2) return std::nullopt;
  return endless_list_error(
      taken.same_page
          ? "the broker repeated the same page, " + so_far + " in all" +
                (by_number() ? "; the parameter `" + parameter_ + "` seems to be ignored" : "")
          : "two pages in a row had no new row, although only " + so_far +
                " were read and the broker says that more follow");
}

PageOutcome StepPager::finish() {
  SweepCount::Sweep sweep;
  sweep.rows = distinct();
  sweep.total = total_;
  sweep.repeats = repeats_;
  sweep.moved = moved_;
  sweep.resumed = resumed_;
  if (!count_.wants_another(sweep)) return PageOutcome::end;
  begin_sweep();
  return PageOutcome::sweep_again;
}

}  // namespace affsync::engine
