#!/usr/bin/env bash
# Builds the Debian packages affsync and affsync-dbgsym for this machine's release, and prints their paths.
#
#   packaging/build_deb.sh                         of the optimised program, which it builds first
#   packaging/build_deb.sh [--no-symbols] BUILD    of what is in a build folder
#
# Needs dpkg-dev and file, beside what the build needs.
set -euo pipefail
cd "$(dirname "$0")/.."

symbols=ON
if [ "${1-}" = --no-symbols ]; then
  symbols=OFF
  shift
fi
case "${1-}" in
  --help) sed -n '2,7s/^# \{0,1\}//p' "$0" && exit 0 ;;
  '') build=$(dirname "$(scripts/build.sh)") ;;
  *) build=$(realpath "$1") ;;
esac
for tool in dpkg-shlibdeps file gzip; do
  command -v "$tool" >/dev/null && continue
  echo "$tool is missing: apt-get install dpkg-dev file gzip" >&2
  exit 2
done

folder=$build/deb
rm -rf "$folder"
options=(-D "CPACK_DEBIAN_DEBUGINFO_PACKAGE=$symbols")
[ $symbols = ON ] || options+=(-D CPACK_STRIP_FILES=ON)
umask 022
cpack -G DEB --config "$build/CPackConfig.cmake" -B "$folder" "${options[@]}" >"$build/cpack.log" 2>&1 ||
  { cat "$build/cpack.log" >&2; exit 1; }

# CPack writes the build folder's paths into the checksums of a package of symbols, and gives it neither
# a changelog nor a copyright file; Debian has a link to those of the program there.
tree=$folder/_symbols
for package in "$folder"/*.ddeb; do
  [ -e "$package" ] || continue
  dpkg-deb -R "$package" "$tree"
  find "$tree/usr/lib/debug" -type f -exec chmod 644 {} +
  (cd "$tree" && find usr -type f -exec md5sum {} + >DEBIAN/md5sums)
  mkdir -p "$tree/usr/share/doc"
  ln -s affsync "$tree/usr/share/doc/affsync-dbgsym"
  sed -i '/^Package-Type:/d' "$tree/DEBIAN/control"
  dpkg-deb --root-owner-group -Zxz -b "$tree" "${package%.ddeb}.deb" >/dev/null
  rm -rf "$tree" "$package"
done
rm -rf "$folder/_CPack_Packages"
ls "$folder"/*.deb
