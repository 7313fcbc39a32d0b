#!/bin/sh
# Finds what g++ 12 miscompiles in an expression with co_await or co_spawn: a lambda with captures
# by value or an aggregate in braces written in place (destroyed twice or too early), and ?: with
# co_await in a branch. Fix: name the object first and std::move it in. This matches the text of
# statements; it is not a parser. Usage: coroutines.sh ROOT
cd "$1" || exit 2
failed=0
for folder in base config connectors schema daemon tests bench; do
  [ -d "$folder" ] || continue
  # shellcheck disable=SC2044  # no path has a blank
  for file in $(find "$folder" -name '*.[ch]pp'); do
    awk '
      function complain(what) {
        printf "%s:%d: %s in an expression with co_await or co_spawn\n", FILENAME, start, what
        bad = 1
      }
      # Whether the text has a lambda that captures by value; `this` and references are fine.
      function captures_by_value(text,    list) {
        # A bracket after a name or a closing bracket is a subscript.
        while (match(text, /(^|[^A-Za-z0-9_)\]])\[[^][]*\]/)) {
          list = substr(text, RSTART, RLENGTH)
          sub(/^[^[]*\[/, "", list)
          sub(/\]$/, "", list)
          gsub(/&[A-Za-z_0-9]+ *= *[^,]*/, "", list)
          gsub(/&[A-Za-z_0-9]*/, "", list)
          gsub(/(^|[ ,])this([ ,]|$)/, " ", list)
          gsub(/[ ,]/, "", list)
          if (list != "") return 1
          text = substr(text, RSTART + RLENGTH)
        }
        return 0
      }
      function check(    rest) {
        if (statement ~ /\?[^;]*co_await/) complain("?: with co_await in a branch")
        if (!match(statement, /co_await|co_spawn/)) return
        rest = substr(statement, RSTART)
        if (captures_by_value(rest)) complain("a lambda that captures by value")
        if (rest ~ /[(,] *\{/ || rest ~ /[^A-Za-z0-9_][A-Z][A-Za-z0-9_]*\{/) {
          complain("an object built in braces")
        }
      }
      {
        line = $0
        gsub(/\\./, "", line)
        gsub(/"[^"]*"/, "\"\"", line)
        gsub(/\047[^\047]*\047/, "0", line)
        sub(/\/\/.*/, "", line)
        if (line ~ /^ *#/) next
        if (statement == "") start = FNR
        statement = statement " " line
        if (line ~ /[;{}] *$/) {
          check()
          statement = ""
        } else if (statement ~ /^ *$/) {
          statement = ""
        }
      }
      END { exit bad }
    ' "$file" || failed=1
  done
done
exit $failed
