#include "connectors/engine/stream_reader.hpp"

#include <algorithm>

#include "base/decimal.hpp"
#include "connectors/engine/checkpoint.hpp"
#include "connectors/engine/page_rows.hpp"
#include "connectors/engine/page_signs.hpp"
#include "connectors/engine/pager.hpp"
#include "connectors/engine/records.hpp"
#include "connectors/engine/request_target.hpp"
#include "connectors/engine/values/words.hpp"
#include "connectors/engine/window.hpp"

namespace affsync::engine {
namespace {

// After that long the list may be another one; its slice is read from the first row again.
constexpr auto place_lifetime = std::chrono::hours(6);
constexpr auto clock_tolerance = std::chrono::minutes(5);

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
  void begin_slice();
  bool ends_at_known() const;
  // The list at hand has ended; false: another part of the slice follows.
  bool end_list();
  SliceEnd end_of_slice(Json const& body, TimePoint now);
  void next_slice();
  std::string checkpoint(TimePoint now) const;

  std::shared_ptr<StreamPlan const> plan;
  StreamSpec const& spec;
  PageRows page_rows;
  std::unique_ptr<Pager> pager;
  std::vector<std::uint64_t> keys;  // of the page at hand

  std::optional<Day> since, until;
  Day today{};
  Day began{};         // the day on which the pass began
  int span_days = 0;   // of the next slice
  int span_limit = 0;  // a longer one was refused
  bool full = false;
  Slice pass;
  Coverage done;
  std::optional<Slice> slice;  // nullopt: the pass has ended
  std::size_t part = 0;
  std::string asked;  // target of the last request
  TimePoint last_answer{};
  std::shared_ptr<Redactor const> secrets;  // that the last answer quotes

  // Of the slice at hand, its parts that have ended:
  std::vector<std::uint64_t> swept;
  std::optional<SliceDoubt> doubt;
  std::int64_t broker_count = 0;
  bool counted = true;   // each part as the broker counts
  bool resumed = false;  // pages or whole parts before a restart are missing
  std::int64_t rows = 0;

