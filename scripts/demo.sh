#!/usr/bin/env bash
# Demonstrates affsync: installs missing packages, builds, starts brokers of ten kinds, reads them into a
# private PostgreSQL, prints the reports, and then runs the daemon until Ctrl-C.
# The next time this takes seconds, since the build and the data are kept.
#
#   scripts/demo.sh           runs until Ctrl-C
#   scripts/demo.sh --once    ends after the reports
#   scripts/demo.sh --clean   removes only the demo's data
set -euo pipefail
cd "$(dirname "$0")/.."

usage() { sed -n '2,8s/^# \{0,1\}//p' "$0"; }

mode=${1:-}
case "$mode" in
  '' | --once | --clean) ;;
  --help) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
esac

# If this script runs as root, the private PostgreSQL runs as the user postgres, who cannot enter /root.
if [ "$(id -u)" -eq 0 ]; then
  state=/var/lib/affsync-demo
else
  state=${XDG_STATE_HOME:-$HOME/.local/state}/affsync-demo
fi
if [ "$mode" = --clean ]; then
  rm -rf "$state"
  exit 0
fi

started=()
stop_what_was_started() {
  trap - EXIT INT TERM HUP
  # In reverse order: the daemon before its brokers.
  for ((index = ${#started[@]} - 1; index >= 0; --index)); do
    kill -TERM "${started[index]}" 2>/dev/null || true
    wait "${started[index]}" 2>/dev/null || true
  done
}
trap stop_what_was_started EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n%s\n' "$*"; }

say "Installing missing packages, and building"
scripts/install_dependencies.sh
affsync=$(scripts/build.sh)
sandbox=${affsync%/*}/affsync-sandbox
# shellcheck disable=SC2034 # scripts/demo_brokers.sh uses it
player=${affsync%/*}/affsync-player
echo "$affsync"

# start_program NAME PROGRAM OPTION…: starts a broker, and sets the variable NAME to its address. The
# broker ends with this script in any case.
start_program() {
  local name=$1 line
  shift
  exec {broker}< <(exec setsid "$@")
  started+=("$!")
  read -r -t 60 line <&"$broker" || {
    echo "The fake broker $name did not start within 60 seconds." >&2
    exit 1
  }
  printf -v "$name" %s "${line#listening on }"
  echo "  $name at ${!name}"
}
start_broker() { start_program "$1" "$sandbox" --port 0 --broker "$@" "${stands_at[@]}"; }

# Prints the first free port from 9464 on.
free_port() {
  local port=9464
  while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
  echo "$port"
}

say "Starting fake brokers"
mkdir -p "$state"
# The data are kept, so the brokers stay at the day of the first start: they make their rows anew each time,
# and with another day each row would be another one under the same key.
[ -s "$state/day" ] || date -u +%F >"$state/day"
day=$(<"$state/day")
stands_at=(--today "$day")
[ "$day" = "$(date -u +%F)" ] || echo "  They stand at $day, when this demo began; $0 --clean lets it begin anew."
start_broker exness --seed 1 --clients 300 --days 365 --payouts-path /api/payouts/
start_broker wintrado --seed 2 --clients 150 --days 365
start_broker iexexchanger --seed 3 --days 365
start_broker iexexchanger_v3 --seed 4 --days 365
start_broker rates --seed 5 --days 400
start_broker hooks

say "Playing brokers of further connectors"
. scripts/demo_brokers.sh
listen=127.0.0.1:$(free_port)
# shellcheck disable=SC2034  # read by their names, like the variables of the brokers
connectors=$PWD/config/demo/connectors
# shellcheck disable=SC2034
history=$(date -u -d '-370 days' +%F)
config=$(<config/demo.yaml)
# shellcheck disable=SC2154  # set by demo_brokers.sh
config=${config//  # @more_sources@/"$more_sources"}
for name in state listen history connectors exness wintrado iexexchanger iexexchanger_v3 rates hooks \
  recent inbox bybit hfm cellxpert awin everflow; do
  config=${config//@$name@/"${!name}"}
done
printf '%s\n' "$config" >"$state/affsync.yaml"
export AFFSYNC_CONFIG=$state/affsync.yaml

say "affsync sync"
"$affsync" sync

last_month=$(date -u -d '-30 days' +%F)
for report in 'earnings --by source' 'earnings --by month' 'earnings --by currency' \
  'clients --limit 10' "payouts --since $last_month"; do
  say "affsync report $report"
  # shellcheck disable=SC2086  # the report and its options are words
  "$affsync" report $report
done
say "The next day: northfx pays, and lowers earlier commissions; obmen24 refuses a payout; a key dies at swapdesk"
# change_broker URL PARAMETERS: what happens at a fake broker.
change_broker() { curl -sf -m 10 -o /dev/null -X POST "$1/sandbox/control?$2"; }
# shellcheck disable=SC2154  # set by start_broker
{
  change_broker "$wintrado" 'do=pay&feed=ledger&rows=6'
  change_broker "$wintrado" 'do=correct&feed=ledger&rows=3&seed=7'
  change_broker "$iexexchanger" 'do=reject&feed=withdrawals&rows=1'
  change_broker "$iexexchanger_v3" 'do=expire_tokens'
}
echo "What the receivers of alerts get is shown as it arrives."
"$affsync" sync --source northfx --source obmen24 --source swapdesk --full || true
say 'affsync alerts'
"$affsync" alerts
say 'affsync report changes'
"$affsync" report changes --limit 10

[ "$mode" = --once ] && exit 0

say "affsync run"
# The daemon gets its own session, so that Ctrl-C reaches only this script, which stops all in order.
setsid "$affsync" run >"$state/affsync.log" 2>&1 &
daemon=$!
started+=("$daemon")
# Alive is enough: /readyz says no as long as swapdesk refuses the key.
until [ "$(curl -s -o /dev/null -m 5 -w '%{http_code}' "http://$listen/healthz")" = 200 ]; do
  kill -0 "$daemon" 2>/dev/null || {
    cat "$state/affsync.log" >&2
    exit 1
  }
  sleep 0.2
done
cat <<END
The daemon is running and reads each stream once a minute. Ctrl-C stops everything that this script started.

  status page http://$listen/
  metrics     http://$listen/metrics
  SQL         psql "$("$affsync" status --output json | sed -n 's/.*"database":"\([^"]*\)".*/\1/p')"
  commands    export AFFSYNC_CONFIG=$AFFSYNC_CONFIG
              $affsync status
  log         $state/affsync.log
END
wait "$daemon"
