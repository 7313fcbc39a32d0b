#!/usr/bin/env bash
# Installs, runs, upgrades, removes and purges the Debian package on a clean root of this machine's release.
#
#   packaging/test_deb.sh BUILD
#
# BUILD has the programs affsync and affsync-sandbox. $AFFSYNC_BEFORE may name an older program, which the
# package has before the upgrade (else the same program is packaged as an older version). The root made by
# debootstrap and the packages that apt fetches are kept in $AFFSYNC_PACKAGE_CACHE
# (/var/tmp/affsync-package-test).
#
# Exit status 77 (skipped) without root, debootstrap or network. With systemd-nspawn the root is booted and
# the units run; without it, only what needs no systemd is tested, and that is said.
set -euo pipefail
cd "$(dirname "$0")/.."

build=$(realpath "${1:?BUILD}")
cache=${AFFSYNC_PACKAGE_CACHE:-/var/tmp/affsync-package-test}
# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
mirror=${AFFSYNC_DEBIAN_MIRROR:-http://deb.debian.org/debian}

skip() {
  echo "SKIPPED: $*"
  exit 77
}
[ "$(id -u)" -eq 0 ] || skip "this test needs root, for chroot"
command -v debootstrap >/dev/null || skip "debootstrap is not installed"
grep -q '^ID=debian' /etc/os-release || skip "this machine is no Debian"
[ -x "$build/affsync-sandbox" ] || skip "$build has no affsync-sandbox"

work=$(mktemp -d /var/tmp/affsync-deb.XXXXXX)
root=$work/root
broker=""
machine=""
clean_up() {
  trap - EXIT INT TERM
  [ -z "$machine" ] || { kill -TERM "$machine" && wait "$machine"; } 2>/dev/null || true
  [ -z "$broker" ] || kill "$broker" 2>/dev/null || true
  for place in var/cache/apt/archives proc; do umount "$root/$place" 2>/dev/null || true; done
  rm -rf --one-file-system "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

step() { printf '\n== %s\n' "$*"; }
fail() {
  echo "FAILED: $*" >&2
  if [ -n "$machine" ]; then inside journalctl --no-pager -n 40 -u 'affsync*' >&2 || true; fi
  exit 1
}
holds() { "$@" || fail "expected: $*"; }
fails() { ! "$@" || fail "expected to fail: $*"; }
is() { [ "$2" = "$3" ] || fail "$1: \"$2\" instead of \"$3\""; }

# wait_for SECONDS COMMAND…: until the command succeeds.
wait_for() {
  local until=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $until ] || fail "in time: $*"
    sleep 0.2
  done
}

# inside COMMAND…: in the booted root if it is booted, else by chroot.
inside() {
  local place=(chroot "$root")
  [ -z "$machine" ] || place=(nsenter -t "$leader" -m -u -i -p -C --root --wd)
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "${place[@]}" "$@"
}
# Prints what the package's own scripts say; all of it if it fails.
apt() {
  echo "apt-get $*"
  inside apt-get -qq -y "$@" >"$work/apt.log" 2>&1 || {
    cat "$work/apt.log" >&2
    fail "apt-get $*"
  }
  grep '^affsync:' "$work/apt.log" || true
}
path() { echo "$root/$1"; }
mode() { inside stat -c '%a %U:%G' "$1"; }

step "The package"
packages=$(packaging/build_deb.sh --no-symbols "$build")
package=$(grep '/affsync_' <<<"$packages")
now=$(dpkg-deb -f "$package" Version)
before=0.0.9-1
holds dpkg --compare-versions "$before" lt "$now"
tree=$work/before
dpkg-deb -R "$package" "$tree"
sed -i "s/^Version: .*/Version: $before/" "$tree/DEBIAN/control"
if [ -n "${AFFSYNC_BEFORE-}" ]; then
  strip -o "$tree/usr/bin/affsync" "$AFFSYNC_BEFORE"
  # It may have been linked with other libraries.
  mkdir "$work/debian" && : >"$work/debian/control"
  needs=$(cd "$work" && dpkg-shlibdeps -O before/usr/bin/affsync 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
  sed -i "s/^Depends: .*/Depends: adduser, ca-certificates, tzdata, $needs/" "$tree/DEBIAN/control"
  (cd "$tree" && find usr -type f -exec md5sum {} + >DEBIAN/md5sums)
fi
dpkg-deb --root-owner-group -Zgzip -b "$tree" "$work/before.deb" >/dev/null
size=$(stat -c %s "$tree/usr/bin/affsync")
echo "$(basename "$package"): $(stat -c %s "$package") bytes; the program: $size"
if [ -n "$(sed -n 's/^CMAKE_BUILD_TYPE.*=RelWithDebInfo$/yes/p' "$build/CMakeCache.txt")" ]; then
  holds [ "$size" -lt 12000000 ]
fi
if command -v lintian >/dev/null; then
  lintian --allow-root --fail-on error,warning "$package"
else
  echo "lintian is not installed: not asked"
fi

step "A clean root of $suite"
mkdir -p "$cache/archives/partial"
if [ ! -e "$cache/$suite.tar" ]; then
  debootstrap --variant=minbase "$suite" "$work/new" "$mirror" >"$work/log" 2>&1 || {
    tail -n 5 "$work/log"
    skip "debootstrap got no root from $mirror"
  }
  tar -C "$work/new" --one-file-system -cf "$cache/$suite.tar.part" .
  mv "$cache/$suite.tar.part" "$cache/$suite.tar"
  rm -rf --one-file-system "$work/new"
fi
mkdir "$root"
tar -C "$root" -xf "$cache/$suite.tar"
rm -f "$root/etc/apt/apt.conf.d/docker-clean"
printf 'Binary::apt-get::APT::Keep-Downloaded-Packages "1";\n' >"$root/etc/apt/apt.conf.d/keep"
cp /etc/resolv.conf "$root/etc/resolv.conf"
mount --bind "$cache/archives" "$root/var/cache/apt/archives"
mount -t proc proc "$root/proc"
cp "$work/before.deb" "$root/before.deb"
cp "$package" "$root/affsync.deb"
inside apt-get -qq update || skip "apt-get update fails: no network?"

step "In a root without systemd: the package makes its user with adduser, and starts nothing"
[ ! -e "$(path usr/bin/systemd-sysusers)" ] || echo "systemd-sysusers is there without systemd: adduser is not tried"
apt install --no-install-recommends /before.deb
holds inside affsync --version
is "owner of the configuration" "$(mode /etc/affsync/affsync.yaml)" "640 root:affsync"
is "owner of the state" "$(mode /var/lib/affsync)" "700 affsync:affsync"
# shellcheck disable=SC2016  # dpkg-query replaces it
is "conffile" "$(inside dpkg-query -f '${Conffiles}' -W affsync | awk 'NF { print $1 }')" \
  /etc/affsync/affsync.yaml
is "exit status of a check of the shipped configuration" \
  "$(inside runuser -u affsync -- affsync check >/dev/null 2>&1 || echo $?)" 2
apt purge affsync
for gone in etc/affsync var/lib/affsync usr/bin/affsync usr/share/affsync usr/share/doc/affsync; do
  holds test ! -e "$(path $gone)"
done
holds inside getent passwd affsync

if ! command -v systemd-nspawn >/dev/null; then
  echo "systemd-nspawn is not installed: the units were not tried"
  exit 0
fi

step "Booting the root"
apt install --no-install-recommends systemd-sysv dbus
umount "$root/proc" "$root/var/cache/apt/archives"
: >"$root/etc/machine-id"
SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn -q --register=no --keep-unit --directory="$root" \
  --bind="$cache/archives:/var/cache/apt/archives" --boot </dev/null >"$work/boot.log" 2>&1 &
machine=$!
find_leader() { leader=$(pgrep -P "$machine" | head -n 1) && [ -n "$leader" ]; }
wait_for 30 find_leader
find_leader
booted() { inside systemctl is-system-running | grep -Eq 'running|degraded'; }
until booted 2>/dev/null; do
  kill -0 "$machine" 2>/dev/null || { tail -n 5 "$work/boot.log"; machine=; skip "the root does not boot here"; }
  [ $SECONDS -lt 900 ] || fail "the root does not boot"
  sleep 0.2
done

step "A fake broker"
# shellcheck disable=SC2030
exec {lines}< <(exec "$build/affsync-sandbox" --port 0 --broker exness --seed 1 --clients 40 --days 60)
broker=$!
read -r -t 60 line <&"$lines"
address=${line#listening on }
echo "$address"
free_port() {
  local port=9464
  while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
  echo "$port"
}
# configure FILE URL STATE HTTP
configure() {
  cat >"$root$1" <<END
database: {url: "$2", state_dir: $3}
http: {listen: "$4"}
sources:
  - name: exness-main
    connector: exness
    base_url: "$address"
    credentials: {login: partner@example.com, password: sandbox-password}
    rate_limit: {requests_per_second: 100, burst: 100, concurrency: 4}
    streams: {rewards: {start: $(date -u -d '-50 days' +%F)}}
END
  inside chown root:affsync "$1"
  chmod 0640 "$root$1"
}

step "Installation of $before, with PostgreSQL, which apt recommends"
apt install /before.deb
active() { inside systemctl is-active --quiet "$1"; }
enabled() { inside systemctl is-enabled --quiet "$1" 2>/dev/null; }
fails active affsync
fails enabled affsync
holds inside systemctl cat affsync.service affsync@x.service affsync-sync.timer affsync-sync@x.timer >/dev/null
is "shell of the user" "$(inside getent passwd affsync | cut -d: -f7)" /usr/sbin/nologin
is "owner of the configuration" "$(mode /etc/affsync/affsync.yaml)" "640 root:affsync"
for there in usr/share/affsync/schemas/affsync.schema.json usr/share/affsync/prometheus/alerts.yml \
  usr/share/affsync/connectors/exness.yaml usr/share/doc/affsync/affsync.example.yaml \
  usr/share/doc/affsync/copyright usr/share/doc/affsync/README.md usr/share/doc/affsync/docs/README.md \
  usr/share/doc/affsync/docs/brokers/hfm.md usr/share/affsync/mail_alert.sh usr/share/man/man1/affsync.1.gz usr/share/man/man5/affsync.yaml.5.gz \
  usr/share/man/man5/affsync-connector.5.gz usr/share/bash-completion/completions/affsync; do
  [ -n "${AFFSYNC_BEFORE-}" ] || holds test -e "$(path $there)"
done
[ -n "${AFFSYNC_BEFORE-}" ] || holds sh packaging/check_documents.sh "$(path usr/share/doc/affsync)"

inside affsync --version

step "The daemon on the server of the machine"
wait_for 60 inside runuser -u postgres -- psql -Atqc 'SELECT 1'
inside runuser -u postgres -- createuser affsync
inside runuser -u postgres -- createdb -E UTF8 -T template0 -O affsync affsync
cp -p "$(path etc/affsync/affsync.yaml)" "$work/shipped.yaml"
configure /etc/affsync/affsync.yaml postgresql:///affsync /var/lib/affsync "127.0.0.1:$(free_port)"
holds inside runuser -u affsync -- affsync check >/dev/null
inside systemctl enable --now affsync
holds active affsync
sql() { inside runuser -u affsync -- psql -Atqc "$1" affsync; }
passes() { [ "$(sql "SELECT count(*) FROM affsync.stream_state WHERE last_success_at IS NOT NULL")" -ge 6 ]; }
wait_for 120 passes
rows=$(sql "SELECT count(*) FROM affsync.commission")
holds [ "$rows" -gt 100 ]
echo "$rows commissions"

step "A second instance, on an embedded PostgreSQL"
configure /etc/affsync/second.yaml embedded /var/lib/affsync/second "off"
inside systemctl enable --now affsync@second
holds active affsync@second
second="host=/var/lib/affsync/second/postgresql user=affsync dbname=affsync"
second_rows() { inside runuser -u affsync -- psql -Atqc "SELECT count(*) FROM affsync.commission" "$second"; }
second_loaded() { [ "$(second_rows)" = "$rows" ]; }
wait_for 180 second_loaded

step "Upgrade to $now with data in it"
process() { inside systemctl show -P MainPID "$1"; }
schema=$(sql "SELECT max(version) FROM affsync.schema_migration")
old=$(process affsync) old_second=$(process affsync@second)
apt install /affsync.deb
# shellcheck disable=SC2016  # dpkg-query replaces it
is "version" "$(inside dpkg-query -f '${Version}' -W affsync)" "$now"
holds active affsync
holds active affsync@second
holds [ "$(process affsync)" != "$old" ]
holds [ "$(process affsync@second)" != "$old_second" ]
holds [ "$(sql "SELECT count(*) FROM affsync.commission")" -ge "$rows" ]
inside affsync --version
echo "schema $schema, now $(sql "SELECT max(version) FROM affsync.schema_migration")"
holds grep -q "base_url: \"$address\"" "$(path etc/affsync/affsync.yaml)"
holds test ! -e "$(path etc/affsync/affsync.yaml.dpkg-dist)"
is "owner of the configuration" "$(mode /etc/affsync/affsync.yaml)" "640 root:affsync"
inside runuser -u affsync -- affsync status | head -n 6

step "One pass by its own unit"
# The daemon reads the same streams; one of the two is told that the other holds them, which is status 1.
inside systemctl stop affsync
holds inside systemctl start affsync-sync.service
holds inside systemctl start affsync-sync.timer
holds active affsync-sync.timer
inside systemctl start affsync
# A timer that is enabled goes on after a new installation, like an instance.
inside systemctl enable --now affsync-sync.timer

step "Removal keeps configuration and data"
apt remove affsync
holds test ! -e "$(path usr/bin/affsync)"
fails active affsync
fails active affsync@second
fails active affsync-sync.timer
holds test -e "$(path etc/affsync/affsync.yaml)"
holds test -d "$(path var/lib/affsync/second/postgresql/data)"

step "After a new installation it runs again, and has its data"
apt install /affsync.deb
holds enabled affsync
holds active affsync
holds active affsync@second
holds active affsync-sync.timer
holds test ! -e "$(path run/affsync-package)"
holds [ "$(sql "SELECT count(*) FROM affsync.commission")" -ge "$rows" ]

step "Purge, with a volume at /var/lib/affsync/second"
inside systemctl stop affsync@second
inside mount -t tmpfs none /var/lib/affsync/second
purged=$(apt purge affsync)
echo "$purged"
holds grep -q 'removing /var/lib/affsync' <<<"$purged"
holds grep -q '/etc/affsync holds files' <<<"$purged"
holds grep -q '/var/lib/affsync could not be removed' <<<"$purged"
is "what is left of the state" "$(inside find /var/lib/affsync -mindepth 1)" "/var/lib/affsync/second"
inside umount /var/lib/affsync/second
inside rm -r /var/lib/affsync
holds test ! -e "$(path etc/affsync/affsync.yaml)"
holds test -e "$(path etc/affsync/second.yaml)"
fails active affsync
is "database on the machine's server" \
  "$(inside runuser -u postgres -- psql -Atqc "SELECT count(*) FROM pg_database WHERE datname = 'affsync'")" 1
is "what is left" "$(inside find /usr /etc /run/systemd -name '*affsync*' ! -path /etc/affsync)" ""

step "All steps hold"
