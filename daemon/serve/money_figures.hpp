// Amounts of money among the metrics: what is unpaid, what brokers owe by their own account, what
// was earned today. Decimal text from the database to the exposition, so that no digit is lost
// here. Performs no I/O.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "daemon/serve/exposition.hpp"
#include "daemon/serve/figures.hpp"
#include "schema/store/store.hpp"

namespace affsync::serve {

enum class Money { unpaid, balance, earned_today };

struct MoneyQuery {
  Money figure;
  char const* sql;  // columns: source, currency, kind of balance, amount
};
// Each sums what the reports sum: what was rejected or reversed does not count, and neither do
// streams that repeat another one.
std::vector<MoneyQuery> const& money_queries();

struct MoneyLine {
  std::string source, currency, balance, amount;
  MoneyLine() = default;
};
// Reads the rows of such a query. Lines without an amount, and more than a source may reasonably
// have, are dropped: a broker must not be able to make any number of series.
std::vector<MoneyLine> money_lines(schema::Store::Table const& table);

struct MoneyKnown {
  std::vector<MoneyLine> lines;
  std::optional<TimePoint> read_at;  // nullopt before the first answer of the database
};
using MoneyFigures = std::map<Money, MoneyKnown>;

// Only of `sources`: another daemon on the same database has the figures of its own.
void write_money(Exposition& out, MoneyFigures const& money, Sources const& sources);

}  // namespace affsync::serve
