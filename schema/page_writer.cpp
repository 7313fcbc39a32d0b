#include "schema/page_writer.hpp"

#include <pqxx/except>
#include <pqxx/transaction>

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "schema/copy_writer.hpp"
#include "schema/merge_sql.hpp"
#include "schema/pg_error.hpp"
#include "schema/quarantine.hpp"
#include "schema/savepoint.hpp"

namespace affsync::schema {
namespace {

using RowIndexes = std::vector<std::size_t>;

struct Stored {
  std::int64_t inserted = 0, updated = 0, restored = 0;
};

// 32 hex digits in the form in which PostgreSQL gives a uuid out.
std::string uuid_text(std::string_view hex) {
  std::string text(hex);
  for (std::size_t const at : {20, 16, 12, 8}) text.insert(at, 1, '-');
  return text;
}

// Stores rows of one batch within a transaction that somebody else commits.
class BatchMerge {
 public:
  BatchMerge(PgSession& session, PageWrite const& page, Batch const& batch)
      : session_(session),
        page_(page),
        batch_(batch),
        sql_(merge_sql_for(batch.table())),
        source_(std::to_string(page.run.id.source_id)),
        run_(std::to_string(page.run.run_id)),
        now_(format_time(page.now)) {}

  Stored store(pqxx::transaction_base& tx, RowIndexes const& rows) {
    RowIndexes fresh, differing;
    probe(tx, rows, fresh, differing);
    Stored stored;
    if (!fresh.empty()) {
      insert(tx, fresh);
      stored.inserted = static_cast<std::int64_t>(fresh.size());
    }
    if (!differing.empty()) merge(tx, differing, stored);
    if (!sql_.narrow.empty()) narrow(tx, rows);
    return stored;
  }

  // Temporary tables that were made; they exist once the transaction has been committed.
  std::set<std::string, std::less<>> const& made() const { return made_; }

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

  // COPY of the rows, without the columns that hold nothing in any of them.
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
    if (!session_.staging.contains(sql_.staging)) {
      tx.exec(sql_.make_staging);
      made_.insert(sql_.staging);
    }
    copy(tx, sql_.staging, rows, {}, {});
    SqlParams const params{source_, page_.run.id.stream, run_, now_};
    auto const counts = exec(tx, sql_.merge, params);
    stored.updated = int_of(counts[0][0]);
    stored.restored = int_of(counts[0][1]);
  }

  void narrow(pqxx::transaction_base& tx, RowIndexes const& rows) {
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
    if (!any) return;
    SqlParams const params{source_, page_.run.id.stream, keys.take(), from.take(), to.take()};
    exec(tx, sql_.narrow, params);
  }

  PgSession& session_;
  PageWrite const& page_;
  Batch const& batch_;
  MergeSql const& sql_;
  std::string const source_, run_, now_;
  std::set<std::string, std::less<>> made_;
};

// Halves the rows until those that PostgreSQL refuses stand alone.
void store_apart(BatchMerge& merge, pqxx::transaction_base& tx, Batch const& batch,
                 RowIndexes const& rows, Stored& stored, std::vector<QuarantinedRow>& refused) {
  if (rows.empty()) return;
  std::string reason;
  try {
    Savepoint savepoint(tx);
    auto const part = merge.store(tx, rows);
    savepoint.release();
    stored.inserted += part.inserted;
    stored.updated += part.updated;
    stored.restored += part.restored;
    return;
  } catch (pqxx::sql_error const& error) {
    if (!is_data_error(error)) throw;
    reason = "PostgreSQL cannot store it: " + one_line(error.what());
  }
  if (rows.size() == 1) {
    QuarantinedRow row;
    row.external_id = batch.external_id(rows[0]);
    row.reason = std::move(reason);
    row.raw = batch.raw(rows[0]);
    refused.push_back(std::move(row));
    return;
  }
  auto const middle = rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 2);
  store_apart(merge, tx, batch, RowIndexes(rows.begin(), middle), stored, refused);
  store_apart(merge, tx, batch, RowIndexes(middle, rows.end()), stored, refused);
}

