// Stores rows in a record table. Unchanged rows are found by key and hash, in memory or by a query,
// and cost almost nothing. New rows are copied directly into the table. Differing rows are merged
// by one statement.
#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>

#include "base/crash_point.hpp"
#include "schema/store/copy_writer.hpp"
#include "schema/store/libpq_call.hpp"
#include "schema/store/merge_sql.hpp"
#include "schema/store/row_merge.hpp"
#include "schema/store/rows_anew.hpp"
#include "schema/store/scope.hpp"

namespace affsync::schema {
namespace {

class RecordMerge : public RowMerge {
 public:
  RecordMerge(PgSession& session, PageWrite const& page, RecordTable const& table,
              RunWrites& writes, MergeDoubts doubts)
      : RowMerge(session, page, table),
        sql_(merge_sql_for(table)),
        writes_(writes),
        doubts_(doubts) {}

  Stored store(pqxx::transaction_base& tx, RowRefs const& rows) override {
    RowRefs fresh, differing;
    merged_before_.clear();
    sort_out(tx, rows, fresh, differing);
    Stored stored;
    if (!fresh.empty()) {
      insert(tx, fresh);
      stored.inserted = static_cast<std::int64_t>(fresh.size());
    }
    if (!differing.empty()) merge(tx, differing, stored);
    for (auto const& row : merged_before_) note(row);
    differing.insert(differing.end(), merged_before_.begin(), merged_before_.end());
    note_unknown(tx, fresh, differing);
    if (has_unknown_) writes_.has_unknown[table_.name] = *has_unknown_;
    touched_ = std::move(fresh);
    touched_.insert(touched_.end(), differing.begin(), differing.end());
    if (!sql_.narrow_intervals.empty()) stored.contradicting = narrow_intervals(tx, rows);
    return stored;
  }

  // Merges rows that are there and differ.
  void merge(pqxx::transaction_base& tx, RowRefs const& rows, Stored& stored) {
    crash_point(CrashPoint::rows_copied);
    ArrayText columns, members;
    std::string privacy;
    if (auto const& personal = page_.personal) {
      for (auto const& column : personal->columns) columns.add(column);
      for (auto const& member : personal->members) members.add(member);
      privacy = personal->privacy;
    }
    BoundParams params;
    for (auto text :
         {source_, page_.run.id.stream, run_, now_, columns.take(), privacy, members.take()}) {
      params.add_text(std::move(text));
    }
    if (page_.map_anew && writes_.before) {
      RowsAnew anew(session_, page_, table_, *writes_.before);
      std::int64_t restored = 0;
      auto const left = anew.store(tx, rows, restored);
      stored.restored += restored;
      add_arrays(left, params);
      merge_whole(tx, left, params, stored);
    } else {
      add_arrays(rows, params);
      merge_whole(tx, rows, params, stored);
    }
    for (auto const& row : rows) note(row);
  }

  std::vector<std::size_t> revive(pqxx::transaction_base& tx, RowRefs const& rows) {
    SqlParams params{source_, page_.run.id.stream, run_, now_};
    auto const add = [&](auto const& cell) {
      ArrayText cells;
      for (auto const& row : rows) cells.add(cell(row));
      params.emplace_back(cells.take());
    };
    add([](RowRef const& row) { return row.external_id(); });
    add([](RowRef const& row) { return row.raw(); });
    add([](RowRef const& row) { return row.hash().to_hex(); });
    for (std::size_t i = 0; i < sql_.columns.size(); ++i) {
      add([i](RowRef const& row) { return row.cell(i); });
    }
    tx.exec(by_place_only);
    std::set<std::string_view> keys;
    auto const found = exec(tx, sql_.revive, params);
    for (auto const& row : found) keys.emplace(row[0].c_str(), row[0].size());
    std::vector<std::size_t> back;
    for (auto const& row : rows) {
      if (keys.contains(row.external_id())) back.push_back(row.row);
    }
    return back;
  }

