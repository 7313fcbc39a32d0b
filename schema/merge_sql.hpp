// The SQL that stores a batch in a record table, made from base/tables.hpp once per table.
//
// A page goes in three steps, so that what is already there costs almost nothing:
//   probe   keys and hashes of the page against the table: which rows are new, which differ
//   new     COPY straight into the record table
//   differ  COPY into a temporary table, then one statement that compares column by column, keeps
//           what changed in record_change, and updates
// Every statement names one source_id, so the tables can be distributed by it.
#pragma once

#include <string>
#include <vector>

#include "base/tables.hpp"

namespace affsync::schema {

struct MergeSql {
  std::string table;                       // affsync."commission"
  std::vector<std::string> table_columns;  // quoted, in the order in which COPY writes them
  std::string staging;                     // pg_temp."affsync_commission"
  std::vector<std::string> staging_columns;

  // $1 source, $2 stream, $3 keys, $4 hashes -> n (1-based), is_new; unchanged rows are left out
  std::string probe;
  std::string make_staging;
  // $1 source, $2 stream, $3 run, $4 now -> updated, restored
  std::string merge;
  // Intervals that every reading narrows; empty for tables that have none.
  // $1 source, $2 stream, $3 keys, $4 from, $5 to
  std::string narrow;
  std::size_t from_column = 0, to_column = 0;  // of the narrowed interval

  // $1 source, $2 stream, $3 keys, $4 run, $5 now -> count
  std::string mark_deleted;
};

MergeSql const& merge_sql_for(RecordTable const& table);

}  // namespace affsync::schema
