#include "schema/store/page_writer.hpp"

#include <pqxx/except>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/crash_point.hpp"
#include "schema/store/alerts/field_notes.hpp"
#include "schema/store/copy_writer.hpp"
#include "schema/store/coverage.hpp"
#include "schema/store/left_rows.hpp"
#include "schema/store/pg_error.hpp"
#include "schema/store/quarantine.hpp"
#include "schema/store/row_items.hpp"
#include "schema/store/row_merge.hpp"
#include "schema/store/rows_anew.hpp"
#include "schema/store/savepoint.hpp"
#include "schema/store/transaction.hpp"

namespace affsync::schema {
namespace {

// Stores the rows; halves the set until each row that PostgreSQL refuses is alone, and returns
// those in `refused`.
void store_bisecting(RowMerge& merge, pqxx::transaction_base& tx, RowRefs const& rows,
                     Stored& stored, std::vector<QuarantinedRow>& refused) {
  if (rows.empty()) return;
  std::string reason;
  try {
    Savepoint savepoint(tx);
    auto const part = merge.store(tx, rows);
    savepoint.release();
    stored.inserted += part.inserted;
    stored.updated += part.updated;
    stored.restored += part.restored;
    stored.contradicting += part.contradicting;
    return;
  } catch (pqxx::sql_error const& error) {
    if (!is_data_error(error)) throw;
    reason = "PostgreSQL cannot store it: " + one_line(error.what());
  }
  if (rows.size() == 1) {
    QuarantinedRow row;
    row.external_id = rows[0].external_id();
    row.reason = std::move(reason);
    row.raw = rows[0].raw();
    row.table = &rows[0].batch->table();
    refused.push_back(std::move(row));
    return;
  }
  auto const middle = rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 2);
  store_bisecting(merge, tx, RowRefs(rows.begin(), middle), stored, refused);
  store_bisecting(merge, tx, RowRefs(middle, rows.end()), stored, refused);
}

struct RowsOfTable {
  RecordTable const* table;
  RowRefs rows;
};

// The rows of each table; of joined pages those of a record table together, since their keys are
// distinct. Tables of values keep their batches apart: a key may come again.
std::vector<RowsOfTable> by_table(PageWrite const& page) {
  std::vector<RowsOfTable> tables;
  for (auto const& batch : page.batches) {
    if (batch.empty()) continue;
    auto same = std::ranges::find(tables, &batch.table(), &RowsOfTable::table);
    if (same == tables.end() || page.pages == 1 || !batch.table().keeps_records()) {
      tables.push_back({&batch.table(), {}});
      same = std::prev(tables.end());
    }
    for (std::size_t row = 0; row < batch.size(); ++row) same->rows.push_back({&batch, row});
  }
  return tables;
}

// Resolves what was wrong with the page's rows that are stored, that is, all except the refused
// ones.
void resolve_stored_rows(pqxx::transaction_base& tx, PageWrite const& page,
                         std::vector<QuarantinedRow> const& refused) {
  for (auto const& [table, rows] : by_table(page)) {
    std::set<std::string_view> not_stored;
    for (auto const& row : refused) {
      if (row.table == nullptr || row.table == table) not_stored.insert(row.external_id);
    }
    ArrayText keys;
    for (auto const& row : rows) {
      if (!not_stored.contains(row.external_id())) keys.add(row.external_id());
    }
    resolve_stored(tx, page.run, *table, keys.take(), page.now);
  }
}

void record_page(pqxx::transaction_base& tx, PageWrite const& page, PageWritten const& written,
                 std::int64_t live_delta, std::int64_t counted_ahead, std::int64_t left) {
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
                         std::to_string(written.updated - counted_ahead),
                         std::to_string(written.unchanged),
                         std::to_string(written.quarantined),
                         table,
                         std::to_string(page.pages),
                         sql_time(page.run.started_at),
                         std::to_string(left),
                         std::to_string(written.deleted)};
  exec(tx,
       "WITH r AS (UPDATE affsync.sync_run SET pages = pages + $12::int, inserted = inserted + "
       "$7::bigint,"
       " updated = updated + $8::bigint, unchanged = unchanged + $9::bigint,"
       " quarantined = quarantined + $10::bigint, deleted = deleted + $15::bigint"
       " WHERE source_id = $1::int AND run_id = $3::bigint AND started_at = $13::timestamptz),"
       " s AS (UPDATE affsync.stream SET record_table = $11::text WHERE source_id = $1::int"
       " AND stream = $2 AND record_table IS NULL AND coalesce(record_table, $11) IS NOT NULL)"
       " UPDATE affsync.stream_state SET writes = writes + 1, live_rows = live_rows + $6::bigint,"
       " pass_missed = pass_missed + $14::bigint,"
       " cursor = coalesce($4::jsonb, cursor),"
       " cursor_at = CASE WHEN $4::jsonb IS NULL THEN cursor_at ELSE $5::timestamptz END"
       " WHERE source_id = $1::int AND stream = $2 AND run_id = $3::bigint",
       params);
}

}  // namespace

