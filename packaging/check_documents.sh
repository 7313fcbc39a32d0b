#!/bin/sh
# check_documents.sh FOLDER: checks that each link of the documents in FOLDER, of an installation, leads to a file.
set -eu
cd "${1:?FOLDER}"
lost=0
for file in README.md SECURITY.md docs/*.md docs/brokers/*.md; do
  [ -e "$file" ] || { echo "$file is missing"; lost=1; continue; }
  links=$(grep -oE '\]\([^() ]+\)' "$file" | sed -E 's/^\]\(//; s/\)$//; s/#.*//' | grep -vE '^([a-z]+:.*)?$' | sort -u) || true
  for link in $links; do
    [ -e "$(dirname "$file")/$link" ] || { echo "$file links to $link, which is not there"; lost=1; }
  done
done
exit $lost
