// The queries behind the pages, and their results as JSON for the API and the templates. Each
// section has its rows beside `known_at` and `problem`. Amounts are strings. Performs no I/O.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "daemon/serve/readings.hpp"

namespace affsync::serve {

// The days that the page adds up, in UTC.
struct PageDays {
  Day today{}, this_month{}, last_month{};  // the first days of the months
  static PageDays at(TimePoint now);
};

// The money of one source, or of all if `source` is empty.
struct MoneyQueries {
  MoneyQueries(PageDays days, std::string const& source);
  PageDays days;
  // In the order of the sections of money_json().
  std::vector<PageQuery> queries;
};

// Appends the sections earnings, balances, unpaid, payouts and taken_back.
void append_money(Json::Object& members, PageDays days, std::vector<Reading> const& readings);

// The latest runs of a source or of one of its streams, before the run `before` if it is not empty.
PageQuery runs_query(std::string const& source, std::string const& stream,
                     std::string const& before, int limit);
Json runs_json(Reading const& reading);

// Why rows are in quarantine: the most frequent reasons of each stream.
PageQuery quarantine_query();

// Alerts that are open.
PageQuery alerts_query();

}  // namespace affsync::serve
