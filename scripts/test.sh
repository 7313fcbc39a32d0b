#!/usr/bin/env bash
# Installs missing packages, builds everything with warnings as errors, checks the sources
# (scripts/lint.sh), and runs all tests. Stops with an error at the first step that fails. The test
# results are also in build/ci/junit.xml.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_dependencies.sh --tests
[ -e build/ci/build.ninja ] || first=yes
cmake --preset ci
[ -z "${first-}" ] || echo "The first build takes about ten minutes on two cores."
cmake --build --preset ci --parallel "$(nproc)"
scripts/lint.sh
# The tests make and remove many thousand files of PostgreSQL, which a file system on a disk takes its
# time for. In memory if there is plenty, and programs may be run from there.
memory=/dev/shm
if [ "$(df --output=avail -k "$memory" 2>/dev/null | tail -n 1)" -gt 8000000 ] 2>/dev/null &&
  [ "$(awk '/^MemAvailable/ {print $2}' /proc/meminfo)" -gt 8000000 ]; then
  folder=$(mktemp -d "$memory/t.XXX") # short: names of sockets are limited
  trap 'rm -rf "$folder"' EXIT
  chmod 1777 "$folder"
  cp /bin/true "$folder/true"
  if "$folder/true"; then export TMPDIR=$folder; fi
fi
# One more than there are cores, since many tests wait for a process most of the time.
ctest --preset ci --parallel "$(($(nproc) + 1))" --no-tests=error --output-junit junit.xml
