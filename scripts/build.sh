#!/usr/bin/env bash
# Builds the optimised program and prints its path on standard output. Progress goes to standard error:
# ninja's counter on a terminal, elsewhere one line per minute. The first build takes minutes, later ones
# take seconds, and a build with nothing to do prints no progress.
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

# A configured build detects changes by itself.
if [ ! -e $folder/build.ninja ]; then
  cmake --preset release >"$log" 2>&1 || fail
fi

build() { cmake --build --preset release --parallel "$(nproc)"; }

# The number of files to compile is known only after CMake has run again, if it needs to.
ninja -C $folder build.ninja >"$log" 2>&1 || fail
files=$(ninja -C $folder -n 2>/dev/null | grep -c 'Building C') || true
if [ "$files" -gt 20 ]; then
  echo "Building $files files on $(nproc) cores; a full build takes five minutes on two cores." >&2
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
