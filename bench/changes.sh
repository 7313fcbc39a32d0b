#!/usr/bin/env bash
# Measures what is asked of three years of changes, on a private PostgreSQL with 5 sources of N commissions
# each, of which each was corrected twice, and 500 running totals that grew on each day of a year, written
# with SQL. The median of three, in a session without JIT, and what came out of all of it, so that two
# programs can be compared.
#
#   scripts/build.sh && bench/changes.sh [N]        (default 40000)
#
# For KEEP and AFFSYNC_BIN see bench/reading/server.sh.
# shellcheck disable=SC1091,SC2154  # server.sh
set -euo pipefail
cd "$(dirname "$0")/.."

rows=${1:-40000}
. bench/reading/server.sh
export PGOPTIONS="-c jit=off"

ask() {
  local name=$1 query=$2
  local times
  times=$(sql -c '\o /dev/null' -c '\timing on' -c "$query" -c "$query" -c "$query" |
    sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | sort -n | sed -n 2p)
  echo "$name: $times ms"
}

sql -v sources=5 -v rows="$rows" -f bench/reading/years.sql
sql -c 'VACUUM ANALYZE'
echo "$(sql -c 'SELECT count(*) FROM affsync.record_change') changes"
for view in retroactive_changes clawbacks; do
  ask "$view, a week" "SELECT * FROM reporting.$view WHERE changed_at > now() - interval '7 days'"
  ask "$view, a month two years ago" "SELECT * FROM reporting.$view
    WHERE changed_at BETWEEN now() - interval '25 months' AND now() - interval '24 months'"
  begin=$(date +%s%N)
  told=$(sql -c "SELECT count(*), sum(difference), md5(string_agg(concat_ws(',', v.source, v.changed_at, v.external_id,
    v.before, v.after, v.currency), ';' ORDER BY v.source, v.external_id, v.changed_at)) FROM reporting.$view v")
  echo "$view, all of it: $((($(date +%s%N) - begin) / 1000000)) ms ($told)"
done
