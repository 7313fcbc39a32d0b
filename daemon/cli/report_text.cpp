// Reports as tables.
#include <algorithm>
#include <charconv>

#include "daemon/cli/report_text.hpp"
#include "daemon/cli/terminal/numbers.hpp"
#include "daemon/cli/terminal/status_style.hpp"
#include "daemon/cli/terminal/table.hpp"
#include "daemon/reports/lines.hpp"

namespace affsync::cli {

namespace {

using ReportRow = std::vector<std::optional<std::string>>;

int to_small_number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool is_nothing(std::optional<std::string> const& field) {
  return !field || field->find_first_not_of("-0.") == std::string::npos;
}

// "12|1:7,3:2" -> a line of twelve marks.
std::string trend_text(std::string_view text, bool unicode) {
  auto const bar = text.find('|');
  if (bar == std::string_view::npos) return {};
  int const steps = std::clamp(to_small_number(text.substr(0, bar)), 1, 100);
  std::vector<int> levels(static_cast<std::size_t>(steps), -1);
  for (auto rest = text.substr(bar + 1); !rest.empty();) {
    auto const end = std::min(rest.find(','), rest.size());
    auto const pair = rest.substr(0, end);
    auto const colon = std::min(pair.find(':'), pair.size() - 1);
    int const step = to_small_number(pair.substr(0, colon));
    if (step >= 1 && step <= steps) {
      levels[static_cast<std::size_t>(step - 1)] = to_small_number(pair.substr(colon + 1));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return sparkline(levels, unicode);
}

class ReportWriter {
 public:
  ReportWriter(reports::ReportPlan const& plan, schema::Store::Table const& rows,
               Terminal const& terminal)
      : plan_(plan), rows_(rows), terminal_(terminal) {
    for (std::size_t i = 0; i < plan_.columns.size(); ++i) {
      auto const& column = plan_.columns[i];
      if (column.name == "currency") currency_ = i;
      if (column.name == "rows_without_usd") without_usd_ = i;
      if (column.value == reports::ReportValue::total || hidden(i)) continue;
      shown_.push_back(i);
    }
  }

  std::string write() {
    std::vector<TableColumn> columns;
    for (std::size_t const i : shown_) {
      auto const& column = plan_.columns[i];
      columns.push_back({column.title, alignment(column.value), column.importance, column.min_width,
                         column.droppable, false, true});
    }
    TextTable table(columns);
    bool after_total = false;
    for (auto const& line : reports::report_lines(plan_, rows_)) {
      if (line.total && !after_total) table.add_rule();
      // An empty line separates currencies and precedes the sum of all of them.
      if (after_total && (!line.total || line.all)) table.add_line({}, Style::plain);
      after_total = line.total;
      if (line.left_out > 0) {
        table.add_line(left_out(line.left_out), Style::dim);
      } else {
        table.add_row(cells(rows_.rows[line.row], line));
      }
    }
    if (table.empty()) return "Nothing was found.\n";
    std::string out = table.render(terminal_);
    if (!plan_.note.empty()) out += note(plan_.note);
    if (unknown_usd_) {
      out += note(
          "Blank in USD: the broker gives no figure, and no rate of that day or the week before is "
          "known. A source of rates or your own row in affsync.fx_rate gives one "
          "(docs/schema.md, Exchange rates).");
    }
    if (partial_total_) out += note("Sums in USD do not include rows without a rate.");
    if (rounded_) {
      out += note("Amounts are rounded for reading; --output csv or json has all digits.");
    }
    return out;
  }

 private:
  std::string left_out(std::size_t count) const {
    auto const number = group_thousands(static_cast<std::int64_t>(count));
    std::string const dots = terminal_.unicode ? "…" : "...";
    return plan_.latest ? dots + " " + number + " earlier" : dots + " and " + number + " more";
  }

  static Align alignment(reports::ReportValue value) {
    switch (value) {
      case reports::ReportValue::amount:
      case reports::ReportValue::usd:
      case reports::ReportValue::quantity:
      case reports::ReportValue::percent:
      case reports::ReportValue::count:
        return Align::right;
      default:
        return Align::left;
    }
  }

  bool hidden(std::size_t i) const {
    auto const& column = plan_.columns[i];
    return column.data_only ||
           (column.hide_if_none &&
            std::all_of(rows_.rows.begin(), rows_.rows.end(),
                        [&](ReportRow const& row) { return is_nothing(row.at(i)); }));
  }

  std::string note(std::string_view text) const {
    return styled(wrap_text(text, "", terminal_.columns), Style::dim, terminal_);
  }

  Cell cell(ReportRow const& row, std::size_t i) {
    auto const& column = plan_.columns[i];
    auto const& field = row.at(i);
    if (!field) {
      unknown_usd_ |= column.value == reports::ReportValue::usd;
      return {};
    }
    switch (column.value) {
      case reports::ReportValue::text:
        return column.name == "status" ? Cell(*field, word_style(*field)) : Cell(*field);
      case reports::ReportValue::day:
      case reports::ReportValue::month:
        return *field;
      case reports::ReportValue::moment: {
        std::string text = field->substr(0, 16);
        std::replace(text.begin(), text.end(), 'T', ' ');
        return text;
      }
      case reports::ReportValue::day_of:
        return field->substr(0, 10);
      case reports::ReportValue::amount:
        return money(*field, currency_ ? row.at(*currency_) : std::nullopt);
      case reports::ReportValue::usd:
        return money(*field, "USD");
      case reports::ReportValue::quantity:
        return shown_amount(*field, {}, &rounded_);
      case reports::ReportValue::percent:
        return *field;
      case reports::ReportValue::count:
        return column.hide_if_none && is_nothing(field) ? std::string() : group_thousands(*field);
      case reports::ReportValue::bar:
        return bar_text(to_small_number(*field), terminal_.unicode);
      case reports::ReportValue::trend:
        return trend_text(*field, terminal_.unicode);
      case reports::ReportValue::total:
        break;
    }
    return {};
  }

  Cell money(std::string const& amount, std::optional<std::string> const& currency) {
    auto const style = amount.starts_with('-') ? Style::bad : Style::plain;
    return Cell(shown_amount(amount, currency.value_or(std::string()), &rounded_), style);
  }

  static Style word_style(std::string_view word) {
    if (word == "paid" || word == "active") return Style::good;
    if (word == "rejected" || word == "failed" || word == "reversed") return Style::bad;
    return Style::plain;
  }

  std::vector<Cell> cells(ReportRow const& row, reports::ReportLine const& line) {
    std::vector<Cell> out;
    bool const total = line.total;
    bool const partial = total && without_usd_ && !is_nothing(row.at(*without_usd_));
    partial_total_ |= partial;
    for (std::size_t const i : shown_) {
      out.push_back(line.all && currency_ == i ? Cell("all") : cell(row, i));
      auto const value = plan_.columns[i].value;
      if (total && value != reports::ReportValue::bar && out.back().style == Style::plain) {
        out.back().style = Style::bold;
      }
      if (partial && value == reports::ReportValue::usd) out.back().style = Style::warning;
    }
    if (total && !out.empty() && out.front().text.empty()) out.front() = Cell("total", Style::bold);
    return out;
  }

  reports::ReportPlan const& plan_;
  schema::Store::Table const& rows_;
  Terminal const& terminal_;
  std::vector<std::size_t> shown_;
  std::optional<std::size_t> currency_;
  std::optional<std::size_t> without_usd_;
  bool rounded_ = false;
  bool unknown_usd_ = false;
  bool partial_total_ = false;
};

}  // namespace

std::string report_table(reports::ReportPlan const& plan, schema::Store::Table const& rows,
                         log::Terminal const& terminal) {
  return ReportWriter(plan, rows, terminal).write();
}

std::string report_notes(std::vector<std::string> const& notes, log::Terminal const& terminal) {
  std::string out;
  for (auto const& note : notes) {
    out += styled(wrap_text(note, "", terminal.columns), Style::dim, terminal);
  }
  return out;
}

}  // namespace affsync::cli
