#!/usr/bin/env bash
# check_completion.sh AFFSYNC: completes command lines in bash, and in zsh and fish if they are installed.
set -euo pipefail

program=$(realpath "$1")
scripts=$(realpath "$(dirname "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
ln -s "$program" affsync
export PATH=$work:$PATH HOME=$work
# Neither the secret nor the file is there: names are completed all the same.
cat >affsync.yaml <<'END'
sources:
  - {name: exness-main, connector: exness, credentials: {login: a, password: "${NOT_SET}"}}
  - {name: northfx, connector: wintrado, credentials: {username: a, password: {file: /none}}}
alerts:
  to:
    - {name: phone, telegram: {token: "${NOT_SET}", chat: "1"}}
    - {name: ops, command: [/bin/true]}
END
mkdir folder && : >sample.csv
export AFFSYNC_CONFIG=$work/affsync.yaml

problems=0
# expect SHELL LINE WORD…: the line is completed by exactly these words.
expect() {
  local shell=$1 line=$2 got
  shift 2
  # Where nothing is offered, zsh's function fails.
  got=$({ "in_$shell" "$line" || true; } | sort | tr '\n' ' ')
  if [ "${got% }" != "$*" ]; then
    echo "$shell: '$line' is completed by '${got% }' instead of '$*'" >&2
    problems=1
  fi
}

# shellcheck disable=SC2317,SC2329  # called as in_$shell
in_bash() {
  bash --norc -c '
    source "$1/affsync.bash"
    compopt() { :; }
    read -ra COMP_WORDS <<<"$2"
    [[ $2 == *" " ]] && COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _affsync
    printf "%s\n" "${COMPREPLY[@]}"' bash "$scripts" "$1"
}
# shellcheck disable=SC2317,SC2329
in_fish() {
  fish --no-config -c "source $scripts/affsync.fish; complete -C '$1'" | cut -f 1
}
# Without a terminal, zsh has no completion system: what it would be told is printed.
# shellcheck disable=SC2317,SC2329
in_zsh() {
  zsh -f -c '
    _describe() { local one; for one in "${(@P)2}"; do print -r -- ${one%%:*}; done }
    _files() { print -rl -- *(N) }
    compdef() { :; }
    source "$1/_affsync"
    words=("${(@s: :)2}")
    CURRENT=$#words
    _affsync' zsh "$scripts" "$1"
}

shells=(bash)
for shell in fish zsh; do
  if command -v $shell >/dev/null; then shells+=("$shell"); else echo "$shell is not installed: not tried"; fi
done
for shell in "${shells[@]}"; do
  expect "$shell" 'affsync sy' sync
  expect "$shell" 'affsync sync --fu' --full
  expect "$shell" 'affsync sync --source ' exness-main northfx
  expect "$shell" 'affsync sync --source exness-main --stream re' rebate_groups rebates rewards
  expect "$shell" 'affsync inspect exness-main wal' wallets
  expect "$shell" 'affsync report ea' earnings
  expect "$shell" 'affsync status --output ' json table
  expect "$shell" 'affsync quarantine re' retry
  expect "$shell" 'affsync connectors wintr' wintrado
  expect "$shell" 'affsync schema ' config connector
  expect "$shell" 'affsync alerts test ' ops phone
  expect "$shell" 'affsync alerts mute commission_' commission_lowered commission_vanished
  # Without its secrets the configuration does not say which database it is.
  expect "$shell" 'affsync sources remove nor' ''
done
expect bash 'affsync import sam' sample.csv
expect bash 'affsync connectors record northfx --to fo' folder
exit $problems
