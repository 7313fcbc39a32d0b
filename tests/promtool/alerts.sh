#!/bin/sh
# Checks the alerting rules with promtool: they are well-formed, fire, stay quiet and resolve, and
# name only metrics that affsync has. $1: the root of the tree.
set -eu
rules=$1/config/prometheus/alerts.yml
# scripts/install_dependencies.sh --tests puts it there.
PATH=$PATH:$HOME/.cache/affsync/prometheus/usr/bin
if ! command -v promtool >/dev/null; then
  echo "SKIPPED: promtool is not installed (Debian package prometheus)"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$rules" "$1/tests/promtool/alerts_test.yml" "$work"
promtool check rules "$work/alerts.yml"
(cd "$work" && promtool test rules alerts_test.yml)
for name in $(grep -v '^ *#\|summary:' "$rules" | grep -o 'affsync_[a-z_]*' | sed 's/_bucket$//' | sort -u); do
  grep -q "^$name " "$1/tests/unit/serve/metric_names.txt" || { echo "no such metric: $name"; exit 1; }
done
for alert in $(sed -n 's/^ *- alert: //p' "$rules"); do
  grep -q "alertname: $alert" "$1/tests/promtool/alerts_test.yml" || { echo "no test of $alert"; exit 1; }
done
