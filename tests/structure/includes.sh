#!/bin/sh
# Who may include whom: daemon -> {connectors, schema, config} -> base, and each heavy library in
# one place only. Usage: includes.sh ROOT
cd "$1" || exit 2
failed=0

# sources DIR...: the C++ files below those of the folders that exist
sources() {
  for folder in "$@"; do
    [ -d "$folder" ] && find "$folder" -name '*.[ch]pp'
  done
}

# forbid REASON PATTERN FILES: no file includes what matches PATTERN, an extended regular
# expression for the text after #include.
forbid() {
  reason=$1 pattern=$2 files=$3
  [ -n "$files" ] || return 0
  # /dev/null makes grep name the file even if it is the only one.
  # shellcheck disable=SC2086
  found=$(grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*$pattern" $files /dev/null)
  [ -z "$found" ] && return 0
  printf '%s:\n%s\n' "$reason" "$found"
  failed=1
}

all=$(sources base config connectors schema daemon)
without() { printf '%s\n' "$all" | grep -vE "$1"; }

forbid 'base includes no other part' '"(config|connectors|schema|daemon)/' "$(sources base)"
forbid 'config includes base only' '"(connectors|schema|daemon)/' "$(sources config)"
forbid 'connectors include base only' '"(config|schema|daemon)/' "$(sources connectors)"
forbid 'schema includes base only' '"(config|connectors|daemon)/' "$(sources schema)"

forbid 'base is pure: no network, database or log library' \
  '[<"](boost/(asio|beast)|pqxx|libpq|spdlog)' "$(sources base)"
forbid 'config is pure: no network, database or log library' \
  '[<"](boost/(asio|beast)|pqxx|libpq|spdlog)' "$(sources config)"
forbid 'the engine is pure: no network, database or log library' \
  '[<"](boost/(asio|beast)|pqxx|libpq|spdlog)' "$(sources connectors)"
forbid 'schema speaks to PostgreSQL only' '[<"](boost/beast|yaml-cpp|base/yaml)' "$(sources schema)"

forbid 'only daemon/net includes Beast and asio::ssl' '[<"]boost/(beast|asio/ssl)' \
  "$(without '^daemon/net/')"
forbid 'only base/json_parse.cpp includes nlohmann' '[<"]nlohmann/' \
  "$(without '^base/json_parse\.cpp$')"
forbid 'only base/yaml includes yaml-cpp' '[<"]yaml-cpp/' "$(without '^base/yaml/')"
forbid 'only daemon/log includes spdlog' '[<"]spdlog/' "$(without '^daemon/log/')"
forbid 'only daemon/cli includes CLI11' '[<"]CLI/' "$(without '^daemon/cli/')"

# version_info.hpp is made by the build, outside of the tree.
paths=$(printf '%s\n' "$all" | xargs grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"([^"/]*|\.\.?/[^"]*)"' /dev/null |
  grep -v '"version_info\.hpp"')
if [ -n "$paths" ]; then
  printf 'includes are by path from the root:\n%s\n' "$paths"
  failed=1
fi

exit $failed
