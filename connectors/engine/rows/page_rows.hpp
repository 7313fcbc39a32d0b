// The rows of one answer made into batches, or into quarantine.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/engine/paging/pager.hpp"
#include "connectors/engine/paging/seen_keys.hpp"
#include "connectors/engine/rows/mapping.hpp"
#include "connectors/engine/rows/page_read.hpp"

namespace affsync::engine {

// Whether a row was put aside since another one is stored under its key.
bool is_contradiction(std::string_view reason);

class PageRows {
 public:
  explicit PageRows(std::shared_ptr<StreamPlan const> plan);

  // From now on these are taken out of `raw` and of the reasons for quarantine; may be null.
  void withhold(std::shared_ptr<Redactor const> secrets) { secrets_ = std::move(secrets); }

  // What each row is known by: the hash of its external id, or of its content where it has none.
  void hash_keys(std::vector<Json const*> const& rows, std::vector<std::uint64_t>& keys) const;

  // A slice, and a reading of a list from its first row. `settles`: rows that contradict each other
  // are put aside at once; otherwise is_unsettled() tells of them, and the list should be read
  // again, since a row may have changed and moved to another page meanwhile.
  void begin_slice();
  void begin_sweep(bool settles);
  bool is_unsettled() const { return unsettled_; }

  // Fills batches (the main table's first, even when it is empty), quarantine and the rows that are
  // left out. `places`: where the pager saw each row before. Of rows with one key and different
  // content one is stored and the others go to quarantine: in a page the last is stored, over pages
  // the first. A row that went to quarantine once is not sent there again.
  void convert(std::vector<Json const*> const& rows, std::vector<std::uint64_t> const& keys,
               std::vector<RowPlace> const& places, TimePoint broker_now, PageRead& out,
               TimePoint ours = {});

  // The keys of the main table's rows that were seen in this slice, where those that the pager saw
  // are others: sorted and distinct.
  bool has_own_keys() const { return has_own_keys_; }
  std::vector<std::uint64_t> take_own_keys() { return own_keys_.take_sorted(); }

 private:
  struct Target {
    Target(StreamPlan const& plan, TableMapping const& of) : mapping(&of), mapper(plan, of) {}
    TableMapping const* mapping;
    RowMapper mapper;
    bool is_main = false;
    bool has_main_key = false;  // the same row of the list under the same key
    bool filters = false;       // there or elsewhere for its table
  };
  struct Page;  // what is known of the page at hand

  void convert_to(Target const& target, Page const& page, std::vector<std::size_t>& taken,
                  PageRead& out);
  void append(Target const& target, Page const& page, std::size_t row, Batch& batch, PageRead& out,
              std::vector<std::size_t>& taken);
  void note_not_stored(Target const& target, Page const& page, std::size_t row);
  void leave_out(Page const& page, PageRead& out);
  void quarantine(std::uint64_t key, std::string reason, PageRead& out);
  void quarantine_contradiction(Target const& target, PageRead& out);
  bool map(Target const& target, Page const& page, std::size_t row, PageRead& out);
  std::uint64_t content_of(Target const& target) const;

  std::shared_ptr<StreamPlan const> plan_;
  std::vector<Target> targets_;  // the main one first
  bool has_own_keys_ = false;
  SeenKeys own_keys_;
  SeenKeys kept_elsewhere_;  // in further tables that filter
  SeenKeys contents_;        // of this sweep: keys with what was stored under them
  SeenKeys not_stored_;      // of this sweep: keys of rows that were filtered or put aside
  std::shared_ptr<Redactor const> secrets_;
  SeenKeys quarantined_;
  bool settles_ = false;
  bool unsettled_ = false;
  Row row_;
  TimePoint ours_{};  // our clock at the answer
};

}  // namespace affsync::engine
