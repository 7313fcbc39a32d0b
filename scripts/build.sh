#!/usr/bin/env bash
# Builds the optimised program and prints its path. The first build takes minutes, later ones
# seconds. What the compiler says is shown only when it fails.
set -euo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT

quietly() {
  "$@" >"$log" 2>&1 || {
    cat "$log" >&2
    echo "failed: $*" >&2
    exit 1
  }
}

# Once configured, the build looks itself for what has changed.
[ -e build/release/build.ninja ] || quietly cmake --preset release
quietly cmake --build --preset release --parallel "$(nproc)"
echo "$PWD/build/release/affsync"
