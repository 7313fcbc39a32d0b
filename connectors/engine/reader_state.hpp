// What a reader of a stream knows between two answers. Internal to the reader.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "connectors/engine/answer/asked_for.hpp"
#include "connectors/engine/paging/empty_answers.hpp"
#include "connectors/engine/paging/ended_lists.hpp"
#include "connectors/engine/paging/item_lists.hpp"
#include "connectors/engine/paging/named_totals.hpp"
#include "connectors/engine/paging/pager.hpp"
#include "connectors/engine/paging/pass_days.hpp"
#include "connectors/engine/paging/slice_pages.hpp"
#include "connectors/engine/rows/listed_rows.hpp"
#include "connectors/engine/rows/page_rows.hpp"
#include "connectors/engine/rows/row_days.hpp"
#include "connectors/engine/stream_reader.hpp"

namespace affsync::engine {

struct StreamReader::Impl {
  Impl(std::shared_ptr<StreamPlan const> stream_plan, ReaderStart const& start);
  Impl(std::shared_ptr<StreamPlan const> stream_plan, ReaderStart const& start,
       std::optional<Checkpoint> earlier);
  void begin_slice();
  void forget_slice();
  bool is_until_known() const;  // the current list
  bool ends_at_known() const;   // and in this pass
  // Ends the current list; false if another part of the slice follows.
  bool end_list();
  SliceEnd end_of_slice(TimePoint now);
  // The values of `for_each` whose lists the broker gave.
  std::optional<std::vector<std::string>> asked_items() const;
  void note_shared_days(SliceEnd& end);
  // The database can tell whether a reading of the slice lacks a row.
  bool is_known_to_database() const;
  // Goes on behind the current slice, or reads it again.
  void leave_slice();
  void read_slice_again();
  // The pass reads all rows of the slice. (Rows that an incremental pass does not return still
  // exist.)
  bool reads_all_of_slice() const;
  // The days that rows of the current slice may have: its own, or up to the end of its month.
  Slice days_of_rows() const;
  void begin_list();
  void start_list();  // at its first row; what earlier readings of it had stays
  // Of a file that is read in several slices, leaves the rows of the others out.
  void keep_days_of_slice(Records& records, TimePoint now);
  void note_days_of_file(Records const& records, std::size_t column, TimePoint now);
  // The steps of on_answer(), in their order. Reads what the answer lists, and how it goes on.
  Result<PageHints> read_list(Answer const& answer, TimePoint now);
  // If the answer lacks rows since it would have too many, returns true: a shorter slice is read.
  bool halves_slice(PageHints const& hints);
  PageRead take_page(Answer const& answer, TimePoint now);
  // Returns true if the list is read once more from its first row.
  bool wants_another_sweep(PageOutcome outcome);
  void count(PageRead& page);
  void end_slice(Answer const& answer, PageRead& page, TimePoint now);
  PageRead given_to_probe(TimePoint now);
  PageRead nothing_read(TimePoint now);
  std::string checkpoint(TimePoint now) const;
  void note_request(HttpRequest const& request);
  bool foresees() const;
  std::vector<HttpRequest> foresee(std::size_t most);
  std::vector<HttpRequest> foresee_later(std::size_t most);
  // Append the first pages of the lists behind this one until there are `most`, or those of the
  // next slices, of which at least `most` are planned now.
  void foresee_lists(std::size_t most, std::vector<HttpRequest>& out) const;
  void foresee_slices(std::size_t most, std::vector<HttpRequest>& out);

  std::shared_ptr<StreamPlan const> plan;
  StreamSpec const& spec;
  PageRows page_rows;
  std::unique_ptr<Pager> pager;
  PageAsk first_ask;     // of each list
  ListedRows page_list;  // the rows of the current page
  NamedTotals totals;
  RowDays row_days;

  PassDays days;
  ItemLists lists;                // of a slice
  std::string const time_column;  // see time_column_of()
  TimePoint latest;               // a window that ends now ends here
  bool begun = false;             // a page of the current slice was taken
  bool list_begun = false;        // a page of the current list was taken
  EmptyAnswers empty_answers;
  std::size_t part = 0;
  std::set<std::size_t> not_given;  // lists of this slice that the broker answered with an error
  AskedFor asked;                   // by the last request
  TimePoint last_answer{};
  std::shared_ptr<Redactor const> secrets;  // secrets that the last answer quotes

  // The keys that the slice before saw, and its last day; of a slice without doubt.
  std::vector<std::uint64_t> seen_before;
  std::optional<Day> ended_before;

  EndedLists ended;  // of the current slice
  // A slice that was read once, until the database has closed it: what note_shared_days() had.
  struct Unconfirmed {
    std::vector<std::uint64_t> seen_before;
    std::optional<Day> ended_before;
  };
  std::optional<Unconfirmed> unconfirmed;

  bool const has_database;
  bool has_unmapped = false;  // a row of the current slice was put aside
  std::int64_t rows = 0;
  std::int64_t list_rows = 0;  // of the current list in this sweep
  SlicePages pages;
  std::optional<SliceDoubt> cut_doubt;  // a page of this list may lack rows at its end
  bool was_cut = false;                 // so may a list of this slice that has ended
  std::string inner_doubt;              // a list inside of a row of this list is not whole

  // Of such a file, the day of each row, which its rows are mapped for once; empty: it tells none.
  std::vector<std::string> days_of_file;

  std::optional<std::size_t> stored_part;  // of the last answer; unset: no answer of this slice
  bool is_known = false;                   // a page of this list was stored without new rows
  // Of a list with `until_known`: a page was refused, and is asked for once more; the list ended
  // there, and not at known rows.
  bool was_refused = false, asks_again = false, is_cut = false;
};

}  // namespace affsync::engine