  // Adds rows with status "unknown" to affsync.unknown_row, and removes rows whose status is known.
  void note_unknown(pqxx::transaction_base& tx, RowRefs const& fresh, RowRefs const& differing) {
    auto const status = table_.index_of("status");
    if (!status) return;
    ArrayText unknown, known;
    bool any_unknown = false, any_known = false;
    auto const is_unknown = [&](RowRef const& row) {
      auto const* word = row.cell(*status);
      return word && std::string_view(word) == "unknown";
    };
    for (auto const& row : fresh) {
      if (!is_unknown(row)) continue;
      unknown.add(row.external_id());
      any_unknown = true;
    }
    for (auto const& row : differing) {
      bool const mine = is_unknown(row);
      (mine ? unknown : known).add(row.external_id());
      (mine ? any_unknown : any_known) = true;
    }
    if (!any_unknown && (!any_known || !has_unknown(tx))) return;
    SqlParams params{source_, std::string(table_.name), page_.run.id.stream, std::nullopt};
    if (any_unknown) {
      has_unknown_ = true;
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

 private:
  // Finds the rows that are not in the table, and those whose content differs or that are marked as
  // deleted there.
  void sort_out(pqxx::transaction_base& tx, RowRefs const& rows, RowRefs& fresh,
                RowRefs& differing) {
    RowRefs asked, doubtful;
    asked.reserve(rows.size());
    constexpr std::size_t ahead = 16;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i + ahead < rows.size()) writes_.known.prefetch(rows[i + ahead].key_hash());
      auto const& row = rows[i];
      switch (writes_.known.standing(table_, row.key_hash(), row.hash())) {
        case KnownRows::Standing::same:
          break;
        case KnownRows::Standing::differs:
          (doubts_.of_changed ? doubtful : differing).push_back(row);
          break;
        case KnownRows::Standing::unknown:
          asked.push_back(row);
      }
    }
    if (!doubtful.empty()) ask_again(tx, std::move(doubtful), fresh, differing);
    if (asked.empty()) return;
    if (!doubts_.of_new && (writes_.all_new.contains(table_.name) || has_none(tx))) {
      fresh = std::move(asked);
      trusted_ = true;
      all_new_ = true;
      return;
    }
    probe(tx, asked, fresh, differing);
    all_new_ = fresh.size() == asked.size();
    std::ranges::sort(differing);
  }

  // Whether the stream has no row in the table, not even a deleted one.
  bool has_none(pqxx::transaction_base& tx) {
    if (!doubts_.of_any || writes_.mixed.contains(table_.name)) return false;
    tx.exec(by_index_only);
    return !exec(tx, sql_.any, {source_, page_.run.id.stream})[0][0].as<bool>();
  }

  void probe(pqxx::transaction_base& tx, RowRefs const& rows, RowRefs& fresh, RowRefs& differing) {
    for (auto const& found : exec(tx, sql_.probe, keys_and_hashes(rows))) {
      auto const row = rows.at(static_cast<std::size_t>(int_of(found[0])) - 1);
      (found[1].as<bool>() ? differing : fresh).push_back(row);
    }
  }

  void ask_again(pqxx::transaction_base& tx, RowRefs doubtful, RowRefs& fresh, RowRefs& differing) {
    leave_out_merged(tx, doubtful);
    if (doubtful.empty()) return;
    probe(tx, doubtful, fresh, differing);
    RowRefs left = fresh;
    left.insert(left.end(), differing.begin(), differing.end());
    std::ranges::sort(left);
    std::ranges::copy_if(doubtful, std::back_inserter(merged_before_),
                         [&](RowRef const& row) { return !std::ranges::binary_search(left, row); });
    std::ranges::sort(differing);
  }

  // Asks for one row of each transaction that changed all that it was given: it was either kept or
  // lost as a whole.
  void leave_out_merged(pqxx::transaction_base& tx, RowRefs& doubtful) {
    std::vector<RowRefs> merged;
    RowRefs samples, lost;
    for (auto const& whole : doubts_.of_changed->whole) {
      RowRefs rows;
      std::ranges::set_intersection(doubtful, whole, std::back_inserter(rows));
      if (rows.empty()) continue;
      samples.push_back(rows.front());
      merged.push_back(std::move(rows));
    }
    if (samples.empty()) return;
    probe(tx, samples, lost, lost);
    for (auto const& rows : merged) {
      if (std::ranges::find(lost, rows.front()) != lost.end()) continue;
      RowRefs left;
      std::ranges::set_difference(doubtful, rows, std::back_inserter(left));
      doubtful = std::move(left);
      merged_before_.insert(merged_before_.end(), rows.begin(), rows.end());
    }
  }

