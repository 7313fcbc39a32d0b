"""A private PostgreSQL on a Unix socket, and what is read from it."""
import glob
import os
import subprocess

from harness.processes import Failed, family_cpu

# Autovacuum would come at a moment of its own; the harness calls ANALYZE where statistics are wanted.
# Only the harness makes checkpoints, and the WAL of a phase stays in files that exist already.
SETTINGS = {
    "listen_addresses": "''", "autovacuum": "off", "shared_buffers": "512MB",
    "max_wal_size": "32GB", "min_wal_size": "2GB", "checkpoint_timeout": "1h",
    "track_io_timing": "off", "max_connections": "60",
}
RECORD_TABLES = "client trading_account rebate_group rebate commission payout balance".split()


class Cluster:
    def __init__(self, folder):
        self.folder = folder
        self.bin = max(glob.glob("/usr/lib/postgresql/*/bin"),
                       key=lambda path: int(path.split("/")[4]))
        self.data, self.socket = os.path.join(folder, "pg"), os.path.join(folder, "socket")
        # PostgreSQL refuses to run as root.
        self.as_postgres = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        for path in (self.data, self.socket):
            os.mkdir(path)
            if self.as_postgres:
                subprocess.run(["chown", "postgres:", path], check=True)
        self._call("initdb", "-D", self.data, "-U", "affsync", "--auth=trust", "-E", "UTF8",
                   "--locale=C")
        self.start()

    def start(self):
        options = " ".join(f"-c {name}={value}" for name, value in
                           {**SETTINGS, "unix_socket_directories": self.socket}.items())
        self._call("pg_ctl", "-D", self.data, "-w", "-l", f"{self.data}/log", "-o", options,
                   "start")
        with open(f"{self.data}/postmaster.pid", encoding="ascii") as file:
            self.pid = int(file.readline())

    def _call(self, program, *arguments):
        done = subprocess.run([*self.as_postgres, f"{self.bin}/{program}", *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/",
                              check=False)
        if done.returncode != 0:
            raise Failed(f"{program}: {done.stdout.decode()}")

    def stop(self):
        subprocess.run([*self.as_postgres, f"{self.bin}/pg_ctl", "-D", self.data, "-m",
                        "immediate", "stop"], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, cwd="/", check=False)

    def url(self, database):
        return f"host={self.socket} user=affsync dbname={database}"

    def psql(self, database, *options):
        return [f"{self.bin}/psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d",
                self.url(database), *options]

    def sql(self, database, *statements):
        """The output of the statements, each run by itself."""
        command = self.psql(database)
        for statement in statements:
            command += ["-c", statement]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise Failed(f"{statements}: {done.stderr.decode()}")
        return done.stdout.decode().strip()

    def create(self, database, template="template0"):
        """Makes a database anew, as a copy of another one."""
        self.drop(database)
        self.sql("postgres", f"CREATE DATABASE {database} TEMPLATE {template}")

    def drop(self, database):
        self.sql("postgres", f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def cpu(self):
        return family_cpu(self.pid)

    def wal(self):
        return int(self.sql("postgres", "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))

    def lsn(self):
        return self.sql("postgres", "SELECT pg_current_wal_flush_lsn()")

    def written(self, database, schema):
        """Tuples written in record tables so far: inserted, updated, deleted."""
        names = ", ".join(f"'{name}'" for name in RECORD_TABLES)
        counts = self.sql(database, f"""SELECT coalesce(sum(n_tup_ins), 0) || ' ' ||
            coalesce(sum(n_tup_upd), 0) || ' ' || coalesce(sum(n_tup_del), 0)
            FROM pg_stat_user_tables WHERE schemaname = '{schema}' AND relname IN ({names})""")
        return [int(count) for count in counts.split()]

    def forget_statistics(self, database):
        """As if neither affsync nor autovacuum had gathered any."""
        self.sql(database,
                 "DELETE FROM pg_statistic WHERE starelid IN (SELECT oid FROM pg_class"
                 " WHERE relnamespace = 'affsync'::regnamespace)",
                 "UPDATE pg_class SET relpages = 0, reltuples = -1"
                 " WHERE relnamespace = 'affsync'::regnamespace AND relkind IN ('r', 'i')")

    def wait_for_sessions(self, database):
        """Waits until the sessions of a database have ended, and so have told their counters."""
        while self.sql("postgres", f"""SELECT count(*) FROM pg_stat_activity
                WHERE datname = '{database}'""") != "0":
            pass

    def record_wal(self, database, schema, start, end):
        """Bytes of WAL between two places that belong to record tables, indexes and TOAST."""
        names = ", ".join(f"'{name}'" for name in RECORD_TABLES)
        nodes = self.sql(database, f"""
            WITH t AS (SELECT c.oid, c.reltoastrelid FROM pg_class c
                       JOIN pg_namespace n ON n.oid = c.relnamespace
                       WHERE n.nspname = '{schema}' AND c.relname IN ({names})),
                 h AS (SELECT oid FROM t UNION SELECT reltoastrelid FROM t)
            SELECT pg_relation_filenode(oid) FROM h WHERE oid <> 0
            UNION SELECT pg_relation_filenode(indexrelid) FROM pg_index WHERE indrelid IN
                  (SELECT oid FROM h)""").split()
        place = self.sql(database, """SELECT '1663/' || oid || '/' FROM pg_database
                                      WHERE datname = current_database()""")
        total = 0
        for node in nodes:
            done = subprocess.run(
                [*self.as_postgres, f"{self.bin}/pg_waldump", "-p", f"{self.data}/pg_wal",
                 "-s", start, "-e", end, f"--relation={place}{node}", "--stats"],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/", check=False)
            for line in done.stdout.decode().splitlines():
                if line.startswith("Total "):
                    # Total  records [..%]  bytes [..%]  full-page-image bytes [..%]  combined [..%]
                    numbers = [int(word) for word in line.split() if word.isdigit()]
                    total += numbers[-1]
        return total
