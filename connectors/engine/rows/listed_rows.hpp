// The rows of a page, and what the broker lists: the same, or elements that the rows are inside of.
// The broker counts and pages what it lists.
#pragma once

#include <cstdint>
#include <vector>

#include "connectors/engine/answer/records.hpp"
#include "connectors/engine/paging/repeated_sweeps.hpp"
#include "connectors/engine/rows/field_path.hpp"
#include "connectors/engine/rows/page_rows.hpp"

namespace affsync::engine {

class ListedRows {
 public:
  explicit ListedRows(StreamSpec const& spec);

  // Takes the records of an answer and computes the keys of rows and elements. An element's key is
  // what the rows' key reads of it (`parent.id`), else its content.
  void take(Records records, PageRows& page_rows);
  // Drops the rows of a page that does not fit the pages before it.
  void discard();

  std::vector<Json const*> const& rows() const { return records_.rows; }
  Json const* place() const { return records_.place; }
  std::vector<std::uint64_t> const& keys() const { return keys_; }
  std::vector<Json const*> const& listed() const {
    return has_elements_ ? records_.elements : records_.rows;
  }
  std::vector<std::uint64_t> const& listed_keys() const {
    return has_elements_ ? element_keys_ : keys_;
  }

  // `first_of_past`: see RepeatedSweeps.
  void begin_list(bool first_of_past) {
    sweeps_.begin_list(first_of_past);
    begin_sweep();
  }
  // Begins a sweep, which reads the list from its start.
  void begin_sweep() {
    seen_.clear();
    sweeps_.begin_sweep();
  }
  // Notes what the page had. Returns true if it ends a list that has to be read once more.
  // `may_have_skipped`: see Pager. `is_known`: see RepeatedSweeps.
  bool note_page(bool is_last, bool may_have_skipped, bool is_known) {
    sweeps_.note(keys_);
    return is_last && sweeps_.wants_another(may_have_skipped, is_known);
  }
  // Of the reading that has ended; see RepeatedSweeps.
  bool is_unconfirmed() const { return sweeps_.is_unconfirmed(); }
  void refute() { sweeps_.refute(); }
  // Returns true if a list of several pages will be read once more when it has been read.
  bool expects_another_sweep() const { return sweeps_.expects_another(); }
  bool agrees_with_itself() const { return sweeps_.agree(); }
  // Set if a list that was read several times never agreed with itself.
  std::optional<SliceDoubt> const& doubt() const { return sweeps_.doubt(); }

  // Returns where each row was seen before. `of_listed`: where the pager saw what is listed; the
  // result may be this very list.
  std::vector<RowPlace> const* places(std::vector<RowPlace> const* of_listed);
  // Returns the number of rows that no earlier page had, after places(). `listed`: of what is
  // listed.
  std::int64_t fresh(std::int64_t listed) const;
  bool has_elements() const { return has_elements_; }

 private:
  bool has_elements_;
  std::vector<FieldPath> element_paths_;
  Records records_;
  std::vector<std::uint64_t> keys_, element_keys_;
  SeenKeys seen_;  // of the rows of this sweep, if they are inside elements
  std::vector<RowPlace> places_;
  RepeatedSweeps sweeps_;
};

}  // namespace affsync::engine
