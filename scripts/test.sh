#!/usr/bin/env bash
# Installs what is missing, builds everything with warnings as errors, looks for flaws
# (scripts/lint.sh), and runs all tests. Fails if any of it fails. The results are in
# build/ci/junit.xml too.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_dependencies.sh --tests
[ -e build/ci/build.ninja ] || first=yes
cmake --preset ci
[ -z "${first-}" ] || echo "Building everything takes about a quarter of an hour on two cores, once."
cmake --build --preset ci --parallel "$(nproc)"
scripts/lint.sh
ctest --preset ci --parallel "$(nproc)" --no-tests=error --output-junit junit.xml
