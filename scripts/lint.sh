#!/usr/bin/env bash
# Checks the files that git tracks, without running them: formatting (clang-format), error-prone C++
# (clang-tidy), spelling (codespell), shell scripts (shellcheck). Changes nothing unless --fix is given.
#
#   scripts/lint.sh                all checks: minutes the first time, seconds if little has changed
#   scripts/lint.sh format|tidy|spelling|shell…    only these checks
#   scripts/lint.sh --fix          formats every C++ source, and checks nothing
#
# clang-format and clang-tidy must be version 19, since versions differ in what they format and find.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0"; }

sources() { git ls-files -z '*.cpp' '*.hpp'; }

format() {
  sources | xargs -0 -P "$(nproc)" -n 50 clang-format-19 --dry-run --Werror ||
    { echo "Run scripts/lint.sh --fix to format these files." && return 1; } >&2
}

tidy() {
  local folder=build/ci
  # Building any target first runs CMake again if files were added or removed.
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
[ ${#failed[@]} -eq 0 ] || { echo "These checks failed: ${failed[*]}" && exit 1; } >&2
