#!/usr/bin/env bash
# Builds the fuzzers with clang, and runs each given target for the given time:
#   scripts/fuzz.sh [SECONDS] [TARGET…]        default: 60 seconds, all targets
# Inputs that reach new code are kept in build/fuzz/corpus/TARGET, findings in build/fuzz/findings.
# To reproduce a finding: build/fuzz/fuzz_TARGET FINDING. Once it is fixed, move the file to
# tests/fuzz/corpus/TARGET; the test fuzz_replay tries it from then on.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=60
if [[ ${1:-} =~ ^[0-9]+$ ]]; then
  seconds=$1
  shift
fi
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for folder in tests/fuzz/corpus/*/; do targets+=("$(basename "$folder")"); done
fi
for target in "${targets[@]}"; do
  [ -d "tests/fuzz/corpus/$target" ] && continue
  echo "There is no target $target. The targets are:" tests/fuzz/corpus/* >&2
  exit 2
done
if ! command -v clang++ >/dev/null; then
  echo "The fuzzers need clang. Install it: apt-get install clang" >&2
  exit 2
fi

cmake --preset fuzz >/dev/null
cmake --build build/fuzz --target "${targets[@]/#/fuzz_}"

export ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1
findings=build/fuzz/findings
mkdir -p "$findings"
failed=()
for target in "${targets[@]}"; do
  kept=build/fuzz/corpus/$target
  mkdir -p "$kept"
  options=(-max_total_time="$seconds" -timeout=60 -rss_limit_mb=2048 -max_len=8192
    -artifact_prefix="$findings/$target-" -print_final_stats=1)
  words=tests/fuzz/$target.dict
  [ -f "$words" ] && options+=(-dict="$words")
  echo "== $target: log in build/fuzz/$target.log"
  if nice -n 10 "build/fuzz/fuzz_$target" "${options[@]}" "$kept" "tests/fuzz/corpus/$target" \
    2>"build/fuzz/$target.log"; then
    grep -E '^stat::(number_of_executed_units|average_exec_per_sec)' "build/fuzz/$target.log"
  else
    failed+=("$target")
    tail -n 40 "build/fuzz/$target.log"
  fi
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "These targets failed: ${failed[*]}. See $findings and build/fuzz/TARGET.log." >&2
  exit 1
fi
