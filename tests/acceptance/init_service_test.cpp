// `affsync init` by root for the service of a machine: /etc/affsync, the user affsync, the server's
// own superuser. /etc, /run and the server are the test's own, in a mount namespace.
#include <unistd.h>

#include <filesystem>

#include "tests/acceptance/fixture.hpp"

namespace affsync::test::init_service_test {
namespace {

constexpr auto script = R"(set -e
own=$1 affsync=$2 url=$3
mkdir "$own/etc" "$own/data"
cp -a /etc/passwd /etc/group /etc/nsswitch.conf /etc/pam.d "$own/etc/"
mkdir "$own/etc/affsync"
echo 'affsync:x:990:990::/:/usr/sbin/nologin' >> "$own/etc/passwd"
echo 'affsync:x:990:' >> "$own/etc/group"
chmod 755 "$own" "$own/etc"
chown postgres "$own/data"
mount -t tmpfs none /run
mkdir /run/postgresql
chown postgres /run/postgresql
mount --bind "$own/etc" /etc
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
as_affsync() { setpriv --reuid=990 --regid=990 --clear-groups "$@"; }
as_postgres "$bin/initdb" -D "$own/data" --auth-local=peer --no-sync > /dev/null
as_postgres "$bin/pg_ctl" -D "$own/data" -o "-k /run/postgresql -c listen_addresses= -F" \
  -l "$own/data/log" -w start > /dev/null
trap 'as_postgres "$bin/pg_ctl" -D "$own/data" -m immediate stop > /dev/null' EXIT
cd /
# What the package brings. Its words say that nothing runs yet.
printf '# nothing yet\n' > /etc/affsync/affsync.yaml
chgrp affsync /etc/affsync/affsync.yaml
mkdir -m 700 "$own/private"
printf '%s' "$EXNESS_PASSWORD" > "$own/private/pw"
"$affsync" init --yes --connector exness --base-url "$url" --add --no-check --name fresh \
  --credential password=@"$own/private/pw"
stat -c '%n %U:%G %a' /etc/affsync/fresh.password.secret
# Whoever stands in the clone of a trial is told which configuration a command takes.
mkdir "$own/clone"
cp /etc/affsync/affsync.yaml "$own/clone/affsync.yaml"
(cd "$own/clone" && "$affsync" alerts test 2>&1 | sed 's/^/in the clone: /') || true
mount -t tmpfs none /var/lib
mkdir -m 700 /var/lib/affsync
mkdir "$own/connectors"
printf 'name: portal\nbase_url: file:///\nstreams: {rows: {table: commission, path: /*.csv, format: csv, key: Id, map: {amount: A, currency: {const: USD}}}}\n' \
  > "$own/connectors/portal.yaml"
printf 'connectors_dir: "%s"\n' "$own/connectors" > /etc/affsync/affsync.yaml
"$affsync" init --yes --connector portal --add --no-check --name inbox
grep base_url /etc/affsync/affsync.yaml
stat -c '%n %U' /var/lib/affsync/inbox /var/lib/affsync/inbox/portal
echo 'the package is tried'
rm /etc/affsync/*
"$affsync" init --yes --connector exness --base-url "$url" --database local
stat -c '%n %U:%G %a' /etc/affsync/*
as_affsync "$affsync" check
"$affsync" init --yes --connector exness --base-url "$url" --add --name second
as_affsync "$affsync" check --source second
stat -c '%n %U:%G %a' /etc/affsync/affsync.yaml
)";

class InitOfAService : public Acceptance {};

TEST_F(InitOfAService, gives_the_files_and_the_database_to_its_user) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root makes the configuration of a service";
  ProcessOptions probe;
  probe.program = "unshare";
  probe.arguments = {"--mount", "mount", "-t", "tmpfs", "none", "/run"};
  if (run(probe).status != 0) GTEST_SKIP() << "no right to make a mount namespace";
  start_broker();
  std::filesystem::permissions(dir_.path(), std::filesystem::perms(0755));
  auto options = command({});
  options.environment.erase("AFFSYNC_CONFIG");
  options.environment["EXNESS_LOGIN"] = "partner@example.com";
  options.environment["EXNESS_PASSWORD"] = password;
  options.unset = {"PGHOST", "PGUSER", "PGPORT"};
  options.arguments = {
      "--mount",     "sh", "-c", script, "sh", dir_.path().string(), options.program.string(),
      broker().url()};
  options.program = "unshare";
  auto const made = run(options);
  EXPECT_EQ(made.status, 0) << made.out << made.err;
  EXPECT_NE(made.err.find("The database affsync was created."), std::string::npos) << made.err;
  auto const first = made.out.substr(0, made.out.find("the package is tried"));
  EXPECT_NE(first.find("systemctl enable --now affsync"), std::string::npos) << first;
  EXPECT_EQ(first.find("systemctl reload"), std::string::npos) << first;
  EXPECT_NE(first.find("/etc/affsync/fresh.password.secret affsync:affsync 600"), std::string::npos)
      << first;
  EXPECT_NE(made.err.find("the service cannot read"), std::string::npos) << made.err;
  for (std::string const wanted :
       {"in the clone: affsync: uses ./affsync.yaml, not that of the service",
        "file:///var/lib/affsync/inbox/portal", "/var/lib/affsync/inbox affsync",
        "/var/lib/affsync/inbox/portal affsync"}) {
    EXPECT_NE(first.find(wanted), std::string::npos) << wanted << "\n" << first << made.err;
  }
  for (std::string const wanted : {"/etc/affsync/affsync.yaml root:affsync 640",
                                   "/etc/affsync/exness-main.password.secret affsync:affsync 600",
                                   "systemctl enable --now affsync", "systemctl reload affsync"}) {
    EXPECT_NE(made.out.find(wanted), std::string::npos) << wanted << "\n" << made.out << made.err;
  }
}

}  // namespace
}  // namespace affsync::test::init_service_test
