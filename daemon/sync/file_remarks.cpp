#include "daemon/sync/file_remarks.hpp"

#include <algorithm>

namespace affsync::sync {
namespace {

std::string count_of_rows(std::int64_t rows) {
  return std::to_string(rows) + (rows == 1 ? " row" : " rows");
}

}  // namespace

std::string days_text(DaySpan const& period) {
  return period.from == period.to ? format_day(period.from)
                                  : format_day(period.from) + " to " + format_day(period.to);
}

std::string overlap_text(schema::FileNote const& other, DaySpan const& period) {
  DaySpan const common{std::max(period.from, other.days->from),
                       std::min(period.to, other.days->to)};
  return "the days " + days_text(common) + " are also in " + other.name + " (" +
         days_text(*other.days) + "), read on " + format_time(other.read_at) +
         ": rows of both files are kept where their keys differ";
}

std::vector<std::string> remarks_of_slice(schema::FileSlice const& found, std::string const& name,
                                          DaySpan const& period) {
  std::vector<std::string> remarks;
  for (auto const& other : found.taken) {
    // As each export of a month that goes on does.
    if (found.is_replaced && other.gone == 0) continue;
    auto const has = count_of_rows(other.repeated) + (other.repeated == 1 ? " is" : " are");
    remarks.push_back(
        found.is_replaced
            ? "takes the place of " + other.name + ": of its rows in the days " +
                  days_text(period) + ", " + has + " here again and " + count_of_rows(other.gone) +
                  (other.gone == 1 ? " is" : " are") + " gone"
            : "would take the place of " + other.name + ", of which " + has + " here again and " +
                  std::to_string(other.gone) +
                  " would be gone; since it is in doubt, both count until it is read again");
  }
  for (auto const& other : found.kept) {
    remarks.push_back(count_of_rows(other.rows) + " of the days " + days_text(period) +
                      " are from " + other.name +
                      " and stay: both files count. If this one is to "
                      "replace it, give it that name and read it again" +
                      (other.equal == 0 ? std::string()
                                        : ". " + count_of_rows(other.equal) +
                                              " of equal content in both, which `key` does not "
                                              "tell apart, count once"));
  }
  if (found.rows_of_lost_days == 0 || !found.days_before) return remarks;
  auto const& before = *found.days_before;
  remarks.push_back(count_of_rows(found.rows_of_lost_days) + " of " + days_text(before) +
                    " that an earlier " + name +
                    " had are not in it and stay, because its own days are " + days_text(period) +
                    ". If they are gone, import it with --since " + format_day(before.from) +
                    " --until " + format_day(before.to));
  return remarks;
}

}  // namespace affsync::sync
