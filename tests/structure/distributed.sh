#!/bin/sh
# A file in schema/*/distributed takes the place of the one of the same name above it where Citus distributes the
# tables, which no CI runs. It names the checksum of that one, so that whoever changes it looks at both.
# Usage: distributed.sh ROOT
failed=0
for file in "$1"/schema/*/distributed/*.sql; do
  [ -e "$file" ] || continue
  plain=$(dirname "$(dirname "$file")")/$(basename "$file")
  if [ ! -e "$plain" ]; then
    echo "$file: there is no $plain" && failed=1
    continue
  fi
  sum=$(sha256sum <"$plain" | cut -c 1-12)
  grep -q "^-- beside: $sum\$" "$file" ||
    { echo "$file: $plain has changed; see what it means here, then write: -- beside: $sum" && failed=1; }
done
exit $failed
