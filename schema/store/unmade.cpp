#include "schema/store/unmade.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "schema/store/absence.hpp"
#include "schema/store/merge_sql.hpp"
#include "schema/store/own_doing.hpp"
#include "schema/store/walk.hpp"

namespace affsync::schema {
namespace {

constexpr std::string_view why = "table";

bool is_filled(PassClose const& pass, RecordTable const& table) {
  return std::ranges::find(pass.tables, &table) != pass.tables.end();
}

SqlParams stream_params(PassClose const& pass) {
  return {std::to_string(pass.run.id.source_id), pass.run.id.stream};
}

std::string live_rows_sql(RecordTable const& table) {
  return " FROM " + merge_sql_for(table).table +
         " t WHERE t.source_id = $1::int AND t.stream = $2 AND t.deleted_at IS NULL";
}

// A stored row, and the keys of rows that show whether it is meant.
struct Candidate {
  std::string key;
  std::optional<std::string> counted;
  std::vector<std::string> others;
};

// Marks rows of one table, a few thousand at a time.
class Marking {
 public:
  Marking(pqxx::transaction_base& tx, PassClose const& pass, RecordTable const& table,
          std::int64_t pass_run_id)
      : tx_(tx), pass_(pass), table_(table), pass_run_id_(pass_run_id) {}

  // Only candidates with a row among `table` that satisfies the condition on `t` are marked, with
  // $5 as its parameter. Without this, all are.
  void demand(RecordTable const& table, std::string condition, std::int64_t parameter) {
    others_ = &table;
    condition_ = std::move(condition);
    parameter_ = parameter;
  }
  void add(Candidate candidate) {
    candidates_.push_back(std::move(candidate));
    if (candidates_.size() == keys_at_once) mark();
  }
  OwnMarks::Marked finish() {
    mark();
    return all_;
  }

 private:
  void mark() {
    auto const candidates = std::exchange(candidates_, {});
    auto const meant = those_meant(candidates);
    OwnMarks marks;
    bool any = false;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (!meant[i]) continue;
      auto const& one = candidates[i];
      marks.add(one.key, one.counted ? one.counted->c_str() : nullptr);
      any = true;
    }
    if (!any) return;
    OwnDoing doing;
    doing.run = pass_.run;
    doing.table = &table_;
    doing.now = pass_.now;
    doing.why = why;
    auto const marked = marks.mark(tx_, doing, pass_run_id_);
    all_.rows += marked.rows;
    all_.missed += marked.missed;
  }

  std::vector<bool> those_meant(std::vector<Candidate> const& candidates) {
    std::vector<bool> meant(candidates.size(), others_ == nullptr);
    if (others_ == nullptr || candidates.empty()) return meant;
    ArrayText keys, places;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      for (auto const& other : candidates[i].others) {
        keys.add(other);
        places.add(std::to_string(i));
      }
    }
    auto params = stream_params(pass_);
    params.push_back(keys.take());
    params.push_back(places.take());
    params.push_back(std::to_string(parameter_));
    for (auto const& row :
         exec(tx_,
              "SELECT DISTINCT k.place FROM unnest($3::text[], $4::int[]) AS k (external_id, place)"
              " CROSS JOIN LATERAL (SELECT * FROM " +
                  merge_sql_for(*others_).table +
                  " t WHERE t.source_id = $1::int AND t.stream = $2"
                  " AND t.external_id = k.external_id LIMIT 1) t WHERE " +
                  condition_,
              params)) {
      meant[static_cast<std::size_t>(int_of(row[0]))] = true;
    }
    return meant;
  }

  pqxx::transaction_base& tx_;
  PassClose const& pass_;
  RecordTable const& table_;
  std::int64_t const pass_run_id_;
  RecordTable const* others_ = nullptr;
  std::string condition_;
  std::int64_t parameter_ = 0;
  std::vector<Candidate> candidates_;
  OwnMarks::Marked all_;
};

Candidate candidate_of(pqxx::row const& row) {
  Candidate one;
  one.key.assign(row[0].c_str(), row[0].size());
  if (!row[1].is_null()) one.counted = row[1].c_str();
  return one;
}

OwnMarks::Marked mark_unmapped_in(pqxx::transaction_base& tx, PassClose const& pass,
                                  PassState const& known, RecordTable const& table) {
  Marking marking(tx, pass, table, known.pass_run_id);
  marking.demand(table,
                 "t.deleted_at IS NULL AND (t.run_id <= $5::bigint OR t.revision > 1 AND NOT " +
                     is_back_sql(table, "$5::bigint") + ")",
                 *known.unmade_after);
  auto params = stream_params(pass);
  params.push_back(std::to_string(*known.unmade_after));
  walk(tx,
       "SELECT t.external_id, " + counted_sql(table) + ", t.raw" + live_rows_sql(table) +
           " AND t.run_id <= $3::bigint AND t.raw <> '{}'",
       params, [&](pqxx::row const& row) {
         auto one = candidate_of(row);
         one.others = pass.map_anew->keys(table, {row[2].c_str(), row[2].size()});
         bool const is_made = std::ranges::find(one.others, one.key) != one.others.end();
         if (!is_made && !one.others.empty()) marking.add(std::move(one));
         return true;
       });
  return marking.finish();
}

