// Reads the times of a column, and rejects those that a broker cannot mean.
#include "base/decimal.hpp"
#include "base/text.hpp"
#include "connectors/engine/rows/column_reader.hpp"
#include "connectors/engine/values/numbers.hpp"

namespace affsync::engine {
namespace {

// Plausible times. There were no such records before the first one, and what is reported has
// happened. Planned times, and rates, which are older, have wider limits.
constexpr TimePoint first_of_records = std::chrono::sys_days(std::chrono::year(2000) / 1 / 1);
constexpr TimePoint first_of_rates = std::chrono::sys_days(std::chrono::year(1975) / 1 / 1);
constexpr std::chrono::hours usual_ahead{2 * 24};
constexpr std::chrono::hours planned_ahead{366 * 24};
constexpr std::chrono::hours rates_ahead{7 * 24};

// Returns the unit in which the number would be plausible: " (in milliseconds it is 2026-…)".
std::string other_units(std::string_view text, bool milliseconds, TimePoint first, TimePoint last) {
  struct Unit {
    char const* name;
    int to_microseconds;  // digits that the point moves
  };
  constexpr Unit units[] = {
      {"seconds", 6}, {"milliseconds", 3}, {"microseconds", 0}, {"nanoseconds", -3}};
  auto const parsed = parse_decimal(text);
  if (parsed.error != DecimalError::none) return {};
  for (auto const& unit : units) {
    if (unit.to_microseconds == (milliseconds ? 3 : 6)) continue;
    TimePoint time;
    auto const micros = shift_decimal(parsed.text, unit.to_microseconds - 6);
    if (!read_epoch(micros, false, time).empty() || time < first || time > last) continue;
    return std::string(" (in ") + unit.name + " it is " + format_time(time) + ")";
  }
  return {};
}

}  // namespace

void ColumnReader::set_range(RecordTable const& table) {
  bool const records = table.keeps_records();
  first_ = records ? first_of_records : first_of_rates;
  if (mapping_.ahead) {
    ahead_ = *mapping_.ahead;
  } else if (records) {
    ahead_ = mapping_.column == "paid_at" ? planned_ahead : usual_ahead;
  } else {
    ahead_ = rates_ahead;
  }
}

// The same row must have the same reason in each pass: it names no time of the answer, nor one that
// is `relative` to it.
std::string ColumnReader::out_of_range(TimePoint earliest, TimePoint latest,
                                       RowContext const& context, bool relative) const {
  auto const shown = [&](TimePoint time) {
    return relative ? std::string("a time") : format_time(time);
  };
  if (latest < first_) {
    return "is " + shown(latest) + ", before " + format_time(first_) + ", which is not plausible";
  }
  // A clock that was never set cannot tell what is in the future.
  if (context.latest_now < first_of_records || earliest <= context.latest_now + ahead_) return {};
  auto const days_ahead = std::chrono::floor<std::chrono::days>(ahead_).count();
  return "is " + shown(earliest) + ", more than " +
         (days_ahead > 0 ? std::to_string(days_ahead) + " days"
                         : std::to_string(ahead_.count()) + " s") +
         " after it was received, which is not plausible";
}

bool ColumnReader::reads_times() const {
  return column_type_ == ColumnType::date || column_type_ == ColumnType::timestamptz;
}

std::string ColumnReader::convert_time(Form form, std::string_view text, RowContext const& context,
                                       std::string& out) const {
  if (form == Form::day || form == Form::day_of_instant || form == Form::midnight) {
    bool relative = false;
    auto const day = times_.read_day(text, context.now, form == Form::day_of_instant, relative);
    if (relative) return {};  // not a day: null
    if (!day) return "is not a day in a format that the connector knows";
    if (auto problem = out_of_range(*day, *day, context); !problem.empty()) return problem;
    if (form == Form::midnight) {
      append_time(out, times_.zone().to_utc(TimePoint(*day)));
    } else {
      append_day(out, *day);
    }
    return {};
  }
  auto const found = times_.read(text, context.now);
  if (!found) return "is not a time in a format that the connector knows";
  if (form == Form::instant && !found->exact) return {};  // not an instant: null
  auto problem = out_of_range(found->earliest, found->latest, context, !found->exact);
  if (!problem.empty()) return problem;
  append_time(out, form == Form::latest ? found->latest : found->earliest);
  return {};
}

std::string ColumnReader::convert_epoch(Form form, std::string_view text, Json const& row,
                                        RowContext const& context, std::string& out) const {
  TimePoint instant{};
  std::string problem(read_epoch(text, mapping_.epoch_milliseconds, instant));
  if (problem.empty()) problem = out_of_range(instant, instant, context);
  if (mapping_.within) {
    // The number is a guess then; a wrong guess is no error of the row.
    if (!problem.empty() || !agrees_with_text(instant, row, context)) return {};
  } else if (!problem.empty()) {
    return problem +
           other_units(text, mapping_.epoch_milliseconds, first_, context.latest_now + ahead_);
  }
  if (form == Form::epoch_instant) {
    append_time(out, instant);
  } else {
    append_day(out, times_.zone().day_of(instant));
  }
  return {};
}

bool ColumnReader::agrees_with_text(TimePoint instant, Json const& row,
                                    RowContext const& context) const {
  for (auto const& path : within_) {
    auto const* value = path.in(row);
    if (!is_present(value, mapping_.null_if)) continue;
    auto const text = value->scalar_text();
    auto const time = text ? within_times_.read(trim_blanks(*text), context.now) : std::nullopt;
    if (!time) return false;
    auto const slack = mapping_.within->slack;
    return instant >= time->earliest - slack && instant <= time->latest + time->grain + slack;
  }
  return false;
}

}  // namespace affsync::engine
