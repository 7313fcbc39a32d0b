#include "connectors/engine/stream_reader.hpp"

#include <algorithm>
#include <set>

#include "connectors/engine/checkpoint.hpp"
#include "connectors/engine/named_totals.hpp"
#include "connectors/engine/page_rows.hpp"
#include "connectors/engine/page_signs.hpp"
#include "connectors/engine/pager.hpp"
#include "connectors/engine/records.hpp"
#include "connectors/engine/request_target.hpp"
#include "connectors/engine/window.hpp"

namespace affsync::engine {
namespace {

// After that long the list may be another one; its slice is read from the first row again.
constexpr auto place_lifetime = std::chrono::hours(6);
constexpr auto clock_tolerance = std::chrono::minutes(5);

}  // namespace

struct StreamReader::Impl {
  Impl(std::shared_ptr<StreamPlan const> stream_plan, ReaderStart const& start);

  bool try_resume(Checkpoint const& checkpoint, ReaderStart const& start);
  void begin_slice();
  bool ends_at_known() const;
  // The list at hand has ended; false: another part of the slice follows.
  bool end_list();
  // The slice at hand was answered with "no rows", and is too old for that.
  void doubt_old_emptiness();
  SliceEnd end_of_slice(TimePoint now);
  void begin_list();
  void note_rows_beside(Batch const& batch);
  void next_slice();
  std::string checkpoint(TimePoint now) const;
  bool may_be_a_wrong_path() const;

  std::shared_ptr<StreamPlan const> plan;
  StreamSpec const& spec;
  PageRows page_rows;
  std::unique_ptr<Pager> pager;
  std::vector<std::uint64_t> keys;  // of the page at hand
  NamedTotals totals;

  std::optional<Day> since, until;
  Day today{};
  Day began{};         // the day on which the pass began
  int span_days = 0;   // of the next slice
  int span_limit = 0;  // a longer one was refused
  bool full = false;
  Slice pass;
  Coverage done;
  Coverage done_before;          // when the pass began
  bool has_real_answer = false;  // beside those that were empty by an error status alone
  std::optional<Slice> slice;    // nullopt: the pass has ended
  std::size_t part = 0;
  std::string asked;  // target of the last request
  TimePoint last_answer{};
  std::shared_ptr<Redactor const> secrets;  // that the last answer quotes

  // Of the slice at hand, its parts that have ended:
  std::vector<std::uint64_t> swept;
  std::optional<SliceDoubt> doubt;
  std::int64_t broker_count = 0;
  bool has_counts = true;  // each part had one
  std::set<std::string> listed_beside;
  bool counted = true;   // each part as the broker counts
  bool resumed = false;  // pages or whole parts before a restart are missing
  std::int64_t rows = 0;
  std::int64_t list_rows = 0;  // of the list at hand, this time through

  std::optional<std::size_t> stored_part;  // of the answer taken last; unset: none of this slice
  bool is_known = false;                   // a page of this list was stored without news
};

StreamReader::Impl::Impl(std::shared_ptr<StreamPlan const> stream_plan, ReaderStart const& start)
    : plan(std::move(stream_plan)),
      spec(plan->spec),
      page_rows(plan),
      pager(make_pager(spec.page)),
      totals(spec),
      since(start.since),
      until(start.until),
      last_answer(start.now) {
  auto const earlier = read_checkpoint(start.cursor, *plan);
  today = began = today_in(spec.window ? spec.window->zone : "UTC", start.now);
  if (spec.window) span_days = span_limit = spec.window->span_days;
  if (earlier) done = trusted(earlier->done, today);
  done_before = done;
  if (earlier && try_resume(*earlier, start)) {
    has_real_answer = true;  // or not: the pass was judged up to here
    return;
  }

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
    if (resumed) totals.forget_slice();
    pager->resume(std::move(place.position));
  }
  return true;
}

std::string StreamReader::Impl::checkpoint(TimePoint now) const {
  Checkpoint out;
  out.written_at = now;
  // Answers that may be those of a wrong path prove nothing.
  out.done = has_real_answer ? done : done_before;
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
  broker_count = rows = list_rows = 0;
  counted = has_counts = true;
  resumed = false;
  stored_part.reset();
  listed_beside.clear();
  totals.begin_slice();
  page_rows.begin_slice();
  begin_list();
}

void StreamReader::Impl::begin_list() {
  list_rows = 0;
  is_known = false;
  totals.begin_list();
  // A list that ends at what is known cannot be read twice.
  page_rows.begin_sweep(ends_at_known());
  pager->start();
}

bool StreamReader::Impl::ends_at_known() const {
  if (full) return false;
  return part < spec.parts.size() ? spec.parts[part].until_known : spec.page.until_known;
}

// Some days without anything are nothing strange. The mark of what was read does not move
// meanwhile, so that the days asked for grow more with each pass.
bool StreamReader::Impl::may_be_a_wrong_path() const {
  constexpr std::chrono::days strange{7};
  if (has_real_answer) return false;
  if (!pass.from || !pass.to) return true;
  bool const is_last = !slice->to || *slice->to >= *pass.to;
  return is_last && *pass.to - *pass.from + std::chrono::days(1) >= strange;
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
  counted = counted && (total || (spec.page.type == PageType::none && !spec.page.total));
  has_counts = has_counts && total;
  broker_count += total.value_or(0);
  totals.end_list(list_rows > 0);
  if (part + 1 >= spec.parts.size()) return true;
  ++part;
  begin_list();
  return false;
}

