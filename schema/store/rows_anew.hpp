// Rows that were stored under another mapping of the connector. What the mapping changes in them is
// no change of the broker's: they are first changed to what the mapping makes of them as they are
// stored (`remap` in affsync.record_change), and only then to what the broker has changed since.
#pragma once

#include <pqxx/transaction_base>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "schema/store/fence.hpp"
#include "schema/store/row_merge.hpp"

namespace affsync::schema {

// Returns which rows may be of another mapping, if all rows of the stream are read again; `run`
// reads them.
std::optional<RowsBefore> rows_before(RunKey const& run, PassState const& pass);

// Of rows that a page brings, and that are there and differ.
class RowsAnew {
 public:
  RowsAnew(PgSession& session, PageWrite const& page, RecordTable const& table,
           RowsBefore const& before)
      : session_(session),
        page_(page),
        table_(table),
        before_(before),
        kept_(table),
        anew_(table) {}
  RowsAnew(RowsAnew const&) = delete;
  RowsAnew& operator=(RowsAnew const&) = delete;

  // Changes what is stored. Returns the rows that are to be merged then, as many as were given:
  // one that the broker sends as before has the `raw` that is stored. `restored`: how many rows
  // that were marked as deleted are back already, each of which differs from what is to be merged.
  RowRefs store(pqxx::transaction_base& tx, RowRefs const& rows, std::int64_t& restored);

 private:
  struct Changed {
    std::size_t row;  // of anew_
    bool deleted;     // it is marked so
    bool merges;      // the broker has changed it as well
  };
  using Changes = std::vector<Changed>;
  void find(pqxx::transaction_base& tx, RowRefs const& rows, RowRefs& left, Changes& changes);
  std::int64_t change(pqxx::transaction_base& tx, Changes const& changes);
  std::int64_t change_all(pqxx::transaction_base& tx, Changes const& changes);

  PgSession& session_;
  PageWrite const& page_;
  RecordTable const& table_;
  RowsBefore const before_;
  Batch kept_;  // rows that the broker sends as before
  Batch anew_;  // what the mapping makes of rows as they are stored
};

// Rows of one table that a list no longer has.
struct RowsLeft {
  RunKey run;
  RecordTable const* table = nullptr;
  std::shared_ptr<PersonalParts const> personal;
  std::shared_ptr<MapAnew const> map_anew;
  TimePoint now{};
  // Leaves out rows that came with this run or later, and did not change since; 0: none.
  std::int64_t new_since = 0;
  RowsLeft() = default;
};

// Changes them to what the mapping makes of them.
void map_left(PgSession& session, pqxx::transaction_base& tx, RowsLeft const& of,
              RowsBefore const& before, std::vector<std::string> const& keys);

}  // namespace affsync::schema
