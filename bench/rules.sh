#!/usr/bin/env bash
# Measures the rules of alerts that read the most, on a private PostgreSQL with N sources of 500 running
# totals each, which grew four times on each of the last three days, written with SQL; then with a source
# of which 100,000 rows changed twice, half of them downwards.
#
#   scripts/build.sh && bench/rules.sh [SOURCES]        (default 200)
#
# For KEEP and AFFSYNC_BIN see bench/reading/server.sh.
# shellcheck disable=SC1091,SC2154  # server.sh
set -euo pipefail
cd "$(dirname "$0")/.."

sources=${1:-200}
. bench/reading/server.sh

# The median of three, in ms, in a session with the settings of a judgement.
ask() {
  local name=$1 before=$2 query=$3
  local times
  times=$(sql -c 'SET jit = off; SET enable_seqscan = off' -c "$before" -c '\timing on' -c "$query" -c "$query" \
    -c "$query" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | sort -n | sed -n 2p)
  echo "$name: $times ms"
}
all() {
  ask commission_lowered 'SELECT' "SELECT count(*) FROM affsync.losses_of_sources(now() - interval '3 days', false, false)"
  ask commission_vanished 'SELECT' "SELECT count(*) FROM affsync.losses_of_sources(now() - interval '3 days', true, false)"
  ask silence "PREPARE silence AS $(cat schema/alerts/14_silence.sql)" "EXECUTE silence
    ('{\"history\": \"15552000\", \"gaps\": \"10\", \"longer\": \"50\", \"at_least\": \"172800\"}', now(), '{\"skewed\": []}')"
}

sql -v sources="$sources" -f bench/reading/totals.sql
sql -c 'VACUUM ANALYZE'
echo "$sources sources, $(sql -c 'SELECT count(*) FROM affsync.record_change') changes"
all
sql -v number="$((sources + 1))" -f bench/reading/falls.sql
sql -c 'VACUUM ANALYZE'
echo "one more, of which 50,000 rows fell"
all
