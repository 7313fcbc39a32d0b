#!/usr/bin/env bash
# check_manual.sh FOLDER: checks that the manual pages in FOLDER hold what they are made of, and, if man is
# installed, that it formats them without a warning.
set -euo pipefail

cd "$1"
problems=0
complain() {
  echo "$*" >&2
  problems=1
}
has() { grep -qF -- "$2" "$1" || complain "$1 does not say: $2"; }

has affsync.1 '.TH "affsync" "1"'
has affsync.1 'affsync sync'
has affsync.1 '\fB\-q\fR, \fB\-\-quiet\fR'
has affsync.1 'affsync connectors record source'
has affsync.1 "the command line or the configuration is invalid"
has affsync.yaml.5 'mass_drop: 10%'
has affsync.yaml.5 'NO_PROXY'
has affsync-connector.5 '.SH "THE LANGUAGE"'
for page in affsync.1 affsync.yaml.5 affsync-connector.5; do
  # Marks of Markdown that were not understood, outside of examples.
  awk '/^\.EX/ { code = 1 } !code { print FILENAME ":" FNR ": " $0 } /^\.EE/ { code = 0 }' "$page" |
    grep -E ': (\||#+ |<!--|```)|\]\(|(^|[^*])\*\*([^*]|$)' && complain "$page has Markdown in it"
  if command -v man >/dev/null; then
    warnings=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l "$page" 2>&1 >/dev/null)
    [ -z "$warnings" ] || complain "$page: $warnings"
  fi
done
command -v man >/dev/null || echo "man is not installed: the pages were not formatted"
exit "$problems"
