#!/usr/bin/env bash
# Measures affsync: a first load, the same data again, one row in a hundred changed, all rows changed,
# each with and without the planner's statistics, beside psql's \copy of the finished rows and beside
# scripts that do the same work (bench/peers). Prints one Markdown table of medians, and fails if the
# rows in the database ever differ from the broker's books. Needs a release build (scripts/build.sh).
#
#   bench/run.sh                      200,000 rows in pages of 1,000, five interleaved runs
#   bench/run.sh --quick              50,000 rows, three runs
#   bench/run.sh --peers              the scripts too (bench/run.sh --install gets what they need)
#   bench/run.sh --sizes "10000 100000 1000000"     the cost of a row at each size
#   AFFSYNC="old new" bench/run.sh    compares binaries side by side
#   bench/run.sh --wire "20 100 400" --concurrency 8      what is reached of concurrency / latency
#   bench/run.sh --fleet 1000 --rows 100       a daemon with a thousand sources, 5 ms from its database
#   bench/run.sh --help               all options
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1-}" = --install ]; then
  as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }
  packages=(python3-psycopg2 python3-requests time)
  command -v node >/dev/null || packages+=(nodejs)
  command -v npm >/dev/null || packages+=(npm)
  as_root apt-get install -y --no-install-recommends "${packages[@]}"
  exec npm install --no-audit --no-fund --prefix bench/peers
fi
# Debian's own interpreter is the one that python3-psycopg2 belongs to.
python=/usr/bin/python3
[ -x "$python" ] || python=python3
exec env PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=bench "$python" -m harness "$@"
