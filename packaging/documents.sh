#!/bin/sh
# Copies the documents for an installation, with links that lead to what is installed.
#
#   documents.sh SOURCE TARGET
#
# TARGET becomes what is in the folder of the documents, such as /usr/share/doc/affsync: README.md, SECURITY.md and
# docs as they lie in SOURCE. Files of ../../affsync are linked there; a link to what is in the sources only becomes
# its text with the path. Fails if a link leads nowhere in SOURCE either.
set -eu
umask 022
source=${1:?SOURCE}
target=${2:?TARGET}

rm -rf "$target"
mkdir -p "$target/docs/brokers"
cp "$source/docs/openapi.yaml" "$source/docs/page.png" "$target/docs"

# link FILE: copies that file of SOURCE.
link() {
  awk -v file="$1" -v source="$source" '
    # The path in SOURCE of what `name` means in the folder of the file.
    function resolved(name,   parts, count, kept, i, path) {
      count = split(folder name, parts, "/")
      kept = 0
      for (i = 1; i <= count; ++i) {
        if (parts[i] == "..") --kept
        else if (parts[i] != "" && parts[i] != ".") parts[++kept] = parts[i]
      }
      path = ""
      for (i = 1; i <= kept; ++i) path = path (i > 1 ? "/" : "") parts[i]
      return path
    }
    function installed(path, name) {
      if (path ~ /^docs(\/|$)/ || path == "README.md" || path == "SECURITY.md") return name
      if (path == "config/affsync.example.yaml") return up "affsync.example.yaml"
      if (path == "config/mail_alert.sh") return up "../../affsync/mail_alert.sh"
      if (path ~ /^config\/(prometheus|grafana)\//) return up "../../affsync/" substr(path, 8)
      if (path == "connectors/connector.schema.json") return up "../../affsync/schemas/connector.schema.json"
      if (path ~ /^connectors(\/[a-z0-9_]*\.yaml)?$/) return up "../../affsync/" path
      return ""
    }
    BEGIN {
      folder = file; sub(/[^\/]*$/, "", folder)
      up = folder; gsub(/[^\/]+\//, "../", up)
    }
    {
      out = ""; rest = $0
      while (match(rest, /\[[^][]*\]\([^() ]+\)/)) {
        link = substr(rest, RSTART, RLENGTH)
        out = out substr(rest, 1, RSTART - 1)
        rest = substr(rest, RSTART + RLENGTH)
        middle = index(link, "](")
        text = substr(link, 2, middle - 2)
        name = substr(link, middle + 2, length(link) - middle - 2)
        anchor = index(name, "#") ? substr(name, index(name, "#")) : ""
        name = substr(name, 1, length(name) - length(anchor))
        if (name == "" || name ~ /^[a-z]+:/) { out = out link; continue }
        path = resolved(name)
        if (system("test -e \"" source "/" path "\"") != 0) {
          print file ":" NR ": there is no " path > "/dev/stderr"
          failed = 1
        }
        there = installed(path, name)
        if (there != "") out = out "[" text "](" there anchor ")"
        else out = out text " (" (text == path ? "" : path " ") "of the sources)"
      }
      print out rest
    }
    END { exit failed }' "$source/$1" >"$target/$1"
}

cd "$source"
for file in README.md SECURITY.md docs/*.md docs/brokers/*.md; do link "$file"; done
