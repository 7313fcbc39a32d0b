#include "connectors/engine/stream_reader.hpp"

#include <algorithm>

#include "connectors/engine/reader_state.hpp"
#include "connectors/engine/request/target.hpp"

namespace affsync::engine {
namespace {

// After this time the list may have changed too much; the slice is read from its first row again.
constexpr auto place_lifetime = std::chrono::hours(6);
constexpr auto clock_tolerance = std::chrono::minutes(5);

}  // namespace

StreamReader::Impl::Impl(std::shared_ptr<StreamPlan const> stream_plan, ReaderStart const& start)
    : Impl(stream_plan, start, read_checkpoint(start.cursor, *stream_plan)) {}

StreamReader::Impl::Impl(std::shared_ptr<StreamPlan const> stream_plan, ReaderStart const& start,
                         std::optional<Checkpoint> earlier)
    : plan(std::move(stream_plan)),
      spec(plan->spec),
      page_rows(plan),
      pager(make_pager(spec.page)),
      page_list(spec),
      totals(spec),
      row_days(spec, plan->of_file),
      days(*plan, start, earlier),
      lists(spec, start.items),
      time_column(time_column_of(spec)),
      latest(start.now),
      last_answer(start.now),
      has_database(start.has_database) {
  begin_slice();
  first_ask = pager->ask();
  if (!days.resumes()) return;
  empty_answers.resume();
  if (spec.restarts_slices()) return;
  auto const age = start.now - earlier->written_at;
  bool const is_known_place =
      earlier->place->items == lists.identity() && earlier->place->part < lists.count();
  if (age > place_lifetime || age < -clock_tolerance || !is_known_place) {
    days.read_on();
    return;
  }
  part = earlier->place->part;
  ended.resumed = part > 0;
  ended.has_counts = part == 0;  // those of the lists before are not known any more
  if (ended.resumed) totals.forget_slice();
  pager->resume(std::move(earlier->place->position));
  if (!pager->resuming()) days.read_on();
}

std::string StreamReader::Impl::checkpoint(TimePoint now) const {
  auto out = days.checkpoint(now);
  // Answers that may come from a wrong path prove nothing.
  if (!empty_answers.has_real_answer()) days.forget_progress(out);
  if (out.place) out.place->items = lists.identity();
  // Who goes on behind pages that may lack rows would not know of it: the slice begins anew.
  if (out.place && !cut_doubt && !was_cut) {
    out.place->part = part;
    out.place->position = pager->position();
    if (secrets) out.place->position.token = storable(out.place->position.token, *secrets);
  }
  return write_checkpoint(out, *plan);
}

void StreamReader::Impl::begin_slice() {
  forget_slice();
  begin_list();
}

void StreamReader::Impl::forget_slice() {
  part = 0;
  not_given.clear();
  ended = {};
  rows = list_rows = 0;
  pages.begin_slice();
  stored_part.reset();
  begun = has_unmapped = was_cut = false;
  row_days.begin_slice();
  totals.begin_slice();
  page_rows.begin_slice();
}

void StreamReader::Impl::begin_list() {
  start_list();
  // A list that ends at known rows cannot be read twice.
  page_rows.begin_sweep(ends_at_known());
  page_list.begin_list(days.is_first_of_past());
}

void StreamReader::Impl::start_list() {
  list_rows = 0;
  list_begun = false;
  inner_doubt.clear();
  cut_doubt.reset();
  is_known = is_cut = was_refused = asks_again = false;
  totals.begin_list();
  page_rows.begin_list();
  pager->start();
}

bool StreamReader::Impl::ends_at_known() const {
  return is_until_known() && !days.full() && !days.reads_on();
}

bool StreamReader::Impl::is_until_known() const {
  return part < spec.parts.size() ? spec.parts[part].until_known : spec.page.until_known;
}

void StreamReader::Impl::note_request(HttpRequest const& request) {
  asked.target = request.target;
  if (spec.keep.empty()) return;
  auto const& slice = days.asked();
  asked.from = slice.from;
  asked.to = slice.to;
  // A request for a month asks for all of it, whichever of its days the slice covers.
  if (spec.window && spec.window->by_month() && slice.from) {
    asked.from = begin_of_month(*slice.from);
    asked.to = end_of_month(*slice.from);
  }
  asked.body = request.body;
  asked.item = lists.item(part);
  asked.list_target = make_page_request(spec, slice, part, lists.of_list({}, part), latest).target;
}

bool StreamReader::Impl::end_list() {
  auto doubt = page_list.doubt();
  if (is_cut && !doubt) {
    doubt.emplace();
    doubt->text = "the broker refused the page after " + std::to_string(list_rows) +
                  " rows, before any page of known rows";
  }
  if (!inner_doubt.empty() && !doubt) doubt = SliceDoubt{ErrorCode::sweep_unverified, inner_doubt};
  // A count that agrees shows that no row is missing.
  bool const is_counted = pager->total() && !pager->doubt();
  was_cut = was_cut || (cut_doubt && !is_counted);
  if (cut_doubt && !doubt && !is_counted) doubt = cut_doubt;
  ended.take(*pager, spec.replaces_window, page_list.agrees_with_itself(), doubt);
  totals.end_list(list_rows > 0);
  if (part + 1 >= lists.count()) return true;
  ++part;
  begin_list();
  return false;
}

// Handles an answer to a probe: it only shows that its day is given.
PageRead StreamReader::Impl::given_to_probe(TimePoint now) {
  days.on_probe_given();
  if (!days.is_probing()) begin_slice();
  return nothing_read(now);
}

// Returns a page without rows: the answer only showed how to go on.
PageRead StreamReader::Impl::nothing_read(TimePoint now) {
  PageRead page;
  page.lost = days.take_lost();
  page.checkpoint = checkpoint(now);
  stored_part.reset();
  return page;
}

StreamReader::StreamReader(std::shared_ptr<StreamPlan const> plan, ReaderStart start)
    : impl_(std::make_unique<Impl>(std::move(plan), start)) {}
StreamReader::~StreamReader() = default;
StreamReader::StreamReader(StreamReader&&) noexcept = default;
StreamReader& StreamReader::operator=(StreamReader&&) noexcept = default;

std::optional<HttpRequest> StreamReader::next_request() {
  auto& reader = *impl_;
  if (!reader.days.slice() || reader.lists.count() == 0) return std::nullopt;
  auto const ask = reader.lists.of_list(reader.pager->ask(), reader.part);
  auto request =
      make_page_request(reader.spec, reader.days.asked(), reader.part, ask, reader.latest);
  reader.note_request(request);
  return request;
}

std::vector<HttpRequest> StreamReader::foresee(std::size_t most) {
  return impl_->foresee(most);
}

std::vector<HttpRequest> StreamReader::foresee_later(std::size_t most) {
  return impl_->foresee_later(most);
}

Result<PageRead> StreamReader::on_answer(Answer const& answer, TimePoint now) {
  auto& reader = *impl_;
  if (!reader.days.slice())
    return Error(ErrorCode::internal, "an answer arrived after the end of the pass");
  reader.last_answer = now;
  reader.empty_answers.note(answer.empty_by_status);
  reader.secrets = answer.secrets;
  reader.page_rows.withhold(answer.secrets);
  if (reader.days.is_probing()) return reader.given_to_probe(now);

  auto const hints = reader.read_list(answer, now);
  if (!hints) return hints.error();
  if (answer.cut) {
    auto const& cut = *answer.cut;
    reader.cut_doubt = SliceDoubt{cut.code, cut.message, cut.hint};
  }
  if (reader.halves_slice(*hints)) return reader.nothing_read(now);
  // After a restart the page before is requested once more: the interrupted run knows its rows.
  bool const is_again = reader.pager->resuming();
  auto outcome = reader.pager->take(reader.page_list.listed_keys(), *hints);
  if (!outcome) return outcome.error();
  if (!answer.no_rows) {
    reader.totals.note(answer.body, *hints);
    reader.was_refused = false;
  }
  // A discarded page is treated as an empty one.
  if (*outcome == PageOutcome::discarded) {
    reader.page_list.discard();
    if (is_again) reader.days.read_on();
  }
  if (answer.empty_by_status && !reader.list_begun) reader.not_given.insert(reader.part);
  reader.begun = reader.list_begun = true;
  reader.pages.take();
  PageRead page = reader.take_page(answer, now);
  if (reader.wants_another_sweep(*outcome)) {
    reader.page_rows.begin_sweep(true);
    reader.page_list.begin_sweep();
    outcome = PageOutcome::sweep_again;
  }
  reader.count(page);
  // Even at the end of a slice the checkpoint is inside it: a run that stops before the slice is
  // closed resumes at its last page and closes it then.
  page.checkpoint = reader.checkpoint(now);
  bool const ends = *outcome == PageOutcome::end ||
                    (*outcome == PageOutcome::more && reader.is_known && reader.ends_at_known());
  bool const tells_known = !reader.page_list.rows().empty() && !is_again;
  reader.stored_part = tells_known ? std::optional(reader.part) : std::nullopt;
  if (ends && reader.end_list()) reader.end_slice(answer, page, now);
  return page;
}

bool StreamReader::awaits_closed() const {
  return impl_->unconfirmed.has_value();
}

void StreamReader::on_closed(bool read_again) {
  if (read_again) return impl_->read_slice_again();
  impl_->unconfirmed.reset();
  impl_->leave_slice();
}

bool StreamReader::awaits_stored() const {
  return impl_->ends_at_known();
}

void StreamReader::on_stored(PageStored const& stored) {
  auto& reader = *impl_;
  if (!reader.days.slice() || reader.stored_part != reader.part || !reader.ends_at_known()) return;
  reader.is_known = stored.news == 0 && stored.known > 0;
}

bool StreamReader::ends_at_refusal(Error const& error) {
  auto& reader = *impl_;
  if (!reader.days.slice() || reader.days.is_probing() || error.is_unknown) return false;
  if (!reader.pager->ends_at_refusal(error.code)) return false;
  if (!reader.is_until_known()) return true;
  // What is missing at the end of such a list no later pass would look for.
  if (!std::exchange(reader.was_refused, true)) {
    reader.asks_again = true;
    return false;
  }
  reader.is_cut = reader.ends_at_known() && !reader.is_known;
  return true;
}

bool StreamReader::ends_list() const {
  return impl_->days.slice() && !impl_->days.is_probing() && impl_->list_begun;
}

bool StreamReader::on_refusal(Error const& error) {
  auto& reader = *impl_;
  if (!reader.days.slice()) return false;
  if (reader.pager->resuming() &&
      (error.code == ErrorCode::bad_request || error.code == ErrorCode::refused ||
       error.code == ErrorCode::not_found)) {
    reader.days.read_on();
    reader.begin_slice();
    return true;
  }
  if (std::exchange(reader.asks_again, false)) return true;
  if (!reader.days.on_refusal(error, reader.begun || reader.part > 0)) return false;
  reader.begin_slice();
  return true;
}

std::string StreamReader::final_checkpoint() const {
  return impl_->checkpoint(impl_->last_answer);
}

AskedFor const& StreamReader::asked_for() const {
  return impl_->asked;
}

bool StreamReader::is_full_pass() const {
  return !impl_->plan->adds_only && impl_->days.covers_everything();
}

bool StreamReader::reaches_last_day() const {
  return impl_->days.reaches_last_day();
}

Slice StreamReader::window() const {
  return impl_->days.pass();
}

std::vector<std::string> const& StreamReader::items() const {
  return impl_->lists.items();
}

bool StreamReader::resumes() const {
  return impl_->days.resumes();
}

std::optional<DaySpan> StreamReader::covered() const {
  return impl_->days.covered();
}

std::vector<DaySpan> const& StreamReader::lost() const {
  return impl_->days.lost();
}

}  // namespace affsync::engine
