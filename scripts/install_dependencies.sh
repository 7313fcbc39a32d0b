#!/usr/bin/env bash
# Installs the missing packages that the build and the demo need. Run it as root or as a user with sudo,
# on Debian 12 or 13 or Ubuntu 24.04.
#
#   scripts/install_dependencies.sh           for the build and the demo
#   scripts/install_dependencies.sh --tests   for the tests and scripts/lint.sh too
#   scripts/install_dependencies.sh --browser for the tests in a browser too (chromium, node)
set -euo pipefail

usage() { sed -n '2,7s/^# \{0,1\}//p' "$0"; }

# shellcheck source=/dev/null
system=$(. /etc/os-release 2>/dev/null && echo "${ID-}-${VERSION_ID-}") || true
case "$system" in
  debian-12) boost=1.81 ;; # its libboost-dev is 1.74, which lacks Boost.URL
  *) boost= ;;
esac

packages=(
  build-essential cmake ninja-build ccache pkg-config git ca-certificates
  "libboost$boost-dev" "libboost-url$boost-dev" libssl-dev zlib1g-dev libpqxx-dev libpq-dev
  nlohmann-json3-dev libsimdjson-dev libyaml-cpp-dev libspdlog-dev libcli11-dev
  libhowardhinnant-date-dev libxxhash-dev libarchive-dev libxml2-dev
  libsystemd-dev tzdata postgresql curl
  file # of packaging/build_deb.sh
)
case "${1-}" in
  '') ;;
  --tests)
    packages+=(libgtest-dev pgbouncer openssl clang-format-19 clang-tidy-19 codespell shellcheck)
    ;;
  --browser)
    packages+=(libgtest-dev pgbouncer openssl clang-format-19 clang-tidy-19 codespell shellcheck)
    packages+=(chromium)
    # Node.js from elsewhere brings its npm along, and Debian's npm cannot be installed beside it.
    command -v node >/dev/null || packages+=(nodejs)
    command -v npm >/dev/null || packages+=(npm)
    ;;
  --help) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
esac

# The modules of the tests in a browser, where node and chromium are; without them, or without their
# registry, those tests are skipped.
fetch_modules() {
  [ "${1-}" = --tests ] || [ "${1-}" = --browser ] || return 0
  command -v npm >/dev/null && command -v chromium >/dev/null || return 0
  local folder
  folder=$(dirname "$0")/../tests/browser
  [ -d "$folder/node_modules/axe-core" ] && return 0
  timeout 120 npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error >&2 ||
    echo "npm could not fetch the modules of tests/browser; these tests will be skipped." >&2
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "This script works only on Debian and Ubuntu. Elsewhere, install the equivalent of:" >&2
  echo "  ${packages[*]}" >&2
  exit 1
fi

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}
missing=()
for package in "${packages[@]}"; do
  is_installed "$package" || missing+=("$package")
done
# The package of Prometheus would start a service that nobody asked for, so the tests get its programs only,
# unpacked for this user.
prometheus=$HOME/.cache/affsync/prometheus
wants_prometheus() {
  [ "${1-}" = --tests ] && [ ! -x "$prometheus/usr/bin/prometheus" ] &&
    ! { [ -x /usr/bin/prometheus ] && [ -x /usr/bin/promtool ]; }
}
unpack_prometheus() {
  local work
  work=$(mktemp -d)
  chmod 755 "$work" # apt downloads as another user
  if (cd "$work" && apt-get download -qq prometheus >/dev/null 2>&1) &&
    dpkg -x "$work"/prometheus_*.deb "$work/unpacked"; then
    mkdir -p "${prometheus%/*}"
    mv "$work/unpacked" "$prometheus"
  else
    echo "Prometheus could not be downloaded; the tests that use it will be skipped." >&2
  fi
  rm -rf "$work"
}
if [ ${#missing[@]} -eq 0 ]; then
  if wants_prometheus "${1-}"; then unpack_prometheus; fi
  fetch_modules "$@"
  exit 0
fi
is_missing() { [[ " ${missing[*]} " == *" $1 "* ]]; }

as_root() { "$@"; }
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "These packages are missing, and sudo is not installed. Install them as root:" >&2
    echo "  ${missing[*]}" >&2
    exit 1
  fi
  as_root() { sudo "$@"; }
fi

# Never removes an installed package (libboost1.81-dev, for example, would replace libboost1.74-dev).
install() {
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends --no-remove "$@" >/dev/null && return
  echo "The installation failed. If apt would have to remove packages first, decide that yourself:" >&2
  echo "  apt-get install ${missing[*]}" >&2
  exit 1
}

# The settings that keep packages from starting servers exist only during the installation.
put_back=()
leave_no_trace() {
  trap - EXIT INT TERM HUP
  local command
  for command in "${put_back[@]}"; do as_root sh -c "$command" || true; done
}
trap leave_no_trace EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

echo "Installing with apt-get: ${missing[*]}" >&2
as_root apt-get update -qq

# Debian would create and start a cluster, which is not needed: affsync and the tests start private ones.
# An administrator's own setting is kept.
settings=/etc/postgresql-common/createcluster.conf
if is_missing postgresql; then
  is_installed postgresql-common || install postgresql-common
  if [ -f "$settings" ] && ! grep -q '^[[:space:]]*create_main_cluster' "$settings"; then
    put_back+=("mv $settings.before-affsync $settings")
    as_root cp -p "$settings" "$settings.before-affsync"
    echo 'create_main_cluster = false' | as_root tee -a "$settings" >/dev/null
  fi
fi
# A pooler on port 6432 is not needed either: the tests start their own. An existing policy-rc.d is kept.
policy=/usr/sbin/policy-rc.d
if is_missing pgbouncer && [ ! -e "$policy" ]; then
  put_back+=("rm -f $policy")
  # shellcheck disable=SC2016  # $1 belongs to the policy script
  printf '#!/bin/sh\n# Exists only while scripts/install_dependencies.sh of affsync runs.\n%s\n' \
    'case "$1" in pgbouncer*) exit 101 ;; esac' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
fi
install "${missing[@]}"
fetch_modules "$@"
if wants_prometheus "${1-}"; then unpack_prometheus; fi
