# shellcheck shell=bash
# The part of scripts/demo.sh that plays brokers by the fixtures of their connectors. Needs the
# variables player and state, and start_program. Sets a variable with the address of each, inbox, recent
# and more_sources.
# shellcheck disable=SC2034,SC2154  # variables of scripts/demo.sh

# On how many days, up to yesterday, the rows of the fixtures are shown.
played_days=10
recent=$(date -u -d "-$((played_days + 1)) days" +%F)

for connector in bybit hfm cellxpert awin everflow; do
  start_program "$connector" "$player" --connector "$connector" --fixtures "tests/fixtures/$connector" \
    --days "$played_days" 2>>"$state/brokers.log"
done

# write_export FILE: what somebody saved from a portal, 1.250,50 on each of the days.
write_export() {
  local file=$1 back
  {
    echo 'Id;Client;Day;Amount'
    for ((back = played_days; back >= 1; --back)); do
      printf 'P-%s;C-%d;%s;1.250,50\n' "$(date -u -d "-$back days" +%Y%m%d)" $((back % 3)) \
        "$(date -u -d "-$back days" +%d.%m.%Y)"
    done
    echo 'Total;;;12.505,00'
  } >"$file"
}

# Written elsewhere and moved, so that nobody reads half of it.
inbox=$state/inbox
mkdir -p "$inbox"
write_export "$state/commissions.csv"
mv "$state/commissions.csv" "$inbox/"
touch -d '-1 minute' "$inbox/commissions.csv"
echo "  portal in $inbox"

more_sources=$(<config/demo/brokers.yaml)
