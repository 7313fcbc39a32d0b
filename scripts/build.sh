#!/usr/bin/env bash
# Builds the optimised program and prints its path on standard output; what there is to say meanwhile
# goes to standard error: on a terminal the count of ninja, elsewhere a line a minute. The first build
# takes minutes, later ones seconds, and one with nothing to do says nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=build/release

log=$(mktemp)
trap 'rm -f "$log"' EXIT

fail() {
  cat "$log" >&2
  echo "The build failed." >&2
  exit 1
}

# Once configured, the build looks itself for what has changed.
if [ ! -e $folder/build.ninja ]; then
  cmake --preset release >"$log" 2>&1 || fail
fi

build() { cmake --build --preset release --parallel "$(nproc)"; }

# How many files are to be compiled, known once CMake has run where it has to.
ninja -C $folder build.ninja >"$log" 2>&1 || fail
files=$(ninja -C $folder -n 2>/dev/null | grep -c 'Building C') || true
if [ "$files" -gt 20 ]; then
  echo "Building $files files on $(nproc) cores; from nothing it takes two or three minutes on two." >&2
fi
if [ -t 2 ] && [ "$files" -gt 0 ]; then
  NINJA_STATUS='[%f/%t, %e s] ' build >&2 || fail
else
  build >"$log" 2>&1 &
  builder=$!
  trap 'kill "$builder" 2>/dev/null || true; rm -f "$log"' EXIT
  next=60
  while kill -0 "$builder" 2>/dev/null; do
    sleep 0.2
    if [ "$SECONDS" -ge "$next" ]; then
      next=$((next + 60))
      echo "  $(grep -oE '^\[[0-9]+/[0-9]+\]' "$log" | tail -n 1) after $((SECONDS / 60)) min" >&2
    fi
  done
  wait "$builder" || fail
  [ "$files" -le 20 ] || echo "Built in $SECONDS s." >&2
fi
echo "$PWD/$folder/affsync"
