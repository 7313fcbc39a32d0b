#include "schema/store/rows_anew.hpp"

#include <pqxx/except>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "schema/store/absence.hpp"
#include "schema/store/merge_sql.hpp"
#include "schema/store/pg_error.hpp"
#include "schema/store/savepoint.hpp"

namespace affsync::schema {
namespace {

// SQL of a column of the row `t` in the form that the mapping writes.
std::string column_as_mapped(Column const& column) {
  auto const name = "t." + quote_name(column.name);
  if (column.type == ColumnType::date) return "to_char(" + name + ", 'YYYY-MM-DD')";
  if (column.type != ColumnType::timestamptz) return name + "::text";
  return "replace(to_char(" + name +
         " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), '.000000Z', 'Z')";
}

// SQL of the rows `t` with these keys ($3), each with the number of its key and all its columns.
// $4, $5: see RowsBefore. A row that was changed since windows cut days in another way is left to
// the merge, which knows that its first change is no doing of the broker's.
std::string stored_rows_sql(RecordTable const& table, std::string const& beside,
                            std::string const& more_keys, std::string const& condition) {
  std::string columns;
  for (auto const& column : table.columns) columns += ", " + column_as_mapped(column);
  return "SELECT k.nth, t.raw" + beside + columns + " FROM unnest($3::text[]" + more_keys +
         ") WITH ORDINALITY AS k (external_id" + (more_keys.empty() ? "" : ", raw") +
         ", nth) CROSS JOIN LATERAL (SELECT * FROM " + merge_sql_for(table).table +
         " t WHERE t.source_id = $1::int AND t.stream = $2 AND t.external_id = k.external_id"
         " LIMIT 1) t WHERE t.run_id <= $4::bigint AND t.run_id > $5::bigint AND t.raw <> '{}'"
         " AND " +
         condition;
}

// `first`: the number of the first column.
void read_row(pqxx::row const& found, int first, RecordTable const& table, std::string_view key,
              Row& row) {
  row.reset(table);
  row.external_id = key;
  row.raw = found[1].c_str();
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    row.values[i] = text_of(found[first + static_cast<int>(i)]);
  }
}

void copy_row(RowRef const& ref, Row& row) {
  row.reset(ref.batch->table());
  row.external_id = ref.external_id();
  row.raw = ref.raw();
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    if (auto const* cell = ref.cell(i)) row.values[i] = cell;
  }
}

// Stores rows of a batch in place of what is there. The values may be PostgreSQL's own texts.
void merge_as_text(PgSession& session, pqxx::transaction_base& tx, RunKey const& run,
                   std::shared_ptr<PersonalParts const> personal, TimePoint now,
                   RowRefs const& rows) {
  if (rows.empty()) return;
  PageWrite page;
  page.run = run;
  page.personal = std::move(personal);
  page.now = now;
  RunWrites writes;
  writes.copies_text = true;
  merge_differing(session, tx, page, rows, writes);
}

}  // namespace

std::optional<RowsBefore> rows_before(RunKey const& run, PassState const& pass) {
  if (!pass.wanted_after || run.run_id <= *pass.wanted_after) return std::nullopt;
  return RowsBefore{*pass.wanted_after, pass.recut_after.value_or(-1)};
}

RowRefs RowsAnew::store(pqxx::transaction_base& tx, RowRefs const& rows, std::int64_t& restored) {
  auto left = rows;
  Changes changes;
  find(tx, rows, left, changes);
  restored = change_all(tx, changes);
  return left;
}

// Of most rows nothing is found: the broker sends them as before, and the merge sees that.
void RowsAnew::find(pqxx::transaction_base& tx, RowRefs const& rows, RowRefs& left,
                    Changes& changes) {
  ArrayText keys, raws;
  for (auto const& row : rows) {
    keys.add(row.external_id());
    raws.add(row.raw());
  }
  auto const sql = stored_rows_sql(table_, ", t.deleted_at IS NOT NULL, t.raw = k.raw",
                                   ", $6::jsonb[]", "(t.deleted_at IS NOT NULL OR t.raw <> k.raw)");
  Row stored, sent;
  for (auto const& found :
       exec(tx, sql,
            {std::to_string(page_.run.id.source_id), page_.run.id.stream, keys.take(),
             std::to_string(before_.after), std::to_string(before_.recut), raws.take()})) {
    auto const place = static_cast<std::size_t>(int_of(found[0])) - 1;
    auto const& row = rows.at(place);
    read_row(found, 4, table_, row.external_id(), stored);
    copy_row(row, sent);
    bool const is_deleted = found[2].as<bool>();
    bool const same_raw = found[3].as<bool>();
    bool const is_same = same_raw || page_.map_anew->is_same(stored.raw, sent.raw);
    if (is_same) {
      // Both are the broker's row as it is now: all that differs is ours.
      if (!same_raw) {
        auto const raw = std::exchange(sent.raw, stored.raw);
        kept_.append(sent, row.hash());
        left[place] = {&kept_, kept_.size() - 1};
        sent.raw = raw;
      }
      if (!is_deleted) continue;
      stored.values = sent.values;
    } else if (!page_.map_anew->map(table_, stored, &sent, page_.now)) {
      continue;
    }
    anew_.append(stored);
    changes.push_back({anew_.size() - 1, is_deleted, !is_same});
  }
}

