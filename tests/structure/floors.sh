#!/bin/sh
# The wings of the engine stand on each other: no header includes one of a higher floor. Usage:
# floors.sh ROOT
cd "$1/connectors/engine" 2>/dev/null || exit 0

# From the ground up; wings on one line stand side by side and do not include each other.
floors='values
values/spoken
manifest
plan pace answer
paging
request
rows
.'

# floor FOLDER: the number of its floor; empty for a folder that has none
floor() { printf '%s\n' "$floors" | awk -v wing="$1" '{ for (i = 1; i <= NF; ++i) if ($i == wing) print NR }'; }

failed=0
for header in $(find . -name '*.hpp' | sed 's|^\./||'); do
  wing=$(dirname "$header")
  here=$(floor "$wing")
  if [ -z "$here" ]; then
    echo "connectors/engine/$header:1: the folder has no floor yet: see tests/structure/floors.sh"
    failed=1
    continue
  fi
  for included in $(sed -n 's|^#include "connectors/engine/\(.*\)"|\1|p' "$header"); do
    other=$(dirname "$included")
    [ "$other" = "$wing" ] && continue
    there=$(floor "$other")
    [ "${there:-99}" -lt "$here" ] && continue
    echo "connectors/engine/$header: includes $included, which is not below it"
    failed=1
  done
done
exit $failed
