// Stores rows in a record table. Unchanged rows are found by key and hash and cost almost nothing.
// New rows are copied directly into the table. Differing rows go through a temporary table.
#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "schema/store/copy_writer.hpp"
#include "schema/store/crash_point.hpp"
#include "schema/store/merge_sql.hpp"
#include "schema/store/row_merge.hpp"

namespace affsync::schema {
namespace {

// Formats 32 hex digits as PostgreSQL prints a uuid.
std::string uuid_text(std::string_view hex) {
  std::string text(hex);
  for (std::size_t const at : {20, 16, 12, 8}) text.insert(at, 1, '-');
  return text;
}

class RecordMerge : public RowMerge {
 public:
  RecordMerge(PgSession& session, PageWrite const& page, Batch const& batch)
      : RowMerge(session, page, batch), sql_(merge_sql_for(batch.table())) {}

  void prepare(pqxx::transaction_base& tx) override {
    if (session_.staging.contains(sql_.staging) || created_tables_.contains(sql_.staging)) return;
    tx.exec(sql_.make_staging);
    created_tables_.insert(sql_.staging);
  }

  Stored store(pqxx::transaction_base& tx, RowIndexes const& rows) override {
    RowIndexes fresh, differing;
    probe(tx, rows, fresh, differing);
    Stored stored;
    if (!fresh.empty()) {
      insert(tx, fresh);
      stored.inserted = static_cast<std::int64_t>(fresh.size());
    }
    if (!differing.empty()) merge(tx, differing, stored);
    note_unknown(tx, fresh, differing);
    if (!sql_.narrow_intervals.empty()) stored.contradicting = narrow_intervals(tx, rows);
    return stored;
  }

 private:
  void probe(pqxx::transaction_base& tx, RowIndexes const& rows, RowIndexes& fresh,
             RowIndexes& differing) {
    ArrayText keys;
    std::unordered_map<std::string_view, std::size_t> wanted;
    wanted.reserve(rows.size());
    for (auto const row : rows) {
      keys.add(batch_.external_id(row));
      wanted.emplace(batch_.external_id(row), row);
    }
    SqlParams const params{source_, page_.run.id.stream, keys.take()};
    for (auto const& found : exec(tx, sql_.probe, params)) {
      auto const place = wanted.find(std::string_view(found[0].c_str(), found[0].size()));
      if (place == wanted.end()) continue;
      auto const live = *found[2].c_str() == 't';
      if (!live || found[1].c_str() != uuid_text(batch_.hash_hex(place->second))) {
        differing.push_back(place->second);
      }
      wanted.erase(place);
    }
    for (auto const row : rows) {
      if (wanted.contains(batch_.external_id(row))) fresh.push_back(row);
    }
    std::sort(differing.begin(), differing.end());
  }

  // Copies the rows, without the columns that are null in all of them.
  void copy(pqxx::transaction_base& tx, std::string const& table, RowIndexes const& rows,
            std::vector<std::string> const& tail_columns,
            std::vector<char const*> const& tail_cells) {
    auto names = sql_.head_columns;
    std::vector<std::size_t> used;
    for (std::size_t i = 0; i < sql_.columns.size(); ++i) {
      auto const filled = [&](std::size_t row) { return batch_.cell(row, i) != nullptr; };
      if (std::none_of(rows.begin(), rows.end(), filled)) continue;
      used.push_back(i);
      names.push_back(sql_.columns[i]);
    }
    names.insert(names.end(), tail_columns.begin(), tail_columns.end());
    CopyWriter writer(tx, table, names);
    std::vector<char const*> cells;
    for (auto const row : rows) {
      cells = {batch_.external_id(row), batch_.raw(row), batch_.hash_hex(row)};
      for (auto const i : used) cells.push_back(batch_.cell(row, i));
      cells.insert(cells.end(), tail_cells.begin(), tail_cells.end());
      writer.write(cells);
    }
    writer.complete();
  }

  void insert(pqxx::transaction_base& tx, RowIndexes const& rows) {
    std::vector<char const*> const tail{
        source_.c_str(), page_.run.id.stream.c_str(), now_.c_str(), now_.c_str(), "1",
        run_.c_str()};
    copy(tx, sql_.table, rows, sql_.tail_columns, tail);
  }

  void merge(pqxx::transaction_base& tx, RowIndexes const& rows, Stored& stored) {
    prepare(tx);
    copy(tx, sql_.staging, rows, {}, {});
    crash_point(CrashPoint::rows_copied);
    ArrayText columns, members;
    std::string privacy;
    if (auto const& personal = page_.personal) {
      for (auto const& column : personal->columns) columns.add(column);
      for (auto const& member : personal->members) members.add(member);
      privacy = personal->privacy;
    }
    SqlParams const params{source_, page_.run.id.stream, run_, now_, columns.take(),
                           privacy, members.take()};
    auto const counts = exec(tx, sql_.merge, params);
    stored.updated = int_of(counts[0][0]);
    stored.restored = int_of(counts[0][1]);
  }

  // Adds rows with status "unknown" to affsync.unknown_row, and removes rows whose status is known.
  void note_unknown(pqxx::transaction_base& tx, RowIndexes const& fresh,
                    RowIndexes const& differing) {
    auto const status = batch_.table().index_of("status");
    if (!status) return;
    ArrayText unknown, known;
    bool any_unknown = false, any_known = false;
    auto const is_unknown = [&](std::size_t row) {
      auto const* word = batch_.cell(row, *status);
      return word && std::string_view(word) == "unknown";
    };
    for (auto const row : fresh) {
      if (!is_unknown(row)) continue;
      unknown.add(batch_.external_id(row));
      any_unknown = true;
    }
    for (auto const row : differing) {
      bool const mine = is_unknown(row);
      (mine ? unknown : known).add(batch_.external_id(row));
      (mine ? any_unknown : any_known) = true;
    }
    SqlParams params{source_, std::string(batch_.table().name), page_.run.id.stream, std::nullopt};
    if (any_unknown) {
      params.back() = unknown.take();
      exec(tx,
           "INSERT INTO affsync.unknown_row (source_id, record_table, stream, external_id)"
           " SELECT $1::int, $2, $3, k.key FROM unnest($4::text[]) k (key) ON CONFLICT DO NOTHING",
           params);
    }
    if (any_known) {
      params.back() = known.take();
      exec(tx,
           "DELETE FROM affsync.unknown_row WHERE source_id = $1::int AND record_table = $2"
           " AND stream = $3 AND external_id = ANY ($4::text[])",
           params);
    }
  }

  // Returns how many of the rows contradict an earlier reading.
  std::int64_t narrow_intervals(pqxx::transaction_base& tx, RowIndexes const& rows) {
    ArrayText keys, from, to;
    bool any = false;
    for (auto const row : rows) {
      auto const* begin = batch_.cell(row, sql_.from_column);
      auto const* end = batch_.cell(row, sql_.to_column);
      if (!begin && !end) continue;
      any = true;
      keys.add(batch_.external_id(row));
      from.add(begin);
      to.add(end);
    }
    if (!any) return 0;
    SqlParams const params{source_, page_.run.id.stream, keys.take(), from.take(), to.take(), run_};
    return int_of(exec(tx, sql_.narrow_intervals, params)[0][0]);
  }

  MergeSql const& sql_;
};

}  // namespace

std::unique_ptr<RowMerge> make_record_merge(PgSession& session, PageWrite const& page,
                                            Batch const& batch) {
  return std::make_unique<RecordMerge>(session, page, batch);
}

}  // namespace affsync::schema
