#!/usr/bin/env bash
# Builds the image of packaging/Dockerfile with the package of a build folder instead of its own build, and
# runs it against a PostgreSQL and a fake broker of this machine, with the configuration and the secrets in
# files of packaging/compose.yaml.
#
#   packaging/test_image.sh BUILD
#   packaging/test_image.sh BUILD --whole     with the Dockerfile's own build, which compiles everything
#
# Exit status 77 (skipped) without root, podman, buildah, debootstrap or network, or where containers cannot run.
# The base image is what debootstrap makes, as packaging/test_deb.sh keeps it in $AFFSYNC_PACKAGE_CACHE.
set -euo pipefail
cd "$(dirname "$0")/.."

build=$(realpath "${1:?BUILD}")
whole=${2-}
cache=${AFFSYNC_PACKAGE_CACHE:-/var/tmp/affsync-package-test}
# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "${VERSION_CODENAME-}")

skip() {
  echo "SKIPPED: $*"
  exit 77
}
[ "$(id -u)" -eq 0 ] || skip "this test needs root"
for tool in podman buildah debootstrap dpkg-shlibdeps file curl; do
  command -v "$tool" >/dev/null || skip "$tool is not installed"
done
[ -x "$build/affsync-sandbox" ] || skip "$build has no affsync-sandbox"
postgres=$(find /usr/lib/postgresql -path '*/bin' | sort -V | tail -n 1)
[ -n "$postgres" ] || skip "PostgreSQL is not installed"

work=$(mktemp -d /var/tmp/affsync-image.XXXXXX)
chmod 755 "$work"
broker=""
server=""
store=(--storage-driver vfs --root "$work/root" --runroot "$work/run")
clean_up() {
  trap - EXIT INT TERM
  [ -z "$broker" ] || kill "$broker" 2>/dev/null || true
  podman "${store[@]}" rm -f -t 1 affsync-test >/dev/null 2>&1 || true
  [ -z "$server" ] || runuser -u postgres -- "$postgres/pg_ctl" -D "$work/data" -m fast stop >/dev/null 2>&1 || true
  rm -rf --one-file-system "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

step() { printf '\n== %s\n' "$*"; }
fail() {
  echo "FAILED: $*" >&2
  podman "${store[@]}" logs affsync-test >&2 || true
  exit 1
}
is() { [ "$2" = "$3" ] || fail "$1: \"$2\" instead of \"$3\""; }
wait_for() {
  local until=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $until ] || fail "in time: $*"
    sleep 0.2
  done
}
free_port() {
  local port=$1
  while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
  echo "$port"
}

step "The image"
mkdir -p "$cache" "$work/deb"
if [ ! -e "$cache/$suite.tar" ]; then
  debootstrap --variant=minbase "$suite" "$work/new" "${AFFSYNC_DEBIAN_MIRROR:-http://deb.debian.org/debian}" \
    >"$work/log" 2>&1 || skip "debootstrap got no root"
  tar -C "$work/new" --one-file-system -cf "$cache/$suite.tar.part" .
  mv "$cache/$suite.tar.part" "$cache/$suite.tar"
fi
instead=()
if [ "$whole" != --whole ]; then
  cp "$(packaging/build_deb.sh --no-symbols "$build" | grep '/affsync_')" "$work/deb/affsync.deb"
  instead=(--build-context "build=$work/deb")
fi
base=$(buildah "${store[@]}" from scratch)
buildah "${store[@]}" add -q "$base" "$cache/$suite.tar" / >/dev/null
buildah "${store[@]}" commit -q "$base" localhost/debian-base >/dev/null
buildah "${store[@]}" bud -q --isolation chroot --pull-never --format docker -f packaging/Dockerfile \
  --build-arg DEBIAN=localhost/debian-base "${instead[@]}" -t affsync-test . >"$work/log" 2>&1 ||
  { tail -n 20 "$work/log" && fail "the image does not build"; }
look() { podman "${store[@]}" image inspect affsync-test --format "$1"; }
is "user" "$(look '{{.Config.User}}')" affsync
is "stop signal" "$(look '{{.Config.StopSignal}}')" SIGTERM
is "health check" "$(look '{{.HealthCheck.Test}}')" "[CMD affsync healthcheck]"
echo "$(($(look '{{.Size}}') / 1000000)) MB, of which the base has $(($(stat -c %s "$cache/$suite.tar") / 1000000))"

