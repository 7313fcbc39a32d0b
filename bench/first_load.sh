#!/usr/bin/env bash
# Measures the first load and an unchanged second load of N rewards from the sandbox into a private
# PostgreSQL, compared with psql's \copy of the same finished rows into the same table with its
# indexes. Prints rows per second, peak resident memory and WAL bytes.
#
#   scripts/build.sh && bench/first_load.sh [ROWS]        (default 1000000)
set -euo pipefail
cd "$(dirname "$0")/.."

rows=${1:-1000000}
bin=build/release
work=$(mktemp -d /tmp/affsync-bench.XXXXXX)
chmod 755 "$work"
pg_bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)

# PostgreSQL refuses to run as root.
as_pg=()
if [ "$(id -u)" -eq 0 ]; then as_pg=(runuser -u postgres --); fi
mkdir "$work/pg" "$work/sock"
if [ "$(id -u)" -eq 0 ]; then chown postgres: "$work/pg" "$work/sock"; fi

cleanup() {
  [ -n "${sandbox:-}" ] && kill "$sandbox" 2>/dev/null || true
  "${as_pg[@]}" "$pg_bin/pg_ctl" -D "$work/pg" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap cleanup EXIT

"${as_pg[@]}" "$pg_bin/initdb" -D "$work/pg" -U affsync --auth=trust -E UTF8 --locale=C >/dev/null
"${as_pg[@]}" "$pg_bin/pg_ctl" -D "$work/pg" -w -l "$work/pg/server.log" -o "-c listen_addresses='' \
  -c unix_socket_directories=$work/sock -c max_wal_size=4GB -c shared_buffers=512MB \
  -c checkpoint_timeout=30min" start >/dev/null
sql() { psql -X -q -A -t -h "$work/sock" -U affsync -d affsync "$@"; }
psql -X -q -h "$work/sock" -U affsync -d postgres -c 'create database affsync'

"$bin/affsync-sandbox" --port 0 --seed 1 --clients 20000 --days 365 --rewards "$rows" \
  > "$work/sandbox.log" &
sandbox=$!
until url=$(grep -o 'http://[0-9.:]*' "$work/sandbox.log"); do
  kill -0 "$sandbox"
  read -r -t 0.1 _ < <(sleep 0.1) || true
done

cat > "$work/affsync.yaml" <<END
database: {url: "host=$work/sock user=affsync dbname=affsync"}
http: {listen: "off"}
sources:
  - name: bench
    connector: exness
    base_url: $url
    credentials: {login: partner@example.com, password: sandbox-password}
    rate_limit: {requests_per_second: 10000, burst: 10000}
    streams:
      rewards: {start: $(date -u -d '-366 days' +%F), page_size: 1000}
END

wal() { sql -c 'select pg_current_wal_insert_lsn() - '"'0/0'::pg_lsn"; }
milliseconds() { date +%s%3N; }
report() {  # name milliseconds wal_bytes peak_kb
  awk -v n="$1" -v r="$rows" -v ms="$2" -v wal="$3" -v kb="$4" 'BEGIN {
    printf "%-28s %9.0f rows/s  %7.2f s  %7.1f MB WAL  %s\n", n, r * 1000 / ms, ms / 1000,
      wal / 1048576, kb == "" ? "" : sprintf("%.0f MB peak resident", kb / 1024) }'
}
sync() {
  local before start end
  sql -c checkpoint
  before=$(wal)
  start=$(milliseconds)
  /usr/bin/time -f '%M %U %S' -o "$work/time" \
    "$bin/affsync" --config "$work/affsync.yaml" sync --stream rewards "${@:2}" --output json \
    > "$work/result.json" 2> "$work/progress.log" || { cat "$work/progress.log" "$work/result.json"; exit 1; }
  end=$(milliseconds)
  report "$1" $((end - start)) $(($(wal) - before)) "$(cut -d' ' -f1 < "$work/time")"
  echo "    affsync's own CPU: $(cut -d' ' -f2,3 < "$work/time") s user, system;" \
    "$(grep -o '"inserted":[0-9]*\|"updated":[0-9]*\|"unchanged":[0-9]*' "$work/result.json" | tr '\n' ' ')"
}

"$bin/affsync" --config "$work/affsync.yaml" migrate >/dev/null
sync "first load"
tuples() { sql -c "select n_tup_ins + n_tup_upd + n_tup_del from pg_stat_user_tables where relname = 'commission'"; }
sql -c "select pg_stat_force_next_flush()" >/dev/null; before=$(tuples)
sync "the same again (--full)" --full
sql -c "select pg_stat_force_next_flush()" >/dev/null
echo "    tuples written to affsync.commission by the second: $(($(tuples) - before))"

sql -c "\\copy affsync.commission to '$work/rows.copy'"
sql -c 'create table copied (like affsync.commission including all)'
sql -c checkpoint
before=$(wal)
start=$(milliseconds)
sql -c "\\copy copied from '$work/rows.copy'"
end=$(milliseconds)
report "psql \\copy of these rows" $((end - start)) $(($(wal) - before)) ""
sql -c "select 'rows: ' || count(*) || '; sum in USD: ' || sum(amount_usd) from affsync.commission"
echo "the broker's books: $(curl -s "$url/sandbox/books?feed=rewards")"
