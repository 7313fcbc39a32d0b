#include "schema/page_writer.hpp"

#include <pqxx/except>
#include <pqxx/subtransaction>
#include <pqxx/transaction>

#include <algorithm>
#include <numeric>

#include "schema/copy_writer.hpp"
#include "schema/merge_sql.hpp"
#include "schema/pg_error.hpp"
#include "schema/quarantine.hpp"

namespace affsync::schema {
namespace {

using RowIndexes = std::vector<std::size_t>;

struct Stored {
  std::int64_t inserted = 0, updated = 0, restored = 0;
};

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
    ArrayText keys, hashes;
    for (auto const row : rows) {
      keys.add(batch_.external_id(row));
      hashes.add(batch_.hash_hex(row));
    }
    SqlParams const params{source_, page_.run.id.stream, keys.take(), hashes.take()};
    for (auto const& found : exec(tx, sql_.probe, params)) {
      auto const row = rows[found[0].as<std::size_t>() - 1];
      (*found[1].c_str() == 't' ? fresh : differing).push_back(row);
    }
  }

  void put_row(std::vector<char const*>& cells, std::size_t row) const {
    cells.clear();
    cells.push_back(batch_.external_id(row));
    cells.push_back(batch_.raw(row));
    cells.push_back(batch_.hash_hex(row));
    for (std::size_t i = 0; i < batch_.table().columns.size(); ++i) {
      cells.push_back(batch_.cell(row, i));
    }
  }

  void insert(pqxx::transaction_base& tx, RowIndexes const& rows) {
    CopyWriter copy(tx, sql_.table, sql_.table_columns);
    std::vector<char const*> cells;
    for (auto const row : rows) {
      put_row(cells, row);
      for (auto const* constant : {source_.c_str(), page_.run.id.stream.c_str(), now_.c_str(),
                                   now_.c_str(), "1", run_.c_str()}) {
        cells.push_back(constant);
      }
      copy.write(cells);
    }
    copy.complete();
  }

  void merge(pqxx::transaction_base& tx, RowIndexes const& rows, Stored& stored) {
    if (!session_.staging.contains(sql_.staging)) {
      auto make = sql_.make_staging;
      make.replace(make.find("TABLE "), 6, "TABLE IF NOT EXISTS ");
      tx.exec(make);
      made_.insert(sql_.staging);
    }
    CopyWriter copy(tx, sql_.staging, sql_.staging_columns);
    std::vector<char const*> cells;
    for (auto const row : rows) {
      put_row(cells, row);
      copy.write(cells);
    }
    copy.complete();
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
void store_apart(BatchMerge& merge, pqxx::dbtransaction& tx, Batch const& batch,
                 RowIndexes const& rows, Stored& stored, std::vector<QuarantinedRow>& refused) {
  if (rows.empty()) return;
  std::string reason;
  try {
    pqxx::subtransaction attempt(tx, "rows");
    auto const part = merge.store(attempt, rows);
    attempt.commit();
    stored.inserted += part.inserted;
    stored.updated += part.updated;
    stored.restored += part.restored;
    return;
  } catch (pqxx::sql_error const& error) {
    if (!is_data_error(error.sqlstate())) throw;
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
       " s AS (UPDATE affsync.stream SET record_table = $11 WHERE source_id = $1::int"
       " AND stream = $2 AND record_table IS NULL AND $11 IS NOT NULL)"
       " UPDATE affsync.stream_state SET writes = writes + 1, live_rows = live_rows + $6::bigint,"
       " cursor = coalesce($4::jsonb, cursor),"
       " cursor_at = CASE WHEN $4 IS NULL THEN cursor_at ELSE $5::timestamptz END"
       " WHERE source_id = $1::int AND stream = $2 AND run_id = $3::bigint",
       params);
}

}  // namespace

PageWritten PageWriter::write(PgSession& session) {
  try {
    return attempt(session, false);
  } catch (pqxx::sql_error const& error) {
    if (!is_data_error(error.sqlstate())) throw;
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
