#include "daemon/sync/pass_notes.hpp"

#include <utility>

#include "base/clock.hpp"

namespace affsync::sync {

PassNotes::PassNotes(Logger log) : log_(std::move(log)) {}

void PassNotes::missing_totals(std::vector<std::string> const& totals) {
  for (auto const& path : totals) {
    if (!missing_told_.insert(path).second) continue;
    log_.warn("a total that the connector names is missing from the answers; it is not compared",
              {{"total", path}});
  }
}

void PassNotes::differences(std::vector<schema::SliceClosed::Difference> const& unmatched) {
  for (auto const& difference : unmatched) {
    log_.warn("the broker's total differs from the stored rows",
              {{"metric", difference.metric},
               {"broker", difference.broker_value},
               {"ours", difference.our_value}});
  }
}

void PassNotes::pass_closed(schema::PassClosed const& closed) {
  if (closed.waiting > 0) {
    log_.info(
        "rows are missing from the broker's list; they count as deleted if the next pass does not "
        "find them either, since the broker gives no count to check against",
        {number_field("rows", closed.waiting)});
  }
  if (closed.unfilled > 0) {
    log_.info(
        "rows in tables that the stream no longer fills are marked as deleted, and count no more",
        {number_field("rows", closed.unfilled)});
  }
  if (closed.unfilled_left > 0) {
    log_.warn(
        "rows in tables that the stream no longer fills still count; they are marked as deleted"
        " after a pass over all rows (`affsync sync --full`) that has stored rows and has no"
        " problem; rows of files, when their file is read again",
        {number_field("rows", closed.unfilled_left)});
  }
  if (closed.kept > 0 && closed.recut) {
    log_.warn(
        "the broker no longer gives the days of some stored rows; they stay as the windows cut days"
        " before, such as in the time zone of that time",
        {number_field("rows", closed.kept),
         {"lists_from", closed.lists_from ? format_day(*closed.lists_from) : "-"}});
  } else if (closed.kept > 0) {
    log_.info("stored rows are older than what the broker still lists; they are kept",
              {number_field("rows", closed.kept),
               {"lists_from", closed.lists_from ? format_day(*closed.lists_from) : "-"}});
  }
}

void PassNotes::none_taken(std::int64_t rows, std::string const& where) {
  log_.warn(
      "none of the rows of the whole list is stored, because `where` takes none of them; "
      "`affsync inspect` shows what they hold",
      {number_field("rows", rows), {"where", where}});
}

void PassNotes::contradicting(std::int64_t rows) {
  if (rows == 0) return;
  log_.warn(std::to_string(rows) + (rows == 1 ? " row contradicts" : " rows contradict") +
                " what was read before: a clock was wrong at one of the two readings. The stored "
                "times stay unless the next pass reads the same times again",
            {number_field("rows", rows)});
}

}  // namespace affsync::sync
