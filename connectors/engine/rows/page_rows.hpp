// Converts the rows of one answer to batches, or quarantines them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/engine/paging/key_log.hpp"
#include "connectors/engine/paging/pager.hpp"
#include "connectors/engine/paging/seen_keys.hpp"
#include "connectors/engine/rows/mapping.hpp"
#include "connectors/engine/rows/occurrences.hpp"
#include "connectors/engine/rows/page_read.hpp"

namespace affsync::engine {

// Returns true if a row was quarantined because another row is stored under its key.
bool is_contradiction(std::string_view reason);

class PageRows {
 public:
  explicit PageRows(std::shared_ptr<StreamPlan const> plan);

  // Removes these secrets from `raw` and from the reasons for quarantine from now on; may be null.
  void withhold(std::shared_ptr<Redactor const> secrets) { secrets_ = std::move(secrets); }

  // Says when an answer came, by the broker's clock and by ours, before the keys of its rows are
  // computed: only rows that can be mapped are numbered.
  void answered_at(TimePoint broker_now, TimePoint ours) {
    broker_now_ = broker_now;
    ours_ = ours;
  }

  // Computes the key of each row: the hash of its external id, or of its content if it has none.
  void hash_keys(std::vector<Json const*> const& rows, std::vector<std::uint64_t>& keys);

  // The same for rows that were stored before and have these external ids; an empty one is
  // computed.
  void hash_keys(std::vector<Json const*> const& rows, std::vector<std::string> const& ids,
                 std::vector<std::uint64_t>& keys);

  // Begins the next list of a slice, before its first sweep.
  void begin_list();
  // Begin a slice; begin a sweep, which reads a list from its first row. `settles`: rows that
  // contradict each other are quarantined immediately. If it is false, is_unsettled() reports them
  // and the list should be read again, because a row may have changed and moved to another page
  // meanwhile.
  void begin_slice();
  void begin_sweep(bool settles);
  bool is_unsettled() const { return unsettled_; }
  // Returns true if rows of this sweep have equal contents, and keys made of them.
  bool has_equal_rows() const { return occurrences_.has_equal(); }

  // Fills the batches (the main table's first, even if it is empty), the quarantine and the rows
  // that are left out. `places`: where the pager saw each row before. Of rows with one key and
  // different content one is stored and the others are quarantined: the last one within a page, the
  // first one across pages. A row that cannot be mapped is none of them, whatever its place. A row
  // is quarantined only once.
  void convert(std::vector<Json const*> const& rows, std::vector<std::uint64_t> const& keys,
               std::vector<RowPlace> const& places, TimePoint broker_now, PageRead& out,
               TimePoint ours = {});

  // Keys of the main table's rows that were seen in this slice, sorted and distinct, if they differ
  // from those that the pager saw.
  bool has_own_keys() const { return has_own_keys_; }
  std::vector<std::uint64_t> take_own_keys();

 private:
  struct Target {
    Target(StreamPlan const& plan, TableMapping const& of) : mapping(&of), mapper(plan, of) {}
    TableMapping const* mapping;
    RowMapper mapper;
    bool is_main = false;
    bool has_main_key = false;  // it stores the same row under the same key as the main table
    bool filters = false;       // this or another mapping of its table has a filter
    // Of the text of the last page's batch: of a row on average, and of all.
    std::size_t row_bytes = 0, page_bytes = 0;
  };
  struct Page;  // the current page

  // The rows of a page that a target's filter takes, as indexes, and their keys in its table.
  struct Selected {
    std::vector<std::size_t> rows;
    std::vector<std::uint64_t> keys;
  };
  Selected select(Target const& target, Page const& page, std::vector<std::size_t> const& rows);
  // Puts aside those of `earlier` that the row stored under their key, whose content is `content`,
  // contradicts.
  void judge_earlier(Target const& target, Page const& page,
                     std::vector<std::size_t> const& earlier, std::uint64_t content, PageRead& out);
  void convert_to(Target& target, Page const& page, std::vector<std::size_t>& taken, PageRead& out);
  void append(Target const& target, Page const& page, std::size_t row, Batch& batch, PageRead& out,
              std::vector<std::size_t>& taken);
  std::uint64_t key_in_table(Target const& target, Page const& page, std::size_t row) const;
  bool is_not_stored(Target const& target, Page const& page, std::size_t row) const;
  void note_not_stored(Target const& target, Page const& page, std::size_t row);
  std::optional<std::size_t> map_last(Target const& target, Page const& page, std::size_t last,
                                      std::vector<std::size_t>& earlier, PageRead& out);
  bool is_storable(Json const& row);
  void leave_out(Page const& page, PageRead& out);
  void put_aside(Target const& target, Page const& page, std::size_t row, QuarantinedRow failed,
                 bool beside, PageRead& out);
  void quarantine_contradiction(Target const& target, PageRead& out);
  std::optional<std::string> map(Target const& target, Page const& page, std::size_t row,
                                 PageRead& out);
  std::uint64_t content_of(Target const& target) const;  // of `row_`
  std::uint64_t content_in(Target const& target) const;  // with its key and table
  void hash_contents(std::vector<Json const*> const& rows, std::vector<std::string> const* ids,
                     std::vector<std::uint64_t>& keys);
  // The key of a row in a table; empty if it has none.
  std::string key_of(Target const& target, Json const& row, std::size_t index) const;
  // The external id that hash_keys() found for this row; empty if it is not known.
  std::string_view id_of(Json const* row, std::size_t index) const;

  std::shared_ptr<StreamPlan const> plan_;
  std::vector<Target> targets_;  // the main one first
  bool by_content_ = false;      // the key is made of the content
  Occurrences occurrences_;
  bool has_own_keys_ = false;
  SeenKeys own_keys_;        // of the lists of this slice before the current one
  SeenKeys list_keys_;       // of this sweep
  SeenKeys kept_elsewhere_;  // keys in further tables that have a filter
  KeyLog contents_;          // of this sweep: hashes of keys with the stored content
  SeenKeys contradicting_;   // of this sweep: contents that another row with their key contradicts
  SeenKeys not_stored_;      // of this sweep: keys of rows that were filtered out or quarantined
  SeenKeys stored_since_;    // those of them of which a later row was stored
  std::shared_ptr<Redactor const> secrets_;
  SeenKeys quarantined_;
  bool settles_ = false;
  bool unsettled_ = false;
  Row row_;
  // The external ids of the rows of hash_keys(), one after another; empty after convert().
  struct KnownId {
    Json const* row = nullptr;
    std::size_t end = 0;
  };
  std::string ids_;
  std::vector<KnownId> known_ids_;
  std::vector<std::uint64_t> scratch_;
  TimePoint broker_now_{}, ours_{};  // the time of the answer by the broker's clock, and by ours
};

}  // namespace affsync::engine
