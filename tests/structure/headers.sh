#!/bin/sh
# Every header begins with a comment that states its purpose, and has #pragma once. No file of the
# program has more than 400 lines. A test is in a namespace with the name of its file, since several
# are compiled as one. Usage: headers.sh ROOT
cd "$1" || exit 2
failed=0
complain() {
  echo "$1"
  failed=1
}

for folder in base config connectors schema daemon tests bench; do
  [ -d "$folder" ] || continue
  # shellcheck disable=SC2044  # no path has a blank
  for header in $(find "$folder" -name '*.hpp'); do
    case $(head -n 1 "$header") in
      '// '?*) ;;
      *) complain "$header:1: the first line is not a comment that states the purpose" ;;
    esac
    grep -q '^#pragma once$' "$header" || complain "$header:1: no #pragma once"
  done
done

if [ -d tests ]; then
  # shellcheck disable=SC2044  # no path has a blank
  for file in $(find tests -name '*_test.cpp'); do
    grep -q '^TEST' "$file" || continue
    name=$(basename "$file" .cpp)
    grep -qE "^namespace ([a-z_]+::)*$name \\{" "$file" || complain "$file:1: no namespace $name"
  done
fi

for folder in base config connectors schema daemon; do
  [ -d "$folder" ] || continue
  # shellcheck disable=SC2044  # no path has a blank
  for file in $(find "$folder" -name '*.[ch]pp'); do
    lines=$(wc -l < "$file")
    [ "$lines" -le 400 ] || complain "$file:400: $lines lines, more than 400: split the file"
  done
done
exit $failed
