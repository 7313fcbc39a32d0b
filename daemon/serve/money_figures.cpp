#include "daemon/serve/money_figures.hpp"

#include <array>

#include "base/decimal.hpp"

namespace affsync::serve {

namespace {

constexpr std::size_t most_lines_of_a_source = 50;

struct Family {
  Money figure;
  char const* name;
  char const* help;
  char const* word;  // in affsync_money_read_timestamp_seconds
};
constexpr std::array<Family, 3> families{{
    {Money::unpaid, "affsync_unpaid_amount", "Commission that is earned and not paid yet.",
     "unpaid"},
    {Money::balance, "affsync_balance_amount",
     "What the broker owes by its own account. Balances of different kinds may include the same "
     "money.",
     "balance"},
    {Money::earned_today, "affsync_earned_today_amount",
     "Commission of today (UTC) that is neither rejected nor reversed.", "earned_today"},
}};

}  // namespace

std::vector<MoneyQuery> const& money_queries() {
  static std::vector<MoneyQuery> const queries{
      {Money::unpaid,
       "SELECT source, currency, '', amount FROM reporting.unpaid_commission"
       " ORDER BY source, amount DESC NULLS LAST"},
      {Money::balance,
       "SELECT s.name, b.currency, b.metric, sum(b.amount) FROM affsync.balance b"
       " JOIN affsync.source s ON s.source_id = b.source_id"
       " LEFT JOIN affsync.stream st ON st.source_id = b.source_id AND st.stream = b.stream"
       " WHERE b.deleted_at IS NULL AND s.retired_at IS NULL AND st.retired_at IS NULL"
       " AND coalesce(st.in_reports, true) GROUP BY s.name, b.currency, b.metric"
       " ORDER BY s.name, sum(b.amount) DESC NULLS LAST"},
      // A source that has earned lately in a currency has a 0 in it on a day without commission.
      {Money::earned_today,
       "SELECT source, currency, '', coalesce(sum(amount) FILTER (WHERE"
       " day = (now() AT TIME ZONE 'UTC')::date), 0) FROM reporting.earnings_daily"
       " WHERE counts AND day BETWEEN (now() AT TIME ZONE 'UTC')::date - 30"
       " AND (now() AT TIME ZONE 'UTC')::date"
       " GROUP BY source, currency ORDER BY source, sum(amount) DESC NULLS LAST"},
  };
  return queries;
}

std::vector<MoneyLine> money_lines(schema::Store::Table const& table) {
  std::vector<MoneyLine> lines;
  std::map<std::string, std::size_t> of_source;
  for (auto const& row : table.rows) {
    if (row.size() != 4 || !row[0] || !row[3]) continue;
    auto const amount = parse_decimal(*row[3]);  // PostgreSQL's numeric may be NaN
    if (amount.error != DecimalError::none) continue;
    if (++of_source[*row[0]] > most_lines_of_a_source) continue;
    auto& line = lines.emplace_back();
    line.source = *row[0];
    line.currency = row[1].value_or("");
    line.balance = row[2].value_or("");
    line.amount = amount.text;
  }
  return lines;
}

void write_money(Exposition& out, MoneyFigures const& money, Sources const& sources) {
  for (auto const& family : families) {
    auto const known = money.find(family.figure);
    if (known == money.end()) continue;
    out.family(family.name, "gauge", family.help);
    for (auto const& line : known->second.lines) {
      if (!sources.contains(line.source)) continue;
      if (family.figure == Money::balance) {
        out.series(
            {{"source", line.source}, {"currency", line.currency}, {"balance", line.balance}},
            line.amount);
      } else {
        out.series({{"source", line.source}, {"currency", line.currency}}, line.amount);
      }
    }
  }
  out.family("affsync_money_read_timestamp_seconds", "gauge",
             "When the amounts of `figure` were read from the database.");
  for (auto const& family : families) {
    auto const known = money.find(family.figure);
    if (known == money.end() || !known->second.read_at) continue;
    auto const at = std::chrono::floor<std::chrono::seconds>(*known->second.read_at);
    out.series({{"figure", family.word}}, std::int64_t{at.time_since_epoch().count()});
  }
}

}  // namespace affsync::serve
