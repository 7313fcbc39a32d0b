#!/bin/sh
# The folders of the engine are layers: no file includes one from the same or a higher layer, except
# from its own folder.
# Usage: floors.sh ROOT
cd "$1/connectors/engine" 2>/dev/null || exit 0

# From the lowest layer up. Folders on one line do not include each other.
layers='values
document
values/spoken
manifest
plan answer
pace
paging
request
rows
.
draft'

# layer FOLDER: prints the number of its layer; nothing for a folder that is not listed
layer() { printf '%s\n' "$layers" | awk -v folder="$1" '{ for (i = 1; i <= NF; ++i) if ($i == folder) print NR }'; }

failed=0
for file in $(find . -name '*.[ch]pp' | sed 's|^\./||'); do
  folder=$(dirname "$file")
  here=$(layer "$folder")
  if [ -z "$here" ]; then
    echo "connectors/engine/$file:1: the folder has no layer: add it to tests/structure/floors.sh"
    failed=1
    continue
  fi
  for included in $(sed -n 's|^#include "connectors/engine/\(.*\)"|\1|p' "$file"); do
    other=$(dirname "$included")
    [ "$other" = "$folder" ] && continue
    there=$(layer "$other")
    [ "${there:-99}" -lt "$here" ] && continue
    echo "connectors/engine/$file: includes $included, which is not in a lower layer"
    failed=1
  done
done
exit $failed
