# Sourced by the measurements that write their rows with SQL: starts a private PostgreSQL with an empty
# database at the newest version, and stops it at the end. Sets `bin`, `work` and the function `sql`.
# AFFSYNC_BIN: directory of the program (default build/release). KEEP=1 leaves the server running.
# shellcheck shell=bash
bin=${AFFSYNC_BIN:-build/release}
work=$(mktemp -d /var/tmp/affsync-bench.XXXXXX)
chmod 755 "$work"
pg_bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)

# PostgreSQL refuses to run as root.
as_pg=()
if [ "$(id -u)" -eq 0 ]; then as_pg=(runuser -u postgres --); fi
mkdir "$work/pg" "$work/sock"
if [ "$(id -u)" -eq 0 ]; then chown postgres: "$work/pg" "$work/sock"; fi

cleanup() {
  if [ -n "${KEEP:-}" ]; then
    echo "left running: psql -h $work/sock -U affsync affsync; data in $work"
    return
  fi
  "${as_pg[@]}" "$pg_bin/pg_ctl" -D "$work/pg" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap cleanup EXIT

"${as_pg[@]}" "$pg_bin/initdb" -D "$work/pg" -U affsync --auth=trust -E UTF8 --locale=C >/dev/null
"${as_pg[@]}" "$pg_bin/pg_ctl" -D "$work/pg" -w -l "$work/pg/server.log" -o "-c listen_addresses='' \
  -c unix_socket_directories=$work/sock -c max_wal_size=8GB -c shared_buffers=512MB -c fsync=off \
  -c checkpoint_timeout=30min -c autovacuum=off" start >/dev/null
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -h "$work/sock" -U affsync -d affsync "$@"; }
psql -X -q -h "$work/sock" -U affsync -d postgres -c 'create database affsync'
cat > "$work/affsync.yaml" <<END
database: {url: "host=$work/sock user=affsync dbname=affsync"}
http: {listen: "off"}
END
"$bin/affsync" --config "$work/affsync.yaml" migrate >/dev/null
