#include "connectors/engine/stream_reader.hpp"

#include <algorithm>

#include "connectors/engine/answer/page_hints.hpp"
#include "connectors/engine/answer/records.hpp"
#include "connectors/engine/paging/empty_answers.hpp"
#include "connectors/engine/paging/ended_lists.hpp"
#include "connectors/engine/paging/item_lists.hpp"
#include "connectors/engine/paging/named_totals.hpp"
#include "connectors/engine/paging/pager.hpp"
#include "connectors/engine/paging/pass_days.hpp"
#include "connectors/engine/paging/slice_pages.hpp"
#include "connectors/engine/request/target.hpp"
#include "connectors/engine/rows/listed_rows.hpp"
#include "connectors/engine/rows/page_rows.hpp"
#include "connectors/engine/rows/row_days.hpp"

namespace affsync::engine {
namespace {

// After this time the list may have changed too much; the slice is read from its first row again.
constexpr auto place_lifetime = std::chrono::hours(6);
constexpr auto clock_tolerance = std::chrono::minutes(5);

}  // namespace

struct StreamReader::Impl {
  Impl(std::shared_ptr<StreamPlan const> stream_plan, ReaderStart const& start);
  Impl(std::shared_ptr<StreamPlan const> stream_plan, ReaderStart const& start,
       std::optional<Checkpoint> earlier);
  void begin_slice();
  bool ends_at_known() const;
  // Ends the current list; false if another part of the slice follows.
  bool end_list();
  SliceEnd end_of_slice(TimePoint now);
  // The pass reads all rows of the slice. (Rows that an incremental pass does not return still
  // exist.)
  bool reads_all_of_slice() const;
  void begin_list();
  PageRead given_to_probe(TimePoint now);
  std::string checkpoint(TimePoint now) const;
  void note_request(HttpRequest const& request);
  std::vector<HttpRequest> foresee(std::size_t most);

  std::shared_ptr<StreamPlan const> plan;
  StreamSpec const& spec;
  PageRows page_rows;
  std::unique_ptr<Pager> pager;
  PageAsk first_ask;     // of each list
  ListedRows page_list;  // the rows of the current page
  NamedTotals totals;
  RowDays row_days;

  PassDays days;
  ItemLists lists;          // of a slice
  TimePoint latest;         // a window that ends now ends here
  bool begun = false;       // a page of the current slice was taken
  bool list_begun = false;  // a page of the current list was taken
  EmptyAnswers empty_answers;
  std::size_t part = 0;
  AskedFor asked;  // by the last request
  TimePoint last_answer{};
  std::shared_ptr<Redactor const> secrets;  // secrets that the last answer quotes

  EndedLists ended;  // of the current slice
  std::int64_t rows = 0;
  std::int64_t list_rows = 0;  // of the current list in this sweep
  SlicePages pages;

