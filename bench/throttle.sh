#!/usr/bin/env bash
# Measures how close a long sync comes to a broker's request limit without knowing it. The sandbox
# answers R requests per second from a token bucket and refuses the rest with 429. Prints a
# Markdown table of the rate reached and the share of refused requests for each R. Promised: 0.9 R, 2 %.
#
#   scripts/build.sh && bench/throttle.sh [R…]        (default 2 5 20 50; R = 2 takes five minutes,
#                                                      from 20 on it is a minute and a half)
#   REQUESTS=250 bench/throttle.sh 8 20               short syncs
#   FORM=seconds, HEADERS=seconds                     with Retry-After, with X-RateLimit headers
#   DATABASE=postgresql://… PASSES=2                  stores the rows there, in processes one after the other, each
#                                                     of which knows what was learned; prints a line for each
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -gt 0 ] || set -- 2 5 20 50
bin=${AFFSYNC_BIN:-build/release}
work=$(mktemp -d /tmp/affsync-bench.XXXXXX)
passes=${PASSES:-1}
how=--dry-run
[ -z "${DATABASE:-}" ] || how=--full
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

number() { grep -o "\"$1\":[0-9]*" "$work/result.json" | head -n 1 | cut -d: -f2; }

echo '| R | requests | seconds | reached | of R | refused |'
echo '|---|---|---|---|---|---|'
for rate; do
  # Enough pages of ten rows that learning the rate is a small part of the run.
  requests=${REQUESTS:-$(awk -v r="$rate" 'BEGIN { n = r * 90; print int(n < 600 ? 600 : n) }')}
  : > "$work/sandbox.log"  # of the rate before; its address must not be taken for the new one's
  "$bin/affsync-sandbox" --port 0 --seed 7 --clients 500 --days 30 --rewards $((requests * 9)) \
    --rate "$rate" --burst 5 --throttle-form "${FORM:-none}" --rate-headers "${HEADERS:-off}" > "$work/sandbox.log" &
  sandbox=$!
  until url=$(grep -o 'http://[0-9.:]*' "$work/sandbox.log"); do
    kill -0 "$sandbox"
    read -r -t 0.1 _ < <(sleep 0.1) || true
  done
  cat > "$work/affsync.yaml" <<END
database: {url: "${DATABASE:-postgresql:///unused}"}
http: {listen: "off"}
sources:
  - name: bench
    connector: exness
    base_url: $url
    credentials: {login: partner@example.com, password: sandbox-password}
    streams:
      rewards: {start: $(date -u -d '-30 days' +%F), page_size: 10}
END
  for _ in $(seq "$passes"); do
    start=$(date +%s%3N)
    "$bin/affsync" --config "$work/affsync.yaml" sync "$how" --stream rewards --output json \
      > "$work/result.json" 2> "$work/progress.log" || { cat "$work/progress.log"; exit 1; }
    end=$(date +%s%3N)
    awk -v r="$rate" -v n="$(number requests)" -v t="$(number throttled)" -v ms=$((end - start)) \
      'BEGIN { reached = (n - t) * 1000 / ms
               printf "| %s | %d | %.1f | %.2f | %.1f %% | %.2f %% |\n", r, n, ms / 1000, reached,
                 100 * reached / r, 100 * t / n }'
  done
  kill "$sandbox"
  wait "$sandbox" 2>/dev/null || true
done
