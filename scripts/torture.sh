#!/usr/bin/env bash
# Runs affsync for MINUTES under random faults (misbehaving brokers, killed and paused processes, a dying
# database), then compares the database with the brokers' books. Prints the seed and, if the comparison
# fails, the steps and the differences.
#
#   scripts/torture.sh MINUTES [SEED]
set -euo pipefail
cd "$(dirname "$0")/.."

usage() { sed -n '2,6s/^# \{0,1\}//p' "$0"; }
case "${1:-}" in
  --help) usage && exit 0 ;;
  '' | *[!0-9]*) usage >&2 && exit 2 ;;
esac

[ -e build/dev/build.ninja ] || cmake --preset dev >/dev/null
cmake --build --preset dev --target affsync-torture affsync affsync-sandbox >/dev/null
exec build/dev/affsync-torture --seconds "$(($1 * 60))" ${2:+--seed "$2"}
