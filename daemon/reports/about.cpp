// The help pages of the reports.
#include "daemon/reports/plan.hpp"

namespace affsync::reports {

std::vector<ReportAbout> const& all_reports() {
  static std::vector<std::string> const times{"day", "week", "month", "quarter", "year"};
  static auto const with_times = [](std::vector<std::string> more) {
    more.insert(more.begin(), times.begin(), times.end());
    return more;
  };
  static std::vector<ReportAbout> const all{
      {"earnings",
       "What was earned, by month",
       with_times({"source", "client", "link", "currency", "kind"}),
       "A line for each month (or what --by says) and currency, with sums below. The days are "
       "those "
       "that the commission counts for. Rejected and reversed commission is not in the sums.",
       {"affsync report earnings --since -12m",
        "affsync report earnings --by source --since "
        "monday"}},
      {"clients",
       "What each client brought",
       {"client", "source", "month"},
       "A line for each client, the best first; by month: how many registered, deposited, traded. "
       "--since and --until choose the day of the registration.",
       {"affsync report clients --limit 20", "affsync report clients --by month"}},
      {"payouts",
       "What was paid out, and what is on its way",
       with_times({"source", "currency", "kind"}),
       "A line for each payout, with what is unpaid below; by kind: by status. --since and --until "
       "choose the day of the request, or that of the payment if the request has none.",
       {"affsync report payouts --since -90d", "affsync report payouts --by month"}},
      {"rebates",
       "What was passed on to clients",
       with_times({"client", "source", "currency", "kind"}),
       "A line for each client; by kind: by rebate group. --since and --until choose the day of "
       "the rebate.",
       {"affsync report rebates --by month"}},
      {"changes",
       "What brokers changed later",
       with_times({"source", "kind"}),
       "A line for each changed value; by kind: by table and column. --since and --until choose "
       "the day on which the change was noticed. What was rejected or reversed is a change to 0. "
       "Of "
       "commission, `report clawbacks` says why it was taken back.",
       {"affsync report changes --since -7d"}},
      {"balances",
       "What brokers say that they owe",
       {"source", "currency", "kind"},
       "A line for each balance as it is now; by kind: by metric. --until shows those at the end "
       "of "
       "that day, --since those that held on one of the days.",
       {"affsync report balances", "affsync report balances --by currency --until 2026-03-31"}},
      {"clawbacks",
       "Commission that was taken back",
       with_times({"source", "client", "kind"}),
       "A line for each commission that was lowered, rejected, reversed or vanished; by kind: by "
       "that reason. --since and --until choose the day on which it was noticed.",
       {"affsync report clawbacks --since -7d", "affsync report clawbacks --by month"}},
      {"unpaid",
       "Commission that was earned and not paid yet",
       {"source", "currency"},
       "A line for each source and currency, with the day of the oldest unpaid row. Brokers whose "
       "rows never become paid are named; what they owe is in `report balances`.",
       {"affsync report unpaid"},
       false},
      {"runs",
       "When each stream was read, and with what result",
       {"day", "week", "month", "source", "kind"},
       "A line for each run, the latest last; by kind: by status. --since and --until choose the "
       "day of its start.",
       {"affsync report runs --since today", "affsync report runs --by source --since -7d"}},
  };
  return all;
}

}  // namespace affsync::reports