// The write before tells whether it is worth looking how many rows differ.
void PageWriter::merge_many(PgSession& session) {
  if (!with_other_ || !writes_.merges_ahead || writes_.updated_last < least_merged_ahead) return;
  auto const with_other = std::exchange(with_other_, nullptr);  // once, however often it is written
  for (auto const& [table, rows] : by_table(page_)) {
    if (!table->keeps_records()) continue;
    RowRefs differing;
    std::ranges::copy_if(rows, std::back_inserter(differing), [&](RowRef const& row) {
      return writes_.known.standing(*table, row.key_hash(), row.hash()) ==
             KnownRows::Standing::differs;
    });
    if (std::ssize(differing) < least_merged_ahead) continue;
    ahead_of_ = table;
    merge_ahead(session, with_other, page_, differing, writes_, ahead_);
    if (ahead_.met_deleted) writes_.merges_ahead = false;
    return;
  }
}

PageWritten PageWriter::write(PgSession& session) {
  merge_many(session);
  try {
    return attempt_as_usual(session);
  } catch (pqxx::sql_error const& error) {
    if (!is_data_error(error)) throw;
  }
  if (!trusted_.empty()) {
    for (auto const table : trusted_) {
      writes_.all_new.erase(table);
      writes_.mixed.insert(table);
    }
    try {
      return attempt(session, Care::ask);
    } catch (pqxx::sql_error const& error) {
      if (!is_data_error(error)) throw;
    }
  }
  return attempt(session, Care::row_by_row);
}

PageWritten PageWriter::attempt_as_usual(PgSession& session) {
  if (!writes_.copies_text) {
    try {
      return attempt(session, Care::usual);
    } catch (NoBinaryForm const&) {
      writes_.copies_text = true;
    }
  }
  return attempt(session, Care::usual);
}

void PageWriter::note_effects(FenceState const& state) {
  writes_.updated_last = result_.updated;
  writes_.has_quarantine = state.has_quarantine || result_.quarantined > 0;
  // It does not know what became of each row.
  if (row_by_row_ || result_.deleted > 0) writes_.known.forget();
  for (auto& effect : effects_) {
    if (effect.all_new && *effect.all_new && !writes_.mixed.contains(effect.table->name)) {
      writes_.all_new.insert(effect.table->name);
    } else if (effect.all_new) {
      writes_.all_new.erase(effect.table->name);
    }
    if (!effect.changes.empty()) writes_.known.note(*effect.table, std::move(effect.changes));
  }
}

// Before the first write of the transaction: what is remembered must hold also if it fails.
void PageWriter::remember(pqxx::transaction_base& tx, FenceState const& state) {
  if (!page_.scope || !page_.scope->table->keeps_records()) return;
  writes_.known.load(tx, page_.run.id, *page_.scope, state.pass.live_rows);
  // What was merged ahead must still be known as it was before.
  if (ahead_of_ != nullptr || !writes_.known.is_read_by_stretches()) return;
  constexpr std::size_t most_samples = 16;
  for (auto const& [table, rows] : by_table(page_)) {
    if (table != page_.scope->table || writes_.all_new.contains(table->name)) continue;
    auto const samples = std::min(most_samples, rows.size());
    std::vector<std::string_view> some;
    for (std::size_t i = 0; i < samples; ++i) {
      some.emplace_back(rows[i * rows.size() / samples].external_id());
    }
    writes_.known.read_near(tx, page_.run.id, *table, some, rows.size());
    return;
  }
}

