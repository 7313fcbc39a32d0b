// The SQL that stores a batch in a record table, generated from base/tables.hpp once per table.
//
// A page is stored in three steps, so that unchanged rows cost almost nothing:
//   probe   compares keys and hashes with the table: finds new and differing rows; not needed for
//           rows that RunWrites::known knows, nor while the stream has no rows
//   new     COPY directly into the record table
//   differ  one statement gets them as arrays, compares column by column, writes the changes to
//           record_change, and updates
// Every statement has one source_id, so the tables can be distributed by it.
#pragma once

#include <string>
#include <vector>

#include "base/tables.hpp"
#include "schema/store/copy_writer.hpp"

namespace affsync::schema {

// To be executed in the transaction before `narrow_intervals` or one of `mark_*`. They
// look rows up by key and update them by their place. As long as PostgreSQL's statistics do not
// include the stream, its planner expects it to have one row and reads all of it instead. With
// these settings only a scan by place is not discouraged; between the others, which the lookups
// use, the choice is as before.
inline constexpr char const* by_place_only =
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off;"
    " SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off";
// The same before `merge`, with one plan for all merges of the session: with these settings no
// other is possible, and to make it takes longer than to carry it out for a few hundred rows. Citus
// has no plan without the values.
inline std::string const by_one_plan =
    std::string(by_place_only) +
    "; SELECT set_config('plan_cache_mode', CASE WHEN EXISTS (SELECT FROM pg_extension"
    " WHERE extname = 'citus') THEN 'auto' ELSE 'force_generic_plan' END, true)";
// What follows uses indexes again, but still does not read a whole table.
inline constexpr char const* by_index_again =
    "SET LOCAL enable_indexscan TO DEFAULT; SET LOCAL enable_indexonlyscan TO DEFAULT;"
    " SET LOCAL enable_bitmapscan TO DEFAULT";

struct MergeSql {
  std::string table;  // affsync."commission"
  // In the order of COPY: external_id, raw and content_hash, then the quoted names of the business
  // columns, then the columns that affsync adds.
  std::vector<CopyColumn> head_columns;
  std::vector<std::string> columns;
  std::vector<CopyColumn> tail_columns;

  // $1 source, $2 stream, $3 keys, $4 hashes -> number of the key from 1, whether the table has it;
  // for the keys that it lacks, whose content differs, or that are marked as deleted
  std::string probe;
  // $1 source, $2 stream -> whether the table has a row of it
  std::string any;
  // $1 source, $2 stream, $3 keys -> those of live rows
  std::string live_keys;
  // $1 source, $2 stream, $3 run, $4 now, $5 columns with personal data, $6 privacy or '',
  // $7 members of raw with personal data -> updated, restored. The rows are arrays from $8 on, in
  // the order of head_columns and columns.
  std::string merge;
  // $1 source, $2 stream, $3 run, $4 now, and the rows from $5 on -> keys of those that were marked
  // as deleted and are no longer; only rows of which a column differs
  std::string revive;
  // $1 source, $2 stream, and the rows from $3 on; after a merge that updated fewer than given
  std::string rehash;
  // Narrows time intervals with each reading; empty for tables without intervals.
  // $1 source, $2 stream, $3 keys, $4 from, $5 to, $6 run -> rows that contradict what is
  // stored: key, from, to, whether they are to be noted
  std::string narrow_intervals;
  // The same parameters, of the rows to be noted.
  std::string note_contradictions;
  std::size_t from_column = 0, to_column = 0;  // columns of the narrowed interval

  // $1 source, $2 stream, $3 keys, $4 run, $5 now -> count
  std::string mark_deleted;
  // Also $6 and $7: what the change records say of each row beside the deletion, before and after
  std::string mark_replaced;
  // The same parameters as mark_deleted, of rows that are back in the place of deleted ones
  std::string mark_returned;
};

MergeSql const& merge_sql_for(RecordTable const& table);

}  // namespace affsync::schema
