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
  std::string table;    // affsync."commission"
  std::string staging;  // pg_temp."affsync_commission"
  // Quoted names as COPY writes them: external_id, raw and content_hash, then the business columns,
  // then (in the record table only) what affsync adds.
  std::vector<std::string> head_columns;
  std::vector<std::string> columns;
  std::vector<std::string> tail_columns;

  // $1 source, $2 stream, $3 keys -> key, hash, live; keys that are not there are left out
  std::string probe;
  std::string make_staging;
  // $1 source, $2 stream, $3 run, $4 now, $5 columns about people, $6 privacy or '', $7 members of
  // raw about people -> updated, restored
  std::string merge;
  // Intervals that every reading narrows; empty for tables that have none.
  // $1 source, $2 stream, $3 keys, $4 from, $5 to, $6 run -> rows that contradict what is stored
  std::string narrow_intervals;
  std::size_t from_column = 0, to_column = 0;  // of the narrowed interval

  // $1 source, $2 stream, $3 keys, $4 run, $5 now -> count
  std::string mark_deleted;
};

MergeSql const& merge_sql_for(RecordTable const& table);

}  // namespace affsync::schema