  // A row that somebody else changes between the look at it and the update stays as that one leaves
  // it, and is looked at again: the next statement sees what was committed meanwhile.
  void merge_whole(pqxx::transaction_base& tx, RowRefs const& rows, BoundParams const& params,
                   Stored& stored) {
    auto const name = std::string(table_.name);
    for (int attempts = 3; attempts > 0; --attempts) {
      tx.exec(by_one_plan);
      auto const counts = exec_prepared(session_, tx, "merge " + name, sql_.merge, params);
      stored.updated += std::stoll(counts.at(0));
      stored.restored += std::stoll(counts.at(1));
      tx.exec("SET LOCAL plan_cache_mode TO DEFAULT");
      if (stored.updated == std::ssize(rows)) return;
      BoundParams equal;
      for (auto const& text : {source_, page_.run.id.stream}) equal.add_text(text);
      add_arrays(rows, equal);
      exec_prepared(session_, tx, "rehash " + name, sql_.rehash, equal);
      tx.exec(by_index_again);
      if (exec(tx, sql_.probe, keys_and_hashes(rows)).empty()) return;
    }
    throw Failure(ErrorCode::database_unavailable,
                  "rows of affsync." + name + " are being changed by somebody else all the time",
                  "End what changes them; the next run stores them.");
  }

  SqlParams keys_and_hashes(RowRefs const& rows) const {
    ArrayText keys, hashes;
    for (auto const& row : rows) {
      keys.add(row.external_id());
      hashes.add(row.hash().to_hex());
    }
    return {source_, page_.run.id.stream, keys.take(), hashes.take()};
  }

  // Copies the rows, without the columns that are null in all of them. What is noted of them is
  // found out meanwhile: PostgreSQL is the slower side.
  void insert(pqxx::transaction_base& tx, RowRefs const& rows) {
    auto columns = sql_.head_columns;
    std::vector<std::size_t> used;
    for (std::size_t i = 0; i < sql_.columns.size(); ++i) {
      auto const filled = [&](RowRef const& row) { return row.cell(i) != nullptr; };
      if (std::none_of(rows.begin(), rows.end(), filled)) continue;
      used.push_back(i);
      columns.push_back({sql_.columns[i], binary_type(table_.columns[i].type)});
    }
    auto const own = columns.size();
    columns.insert(columns.end(), sql_.tail_columns.begin(), sql_.tail_columns.end());
    CopyWriter writer(tx, sql_.table, columns, format());
    auto const tail = writer.encode(own, {source_.c_str(), page_.run.id.stream.c_str(),
                                          now_.c_str(), now_.c_str(), "1", run_.c_str()});
    for (auto const& row : rows) {
      auto const hash = row.hash().to_hex();
      for (auto const* cell : {row.external_id(), row.raw(), hash.c_str()}) writer.cell(cell);
      for (auto const i : used) writer.cell(row.cell(i));
      writer.end_row(tail);
      note(row);
    }
    auto const stored = writer.complete();
    if (stored < std::ssize(rows)) {
      throw Failure(ErrorCode::database_error,
                    "of " + std::to_string(rows.size()) + " new rows, PostgreSQL put " +
                        std::to_string(stored) + " into " + sql_.table,
                    "A trigger of yours on the table keeps rows out: remove it.");
    }
  }

