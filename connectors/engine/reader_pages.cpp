// The steps in which a reader takes one answer.
#include <utility>

#include "connectors/engine/answer/page_hints.hpp"
#include "connectors/engine/answer/plain_words.hpp"
#include "connectors/engine/answer/records.hpp"
#include "connectors/engine/reader_state.hpp"

namespace affsync::engine {

Result<PageHints> StreamReader::Impl::read_list(Answer const& answer, TimePoint now) {
  Records records;
  if (!answer.no_rows) {
    // After a list's pages null means an empty page, unless the broker counts more rows than were
    // read.
    auto const total = pager->total();
    bool const behind_rows = list_rows > 0 && (!total || *total <= list_rows);
    auto found = find_records(spec, answer.body, behind_rows, asked);
    if (!found) return found.error();
    records = std::move(*found);
    if (plan->own_days) keep_days_of_slice(records, now);
  }
  page_rows.answered_at(answer.server_time.value_or(now), now);
  page_list.take(std::move(records), page_rows);
  auto hints = read_page_hints(spec.page, answer.body, page_list.listed(), plan->base_url,
                               asked.target, answer.headers, answer.status);
  if (!hints) return hints;
  if (!hints->more && !answer.no_rows) {
    hints->unread_more = unread_more(spec, answer.body, page_list.place(), answer.headers,
                                     plan->base_url, asked.target);
  }
  if (page_list.has_elements() && inner_doubt.empty()) {
    inner_doubt = unread_more_inside(spec, page_list.listed());
  }
  return hints;
}

bool StreamReader::Impl::halves_slice(PageHints const& hints) {
  auto const listed = page_list.listed_keys().size();
  if (!pager->may_be_cut(listed, hints)) return false;
  Error const too_large(ErrorCode::window_too_large, cut_answer(listed, hints));
  if (!days.on_refusal(too_large, begun || part > 0)) return false;
  begin_slice();
  return true;
}

PageRead StreamReader::Impl::take_page(Answer const& answer, TimePoint now) {
  PageRead page;
  page.lost = days.take_lost();
  page.item = lists.item(part);
  if (reads_all_of_slice()) {
    auto const slice = days_of_rows();
    page.scope.emplace();
    page.scope->slice = slice;
    if (spec.window && slice.from) page.scope->column = spec.window->column;
  }
  auto const& places = *page_list.places(&pager->places());
  page_rows.convert(page_list.rows(), page_list.keys(), places, answer.server_time.value_or(now),
                    page, now);
  has_unmapped = has_unmapped || page.unmapped > 0 || !page.quarantined.empty();
  row_days.note(page.batches.front(), *days.slice(), days_of_rows());
  if (auto const doubt = row_days.doubt()) page.remarks.push_back(doubt->text);
  if (!page_list.rows().empty()) page.missing_totals = totals.missing_in_answer();
  return page;
}

bool StreamReader::Impl::wants_another_sweep(PageOutcome outcome) {
  bool const is_last = outcome == PageOutcome::end;
  // A list whose count differs is in doubt, however often it is read.
  bool const is_settled = pager->total() && pager->doubt();
  bool const is_unclear = page_list.note_page(is_last, !is_settled && pager->may_have_skipped(),
                                              is_known_to_database() && inner_doubt.empty());
  if (!is_last || (!is_unclear && !page_rows.is_unsettled())) {
    return outcome == PageOutcome::sweep_again;
  }
  pager->read_again();
  return true;
}

void StreamReader::Impl::count(PageRead& page) {
  auto const fresh = pager->fresh_rows();
  page.rows_read = page_list.fresh(fresh);
  rows += fresh;
  list_rows += fresh;
  if (!page_list.has_elements()) page.expected_rows = pager->total();
}

void StreamReader::Impl::end_slice(Answer const& answer, PageRead& page, TimePoint now) {
  if (answer.no_rows && !ended.doubt) {
    ended.doubt = EmptyAnswers::too_old(spec, *days.slice(), days.today());
  }
  if (!ended.doubt) ended.doubt = row_days.doubt();
  page.slice_end = end_of_slice(now);
  if (!unconfirmed) leave_slice();
}

}  // namespace affsync::engine