  std::optional<std::size_t> stored_part;  // of the last answer; unset: no answer of this slice
  bool is_known = false;                   // a page of this list was stored without new rows
};

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
      row_days(spec),
      days(*plan, start, earlier),
      lists(spec, start.items),
      latest(start.now),
      last_answer(start.now) {
  begin_slice();
  first_ask = pager->ask();
  if (!days.resumes()) return;
  empty_answers.resume();
  if (spec.restarts_slices()) return;
  auto const age = start.now - earlier->written_at;
  bool const is_known_place =
      earlier->place->items == lists.identity() && earlier->place->part < lists.count();
  if (age > place_lifetime || age < -clock_tolerance || !is_known_place) return;
  part = earlier->place->part;
  ended.resumed = part > 0;
  if (ended.resumed) totals.forget_slice();
  pager->resume(std::move(earlier->place->position));
}

std::string StreamReader::Impl::checkpoint(TimePoint now) const {
  auto out = days.checkpoint(now);
  // Answers that may come from a wrong path prove nothing.
  if (!empty_answers.has_real_answer()) out.done = days.done_before();
  if (out.place) {
    out.place->part = part;
    out.place->items = lists.identity();
    out.place->position = pager->position();
    if (secrets) out.place->position.token = storable(out.place->position.token, *secrets);
  }
  return write_checkpoint(out, *plan);
}

void StreamReader::Impl::begin_slice() {
  part = 0;
  ended = {};
  rows = list_rows = 0;
  pages.begin_slice();
  stored_part.reset();
  begun = false;
  row_days.begin_slice();
  totals.begin_slice();
  page_rows.begin_slice();
  begin_list();
}

void StreamReader::Impl::begin_list() {
  list_rows = 0;
  list_begun = false;
  is_known = false;
  totals.begin_list();
  // A list that ends at known rows cannot be read twice.
  page_rows.begin_list();
  page_rows.begin_sweep(ends_at_known());
  page_list.begin_list();
  pager->start();
}

bool StreamReader::Impl::ends_at_known() const {
  if (days.full()) return false;
  return part < spec.parts.size() ? spec.parts[part].until_known : spec.page.until_known;
}

void StreamReader::Impl::note_request(HttpRequest const& request) {
  asked.target = request.target;
  if (spec.keep.empty()) return;
  auto const& slice = days.asked();
  asked.from = slice.from;
  asked.to = slice.to;
  asked.body = request.body;
  asked.item = lists.item(part);
  asked.list_target = make_page_request(spec, slice, part, lists.of_list({}, part), latest).target;
}

bool StreamReader::Impl::end_list() {
  ended.take(*pager, spec.replaces_window, page_list.doubt());
  totals.end_list(list_rows > 0);
  if (part + 1 >= lists.count()) return true;
  ++part;
  begin_list();
  return false;
}

bool StreamReader::Impl::reads_all_of_slice() const {
  if (plan->adds_only) return false;
  return days.of_history() ? !spec.window->column.empty() : days.full();
}

SliceEnd StreamReader::Impl::end_of_slice(TimePoint now) {
  SliceEnd end;
  end.slice = *days.slice();
  if (spec.window && end.slice.from) end.scope_column = spec.window->column;
  end.resumed = ended.resumed;
  if (ended.has_counts && spec.page.has_total() && !page_list.has_elements()) {
    end.broker_count = ended.broker_count;
  }
  end.doubt = ended.doubt;
  if (!end.doubt) end.doubt = empty_answers.wrong_path(days.pass(), *days.slice());
  end.replaces = spec.replaces_window && end.slice.from && !end.scope_column.empty();
  end.markable = reads_all_of_slice() && !end.resumed && !end.doubt;
  end.counted = ended.counted && !end.doubt;
  end.covers_days = days.of_history();
  end.keeps_from = days.keeps_from();
  if (page_rows.has_own_keys()) {
    end.seen_keys = page_rows.take_own_keys();
  } else {
    end.seen_keys = ended.take_keys(lists.count());
  }
  end.totals = totals.of_slice();
  end.missing_totals = totals.missing();
  end.all_within = row_days.all_within();
  end.listed_beside = row_days.listed_beside();
  end.read_at = now;
  return end;
}

// Handles an answer to a probe: it only shows that its day is given.
PageRead StreamReader::Impl::given_to_probe(TimePoint now) {
  days.on_probe_given();
  if (!days.is_probing()) begin_slice();
  PageRead page;
  page.lost = days.take_lost();
  page.checkpoint = checkpoint(now);
  stored_part.reset();
  return page;
}

std::vector<HttpRequest> StreamReader::Impl::foresee(std::size_t most) {
  std::vector<HttpRequest> ahead;
  // Whether a list ends at known rows is only known when they are stored.
  // A broker makes one report at a time.
  if (!days.slice() || days.is_probing() || ends_at_known() || spec.report) return ahead;
  auto const of_list = pager->foresee(most);
  for (auto const& ask : of_list.asks) {
    ahead.push_back(make_page_request(spec, *days.slice(), part, lists.of_list(ask, part), latest));
  }
  if (lists.has_items()) {
    // One value has nothing to do with another.
    for (auto list = part + 1; of_list.reaches_end && list < lists.count() && ahead.size() < most;
         ++list) {
      auto const ask = lists.of_list(first_ask, list);
      ahead.push_back(make_page_request(spec, *days.slice(), list, ask, latest));
    }
    return ahead;
  }
  // Rows move from one part to the next (from the open ones to the paid ones), so that a part is
  // requested only after the one before it.
  if (part + 1 < spec.parts.size()) return ahead;
  auto const room = pages.slices_in(most - ahead.size(), ahead.size() + 1, of_list.reaches_end);
  auto const rows_so_far = begun ? std::optional(rows) : std::nullopt;
  for (auto const& slice : days.plan_ahead(room, rows_so_far)) {
    ahead.push_back(make_page_request(spec, slice, 0, first_ask, latest));
  }
  return ahead;
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

Result<PageRead> StreamReader::on_answer(Answer const& answer, TimePoint now) {
  auto& reader = *impl_;
  if (!reader.days.slice())
    return Error(ErrorCode::internal, "an answer arrived after the end of the pass");
  reader.last_answer = now;
  reader.empty_answers.note(answer.empty_by_status);
  reader.secrets = answer.secrets;
  reader.page_rows.withhold(answer.secrets);
  if (reader.days.is_probing()) return reader.given_to_probe(now);

  Records records;
  if (!answer.no_rows) {
    // After a list's pages null means an empty page, unless the broker counts more rows than were
    // read.
    auto const total = reader.pager->total();
    bool const behind_rows = reader.list_rows > 0 && (!total || *total <= reader.list_rows);
    auto found = find_records(reader.spec, answer.body, behind_rows, reader.asked);
    if (!found) return found.error();
    records = std::move(*found);
  }
  auto& list = reader.page_list;
  list.take(std::move(records), reader.page_rows);
  auto hints = read_page_hints(reader.spec.page, answer.body, list.listed(), reader.plan->base_url,
                               reader.asked.target, answer.headers);
  if (!hints) return hints.error();
  auto outcome = reader.pager->take(list.listed_keys(), *hints);
  if (!outcome) return outcome.error();
  if (!answer.no_rows) reader.totals.note(answer.body, *hints);

  // A discarded page is treated as an empty one.
  if (*outcome == PageOutcome::discarded) list.discard();
  reader.begun = reader.list_begun = true;
  reader.pages.take();
  PageRead page;
  page.lost = reader.days.take_lost();
  if (reader.reads_all_of_slice()) {
    auto const& slice = *reader.days.slice();
    page.scope.emplace();
    page.scope->slice = slice;
    if (reader.spec.window && slice.from) page.scope->column = reader.spec.window->column;
  }
  auto const& places = *list.places(&reader.pager->places());
  reader.page_rows.convert(list.rows(), list.keys(), places, answer.server_time.value_or(now), page,
                           now);
  reader.row_days.note(page.batches.front(), *reader.days.slice());
  if (!list.rows().empty()) page.missing_totals = reader.totals.missing_in_answer();
  bool const is_unclear = list.note_page(*outcome == PageOutcome::end);
  if (*outcome == PageOutcome::end && (reader.page_rows.is_unsettled() || is_unclear)) {
    reader.pager->read_again();
    outcome = PageOutcome::sweep_again;
  }
  if (*outcome == PageOutcome::sweep_again) {
    reader.page_rows.begin_sweep(true);
    list.begin_sweep();
  }
  auto const fresh = reader.pager->fresh_rows();
  page.rows_read = list.fresh(fresh);
  reader.rows += fresh;
  reader.list_rows += fresh;
  if (!list.has_elements()) page.expected_rows = reader.pager->total();
  // Even at the end of a slice the checkpoint is inside it: a run that stops before the slice is
  // closed resumes at its last page and closes it then.
  page.checkpoint = reader.checkpoint(now);
  bool const ends = *outcome == PageOutcome::end ||
                    (*outcome == PageOutcome::more && reader.is_known && reader.ends_at_known());
  reader.stored_part = list.rows().empty() ? std::nullopt : std::optional(reader.part);
  if (ends && reader.end_list()) {
    if (answer.no_rows && !reader.ended.doubt) {
      reader.ended.doubt =
          EmptyAnswers::too_old(reader.spec, *reader.days.slice(), reader.days.today());
    }
    page.slice_end = reader.end_of_slice(now);
    reader.days.end_slice(reader.ended.doubt.has_value(), reader.rows);
    reader.begin_slice();
  }
  return page;
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
  return impl_->days.slice() && !impl_->days.is_probing() &&
         impl_->pager->ends_at_refusal(error.code);
}

bool StreamReader::ends_list() const {
  return impl_->days.slice() && !impl_->days.is_probing() && impl_->list_begun;
}

bool StreamReader::on_refusal(Error const& error) {
  auto& reader = *impl_;
  if (!reader.days.slice()) return false;
  if (reader.pager->resuming() &&
      (error.code == ErrorCode::bad_request || error.code == ErrorCode::not_found)) {
    reader.begin_slice();
    return true;
  }
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

Slice StreamReader::window() const {
  return impl_->days.pass();
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