step "A runtime"
options=(--network host --no-healthcheck --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 --read-only
  --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges)
runtime=""
for name in runc crun; do
  command -v "$name" >/dev/null || continue
  if podman "${store[@]}" --cgroup-manager cgroupfs --runtime "$name" run --rm "${options[@]}" affsync-test \
    --version >"$work/log" 2>&1; then
    runtime=$name
    break
  fi
done
[ -n "$runtime" ] || { tail -n 2 "$work/log" && skip "containers cannot run on this machine"; }
podman=(podman "${store[@]}" --cgroup-manager cgroupfs --runtime "$runtime")
echo "$runtime: $(tail -n 1 "$work/log")"

step "PostgreSQL and a fake broker"
port=$(free_port 55432)
printf 'geheim' >"$work/database_password"
install -d -o postgres "$work/data"
runuser -u postgres -- "$postgres/initdb" -D "$work/data" -U affsync --pwfile="$work/database_password" \
  --auth=scram-sha-256 -E UTF8 --no-locale --no-sync >"$work/log"
runuser -u postgres -- "$postgres/pg_ctl" -w -D "$work/data" -l "$work/data/log" \
  -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=" start >"$work/log"
server=started
exec {lines}< <(exec "$build/affsync-sandbox" --port 0 --broker exness --seed 1 --clients 20 --days 30)
broker=$!
read -r -t 60 line <&"$lines"
http=$(free_port 9564)
printf 'sandbox-password\n' >"$work/exness_password"
printf 'planted-0123456789\n' >"$work/http_token"
# What compose.yaml mounts, at the addresses of this machine.
sed -e "s/host=postgres /host=127.0.0.1 port=$port /; s/dbname=affsync/dbname=postgres/; s/:9464/:$http/" \
  -e "s#^    connector: exness#&\n    base_url: ${line#listening on }#" packaging/compose.affsync.yaml >"$work/affsync.yaml"
grep -q "base_url: http" "$work/affsync.yaml" || fail "compose.affsync.yaml has another form"
chmod 644 "$work"/*_password "$work/http_token" "$work/affsync.yaml"

step "The daemon in its container"
"${podman[@]}" run -d --name affsync-test "${options[@]}" \
  -e POSTGRES_PASSWORD_FILE=/run/secrets/postgres -e EXNESS_PASSWORD_FILE=/run/secrets/exness \
  -e HTTP_TOKEN_FILE=/run/secrets/token -v "$work/http_token:/run/secrets/token:ro" \
  -v "$work/database_password:/run/secrets/postgres:ro" -v "$work/exness_password:/run/secrets/exness:ro" \
  -v "$work/affsync.yaml:/etc/affsync/affsync.yaml:ro" affsync-test >"$work/log" 2>&1 ||
  { cat "$work/log" && fail "it does not start"; }
inside() { "${podman[@]}" exec affsync-test "$@"; }
wait_for 60 inside affsync healthcheck
wait_for 120 inside affsync healthcheck --ready
[ "$(inside id -u)" != 0 ] || fail "it runs as root"
# Whoever looks at the container sees the paths of the secrets, not the secrets.
! "${podman[@]}" inspect affsync-test | grep -qE 'geheim|sandbox-password|planted' || fail "a secret is visible"
# The page asks for the token.
page() { curl -s -o /dev/null -w '%{http_code}' "$@" "http://127.0.0.1:$http/api/status"; }
is "the page without the token" "$(page)" 401
is "the page with the token" "$(page -H 'Authorization: Bearer planted-0123456789')" 200
rows() {
  [ "$(PGPASSWORD=geheim "$postgres/psql" -h 127.0.0.1 -p "$port" -U affsync -Atqc \
    'SELECT count(*) > 0 FROM affsync.commission' postgres)" = t ]
}
wait_for 120 rows
kill "$broker"
broker=""
"${podman[@]}" stop -t 15 affsync-test >/dev/null 2>&1
is "exit status after SIGTERM" "$("${podman[@]}" inspect affsync-test --format '{{.State.ExitCode}}')" 0

step "All steps hold"
