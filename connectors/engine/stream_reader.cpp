#include "connectors/engine/stream_reader.hpp"

#include <charconv>

#include "base/decimal.hpp"
#include "connectors/engine/checkpoint.hpp"
#include "connectors/engine/page_rows.hpp"
#include "connectors/engine/paging.hpp"
#include "connectors/engine/records.hpp"
#include "connectors/engine/request_target.hpp"
#include "connectors/engine/values/words.hpp"
#include "connectors/engine/window.hpp"

namespace affsync::engine {
namespace {

// After that long the list may be another one; its slice is read from the first row again.
constexpr auto place_lifetime = std::chrono::hours(6);
constexpr auto clock_tolerance = std::chrono::minutes(5);

// The broker's count of the whole list; nullopt when it gives none that makes sense.
std::optional<std::int64_t> read_total(PageSpec const& page, Json const& body) {
  if (!page.total) return std::nullopt;
  auto const* value = page.total->in(body);
  auto const text = value == nullptr ? std::nullopt : value->scalar_text();
  if (!text) return std::nullopt;
  auto const number = parse_decimal(*text);
  if (number.error != DecimalError::none) return std::nullopt;
  std::int64_t total = -1;
  auto const end = number.text.data() + number.text.size();
  auto const [stop, error] = std::from_chars(number.text.data(), end, total);
  if (error != std::errc{} || stop != end || total < 0) return std::nullopt;
  return total;
}

std::vector<BrokerTotal> read_totals(std::vector<ReconcileSpec> const& specs, Json const& body) {
  std::vector<BrokerTotal> totals;
  for (auto const& spec : specs) {
    auto const* value = spec.broker_value.in(body);
    auto const text = value == nullptr ? std::nullopt : value->scalar_text();
    if (!text) continue;
    auto number = parse_decimal(trim_blanks(*text));
    if (number.error != DecimalError::none) continue;
    totals.push_back({spec.metric, spec.column, std::move(number.text), spec.tolerance});
  }
  return totals;
}

}  // namespace

struct StreamReader::Impl {
  Impl(std::shared_ptr<StreamPlan const> stream_plan, ReaderStart const& start);

  bool try_resume(Checkpoint const& checkpoint, ReaderStart const& start);
  SliceEnd end_of_slice(Json const& body, TimePoint now);
  void next_slice();
  std::string checkpoint(TimePoint now) const;

  std::shared_ptr<StreamPlan const> plan;
  StreamSpec const& spec;
  PageRows page_rows;
  OffsetPager pager;
  std::vector<std::uint64_t> keys;  // of the page at hand