// The keys of a page that are stored now, whatever was put aside.
std::string stored_keys(std::vector<Batch> const& batches,
                        std::vector<QuarantinedRow> const& refused) {
  std::set<std::string_view> not_stored;
  for (auto const& row : refused) not_stored.insert(row.external_id);
  ArrayText keys;
  for (auto const& batch : batches) {
    for (std::size_t row = 0; row < batch.size(); ++row) {
      if (!not_stored.contains(batch.external_id(row))) keys.add(batch.external_id(row));
    }
  }
  return keys.take();
}

void note_page(pqxx::transaction_base& tx, PageWrite const& page, PageWritten const& written,
               std::int64_t live_delta) {
  std::optional<std::string> checkpoint;
  if (!page.checkpoint.empty()) checkpoint = page.checkpoint;
  std::optional<std::string> table;
  if (!page.batches.empty()) table = std::string(page.batches.front().table().name);
  SqlParams const params{std::to_string(page.run.id.source_id),
                         page.run.id.stream,
                         std::to_string(page.run.run_id),
                         checkpoint,
                         sql_time(page.now),
                         std::to_string(live_delta),
                         std::to_string(written.inserted),
                         std::to_string(written.updated),
                         std::to_string(written.unchanged),
                         std::to_string(written.quarantined),
                         table};
  exec(tx,
       "WITH r AS (UPDATE affsync.sync_run SET pages = pages + 1, inserted = inserted + $7::bigint,"
       " updated = updated + $8::bigint, unchanged = unchanged + $9::bigint,"
       " quarantined = quarantined + $10::bigint"
       " WHERE source_id = $1::int AND run_id = $3::bigint),"
       " s AS (UPDATE affsync.stream SET record_table = $11::text WHERE source_id = $1::int"
       " AND stream = $2 AND record_table IS NULL AND $11::text IS NOT NULL)"
       " UPDATE affsync.stream_state SET writes = writes + 1, live_rows = live_rows + $6::bigint,"
       " cursor = coalesce($4::jsonb, cursor),"
       " cursor_at = CASE WHEN $4::jsonb IS NULL THEN cursor_at ELSE $5::timestamptz END"
       " WHERE source_id = $1::int AND stream = $2 AND run_id = $3::bigint",
       params);
}

}  // namespace

PageWritten PageWriter::write(PgSession& session) {
  try {
    return attempt(session, false);
  } catch (pqxx::sql_error const& error) {
    if (!is_data_error(error)) throw;
  }
  return attempt(session, true);
}

PageWritten PageWriter::attempt(PgSession& session, bool row_by_row) {
  pqxx::work tx(session.connection());
  auto const state = enter_fence(tx, page_.run);
  if (fenced_.already_done(state)) {
    fenced_.committed(FenceState{state.writes - 1, false});
    return result_;
  }
  PageWritten written;
  std::int64_t live_delta = 0;
  std::vector<QuarantinedRow> refused = page_.quarantined;
  std::set<std::string, std::less<>> made;
  for (auto const& batch : page_.batches) {
    if (batch.empty()) continue;
    RowIndexes rows(batch.size());
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    BatchMerge merge(session, page_, batch);
    Stored stored;
    auto const refused_before = refused.size();
    if (row_by_row) {
      store_apart(merge, tx, batch, rows, stored, refused);
    } else {
      stored = merge.store(tx, rows);
    }
    made.insert(merge.made().begin(), merge.made().end());
    auto const put_apart = static_cast<std::int64_t>(refused.size() - refused_before);
    written.inserted += stored.inserted;
    written.updated += stored.updated;
    written.unchanged +=
        static_cast<std::int64_t>(batch.size()) - put_apart - stored.inserted - stored.updated;
    if (&batch.table() == &page_.batches.front().table()) {
      live_delta += stored.inserted + stored.restored;
    }
  }
  if (state.has_quarantine) {
    resolve_stored(tx, page_.run, stored_keys(page_.batches, refused), page_.now);
  }
  put_aside(tx, page_.run, refused, page_.now);
  written.quarantined = static_cast<std::int64_t>(refused.size());
  note_page(tx, page_, written, live_delta);
  result_ = written;
  tx.commit();
  session.staging.insert(made.begin(), made.end());
  fenced_.committed(state);
  return written;
}

}  // namespace affsync::schema