  std::optional<std::size_t> stored_part;  // of the answer taken last; unset: none of this slice
  bool is_known = false;                   // a page of this list was stored without news
};

StreamReader::Impl::Impl(std::shared_ptr<StreamPlan const> stream_plan, ReaderStart const& start)
    : plan(std::move(stream_plan)),
      spec(plan->spec),
      page_rows(plan),
      pager(make_pager(spec.page)),
      since(start.since),
      until(start.until),
      last_answer(start.now) {
  auto const earlier = read_checkpoint(start.cursor, *plan);
  today = began = today_in(spec.window ? spec.window->zone : "UTC", start.now);
  if (spec.window) span_days = span_limit = spec.window->span_days;
  if (earlier) done = trusted(earlier->done, today);
  if (earlier && try_resume(*earlier, start)) return;

  full = start.mode == ReadMode::full || !spec.has_increments();
  if (!spec.window) {
    full = full || !done.to;
    slice = Slice{};
  } else if (spec.window->changes) {
    pass = full ? Slice{} : changes_window(*spec.window, start, done, today);
    full = !pass.from;
    if (full || *pass.from <= *pass.to) slice = pass;
  } else {
    pass = pass_window(*spec.window, start, done, today);
    slice = slice_from(*pass.from, pass, span_days);
    if (!slice) pass = {};
  }
  begin_slice();
}

bool StreamReader::Impl::try_resume(Checkpoint const& earlier, ReaderStart const& start) {
  if (!earlier.place) return false;
  auto place = *earlier.place;
  if (place.since != since || place.until != until) return false;
  if (start.mode == ReadMode::full && !place.full) return false;
  if (place.slice.to) {
    // A clock that was wrong then, or a history that begins on another day now.
    if (*place.slice.to > today + std::chrono::days(1)) return false;
    pass = place.pass;
    if (!spec.window->changes) {
      bool const from_start = *place.pass.from == spec.window->start;
      if (!since && (place.full ? !from_start : *place.pass.from < spec.window->start)) {
        return false;
      }
      // Days have passed since the interruption: the pass goes up to the present one.
      pass.to = std::max(*place.slice.to, until ? std::min(*until, today) : today);
    }
  }
  if (place.began > today) return false;
  began = place.began;
  full = place.full;
  slice = place.slice;
  auto const age = start.now - earlier.written_at;
  begin_slice();
  if (age <= place_lifetime && age >= -clock_tolerance) {
    part = place.part;
    resumed = part > 0;
    pager->resume(std::move(place.position));
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
    place.began = began;
    place.pass = pass;
    place.since = since;
    place.until = until;
    place.slice = *slice;
    place.part = part;
    place.position = pager->position();
    if (secrets) place.position.token = storable(place.position.token, *secrets);
    out.place = std::move(place);
  }
  return write_checkpoint(out, *plan);
}

void StreamReader::Impl::begin_slice() {
  part = 0;
  swept.clear();
  doubt.reset();
  broker_count = rows = 0;
  counted = true;
  resumed = false;
  stored_part.reset();
  is_known = false;
  pager->start();
}

bool StreamReader::Impl::ends_at_known() const {
  if (full) return false;
  return part < spec.parts.size() ? spec.parts[part].until_known : spec.page.until_known;
}

bool StreamReader::Impl::end_list() {
  auto list = pager->take_keys();
  if (swept.empty()) {
    swept = std::move(list);
  } else {
    swept.insert(swept.end(), list.begin(), list.end());
  }
  resumed = resumed || pager->resumed();
  if (!doubt) doubt = pager->doubt();
  auto const total = pager->total();
  counted = counted && (total || spec.page.type == PageType::none);
  broker_count += total.value_or(0);
  if (part + 1 >= spec.parts.size()) return true;
  ++part;
  is_known = false;
  pager->start();
  return false;
}

SliceEnd StreamReader::Impl::end_of_slice(Json const& body, TimePoint now) {
  SliceEnd end;
  end.slice = *slice;
  if (spec.window && slice->from) end.scope_column = spec.window->column;
  end.resumed = resumed;
  if (counted && spec.page.total) end.broker_count = broker_count;
  end.doubt = doubt;
  // What an incremental pass leaves out is not gone.
  bool const all_of_scope =
      spec.window && !spec.window->changes ? !spec.window->column.empty() : full;
  end.markable = all_of_scope && !end.resumed && !end.doubt;
  end.counted = counted && !end.doubt;
  if (spec.parts.size() > 1) {
    std::ranges::sort(swept);
    swept.erase(std::unique(swept.begin(), swept.end()), swept.end());
  }
  end.seen_keys = std::move(swept);
  end.totals = read_totals(spec.reconcile, body);
  end.read_at = now;
  return end;
}

void StreamReader::Impl::next_slice() {
  auto const ended = *slice;
  slice.reset();
  if (spec.window && !spec.window->changes) {
    done = extended(done, ended, spec.window->start);
    // Years before the first row are crossed in few steps.
    auto const longest = std::min(span_limit, spec.window->span_days);
    span_days = rows == 0 && span_limit >= spec.window->span_days
                    ? std::min(2 * span_days, std::max(longest, spec.window->max_span_days))
                    : longest;
    slice = slice_from(*ended.to + std::chrono::days(1), pass, span_days);
  } else if (spec.has_increments() && !(since || until)) {
    auto const day = ended.to ? std::min(*ended.to, began) : began;
    done = Coverage{day, day};
  }
  begin_slice();
}

StreamReader::StreamReader(std::shared_ptr<StreamPlan const> plan, ReaderStart start)
    : impl_(std::make_unique<Impl>(std::move(plan), start)) {}
StreamReader::~StreamReader() = default;
StreamReader::StreamReader(StreamReader&&) noexcept = default;
StreamReader& StreamReader::operator=(StreamReader&&) noexcept = default;

std::optional<HttpRequest> StreamReader::next_request() {
  auto& reader = *impl_;
  if (!reader.slice) return std::nullopt;
  auto request = make_page_request(reader.spec, *reader.slice, reader.part, reader.pager->ask());
  reader.asked = request.target;
  return request;
}

Result<PageRead> StreamReader::on_answer(Answer const& answer, TimePoint now) {
  auto& reader = *impl_;
  if (!reader.slice) return Error(ErrorCode::internal, "an answer came to a pass that has ended");
  reader.last_answer = now;
  reader.secrets = answer.secrets;
  reader.page_rows.withhold(answer.secrets);

  Records records;
  if (!answer.no_rows) {
    auto found = find_records(reader.spec, answer.body);
    if (!found) return found.error();
    records = std::move(*found);
  }
  auto& rows = records.rows;
  reader.page_rows.hash_keys(rows, reader.keys);
  auto signs = read_signs(reader.spec.page, answer.body, rows, reader.plan->base_url, reader.asked);
  if (!signs) return signs.error();
  auto outcome = reader.pager->take(reader.keys, *signs);
  if (!outcome) return outcome.error();

  // Without its rows a page that is not taken is an empty one.
  if (*outcome == PageOutcome::discarded) {
    rows.clear();
    reader.keys.clear();
  }
  PageRead page;
  reader.page_rows.convert(rows, reader.keys, answer.server_time.value_or(now), page);
  page.rows_read = reader.pager->fresh_rows();
  reader.rows += page.rows_read;
  page.expected_rows = reader.pager->total();
  // Also at the end of a slice this is the place within it: whoever is stopped before the slice is
  // closed comes back to its last page and closes it then.
  page.checkpoint = reader.checkpoint(now);
  bool const ends = *outcome == PageOutcome::end ||
                    (*outcome == PageOutcome::more && reader.is_known && reader.ends_at_known());
  reader.stored_part = rows.empty() ? std::nullopt : std::optional(reader.part);
  if (ends && reader.end_list()) {
    page.slice_end = reader.end_of_slice(answer.body, now);
    reader.next_slice();
  }
  return page;
}

bool StreamReader::awaits_stored() const {
  return impl_->ends_at_known();
}

void StreamReader::on_stored(PageStored const& stored) {
  auto& reader = *impl_;
  if (!reader.slice || reader.stored_part != reader.part || !reader.ends_at_known()) return;
  reader.is_known = stored.news == 0 && stored.known > 0;
}

bool StreamReader::on_refusal(Error const& error) {
  auto& reader = *impl_;
  if (!reader.slice) return false;
  if (reader.pager->resuming() &&
      (error.code == ErrorCode::bad_request || error.code == ErrorCode::not_found)) {
    reader.begin_slice();
    return true;
  }
  if (error.code != ErrorCode::window_too_large) return false;
  auto const half = first_half(*reader.slice);
  if (!half) return false;
  reader.slice = half;
  // What is too large now would be too large for the slices after it.
  reader.span_days = reader.span_limit = static_cast<int>((*half->to - *half->from).count()) + 1;
  reader.begin_slice();
  return true;
}

std::string StreamReader::final_checkpoint() const {
  return impl_->checkpoint(impl_->last_answer);
}

bool StreamReader::is_full_pass() const {
  auto const& reader = *impl_;
  if (!reader.spec.window || reader.spec.window->changes) return reader.full;
  return reader.pass.from && *reader.pass.from <= reader.spec.window->start &&
         *reader.pass.to >= reader.today;
}

Slice StreamReader::window() const {
  return impl_->pass;
}

}  // namespace affsync::engine
