#include "schema/absence.hpp"

#include <pqxx/transaction_base>

#include <algorithm>
#include <unordered_set>

#include "schema/merge_sql.hpp"

namespace affsync::schema {
namespace {

constexpr std::size_t keys_at_once = 10'000;

void for_keys(pqxx::transaction_base& tx, std::string const& statement, SliceClose const& slice,
              std::vector<std::string> const& keys) {
  for (std::size_t at = 0; at < keys.size(); at += keys_at_once) {
    ArrayText chunk;
    auto const end = std::min(keys.size(), at + keys_at_once);
    for (auto i = at; i < end; ++i) chunk.add(keys[i]);
    SqlParams const params{std::to_string(slice.run.id.source_id), std::string(slice.table->name),
                           slice.run.id.stream, chunk.take(), std::to_string(slice.run.run_id)};
    exec(tx, statement, params);
  }
}

}  // namespace

std::vector<std::string> missed_twice(pqxx::transaction_base& tx, SliceClose const& slice,
                                      std::vector<std::string> const& missed) {
  SqlParams const params{std::to_string(slice.run.id.source_id), std::string(slice.table->name),
                         slice.run.id.stream, std::to_string(slice.run.run_id)};
  auto const known = exec(tx,
                          "SELECT external_id, run_id = $4::bigint FROM affsync.absence"
                          " WHERE source_id = $1::int AND record_table = $2 AND stream = $3",
                          params);
  std::unordered_set<std::string> before, in_this_run;
  std::vector<std::string> done;  // seen again, or given up
  for (auto const& row : known) {
    std::string key(row[0].c_str(), row[0].size());
    if (std::ranges::binary_search(slice.seen_keys, hash_key(key)))
      done.push_back(std::move(key));
    else
      (row[1].as<bool>() ? in_this_run : before).insert(std::move(key));
  }
  std::vector<std::string> twice, once;
  for (auto const& key : missed) {
    if (before.contains(key)) {
      twice.push_back(key);
      done.push_back(key);
    } else if (!in_this_run.contains(key)) {
      once.push_back(key);
    }
  }
  for_keys(tx,
           "DELETE FROM affsync.absence WHERE source_id = $1::int AND record_table = $2"
           " AND stream = $3 AND external_id = ANY($4::text[]) AND run_id <= $5::bigint",
           slice, done);
  for_keys(tx,
           "INSERT INTO affsync.absence (source_id, record_table, stream, external_id, run_id)"
           " SELECT $1::int, $2, $3, k, $5::bigint FROM unnest($4::text[]) k",
           slice, once);
  return twice;
}

}  // namespace affsync::schema
