// What a reader says at the end of a slice, and what it can ask for ahead.
#include <algorithm>

#include "connectors/engine/paging/window.hpp"
#include "connectors/engine/reader_state.hpp"
#include "connectors/engine/request/target.hpp"
#include "connectors/engine/rows/mapping.hpp"

namespace affsync::engine {

bool StreamReader::Impl::reads_all_of_slice() const {
  if (plan->adds_only) return false;
  return days.of_history() ? !spec.window->column.empty() : days.full();
}

Slice StreamReader::Impl::days_of_rows() const {
  auto slice = *days.slice();
  // Rows that keep the last day of their month have it from the first day on.
  bool const keeps_end =
      slice.from && spec.window && spec.window->by_month() &&
      std::ranges::find(spec.keep, KeptField::From::window_to, &KeptField::from) != spec.keep.end();
  if (keeps_end) slice.to = end_of_month(*slice.from);
  return slice;
}

// What a row keeps of the request has no part in its day, so each slice has the same days.
void StreamReader::Impl::note_days_of_file(Records const& records, std::size_t column,
                                           TimePoint now) {
  constexpr std::size_t length_of_day = 10;
  RowMapper const mapper(*plan, spec.map);
  Row mapped;
  days_of_file.clear();
  days_of_file.reserve(records.rows.size());
  for (auto const* row : records.rows) {
    auto const problem = mapper.map(*row, now, mapped);
    auto const& value = mapped.values[column];
    days_of_file.push_back(problem || !value ? "" : value->substr(0, length_of_day));
  }
}

void StreamReader::Impl::keep_days_of_slice(Records& records, TimePoint now) {
  auto const& slice = *days.slice();
  auto const column = spec.map.table->index_of(spec.window->column);
  if (!slice.from || !column) return;
  if (days_of_file.size() != records.rows.size()) note_days_of_file(records, *column, now);
  auto const first = format_day(*slice.from), last = format_day(*slice.to);
  // A row that tells no day is put aside once.
  bool const is_first = *slice.from == *days.pass().from;
  auto day = days_of_file.cbegin();
  std::erase_if(records.rows, [&](Json const*) {
    auto const& own = *day++;
    return own.empty() ? !is_first : own < first || own > last;
  });
}

// The rows of a day are those that its own slice and the next one have seen: nobody knows how exact
// the times of rows are.
void StreamReader::Impl::note_shared_days(SliceEnd& end) {
  if (!end.replaces) return;
  auto const moment = shared_moment(*spec.window, end.slice, latest);
  if (!moment) return;
  auto& shared = end.shared.emplace();
  shared.time_column = time_column;
  shared.moment = *moment;
  shared.has_day_before = ended_before && *ended_before + std::chrono::days(1) == *end.slice.from;
  if (shared.has_day_before) shared.seen_before = std::move(seen_before);
  seen_before.clear();
  ended_before.reset();
  if (!end.markable) return;
  seen_before = end.seen_keys;
  ended_before = end.slice.to;
}

// An error that stands for an empty list is no list: the broker may have forgotten the value, and
// what it paid for it before is not taken back.
std::optional<std::vector<std::string>> StreamReader::Impl::asked_items() const {
  if (!lists.has_items()) return std::nullopt;
  std::vector<std::string> items;
  for (std::size_t list = 0; list < lists.count(); ++list) {
    if (!not_given.contains(list)) items.push_back(*lists.item(list));
  }
  return items;
}

// Of several lists each would have to be compared with its own rows.
bool StreamReader::Impl::is_known_to_database() const {
  return has_database && spec.replaces_window && lists.count() == 1 && !has_unmapped &&
         days.is_known() && reads_all_of_slice() && !spec.window->column.empty();
}

void StreamReader::Impl::leave_slice() {
  days.end_slice(ended.doubt.has_value(), rows);
  begin_slice();
}

void StreamReader::Impl::read_slice_again() {
  seen_before = std::move(unconfirmed->seen_before);
  ended_before = unconfirmed->ended_before;
  unconfirmed.reset();
  forget_slice();
  start_list();
  page_rows.begin_sweep(true);
  page_list.refute();
  page_list.begin_sweep();
}

SliceEnd StreamReader::Impl::end_of_slice(TimePoint now) {
  SliceEnd end;
  end.slice = *days.slice();
  end.last_of_rows = days_of_rows().to;
  if (spec.window && end.slice.from) end.scope_column = spec.window->column;
  end.resumed = ended.resumed;
  if (ended.has_counts && spec.page.has_total() && !page_list.has_elements()) {
    end.broker_count = ended.broker_count;
  }
  end.doubt = ended.doubt;
  if (!end.doubt) end.doubt = empty_answers.wrong_path(days.pass(), *days.slice());
  end.replaces = spec.replaces_window && end.slice.from && !end.scope_column.empty();
  end.by_content = spec.map.hash.has_value();
  end.asked_items = asked_items();
  end.markable = reads_all_of_slice() && !end.resumed && !end.doubt;
  end.proof = end.doubt ? CountProof::nothing : ended.proof;
  // A row may go back to a part that was read before: no part has it, and each count is right.
  if (spec.parts.size() > 1) end.proof = std::min(end.proof, CountProof::number);
  end.covers_days = days.of_history();
  end.keeps_from = days.keeps_from();
  end.of_all_days = days.of_history() && days.covers_everything();
  if (page_rows.has_own_keys()) {
    end.seen_keys = page_rows.take_own_keys();
  } else {
    end.seen_keys = ended.take_keys(lists.count());
  }
  end.read_once = end.markable && page_list.is_unconfirmed();
  end.has_equal_rows = page_rows.has_equal_rows();
  if (end.read_once) unconfirmed = Unconfirmed{seen_before, ended_before};
  note_shared_days(end);
  if (end.shared) end.shared->goes_on = days.goes_on();
  end.totals = totals.of_slice();
  end.missing_totals = totals.missing();
  end.all_within = row_days.all_within();
  end.listed_beside = row_days.listed_beside();
  end.read_at = now;
  return end;
}

// Whether a list ends at known rows is only known when they are stored. A broker makes one report
// at a time.
bool StreamReader::Impl::foresees() const {
  return days.slice() && !days.is_probing() && !ends_at_known() && !spec.report;
}

// One value has nothing to do with another.
void StreamReader::Impl::foresee_lists(std::size_t most, std::vector<HttpRequest>& out) const {
  for (auto list = part + 1; list < lists.count() && out.size() < most; ++list) {
    auto const ask = lists.of_list(first_ask, list);
    out.push_back(make_page_request(spec, *days.slice(), list, ask, latest));
  }
}

void StreamReader::Impl::foresee_slices(std::size_t most, std::vector<HttpRequest>& out) {
  auto const rows_so_far = begun ? std::optional(rows) : std::nullopt;
  for (auto const& slice : days.plan_ahead(most, rows_so_far)) {
    out.push_back(make_page_request(spec, slice, 0, first_ask, latest));
  }
}

std::vector<HttpRequest> StreamReader::Impl::foresee(std::size_t most) {
  std::vector<HttpRequest> ahead;
  if (!foresees()) return ahead;
  auto const of_list = pager->foresee(most);
  bool const once = is_known_to_database() || !page_list.expects_another_sweep();
  bool const reaches_end = of_list.reaches_end && once;
  for (auto const& ask : of_list.asks) {
    ahead.push_back(make_page_request(spec, *days.slice(), part, lists.of_list(ask, part), latest));
  }
  if (lists.has_items()) {
    if (reaches_end) foresee_lists(most, ahead);
    return ahead;
  }
  // Rows move from one part to the next (from the open ones to the paid ones), so that a part is
  // requested only after the one before it.
  if (part + 1 < spec.parts.size()) return ahead;
  foresee_slices(pages.slices_in(most - ahead.size(), ahead.size() + 1, reaches_end), ahead);
  return ahead;
}

std::vector<HttpRequest> StreamReader::Impl::foresee_later(std::size_t most) {
  std::vector<HttpRequest> later;
  if (!foresees()) return later;
  if (lists.has_items()) {
    foresee_lists(most, later);
  } else {
    foresee_slices(0, later);  // those that are planned already
  }
  return later;
}

}  // namespace affsync::engine
