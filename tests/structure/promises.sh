#!/bin/sh
# Every test that docs/promises.md and SECURITY.md name exists: `Suite.case` as TEST, TEST_F or
# TEST_P of that suite, `Suite.*` as any of its tests. Usage: promises.sh ROOT
cd "$1" || exit 2
[ -f docs/promises.md ] || { echo "docs/promises.md: the file is missing"; exit 1; }
tests=$(mktemp) || exit 2
trap 'rm -f "$tests"' EXIT
find tests -name '*.cpp' -exec cat {} + | tr '\n' ' ' |
  grep -oE 'TEST(_F|_P)?\( *[A-Za-z0-9_]+, *[A-Za-z0-9_]+ *\)' |
  sed -E 's/^TEST(_F|_P)?\( *([A-Za-z0-9_]+), *([A-Za-z0-9_]+) *\)$/\2.\3/' > "$tests"
failed=0
for page in docs/promises.md SECURITY.md; do
  [ -f "$page" ] || continue
  named=0
  for name in $(grep -oE '`[A-Z][A-Za-z0-9]*\.([A-Za-z0-9_]+|\*)`' "$page" | tr -d '`' | sort -u); do
    named=$((named + 1))
    case $name in
      *'.*') grep -q "^${name%.*}\." "$tests" ;;
      *.md) ;;
      *) grep -qxF "$name" "$tests" ;;
    esac || {
      echo "$page:$(grep -nF "$name" "$page" | head -n 1 | cut -d: -f1): there is no test $name"
      failed=1
    }
  done
  [ "$named" -gt 0 ] || { echo "$page:1: names no test"; failed=1; }
done
exit $failed