PageWritten PageWriter::attempt(PgSession& session, Care care) {
  Transaction tx(session);
  auto const state = enter_fence(tx, page_.run);
  if (fenced_.already_done(state)) {
    note_effects(state);
    return result_;
  }
  crash_point(CrashPoint::page_entered);
  writes_.before = rows_before(page_.run, state.pass);
  effects_.clear();
  trusted_.clear();
  row_by_row_ = care == Care::row_by_row;
  remember(tx, state);
  PageWritten written;
  written.unchanged = page_.repeated;
  std::int64_t live_delta = 0;
  std::vector<QuarantinedRow> refused = page_.quarantined;
  auto ahead = ahead_.updated;  // counted once, though a page may have two batches of the table
  std::int64_t counted_ahead = 0;
  for (auto const& [table, rows] : by_table(page_)) {
    MergeDoubts const doubts{care != Care::usual, table == ahead_of_ ? &ahead_ : nullptr,
                             state.pass.live_rows == 0};
    auto const merge = table->keeps_records()
                           ? make_record_merge(session, page_, *table, writes_, doubts)
                           : make_value_merge(session, page_, *table);
    Stored stored;
    auto const refused_before = refused.size();
    if (care == Care::row_by_row) {
      store_bisecting(*merge, tx, rows, stored, refused);
    } else {
      try {
        stored = merge->store(tx, rows);
      } catch (pqxx::sql_error const&) {
        if (merge->trusted()) trusted_.insert(table->name);
        throw;
      }
      Effect effect;
      effect.table = table;
      effect.changes = merge->take_changes();
      effect.all_new = merge->all_new();
      effects_.push_back(std::move(effect));
      if (!merge->touched().empty() && is_sampled(writes_.pages_with_changes++)) {
        note_fields(tx, page_.run, merge->touched(), page_.now);
      }
    }
    if (table == ahead_of_) {
      // No more than there are: what the server lost in a crash was merged twice.
      auto const most = std::ssize(rows) - stored.inserted - stored.updated;
      counted_ahead += std::min(most, ahead);
      stored.updated += std::min(most, ahead);
      ahead = 0;
    }
    auto const newly_refused = static_cast<std::int64_t>(refused.size() - refused_before);
    written.inserted += stored.inserted;
    written.updated += stored.updated;
    written.contradicting += stored.contradicting;
    written.unchanged +=
        static_cast<std::int64_t>(rows.size()) - newly_refused - stored.inserted - stored.updated;
    if (table == &page_.batches.front().table()) live_delta += stored.inserted + stored.restored;
  }
  note_items(tx, page_);
  written.left_out = stored_among(tx, page_.run, page_.left_out);
  // At once: the run that reads the slice to its end may be another one.
  std::int64_t left = 0;
  auto const retaken = state.pass.retaken_after;
  if (retaken && state.pass.pass_run_id > *retaken) {
    auto const* main = page_.batches.empty() ? nullptr : &page_.batches.front().table();
    auto const ours = mark_left_rows(tx, page_, main, written.left_out, state.pass);
    written.deleted = ours.rows + ours.others;
    live_delta -= ours.rows;
    written.left_out.clear();
  } else if (!page_.replaces) {
    left = note_left_rows(tx, page_.run, written.left_out, state.pass).news;
  }
  crash_point(CrashPoint::rows_written);
  if (state.has_quarantine) resolve_stored_rows(tx, page_, refused);
  // Resolve before quarantining, so that an entry is open again if PostgreSQL refuses its row.
  resolve_lines(tx, page_.run, page_.retried, page_.now);
  written.not_accepted = quarantine_rows(tx, page_.run, refused, page_.now);
  written.quarantined = static_cast<std::int64_t>(refused.size());
  for (auto const& days : page_.lost) {
    record_days(tx, page_.run, days, DayState::lost, std::nullopt, page_.now);
  }
  record_page(tx, page_, written, live_delta, counted_ahead, left);
  result_ = written;
  crash_point(CrashPoint::page_noted);
  tx.commit();
  crash_point(CrashPoint::page_committed);
  fenced_.committed(state);
  note_effects(state);
  return written;
}

}  // namespace affsync::schema