// What counted before a row was marked as deleted counts again before the mapping changes it: the
// return is told with the amount with which the row went.
std::int64_t RowsAnew::change(pqxx::transaction_base& tx, Changes const& changes) {
  RowRefs deleted, merged;
  for (auto const& one : changes) {
    if (one.deleted) deleted.push_back({&anew_, one.row});
  }
  auto const back = revive_rows(session_, tx, page_, deleted);
  for (auto const& one : changes) {
    RowRef const row{&anew_, one.row};
    bool const is_there = !one.deleted || std::ranges::binary_search(back, one.row);
    if (one.merges && is_there) merged.push_back(row);
  }
  merge_as_text(session_, tx, page_.run, page_.personal, page_.now, merged);
  return std::ssize(back);
}

// PostgreSQL may refuse what the mapping makes of an old row. Then the new one is all that counts.
std::int64_t RowsAnew::change_all(pqxx::transaction_base& tx, Changes const& changes) {
  if (changes.empty()) return 0;
  try {
    Savepoint savepoint(tx);
    auto const restored = change(tx, changes);
    savepoint.release();
    return restored;
  } catch (pqxx::sql_error const& error) {
    if (!is_data_error(error)) throw;
  }
  if (changes.size() == 1) return 0;
  auto const middle = changes.begin() + static_cast<std::ptrdiff_t>(changes.size() / 2);
  auto const first = change_all(tx, Changes(changes.begin(), middle));
  return first + change_all(tx, Changes(middle, changes.end()));
}

namespace {

void map_some_left(PgSession& session, pqxx::transaction_base& tx, RowsLeft const& of,
                   RowsBefore const& before, std::span<std::string const> keys) {
  ArrayText all;
  for (auto const& key : keys) all.add(key);
  Batch batch(*of.table);
  Row row;
  for (auto const& found :
       exec(tx,
            stored_rows_sql(*of.table, "", "",
                            "t.deleted_at IS NULL AND ($6::bigint = 0 OR t.revision > 1"
                            " OR t.run_id < $6::bigint)"),
            {std::to_string(of.run.id.source_id), of.run.id.stream, all.take(),
             std::to_string(before.after), std::to_string(before.recut),
             std::to_string(of.new_since)})) {
    auto const place = static_cast<std::size_t>(int_of(found[0])) - 1;
    read_row(found, 2, *of.table, keys[place], row);
    if (of.map_anew->map(*of.table, row, nullptr, of.now)) batch.append(row);
  }
  std::vector<RowRefs> parts(1);
  for (std::size_t i = 0; i < batch.size(); ++i) parts.front().push_back({&batch, i});
  // Rows that PostgreSQL refuses stay as they are.
  while (!parts.empty()) {
    auto const part = std::move(parts.back());
    parts.pop_back();
    if (part.empty()) continue;
    try {
      Savepoint savepoint(tx);
      merge_as_text(session, tx, of.run, of.personal, of.now, part);
      savepoint.release();
    } catch (pqxx::sql_error const& error) {
      if (!is_data_error(error)) throw;
      if (part.size() == 1) continue;
      auto const middle = part.begin() + static_cast<std::ptrdiff_t>(part.size() / 2);
      parts.emplace_back(part.begin(), middle);
      parts.emplace_back(middle, part.end());
    }
  }
}

}  // namespace

void map_left(PgSession& session, pqxx::transaction_base& tx, RowsLeft const& of,
              RowsBefore const& before, std::vector<std::string> const& keys) {
  if (!of.map_anew || keys.empty() || !of.table->keeps_records()) return;
  tx.exec(by_index_again);
  std::span<std::string const> const all(keys);
  for (std::size_t from = 0; from < all.size(); from += keys_at_once) {
    map_some_left(session, tx, of, before,
                  all.subspan(from, std::min(keys_at_once, all.size() - from)));
  }
  tx.exec(by_index_again);
}

}  // namespace affsync::schema
