#!/usr/bin/env bash
# Installs what building, testing and the demo need on Debian 12, and nothing when all is there.
# Works as root or as a user with sudo.
set -euo pipefail

packages=(
  build-essential cmake ninja-build ccache pkg-config git ca-certificates
  libboost1.81-dev libboost-url1.81-dev libssl-dev zlib1g-dev libpqxx-dev libpq-dev
  nlohmann-json3-dev libyaml-cpp-dev libspdlog-dev libcli11-dev prometheus-cpp-dev
  libhowardhinnant-date-dev libxxhash-dev
  libsystemd-dev libgtest-dev tzdata postgresql pgbouncer openssl curl
)

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "This script knows Debian 12 only. Elsewhere install what these packages hold:" >&2
  echo "  ${packages[*]}" >&2
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
    missing+=("$package")
  fi
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "These packages are missing, and there is no sudo to install them with:" >&2
    echo "  ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "Installing: ${missing[*]}"
"${as_root[@]}" apt-get update -qq
# The cluster that Debian would create and start on its own is not needed: affsync and the tests
# start private ones.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
  "${as_root[@]}" mkdir -p /etc/postgresql-common
  echo 'create_main_cluster = false' |
    "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
# Nor is a pooler on port 6432: the tests start their own.
if [ -d /run/systemd/system ] && [[ " ${missing[*]} " == *" pgbouncer "* ]]; then
  "${as_root[@]}" systemctl mask --quiet --runtime pgbouncer.service || true
fi
# Nothing that is installed may go for it (libboost1.81-dev, say, replaces libboost1.74-dev).
if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends --no-remove "${missing[@]}" >/dev/null; then
  echo "Installing failed. If apt would have to remove packages first, decide that yourself:" >&2
  echo "  apt-get install ${missing[*]}" >&2
  exit 1
fi
