#!/usr/bin/env bash
# Installs missing packages, builds everything with warnings as errors, checks the sources
# (scripts/lint.sh), and runs all tests. Stops with an error at the first step that fails. The test
# results are also in build/ci/junit.xml.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_dependencies.sh --tests
[ -e build/ci/build.ninja ] || first=yes
cmake --preset ci
[ -z "${first-}" ] || echo "The first build takes about a quarter of an hour on two cores."
cmake --build --preset ci --parallel "$(nproc)"
scripts/lint.sh
# One more than there are cores, since many tests wait for a process most of the time.
ctest --preset ci --parallel "$(($(nproc) + 1))" --no-tests=error --output-junit junit.xml