  // An array for each column; an empty one if it is null in all rows.
  void add_arrays(RowRefs const& rows, BoundParams& params) {
    auto const add = [&](BinaryType type, auto const& cell) {
      ArrayParam cells(type, format());
      auto const filled = [&](RowRef const& row) { return cell(row) != nullptr; };
      if (std::ranges::any_of(rows, filled)) {
        for (auto const& row : rows) cells.add(cell(row));
      }
      cells.finish(params);
    };
    add(BinaryType::text, [&](RowRef const& row) { return row.external_id(); });
    add(BinaryType::jsonb, [&](RowRef const& row) { return row.raw(); });
    ArrayParam hashes(BinaryType::uuid, format());
    for (auto const& row : rows) hashes.add(row.hash().to_hex().c_str());
    hashes.finish(params);
    for (std::size_t i = 0; i < sql_.columns.size(); ++i) {
      add(binary_type(table_.columns[i].type), [&](RowRef const& row) { return row.cell(i); });
    }
  }

  // Whoever asks for the keys writes again what was refused: as text, so that PostgreSQL tells what
  // it refuses.
  WireFormat format() const {
    return doubts_.of_new || writes_.copies_text ? WireFormat::text : WireFormat::binary;
  }

  void note(RowRef const& row) { changes_.emplace_back(row.key_hash(), row.hash().high); }

  bool has_unknown(pqxx::transaction_base& tx) {
    auto const known = writes_.has_unknown.find(table_.name);
    if (known != writes_.has_unknown.end()) return known->second;
    auto const found =
        exec(tx,
             "SELECT EXISTS (SELECT FROM affsync.unknown_row WHERE source_id = $1::int"
             " AND record_table = $2 AND stream = $3)",
             {source_, std::string(table_.name), page_.run.id.stream})[0][0]
            .as<bool>();
    has_unknown_ = found;
    return found;
  }

  // Returns how many of the rows contradict an earlier reading.
  std::int64_t narrow_intervals(pqxx::transaction_base& tx, RowRefs const& rows) {
    ArrayText keys, from, to;
    bool any = false;
    for (auto const& row : rows) {
      auto const* begin = row.cell(sql_.from_column);
      auto const* end = row.cell(sql_.to_column);
      if (!begin && !end) continue;
      any = true;
      keys.add(row.external_id());
      from.add(begin);
      to.add(end);
    }
    if (!any) return 0;
    tx.exec(by_place_only);
    SqlParams params{source_, page_.run.id.stream, keys.take(), from.take(), to.take(), run_};
    auto const contradicting = exec(tx, sql_.narrow_intervals, params);
    ArrayText new_keys, new_from, new_to;
    bool any_new = false;
    for (auto const& row : contradicting) {
      if (!row[3].as<bool>()) continue;
      any_new = true;
      new_keys.add(row[0].c_str());
      new_from.add(row[1].is_null() ? nullptr : row[1].c_str());
      new_to.add(row[2].is_null() ? nullptr : row[2].c_str());
    }
    if (any_new) {
      params[2] = new_keys.take();
      params[3] = new_from.take();
      params[4] = new_to.take();
      exec(tx, sql_.note_contradictions, params);
    }
    return static_cast<std::int64_t>(contradicting.size());
  }

  MergeSql const& sql_;
  RunWrites& writes_;
  MergeDoubts const doubts_;
  std::optional<bool> has_unknown_;  // found out by note_unknown
  RowRefs merged_before_;            // known to differ, but the table has them as they are now
};

}  // namespace

std::unique_ptr<RowMerge> make_record_merge(PgSession& session, PageWrite const& page,
                                            RecordTable const& table, RunWrites& writes,
                                            MergeDoubts doubts) {
  return std::make_unique<RecordMerge>(session, page, table, writes, doubts);
}

std::vector<std::size_t> revive_rows(PgSession& session, pqxx::transaction_base& tx,
                                     PageWrite const& page, RowRefs const& rows) {
  if (rows.empty()) return {};
  RunWrites writes;
  return RecordMerge(session, page, rows.front().batch->table(), writes, {}).revive(tx, rows);
}

Stored merge_differing(PgSession& session, pqxx::transaction_base& tx, PageWrite const& page,
                       RowRefs const& rows, RunWrites& writes) {
  RecordMerge merge(session, page, rows.front().batch->table(), writes, {});
  Stored stored;
  merge.merge(tx, rows, stored);
  merge.note_unknown(tx, {}, rows);
  return stored;
}

}  // namespace affsync::schema