  std::optional<Day> since, until;
  Day today{};
  int span_days = 0;
  bool full = false;
  Slice pass;
  Coverage done;
  std::optional<Slice> slice;  // nullopt: the pass has ended
  TimePoint last_answer{};
};

StreamReader::Impl::Impl(std::shared_ptr<StreamPlan const> stream_plan, ReaderStart const& start)
    : plan(std::move(stream_plan)),
      spec(plan->spec),
      page_rows(plan),
      pager(spec.page),
      since(start.since),
      until(start.until),
      last_answer(start.now) {
  auto const earlier = read_checkpoint(start.cursor, *plan);
  if (spec.window) {
    today = today_in(spec.window->zone, start.now);
    span_days = spec.window->span_days;
    if (earlier) done = trusted(earlier->done, today);
  }
  if (earlier && try_resume(*earlier, start)) return;

  full = start.mode == ReadMode::full || !spec.window;
  pager.start();
  if (!spec.window) {
    slice = Slice{};
    return;
  }
  pass = pass_window(*spec.window, start, done, today);
  slice = slice_from(*pass.from, pass, span_days);
  if (!slice) pass = {};
}

bool StreamReader::Impl::try_resume(Checkpoint const& earlier, ReaderStart const& start) {
  if (!earlier.place) return false;
  auto place = *earlier.place;
  if (place.since != since || place.until != until) return false;
  if (start.mode == ReadMode::full && !place.full) return false;
  if (spec.window) {
    // A clock that was wrong then, or a history that begins on another day now.
    if (*place.slice.to > today + std::chrono::days(1)) return false;
    bool const from_start = *place.pass.from == spec.window->start;
    if (!since && (place.full ? !from_start : *place.pass.from < spec.window->start)) return false;
    // Days have passed since the interruption: the pass goes up to the present one.
    pass.from = place.pass.from;
    pass.to = std::max(*place.slice.to, until ? std::min(*until, today) : today);
  }
  full = place.full;
  slice = place.slice;
  auto const age = start.now - earlier.written_at;
  if (age > place_lifetime || age < -clock_tolerance) {
    pager.start();
  } else {
    pager.resume(std::move(place.position));
  }
  return true;
}

std::string StreamReader::Impl::checkpoint(TimePoint now) const {
  Checkpoint out;
  out.written_at = now;
  out.done = done;
  if (slice) {
    PassPlace place;
    place.full = full;
    place.pass = pass;
    place.since = since;
    place.until = until;
    place.slice = *slice;
    place.position = pager.position();
    out.place = std::move(place);
  }
  return write_checkpoint(out, *plan);
}

SliceEnd StreamReader::Impl::end_of_slice(Json const& body, TimePoint now) {
  SliceEnd end;
  end.slice = *slice;
  if (spec.window) end.scope_column = spec.window->column;
  end.resumed = pager.resumed();
  end.broker_count = pager.total();
  end.doubt = pager.doubt();
  bool const scope_known = !spec.window || !spec.window->column.empty();
  end.markable = scope_known && !end.resumed && !end.doubt;
  end.seen_keys = pager.take_keys();
  end.totals = read_totals(spec.reconcile, body);
  end.read_at = now;
  return end;
}

void StreamReader::Impl::next_slice() {
  auto const ended = *slice;
  slice.reset();
  if (spec.window) {
    done = extended(done, ended, spec.window->start);
    slice = slice_from(*ended.to + std::chrono::days(1), pass, span_days);
  }
  pager.start();
}

StreamReader::StreamReader(std::shared_ptr<StreamPlan const> plan, ReaderStart start)
    : impl_(std::make_unique<Impl>(std::move(plan), start)) {}
StreamReader::~StreamReader() = default;
StreamReader::StreamReader(StreamReader&&) noexcept = default;
StreamReader& StreamReader::operator=(StreamReader&&) noexcept = default;

std::optional<HttpRequest> StreamReader::next_request() {
  if (!impl_->slice) return std::nullopt;
  return make_page_request(impl_->spec, *impl_->slice, impl_->pager.offset());
}

Result<PageRead> StreamReader::on_answer(Answer const& answer, TimePoint now) {
  auto& reader = *impl_;
  if (!reader.slice) return Error(ErrorCode::internal, "an answer came to a pass that has ended");
  reader.last_answer = now;

  std::vector<Json const*> rows;
  if (!answer.no_rows) {
    auto found = find_records(reader.spec, answer.body);
    if (!found) return found.error();
    rows = std::move(*found);
  }
  reader.page_rows.hash_keys(rows, reader.keys);
  auto const outcome = reader.pager.take(reader.keys, read_total(reader.spec.page, answer.body));
  if (!outcome) return outcome.error();

  // Without its rows a page that is not taken is an empty one.
  if (*outcome == PageOutcome::discarded) {
    rows.clear();
    reader.keys.clear();
  }
  PageRead page;
  reader.page_rows.convert(rows, reader.keys, answer.server_time.value_or(now), page);
  page.rows_read = reader.pager.fresh_rows();
  page.expected_rows = reader.pager.total();
  // Also at the end of a slice this is the place within it: whoever is stopped before the slice is
  // closed comes back to its last page and closes it then.
  page.checkpoint = reader.checkpoint(now);
  if (*outcome == PageOutcome::end) {
    page.slice_end = reader.end_of_slice(answer.body, now);
    reader.next_slice();
  }
  return page;
}

bool StreamReader::on_refusal(Error const& error) {
  auto& reader = *impl_;
  if (error.code != ErrorCode::window_too_large || !reader.slice) return false;
  auto const half = first_half(*reader.slice);
  if (!half) return false;
  reader.slice = half;
  // What is too large now would be too large for the slices after it.
  reader.span_days = static_cast<int>((*half->to - *half->from).count()) + 1;
  reader.pager.start();
  return true;
}

std::string StreamReader::final_checkpoint() const {
  return impl_->checkpoint(impl_->last_answer);
}

bool StreamReader::is_full_pass() const {
  auto const& reader = *impl_;
  if (!reader.spec.window) return true;
  return reader.pass.from && *reader.pass.from <= reader.spec.window->start &&
         *reader.pass.to >= reader.today;
}

Slice StreamReader::window() const {
  return impl_->pass;
}

}  // namespace affsync::engine