OwnMarks::Marked mark_unfilled_in(pqxx::transaction_base& tx, PassClose const& pass,
                                  RecordTable const& table) {
  bool const by_file = !pass.full;
  Marking marking(tx, pass, table, pass.run.run_id);
  if (by_file) {
    marking.demand(*pass.table, "t.deleted_at IS NULL AND t.run_id <= $5::bigint", pass.run.run_id);
  }
  walk(tx, "SELECT t.external_id, " + counted_sql(table) + ", t.raw" + live_rows_sql(table),
       stream_params(pass), [&](pqxx::row const& row) {
         auto one = candidate_of(row);
         if (by_file) {
           if (pass.map_anew) {
             one.others = pass.map_anew->keys(*pass.table, {row[2].c_str(), row[2].size()});
           }
           one.others.push_back(one.key);
         }
         marking.add(std::move(one));
         return true;
       });
  return marking.finish();
}

std::int64_t unfilled_rows(pqxx::transaction_base& tx, PassClose const& pass) {
  std::int64_t rows = 0;
  for (auto const& table : record_tables()) {
    if (is_filled(pass, table)) continue;
    rows += int_of(exec(tx, "SELECT count(*)" + live_rows_sql(table), stream_params(pass))[0][0]);
  }
  return rows;
}

// Of values nobody knows whose they are.
bool has_rows_now(pqxx::transaction_base& tx, PassClose const& pass) {
  return std::ranges::any_of(pass.tables, [&](RecordTable const* table) {
    if (!table->keeps_records()) return true;
    return exec(tx, "SELECT EXISTS (SELECT" + live_rows_sql(*table) + ")",
                stream_params(pass))[0][0]
        .as<bool>();
  });
}

// Another affsync may have registered another connector since this pass began to read.
bool is_registered_so(pqxx::transaction_base& tx, PassClose const& pass) {
  auto params = stream_params(pass);
  params.emplace_back(std::string(pass.table->name));
  return exec(tx,
              "SELECT EXISTS (SELECT FROM affsync.stream s WHERE s.source_id = $1::int"
              " AND s.stream = $2 AND coalesce(s.record_table, $3) = $3)",
              params)[0][0]
      .as<bool>();
}

void settle(pqxx::transaction_base& tx, PassClose const& pass) {
  auto params = stream_params(pass);
  params.push_back(std::to_string(pass.run.run_id));
  exec(tx,
       "UPDATE affsync.stream_state SET unmade_after = NULL WHERE source_id = $1::int"
       " AND stream = $2 AND run_id = $3::bigint",
       params);
}

}  // namespace

bool looks_for_unmade(PassClose const& pass, PassState const& known) {
  // A file of values has no keys by which its rows are found.
  bool const is_judged = pass.full || (is_file(pass.input) && pass.table->keeps_records());
  return is_judged && !pass.tables.empty() && known.unmade_after &&
         known.pass_run_id > *known.unmade_after;
}

Unmade mark_unmapped(pqxx::transaction_base& tx, PassClose const& pass, PassState const& known) {
  Unmade unmade;
  // 0: an older version has read the stream, and nobody knows what its connector was.
  if (!pass.full || !pass.map_anew || *known.unmade_after == 0) return unmade;
  for (auto const* table : pass.tables) {
    if (!table->keeps_records()) continue;
    auto const marked = mark_unmapped_in(tx, pass, known, *table);
    (table == pass.table ? unmade.rows : unmade.others) += marked.rows;
    unmade.missed += marked.missed;
  }
  return unmade;
}

Unmade mark_unfilled(pqxx::transaction_base& tx, PassClose const& pass, bool is_sound) {
  Unmade unmade;
  if (!is_registered_so(tx, pass)) return unmade;
  unmade.left = unfilled_rows(tx, pass);
  if (unmade.left > 0 && is_sound && has_rows_now(tx, pass)) {
    for (auto const& table : record_tables()) {
      if (!is_filled(pass, table)) unmade.others += mark_unfilled_in(tx, pass, table).rows;
    }
    unmade.left -= unmade.others;
  }
  // The rows of an API wait for its own pass.
  if (is_sound && unmade.left == 0 && !is_beside_api(pass.input)) settle(tx, pass);
  return unmade;
}

}  // namespace affsync::schema
