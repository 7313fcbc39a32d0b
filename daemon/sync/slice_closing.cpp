#include "daemon/sync/slice_closing.hpp"

#include <algorithm>
#include <utility>

#include "daemon/sync/page_writing.hpp"

namespace affsync::sync {

schema::SliceClose slice_closing(engine::SliceEnd end, StreamTask const& task, schema::RunKey run,
                                 TimePoint now) {
  schema::SliceClose close;
  close.run = std::move(run);
  close.table = &task.plan->table();
  close.from = end.slice.from;
  close.to = end.slice.to;
  close.last_of_rows = end.last_of_rows;
  close.scope_column = end.scope_column;
  if (end.shared) {
    auto& shared = close.shared.emplace();
    shared.with_day_before = end.shared->has_day_before;
    shared.seen_before = std::move(end.shared->seen_before);
    shared.without_last_day = end.shared->goes_on;
    shared.time_column = std::move(end.shared->time_column);
    shared.moment = end.shared->moment;
  }
  if (end.asked_items) close.items = asked_items(*task.plan, *end.asked_items);
  close.mark_vanished = end.markable;
  close.replaces = end.replaces;
  close.file = task.file_name;
  close.by_content = end.by_content;
  close.proof = end.proof;
  close.seen_keys = std::move(end.seen_keys);
  close.seen_within = end.all_within;
  close.resumed = end.resumed;
  close.read_once = end.read_once;
  close.has_equal_rows = end.has_equal_rows;
  close.mass_drop_limit = task.mass_drop_limit;
  close.keeps_from = end.keeps_from;
  close.of_all_days = end.of_all_days;
  close.differences_doubt = !task.reconcile_warns;
  close.covers_days = end.covers_days;
  close.input = task.input();
  close.in_doubt = end.doubt.has_value();
  close.now = now;
  // Only the column that a window filters on tells which stored rows belong to it.
  bool const comparable = !end.slice.from || !end.scope_column.empty();
  if (!comparable) return close;
  close.listed_beside = std::move(end.listed_beside);
  // Counts compare only if each listed row is one stored row: a filter drops rows that the broker
  // counts, and a further mapping to the same table adds rows that it does not count.
  auto const& spec = *task.plan->spec;
  bool const one_row_each =
      !spec.map.where && std::ranges::none_of(spec.also, [&](auto const& mapping) {
        return mapping.table == spec.map.table;
      });
  // After a restart the keys of the earlier pages are lost: count the rows in the table instead.
  if (end.resumed && !end.doubt && one_row_each) close.expect_live = end.broker_count;
  // The broker's row count is compared like any other total if it counts the rows that are stored.
  bool const counts_rows =
      std::ranges::any_of(end.totals, [](auto const& total) { return total.column.empty(); });
  // Values such as rates stay when they are no longer listed.
  bool const is_compared =
      end.broker_count && !counts_rows && one_row_each && close.table->keeps_records();
  if (is_compared && !end.doubt) {
    engine::BrokerTotal rows;
    rows.metric = "rows";
    rows.value = std::to_string(*end.broker_count);
    end.totals.push_back(std::move(rows));
  }
  for (auto& total : end.totals) {
    schema::TotalToCompare compare;
    compare.metric = std::move(total.metric);
    compare.column = std::move(total.column);
    compare.broker_value = std::move(total.value);
    compare.tolerance = std::move(total.tolerance);
    close.totals.push_back(std::move(compare));
  }
  return close;
}

}  // namespace affsync::sync
