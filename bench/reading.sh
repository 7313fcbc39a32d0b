#!/usr/bin/env bash
# Measures what people and BI tools ask, on a private PostgreSQL with N commissions of 5 sources, 50,000
# clients and 3 years, written with SQL: rows of brokers that give US dollars and of brokers that do
# not, four currencies with daily rates, running totals, changes of the last five weeks, runs, rebates; and
# TOTALS running totals of commission and of rebates that grew on each day of a year (default 2000).
# Prints for each query the median time, the rows of the answer and the 8 kB pages touched: with the statistics
# that affsync itself gathers, and after VACUUM ANALYZE.
#
#   scripts/build.sh && bench/reading.sh [ROWS]        (default 5000000: 4 GB under /var/tmp)
#
# RUNS: how often each query runs (default 3). For KEEP and AFFSYNC_BIN see bench/reading/server.sh.
# shellcheck disable=SC1091,SC2154  # server.sh
set -euo pipefail
cd "$(dirname "$0")/.."

rows=${1:-5000000}
runs=${RUNS:-3}
totals=${TOTALS:-2000}
. bench/reading/server.sh

begin=$(date +%s)
sql -v rows="$rows" -v totals="$totals" -f bench/reading/fill.sql
echo "$(sql -c 'select count(*) from affsync.commission') commissions," \
  "$(sql -c 'select count(*) from affsync.record_change') changes," \
  "$(sql -c 'select count(*) from affsync.sync_run') runs, written in $(($(date +%s) - begin)) s;" \
  "indexes of affsync.commission:"
sql -F ' ' -c "select '   ', indexrelname, pg_size_pretty(pg_relation_size(indexrelid))
  from pg_stat_user_indexes where schemaname = 'affsync' and relname = 'commission' order by 2"

# Name, then the query.
questions=(
  "earnings_daily, one month"
  "select * from reporting.earnings_daily where day >= current_date - 60 and day < current_date - 30"
  "earnings_daily, all of it"
  "select * from reporting.earnings_daily"
  "earned by month"
  "select date_trunc('month', day), source, currency, sum(amount), sum(amount_usd) from
   reporting.earnings_daily where counts group by 1, 2, 3"
  "earnings_daily, a week"
  "select * from reporting.earnings_daily where day > current_date - 7"
  "growth of running totals, a week"
  "select * from affsync.commission_steps where day > current_date - 7"
  "growth of running totals, all of it"
  "select currency, sum(amount), sum(amount_usd) from affsync.commission_steps group by 1"
  "rebates_monthly, a month"
  "select * from reporting.rebates_monthly where month >= date_trunc('month', now())"
  "rebate_flows, a month"
  "select currency, sum(amount) from affsync.rebate_flows where day > current_date - 30 group by 1"
  "client_performance, one client"
  "select * from reporting.client_performance where source = 'broker-2' and client_ref = 'c1006'"
  "client_performance, a page of 50"
  "select * from reporting.client_performance where source = 'broker-2' and client_ref = any
   ('{$(seq -s, -f 'c%.0f' 1001 5 1246)}')"
  "client_performance, first 50"
  "select * from reporting.client_performance order by source_id, client_ref limit 50"
  "client_performance, best 20"
  "select * from reporting.client_performance order by net_usd desc nulls last limit 20"
  "source_health"
  "select * from reporting.source_health"
  "retroactive_changes, a week"
  "select * from reporting.retroactive_changes where changed_at >= now() - interval '7 days'"
  "clawbacks, a week"
  "select * from reporting.clawbacks where changed_at >= now() - interval '7 days'"
)

measure() {
  printf '\n%-36s %12s %10s %12s\n' "$1" 'ms (median)' rows pages
  local at n
  for ((at = 0; at < ${#questions[@]}; at += 2)); do
    for ((n = 0; n < runs; ++n)); do
      sql -c "explain (analyze, buffers, timing off, summary) ${questions[at + 1]}"
    done > "$work/plans"
    awk -v name="${questions[at]}" '
      /^Planning:/ { planning = 1 }
      /^Execution Time:/ { ms[++count] = $3; planning = 0; top = 1 }
      /rows=/ && (NR == 1 || top) { match($0, /actual rows=[0-9]+/)
                                    rows = substr($0, RSTART + 12, RLENGTH - 12); top = 0; first = 1 }
      /Buffers: shared/ && first && !planning {
        pages = 0; first = 0
        for (i = 3; i <= NF; ++i) {
          if ($i ~ /^(temp|local)/) break
          if ($i ~ /^(hit|read)=/) { split($i, part, "="); pages += part[2] }
        }
      }
      END { for (i = 1; i <= count; ++i) for (j = i + 1; j <= count; ++j)
              if (ms[j] < ms[i]) { t = ms[i]; ms[i] = ms[j]; ms[j] = t }
            printf "%-36s %12.1f %10d %12d\n", name, ms[int((count + 1) / 2)], rows, pages }' "$work/plans"
  done
}
# What the daemon does once a minute. An affsync that keeps no sums has nothing to do.
if [ "$(sql -c "select to_regproc('affsync.fold_earnings')")" ]; then
  begin=$(date +%s%3N)
  sql -c 'set jit = off' -c "do \$\$ begin while affsync.fold_earnings() loop null; end loop; end \$\$"
  echo "days and clients added up in $(($(date +%s%3N) - begin)) ms"
fi
measure "as affsync leaves it, without autovacuum"
sql -c 'vacuum analyze'
measure "with statistics"
