// Stores rows in their table, for each kind of table. Blocking; used on an executor's thread,
// within a transaction that the caller commits.
#pragma once

#include <pqxx/transaction_base>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "schema/store/fence.hpp"
#include "schema/store/known_rows.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// A row of one of several batches of one table, all in one array; ordered as they stand there.
struct RowRef {
  Batch const* batch;
  std::size_t row;
  char const* external_id() const { return batch->external_id(row); }
  std::uint64_t key_hash() const { return batch->key_hash(row); }
  char const* raw() const { return batch->raw(row); }
  char const* cell(std::size_t column) const { return batch->cell(row, column); }
  ContentHash hash() const { return batch->hash(row); }
  friend auto operator<=>(RowRef const&, RowRef const&) = default;
};
using RowRefs = std::vector<RowRef>;

struct Stored {
  std::int64_t inserted = 0, updated = 0, restored = 0;
  std::int64_t contradicting = 0;  // rows whose relative time contradicts an earlier reading
};

class RowMerge {
 public:
  RowMerge(PgSession& session, PageWrite const& page, RecordTable const& table)
      : session_(session),
        page_(page),
        table_(table),
        source_(std::to_string(page.run.id.source_id)),
        run_(std::to_string(page.run.run_id)),
        now_(format_time(page.now)) {}
  RowMerge(RowMerge const&) = delete;
  RowMerge& operator=(RowMerge const&) = delete;
  virtual ~RowMerge() = default;

  // Stores the rows, which are in their order. Throws pqxx::sql_error if PostgreSQL refuses one of
  // them.
  virtual Stored store(pqxx::transaction_base& tx, RowRefs const& rows) = 0;

  // What store() changed, for RunWrites::known once the transaction is committed.
  KnownRows::Changes take_changes() { return std::exchange(changes_, {}); }
  // Whether all rows were new; nullopt if no row had to be looked for.
  std::optional<bool> all_new() const { return all_new_; }
  // New and changed rows.
  RowRefs const& touched() const { return touched_; }
  // Whether rows were copied without looking for their keys. If PostgreSQL then refuses the page,
  // it has to be written with `ask`.
  bool trusted() const { return trusted_; }

 protected:
  PgSession& session_;
  PageWrite const& page_;
  RecordTable const& table_;
  std::string const source_, run_, now_;
  KnownRows::Changes changes_;
  std::optional<bool> all_new_;
  RowRefs touched_;
  bool trusted_ = false;
};

// What was merged before the write, in other transactions.
struct MergedAhead {
  std::int64_t updated = 0;  // counted in affsync.sync_run already
  // Rows that one transaction changed, each of them: what the table has of one tells of all.
  std::vector<RowRefs> whole;
  bool met_deleted = false;  // some rows were marked as deleted: they are left to the write
};

// How much a merge believes of what it remembers.
struct MergeDoubts {
  bool of_new = false;  // look for each key in the table, although the pages before were all new
  // Look for rows known to differ: they may have been merged meanwhile. Borrowed.
  MergedAhead const* of_changed = nullptr;
  bool of_any = false;  // the stream may have no row yet: look for any before looking for each
};

// For a record table: probes, copies, and merges with change records. The keys of the rows are
// distinct.
std::unique_ptr<RowMerge> make_record_merge(PgSession& session, PageWrite const& page,
                                            RecordTable const& table, RunWrites& writes,
                                            MergeDoubts doubts);
// Only merges rows of one record table that are there and differ, with what belongs to their being
// stored, and leaves all else to a later store(). Only reads `writes`.
Stored merge_differing(PgSession& session, pqxx::transaction_base& tx, PageWrite const& page,
                       RowRefs const& rows, RunWrites& writes);
// Marks rows of one batch as live that are marked as deleted, and in which a column will change:
// else the merge does it. What is stored of them stays. Returns their numbers in the batch, in
// their order.
std::vector<std::size_t> revive_rows(PgSession& session, pqxx::transaction_base& tx,
                                     PageWrite const& page, RowRefs const& rows);
// For a table of lookup values: one statement for new and differing rows.
std::unique_ptr<RowMerge> make_value_merge(PgSession& session, PageWrite const& page,
                                           RecordTable const& table);

}  // namespace affsync::schema