void StreamReader::Impl::doubt_old_emptiness() {
  if (doubt || !spec.window || !spec.window->may_be_empty_days || !slice->to) return;
  if (*slice->to >= today - std::chrono::days(*spec.window->may_be_empty_days)) return;
  doubt = SliceDoubt{ErrorCode::not_found,
                     "the broker has nothing at all for " + format_day(*slice->from) + " to " +
                         format_day(*slice->to) + ", which should be there by now"};
}

// Rows that the slice's request has brought from the moment before its first day.
void StreamReader::Impl::note_rows_beside(Batch const& batch) {
  constexpr std::size_t most = 10'000;
  if (!spec.window || spec.window->column.empty() || !slice->from) return;
  if (!overlaps_slice_before(*spec.window, *slice)) return;
  auto const column = batch.table().index_of(spec.window->column);
  if (!column) return;
  auto const day_before = format_day(*slice->from - std::chrono::days(1));
  for (std::size_t row = 0; row < batch.size() && listed_beside.size() < most; ++row) {
    auto const* day = batch.cell(row, *column);
    if (day != nullptr && day_before == day) listed_beside.insert(batch.external_id(row));
  }
}

SliceEnd StreamReader::Impl::end_of_slice(TimePoint now) {
  SliceEnd end;
  end.slice = *slice;
  if (spec.window && slice->from) end.scope_column = spec.window->column;
  end.resumed = resumed;
  if (has_counts && spec.page.total) end.broker_count = broker_count;
  end.doubt = doubt;
  if (!end.doubt && may_be_a_wrong_path()) {
    end.doubt = SliceDoubt{
        ErrorCode::not_found,
        "every answer of this pass had an error status that the connector takes for \"no rows\"; "
        "an address that does not exist answers so, too"};
  }
  // What an incremental pass leaves out is not gone.
  bool const all_of_scope =
      spec.window && !spec.window->changes ? !spec.window->column.empty() : full;
  end.markable = all_of_scope && !end.resumed && !end.doubt;
  end.counted = counted && !end.doubt;
  if (page_rows.has_own_keys()) {
    end.seen_keys = page_rows.take_own_keys();
    swept.clear();
  } else {
    if (spec.parts.size() > 1) {
      std::ranges::sort(swept);
      swept.erase(std::unique(swept.begin(), swept.end()), swept.end());
    }
    end.seen_keys = std::move(swept);
  }
  end.totals = totals.of_slice();
  end.missing_totals = totals.missing();
  end.listed_beside.assign(listed_beside.begin(), listed_beside.end());
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
  reader.has_real_answer = reader.has_real_answer || !answer.empty_by_status;
  reader.secrets = answer.secrets;
  reader.page_rows.withhold(answer.secrets);

  Records records;
  if (!answer.no_rows) {
    // Behind a list's pages null is an empty page, unless the broker counts more rows than came.
    auto const total = reader.pager->total();
    bool const behind_rows = reader.list_rows > 0 && (!total || *total <= reader.list_rows);
    auto found = find_records(reader.spec, answer.body, behind_rows);
    if (!found) return found.error();
    records = std::move(*found);
  }
  auto& rows = records.rows;
  reader.page_rows.hash_keys(rows, reader.keys);
  auto signs = read_signs(reader.spec.page, answer.body, rows, reader.plan->base_url, reader.asked);
  if (!signs) return signs.error();
  auto outcome = reader.pager->take(reader.keys, *signs);
  if (!outcome) return outcome.error();
  if (!answer.no_rows) reader.totals.note(answer.body, *signs);

  // Without its rows a page that is not taken is an empty one.
  if (*outcome == PageOutcome::discarded) {
    rows.clear();
    reader.keys.clear();
  }
  PageRead page;
  reader.page_rows.convert(rows, reader.keys, reader.pager->places(),
                           answer.server_time.value_or(now), page, now);
  reader.note_rows_beside(page.batches.front());
  if (!rows.empty()) page.missing_totals = reader.totals.missing_in_answer();
  if (*outcome == PageOutcome::end && reader.page_rows.is_unsettled()) {
    reader.pager->read_again();
    outcome = PageOutcome::sweep_again;
  }
  if (*outcome == PageOutcome::sweep_again) reader.page_rows.begin_sweep(true);
  page.rows_read = reader.pager->fresh_rows();
  reader.rows += page.rows_read;
  reader.list_rows += page.rows_read;
  page.expected_rows = reader.pager->total();
  // Also at the end of a slice this is the place within it: whoever is stopped before the slice is
  // closed comes back to its last page and closes it then.
  page.checkpoint = reader.checkpoint(now);
  bool const ends = *outcome == PageOutcome::end ||
                    (*outcome == PageOutcome::more && reader.is_known && reader.ends_at_known());
  reader.stored_part = rows.empty() ? std::nullopt : std::optional(reader.part);
  if (ends && reader.end_list()) {
    if (answer.no_rows) reader.doubt_old_emptiness();
    page.slice_end = reader.end_of_slice(now);
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

bool StreamReader::ends_at_refusal(Error const& error) {
  return impl_->slice && impl_->pager->ends_at_refusal(error.code);
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
