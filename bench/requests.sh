#!/usr/bin/env bash
# Counts the requests of each stream of the shipped connectors: a first pass, a steady one (nothing new
# at the broker) and a full one, against the sandbox brokers. Beside each the least that the broker's
# API allows with the evidence there is: the pages of the largest size that it is known to give, and
# one for each window that its rows need.
#
#   scripts/build.sh && bench/requests.sh            (a minute; needs initdb and postgres, no server)
set -euo pipefail
cd "$(dirname "$0")/.."

bin=$(realpath "${AFFSYNC_BIN:-build/release}")
work=$(mktemp -d /tmp/affsync-requests.XXXXXX)
chmod 755 "$work"
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT

declare -A urls
# start NAME ARGUMENTS…: a sandbox; its address is in urls[NAME].
start() {
  local name=$1 url
  shift
  "$bin/affsync-sandbox" --port 0 --broker "$name" "$@" > "$work/$name.log" &
  until url=$(grep -o 'http://[0-9.:]*' "$work/$name.log"); do
    kill -0 $!
    read -r -t 0.1 _ < <(sleep 0.1) || true
  done
  urls[$name]=$url
}
start exness --seed 1 --clients 3000 --days 700 --rows 20000
start wintrado --seed 2 --clients 2500 --days 365
start iexexchanger --seed 3 --days 365
start iexexchanger_v3 --seed 4 --days 365 --per-minute 100000
start rates --seed 5

cat > "$work/affsync.yaml" <<END
database: {url: embedded, state_dir: "$work/state"}
http: {listen: "off"}
sources:
  - {name: exness, connector: exness, base_url: "${urls[exness]}", rate_limit: &fast {requests_per_second: 500, burst: 500},
     credentials: {login: partner@example.com, password: sandbox-password}, streams: {orders: {enabled: true}}}
  - {name: wintrado, connector: wintrado, base_url: "${urls[wintrado]}", rate_limit: *fast,
     credentials: {username: partner@example.com, password: sandbox-password}}
  - {name: iexexchanger, connector: iexexchanger, base_url: "${urls[iexexchanger]}", rate_limit: *fast,
     credentials: {api_key: sandbox-key}}
  - {name: iexexchanger_v3, connector: iexexchanger_v3, base_url: "${urls[iexexchanger_v3]}", rate_limit: *fast,
     credentials: {api_key: sandbox-key}}
  - {name: ecb_rates, connector: ecb_rates, base_url: "${urls[rates]}", rate_limit: *fast}
  - {name: currency_api, connector: currency_api, base_url: "${urls[rates]}", rate_limit: *fast}
END
for pass in first steady full; do
  more=()
  [ $pass != full ] || more=(--full)
  "$bin/affsync" --config "$work/affsync.yaml" sync "${more[@]}" --output json > "$work/$pass.json" \
    2> "$work/$pass.log" || { tail -n 20 "$work/$pass.log" >&2; true; }
done

python3 - "$work" <<'END'
import datetime, json, math, sys
passes = {name: json.load(open(f"{sys.argv[1]}/{name}.json"))["streams"] for name in ("first", "steady", "full")}
today = datetime.date.today()
since = lambda day: (today - datetime.date.fromisoformat(day)).days + 1
# Rows in the largest page; days in the longest window with evidence; days with rows in the sandbox;
# days that a steady pass has to ask for again; whether a steady pass can ask for changes only.
kinds = {
    "exness/accounts": dict(page=1000),
    "exness/rewards": dict(page=1000, window=31, days=700, again=7),
    "exness/orders": dict(page=1000, window=31, days=700, again=7),
    "exness/": dict(page=500),
    "wintrado/clients": dict(page=100, changes=True),
    "wintrado/": dict(page=100),
    "iexexchanger/": dict(page=20),
    "iexexchanger_v3/exchanges": dict(page=100, window=92, days=365, again=30),
    "iexexchanger_v3/": dict(page=100),
    "ecb_rates/": dict(page=10**9, window=366, days=since("2024-01-01"), again=7),
    "currency_api/": dict(page=10**9, window=1, days=since("2026-01-01"), again=3),
}
print("| stream | rows | first pass | least | steady pass | least | full pass |")
print("|---|---|---|---|---|---|---|")
for first, steady, full in zip(*passes.values()):
    name = first["source"] + "/" + first["stream"]
    if first["status"] == "skipped":
        continue
    kind = kinds.get(name) or kinds[first["source"] + "/"]
    rows = first["rows_read"]
    pages = lambda count: max(1, math.ceil(count / kind["page"]))
    least = again = pages(rows)
    if "window" in kind:
        least = max(math.ceil(kind["days"] / kind["window"]), least)
        again = max(math.ceil(kind["again"] / kind["window"]), 1)
    if "changes" in kind:
        again = 1
    cells = [name, f"{rows:,}", first["requests"], least, steady["requests"], again, full["requests"]]
    print("| " + " | ".join(str(cell) for cell in cells) + " |")
END
