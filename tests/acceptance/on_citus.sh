#!/bin/sh
# Runs acceptance tests where Citus distributes the tables, or says that the extension is not installed for
# the newest PostgreSQL of this machine, which the tests use. Usage: on_citus.sh PROGRAM [OPTION]...
newest=$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 2>/dev/null | sort -V | tail -n 1)
if [ ! -e "$newest/lib/citus.so" ]; then
  echo "skipped: the extension citus is not installed in $newest"
  exit 77
fi
AFFSYNC_TEST_CITUS=1 exec "$@"
