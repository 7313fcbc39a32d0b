// Rows that are marked as deleted because of us and not because the broker has removed them: the
// connector makes their keys in another way, or no longer takes or makes them. Nothing was taken
// back.
#pragma once

#include <pqxx/transaction_base>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/store/store.hpp"

namespace affsync::schema {

// Which rows of which table; `why`: key, where, window or table, see affsync.record_change.after.
struct OwnDoing {
  RunKey run;
  RecordTable const* table = nullptr;
  TimePoint now{};
  std::string_view why;
  OwnDoing() = default;
};

// SQL of what counts of the money of the row `t`, as text; NULL for a table without money.
std::string counted_sql(RecordTable const& table);

// Keys of rows, and what counts of each, as counted_sql() gives it.
class OwnMarks {
 public:
  // `counted`: nullptr for a table without money.
  void add(std::string_view key, char const* counted);
  struct Marked {
    std::int64_t rows = 0;
    std::int64_t missed = 0;  // of these, rows that the pass had recorded as missed
  };
  // Marks them, and forgets that passes have missed them. Call it once.
  Marked mark(pqxx::transaction_base& tx, OwnDoing const& of, std::int64_t pass_run_id);

 private:
  struct Row {
    std::string key, counted;
  };
  std::vector<Row> rows_;
};

// SQL condition: `t`, a row with a revision above 1, was marked as deleted, and came back with its
// latest change. `run`: in the same run or later.
std::string is_back_sql(RecordTable const& table, std::string const& run);

// SQL condition: `t`, a row that is marked as deleted, went because of us. `why`: for this reason;
// empty: for any.
std::string is_ours_sql(RecordTable const& table, std::string_view why = {});

}  // namespace affsync::schema
