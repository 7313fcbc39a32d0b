#include "schema/store/row_items.hpp"

#include <algorithm>
#include <string_view>

namespace affsync::schema {
namespace {

bool has(AskedItems const& asked, std::string_view value) {
  return std::ranges::binary_search(asked.values, value, std::less<>());
}

// Returns true if the pass asks for this value, or for each of these.
bool is_asked(AskedItems const& asked, std::string_view item) {
  while (item.find(',') != std::string_view::npos) {
    if (!has(asked, item.substr(0, item.find(',')))) return false;
    item.remove_prefix(item.find(',') + 1);
  }
  return has(asked, item);
}

void note_items_of(pqxx::transaction_base& tx, PageWrite const& page, RowsOfItem const& rows) {
  SqlParams params{std::to_string(page.run.id.source_id), page.run.id.stream};
  ArrayText keys;
  for (auto const& key : rows.external_ids) keys.add(key);
  params.emplace_back(keys.take());
  params.emplace_back(rows.item);
  auto const others = exec(tx,
                           "SELECT k.external_id, i.item FROM (SELECT DISTINCT k.external_id"
                           " FROM unnest($3::text[]) AS k (external_id)) k"
                           " LEFT JOIN affsync.row_item i ON i.source_id = $1::int"
                           " AND i.stream = $2 AND i.external_id = k.external_id"
                           " WHERE i.item IS DISTINCT FROM $4",
                           params);
  std::size_t count = 0;
  for (auto const& row : others) {
    std::string_view const known(row[1].c_str(), row[1].size());
    if (!row[1].is_null() && page.asked_items && is_asked(*page.asked_items, known)) continue;
    keys.add(std::string_view(row[0].c_str(), row[0].size()));
    ++count;
  }
  if (count == 0) return;
  params[2] = keys.take();
  exec(tx,
       "INSERT INTO affsync.row_item (source_id, stream, external_id, item)"
       " SELECT $1::int, $2, k, $4 FROM unnest($3::text[]) k"
       " ON CONFLICT (source_id, stream, external_id) DO UPDATE SET item = excluded.item",
       params);
}

}  // namespace

void note_items(pqxx::transaction_base& tx, PageWrite const& page) {
  for (auto const& rows : page.items) {
    if (!rows.external_ids.empty()) note_items_of(tx, page, rows);
  }
}

std::string asked_items(pqxx::transaction_base& tx, StreamId const& id, AskedItems const& asked) {
  ArrayText items;
  for (auto const& value : asked.values) items.add(value);
  // Those of several values are few. To compare the values with those of each row would take as
  // many steps as there are rows, times all values, times those of one request.
  for (auto const& row : exec(tx,
                              "SELECT DISTINCT i.item FROM affsync.row_item i"
                              " WHERE i.source_id = $1::int AND i.stream = $2"
                              " AND strpos(i.item, ',') > 0",
                              {std::to_string(id.source_id), id.stream})) {
    std::string_view const item(row[0].c_str(), row[0].size());
    if (is_asked(asked, item)) items.add(item);
  }
  return items.take();
}

std::string asked_items_sql(std::string const& items, SqlParams& params) {
  params.emplace_back(items);
  return "EXISTS (SELECT FROM affsync.row_item i WHERE i.source_id = $1::int AND i.stream = $2"
         " AND i.external_id = t.external_id AND i.item = ANY ($" +
         std::to_string(params.size()) + "::text[]))";
}

}  // namespace affsync::schema
