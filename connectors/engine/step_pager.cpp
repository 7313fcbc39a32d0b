#include "connectors/engine/step_pager.hpp"

#include <algorithm>

#include "base/batch.hpp"

namespace affsync::engine {
namespace {

constexpr std::ptrdiff_t anchors_kept = 16;

std::uint64_t hash_of(std::vector<std::uint64_t> const& keys) {
  auto const* bytes = reinterpret_cast<char const*>(keys.data());
  return hash_key(std::string_view(bytes, keys.size() * sizeof(std::uint64_t)));
}

// Whether the text can be a link that was taken: those are path and query, percent-encoded.
bool is_target(std::string_view text) {
  return text.starts_with('/') &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

Error goes_in_circles(std::string what) {
  return Error(ErrorCode::paging_broken, std::move(what),
               "Compare `page` of the stream with the broker's documentation; a list that is not "
               "paged has type none.");
}

}  // namespace

void StepPager::begin_sweep() {
  seen_.clear();
  anchors_.clear();
  number_ = spec_.first_page;
  token_.clear();
  tokens_.clear();
  resumed_ = wants_anchor_ = moved_ = false;
  rows_before_resume_ = repeats_ = 0;
  largest_ = last_rows_ = 0;
  stale_pages_ = 0;
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
  if (spec_.type == PageType::link && !is_target(position.token)) return;
  resumed_ = true;
  anchors_ = std::move(position.anchors);
  rows_before_resume_ = position.rows;
  if (by_number()) {
    // Asked for once more: whether its last row is still there tells if the list has moved.
    number_ = std::max<std::int64_t>(position.offset, spec_.first_page);
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
  // `number_` is the page to ask for; the one before it was taken.
  position.offset = pages_ > 0 ? number_ - 1 : number_;
  position.token = token_;
  position.anchors = anchors_;
  position.rows = distinct();
  return position;
}

PageAsk StepPager::ask() const {
  PageAsk ask;
  if (spec_.type == PageType::link && !token_.empty()) {
    ask.target = token_;
    return ask;
  }
  if (!spec_.limit_parameter.empty()) {
    ask.query.emplace_back(spec_.limit_parameter, std::to_string(spec_.size));
  }
  if (by_number()) {
    ask.query.emplace_back(spec_.parameter, std::to_string(number_));
  } else if (!token_.empty()) {
    ask.query.emplace_back(spec_.parameter, token_);
  }
  return ask;
}

Result<PageOutcome> StepPager::take(std::vector<std::uint64_t> const& keys,
                                    PageSigns const& signs) {
  auto const rows = keys.size();
  fresh_counted_ = 0;
  if (wants_anchor_) {
    if (std::ranges::find(keys, anchors_.back()) == keys.end()) {
      // What was read before the restart is not known here, so the list is read from its start.
      begin_sweep();
      return PageOutcome::discarded;
    }
    rows_before_resume_ =
        std::max<std::int64_t>(0, rows_before_resume_ - static_cast<std::int64_t>(rows));
    counted_ = static_cast<std::int64_t>(rows);
    wants_anchor_ = false;
  }
  ++pages_;
  if (signs.total) {
    // Only what is behind the id of a row stays there whatever happens before it.
    moved_ = moved_ || (total_ && total_ != signs.total && spec_.type != PageType::id);
    total_ = signs.total;
  }
  if (signs.total_pages) total_pages_ = signs.total_pages;

  std::size_t fresh = 0;
  for (auto const key : keys) fresh += seen_.insert(key) ? 1 : 0;
  repeats_ += static_cast<std::int64_t>(rows - fresh);
  auto const high = static_cast<std::int64_t>(seen_.size());
  fresh_counted_ = std::max<std::int64_t>(0, high - counted_);
  counted_ = std::max(counted_, high);
  if (rows > 0) {
    auto const kept = std::min<std::ptrdiff_t>(anchors_kept, std::ssize(keys));
    anchors_.assign(keys.end() - kept, keys.end());
  }

  ++number_;
  if (is_end(rows, signs)) {
    token_.clear();
    return finish();
  }
  if (auto error = judge(rows, fresh, signs, hash_of(keys))) return *error;
  largest_ = std::max(largest_, rows);
  token_ = by_number() ? std::string() : signs.next;
  return PageOutcome::more;
}

bool StepPager::is_end(std::size_t rows, PageSigns const& signs) const {
  if (signs.more) return !*signs.more;
  if (spec_.type == PageType::cursor || spec_.type == PageType::link) return signs.next.empty();
  if (rows == 0) return true;
  if (by_number() && signs.total_pages) return number_ - spec_.first_page >= *signs.total_pages;
  if (signs.total && distinct() >= *signs.total) return true;
  // A first page may be short because the server caps pages; one that is shorter than another is
  // the last.
  return rows < largest_;
}

std::optional<Error> StepPager::judge(std::size_t rows, std::size_t fresh, PageSigns const& signs,
                                      std::uint64_t print) {
  auto const so_far = std::to_string(distinct()) + " rows";
  if (!by_number()) {
    if (signs.next.empty()) {
      return goes_in_circles("after " + so_far +
                             " the broker says that more follow, but gives no " +
                             (spec_.type == PageType::link ? "link" : "cursor") + " to them");
    }
    if (!tokens_.insert(hash_key(signs.next)).second) {
      return goes_in_circles("after " + so_far + " the next page is one that was read already");
    }
  }
  bool const repeated = rows > 0 && rows == last_rows_ && print == last_print_;
  last_rows_ = rows;
  last_print_ = print;
  // Rows put in front of the list may push a whole page of known rows here, once.
  stale_pages_ = fresh > 0 ? 0 : stale_pages_ + 1;
  if (stale_pages_ < 2) return std::nullopt;
  return goes_in_circles(repeated ? "the same page came again and again, " + so_far + " in all" +
                                        (by_number() ? "; the parameter `" + spec_.parameter +
                                                           "` seems not to be honoured"
                                                     : "")
                                  : "two pages in a row brought no new row, though only " + so_far +
                                        " came and more are said to follow");
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
