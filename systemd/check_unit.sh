#!/usr/bin/env bash
# check_unit.sh SYSTEMD_ANALYZE UNIT: checks that the unit is valid and that its exposure level has
# not risen above the limit.
set -euo pipefail

analyze=$1
unit=$2
highest_exposure=1.5

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

# affsync need not be installed for the check: replace it by any existing program. Other units are
# not checked.
sed -e "s|^ExecStart=[^ ]*|ExecStart=$(type -P true)|" "$unit" >"$directory/affsync.service"

complaints=$("$analyze" verify --man=no --recursive-errors=no "$directory/affsync.service" 2>&1) ||
  { echo "$complaints" >&2; exit 1; }
if [ -n "$complaints" ]; then
  echo "$complaints" >&2
  exit 1
fi

exposure=$("$analyze" security --offline=true --no-pager "$directory/affsync.service" |
  sed -n 's/.*Overall exposure level for affsync.service: \([0-9.]*\).*/\1/p')
echo "exposure $exposure, at most $highest_exposure"
awk -v found="$exposure" -v limit="$highest_exposure" \
  'BEGIN { exit !(found != "" && found + 0 <= limit + 0) }'
