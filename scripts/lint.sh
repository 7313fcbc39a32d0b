#!/usr/bin/env bash
# Looks for flaws in the files that git knows without running any of them: layout (clang-format),
# habits that lead to errors (clang-tidy), spelling (codespell), scripts (shellcheck). Changes nothing.
#
#   scripts/lint.sh                all of it: some minutes at first, seconds when little has changed
#   scripts/lint.sh format|tidy|spelling|shell…    only these
#   scripts/lint.sh --fix          lays out every source anew, and looks for nothing
#
# clang-format and clang-tidy are of version 19 everywhere, since each lays out and finds other things.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0"; }

sources() { git ls-files -z '*.cpp' '*.hpp'; }

format() {
  sources | xargs -0 -P "$(nproc)" -n 50 clang-format-19 --dry-run --Werror ||
    { echo "scripts/lint.sh --fix lays them out." && return 1; } >&2
}

tidy() {
  local folder=build/ci
  # Any build looks first whether CMake has to run, for files that came or went.
  { [ -e $folder/build.ninja ] || cmake --preset ci >/dev/null; } &&
    cmake --build $folder --target affsync_version_info >/dev/null &&
    scripts/tidy.py clang-tidy-19 $folder
}

spelling() { git ls-files -z | xargs -0 codespell; } # .codespellrc

shell() {
  git grep -lzE '^#!.*[/ ](ba)?sh$' -- ':!*.md' | xargs -0 shellcheck --severity=warning
}

case "${1-}" in
  --help) usage && exit 0 ;;
  --fix)
    sources | xargs -0 -P "$(nproc)" -n 50 clang-format-19 -i
    exit 0
    ;;
esac
parts=("$@")
[ $# -gt 0 ] || parts=(format spelling shell tidy)
failed=()
for part in "${parts[@]}"; do
  case "$part" in
    format | tidy | spelling | shell) ;;
    *) usage >&2 && exit 2 ;;
  esac
  echo "== $part" >&2
  "$part" || failed+=("$part")
done
[ ${#failed[@]} -eq 0 ] || { echo "Flaws were found by: ${failed[*]}" && exit 1; } >&2
