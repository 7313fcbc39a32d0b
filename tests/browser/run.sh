#!/bin/sh
# Runs pages_test.mjs, or says what is missing for it. Usage: run.sh AFFSYNC SANDBOX
cd "$(dirname "$0")" || exit 2
for program in node chromium; do
  if ! command -v "$program" >/dev/null; then
    echo "skipped: there is no $program; scripts/install_dependencies.sh --browser installs it"
    exit 77
  fi
done
if [ ! -d node_modules/puppeteer-core ] || [ ! -d node_modules/axe-core ]; then
  echo "skipped: no node_modules; run: npm ci --prefix tests/browser"
  exit 77
fi
exec node --test-reporter=spec pages_test.mjs "$@"
