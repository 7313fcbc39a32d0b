// How rows of one batch get into their table, whatever kind of table it is. Blocking; used on an
// executor's thread, within a transaction that somebody else commits.
#pragma once

#include <pqxx/transaction_base>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

using RowIndexes = std::vector<std::size_t>;

struct Stored {
  std::int64_t inserted = 0, updated = 0, restored = 0;
  std::int64_t contradicting = 0;  // whose relative time contradicts what was read before
};

class RowMerge {
 public:
  RowMerge(PgSession& session, PageWrite const& page, Batch const& batch)
      : session_(session),
        page_(page),
        batch_(batch),
        source_(std::to_string(page.run.id.source_id)),
        run_(std::to_string(page.run.run_id)),
        now_(format_time(page.now)) {}
  RowMerge(RowMerge const&) = delete;
  RowMerge& operator=(RowMerge const&) = delete;
  virtual ~RowMerge() = default;

  // Makes what store() may need, so that it outlives a part of the transaction that is undone.
  virtual void prepare(pqxx::transaction_base& tx) { static_cast<void>(tx); }

  // Stores the rows of these indexes. pqxx::sql_error when PostgreSQL refuses one of them.
  virtual Stored store(pqxx::transaction_base& tx, RowIndexes const& rows) = 0;

  // Temporary tables that this merge created. They exist only if the transaction commits.
  std::set<std::string, std::less<>> const& created_tables() const { return created_tables_; }

 protected:
  PgSession& session_;
  PageWrite const& page_;
  Batch const& batch_;
  std::string const source_, run_, now_;
  std::set<std::string, std::less<>> created_tables_;
};

// For a record table: probe, COPY, merge with change records.
std::unique_ptr<RowMerge> make_record_merge(PgSession& session, PageWrite const& page,
                                            Batch const& batch);
// For a table of values that are looked up: one statement for what is new and what differs.
std::unique_ptr<RowMerge> make_value_merge(PgSession& session, PageWrite const& page,
                                           Batch const& batch);

}  // namespace affsync::schema
