#include "schema/store/aged_rows.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "schema/store/absence.hpp"
#include "schema/store/came_instead.hpp"
#include "schema/store/merge_sql.hpp"
#include "schema/store/walk.hpp"

namespace affsync::schema {
namespace {

using std::chrono::days;

Day day_of_moment(TimePoint time) {
  return std::chrono::floor<days>(time);
}

std::optional<TimePoint> earlier(std::optional<TimePoint> one, std::optional<TimePoint> other) {
  if (!one || !other) return one ? one : other;
  return std::min(*one, *other);
}

bool brought(SliceClose const& slice, std::string_view key) {
  auto const hash = hash_key(key);
  return std::ranges::binary_search(slice.seen_keys, hash) ||
         (slice.shared && std::ranges::binary_search(slice.shared->seen_before, hash));
}

// What the slice and the pass know of how far back the list goes.
class ListReach {
 public:
  ListReach(SliceClose const& slice, PassState const& pass) : slice_(slice), pass_(pass) {
    for (auto const& of : slice.left_out) {
      if (of.table != slice.table) continue;
      left_out_.insert(of.external_ids.begin(), of.external_ids.end());
    }
    // The last row of all: the broker says that it has none, not even one of these days.
    is_emptied_ = slice.seen_keys.empty() && slice.proof == CountProof::rows && pass.live_rows == 1;
  }
  void saw(TimePoint earliest) { oldest_ = earlier(oldest_, earliest); }
  void came(TimePoint earliest) { days_with_new_.insert(day_of_moment(earliest)); }

  // True if the broker would list the row, were it still there.
  // `by_day`: of its time only the day is known.
  bool reaches(std::string const& key, std::optional<TimePoint> earliest, bool by_day) const {
    // Listed, but no row of the table any more.
    if (left_out_.contains(key)) return true;
    bool const brings = !slice_.seen_keys.empty();
    if (!earliest) return brings || lists_older_days(slice_, pass_);
    if (slice_.keeps_from) {
      if (*earliest > *slice_.keeps_from + keeps_margin) return true;
    } else if ((brings || is_emptied_) && *earliest > slice_.now - always_listed) {
      return true;
    }
    if (pass_.oldest && *earliest > *pass_.oldest) return true;
    // Of the first day of all, the broker may list the later part only.
    if (oldest_ && *earliest > *oldest_) return true;
    if (oldest_ == earliest && !(slice_.of_all_days && by_day)) return true;
    // Age brings no rows: what came on its day stands in its place.
    if (days_with_new_.contains(day_of_moment(*earliest))) return true;
    return brings && !pass_.oldest && !oldest_;
  }

 private:
  SliceClose const& slice_;
  PassState const& pass_;
  std::unordered_set<std::string> left_out_;
  std::set<Day> days_with_new_;
  std::optional<TimePoint> oldest_;  // of the rows that the slice saw
  bool is_emptied_ = false;
};

}  // namespace

bool lists_older_days(SliceClose const& slice, PassState const& pass) {
  if (!slice.from) return false;
  return (pass.oldest && *pass.oldest < TimePoint(*slice.from)) ||
         (slice.keeps_from && *slice.keeps_from + keeps_margin <= *slice.from);
}

AgedRows take_aged(pqxx::transaction_base& tx, SliceClose const& slice, Scope const& asked,
                   Scope const& scope, PassState const& pass, std::vector<std::string>& unseen) {
  AgedRows aged;
  auto const age = age_sql(*slice.table, !slice.scope_column.empty());
  auto const time = [](std::string const& sql) { return sql.empty() ? "NULL" : epoch_sql(sql); };
  auto const from = " FROM " + merge_sql_for(*slice.table).table + " t WHERE ";
  ListReach reach(slice, pass);
  struct Missing {
    std::optional<TimePoint> earliest;
    bool by_day = false;
  };
  std::unordered_map<std::string, Missing> missing;
  if (!slice.seen_keys.empty()) {
    walk(tx,
         "SELECT t.external_id, " + time(age.earliest) + ", " + time(age.latest) + from +
             scope.condition,
         scope.params, [&](pqxx::row const& row) {
           if (!brought(slice, {row[0].c_str(), row[0].size()})) return true;
           if (auto const at = time_of(row[1])) reach.saw(*at);
           aged.oldest = earlier(aged.oldest, time_of(row[2]));
           return true;
         });
  }
  auto params = asked.params;
  params.push_back(first_new_run(tx, slice, pass));
  auto const run = "$" + std::to_string(params.size()) + "::bigint";
  walk(tx,
       "SELECT t.external_id, " + time(age.earliest) + ", " + time(age.latest) +
           ", t.run_id >= " + run +
           " AND (t.revision = 1 OR EXISTS (SELECT FROM affsync.record_change h"
           " WHERE h.source_id = $1::int AND h.external_id = t.external_id"
           " AND h.changed_at = t.changed_at AND h.stream = $2 AND h.record_table = '" +
           std::string(slice.table->name) +
           "' AND h.run_id = t.run_id AND h.operation = 'restore'))" + from + asked.condition,
       params, [&](pqxx::row const& row) {
         std::string_view const key(row[0].c_str(), row[0].size());
         auto const at = time_of(row[1]);
         if (!brought(slice, key)) {
           missing.emplace(key, Missing{at, at != time_of(row[2])});
         } else if (at) {
           reach.saw(*at);
           if (row[3].as<bool>()) reach.came(*at);
         }
         return true;
       });
  std::erase_if(unseen, [&](std::string const& key) {
    auto const found = missing.find(key);
    if (found == missing.end()) return false;
    if (reach.reaches(key, found->second.earliest, found->second.by_day)) return false;
    aged.keys.push_back(key);
    return true;
  });
  return aged;
}

}  // namespace affsync::schema
