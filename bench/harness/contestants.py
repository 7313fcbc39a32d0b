"""Who is measured: affsync, psql's \\copy, and the scripts of bench/peers."""
import json
import os
import re
from decimal import Decimal

from harness.processes import Failed, run

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Pass:
    """One pass over the whole list."""

    def __init__(self, seconds, ended, inserted, updated, unchanged, waits=None):
        self.seconds, self.ended, self.waits = seconds, ended, waits
        self.inserted, self.updated, self.unchanged = inserted, updated, unchanged


class Contestant:
    schema = "affsync"  # of its record tables
    phases = None       # all that are asked for
    counts_changes = True

    def __init__(self, name, bench):
        self.name, self.bench = name, bench
        self.database = "bench_" + re.sub("[^a-z0-9]", "_", name.lower())

    def template(self):
        return self.database + "_template"

    def fresh(self):
        self.bench.cluster.create(self.database, self.template())

    def stored(self):
        """Rows and exact sum of the amounts, as PostgreSQL tells them."""
        return self.bench.cluster.sql(self.database, f"""
            SELECT count(*) || ' ' || coalesce(sum(amount), 0) FROM {self.schema}.commission
            WHERE deleted_at IS NULL AND source_id = {self.source()}""").split()

    def source(self):
        return 1

    def check(self, books, done, expected):
        rows, total = self.stored()
        if int(rows) != books["rows"] or Decimal(total) != Decimal(books["sum"]):
            raise Failed(f"{self.name}: stored {rows} rows, {total}; the broker's books say "
                         f"{books['rows']} rows, {books['sum']}")
        counted = (done.inserted, done.updated, done.unchanged)
        if self.counts_changes and counted != expected:
            raise Failed(f"{self.name}: inserted, updated, unchanged {counted} instead of "
                         f"{expected}")


class Affsync(Contestant):
    def __init__(self, name, bench, program):
        super().__init__(name, bench)
        self.program = program

    def prepare(self):
        """The database that each first load begins with."""
        self.bench.cluster.create(self.template())
        run([self.program, "--config", self._configuration(self.template()), "migrate"])
        if self.bench.beside:
            self._sync("beside", self.template(), self.bench.beside)
            self.bench.cluster.sql(self.template(), "ANALYZE")

    def _configuration(self, database, source="bench", broker=None):
        bench = self.bench
        broker = broker or bench.broker
        windows = bench.options.shape == "windows"
        limit = "requests_per_second: 10000, burst: 10000"
        if bench.options.concurrency:
            limit += f", concurrency: {bench.options.concurrency}"
        path = os.path.join(bench.folder, f"{database}.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"""
database: {{url: "{bench.cluster.url(database)}"}}
http: {{listen: "off"}}
connectors_dir: {HERE}/connectors
sources:
  - name: {source}
    connector: {"exness" if windows else "bench_list"}
    base_url: {broker.url}
    rate_limit: {{{limit}}}
    {"credentials: {login: bench, password: bench}" if windows else ""}
    streams:
      rewards:
        page_size: {bench.options.page}
        {f"start: {broker.first_day}" if windows else ""}
""")
        return path

    def _sync(self, source, database, broker, limit=None):
        config = self._configuration(database, source, broker)
        ended = run([self.program, "-v", "--config", config, "sync", "--source", source,
                     "--stream", "rewards", "--full", "--output", "json"], limit=limit)
        result = json.loads(ended.output)["streams"][0]
        if result["status"] != "succeeded":
            raise Failed(f"{self.name}: {result}")
        return Pass(result["duration_ms"] / 1000, ended, result["inserted"], result["updated"],
                    result["unchanged"], self._waits(ended.errors))

    @staticmethod
    def _waits(log):
        """{stage: share of the run}, from the log; None of a version that does not tell."""
        told = dict(re.findall(r"\b([a-z]+)_ms=(\d+)", next(
            (line for line in log.splitlines() if "what the run waited for" in line), "")))
        whole = max(1, int(told.pop("run", 0)))
        return {stage: int(ms) / whole for stage, ms in told.items()} or None

    def go(self):
        return self._sync("bench", self.database, self.bench.broker, self.bench.options.limit)

    def source(self):
        return "(SELECT source_id FROM affsync.source WHERE name = 'bench')"

    def check(self, books, done, expected):
        super().check(books, done, expected)
        changes = int(self.bench.cluster.sql(self.database, f"""
            SELECT count(*) FROM affsync.record_change r JOIN affsync.sync_run s USING (run_id)
            WHERE s.run_id = (SELECT max(run_id) FROM affsync.sync_run)
              AND r.source_id = {self.source()}"""))
        if changes != expected[1]:
            raise Failed(f"{self.name}: {changes} change records instead of {expected[1]}")


class Copy(Contestant):
    """psql's \\copy of affsync's finished rows into the same table with its indexes."""
    phases = ("first",)
    counts_changes = False

    def __init__(self, bench, affsync):
        super().__init__("copy", bench)
        self.name, self.affsync = r"psql `\copy`", affsync
        self.file = os.path.join(bench.folder, "rows.copy")

    def prepare(self):
        self.affsync.fresh()
        self.affsync.go()
        # In the order of the table, which is the order in which the rows arrived.
        source, cluster = self.affsync.source(), self.bench.cluster
        cluster.sql(self.affsync.database,
                    f"\\copy (SELECT * FROM affsync.commission WHERE source_id = {source}) "
                    f"to '{self.file}'",
                    f"DELETE FROM affsync.commission WHERE source_id = {source}"
                    if self.bench.beside else "TRUNCATE affsync.commission",
                    "VACUUM affsync.commission")
        self.books = self.bench.broker.books()
        cluster.create(self.template(), self.affsync.database)

    def go(self):
        # The settings of affsync's own sessions.
        ended = run(self.bench.cluster.psql(
            self.database, "-c", "SET synchronous_commit = off; SET jit = off", "-c", r"\timing on",
            "-c", rf"\copy affsync.commission from '{self.file}'"),
            limit=self.bench.options.limit)
        seconds = float(re.search(r"Time: ([0-9.]+) ms", ended.output).group(1)) / 1000
        return Pass(seconds, ended, None, None, None)

    def source(self):
        return self.affsync.source()

    def check(self, books, done, expected):
        super().check(self.books, done, expected)


class Script(Contestant):
    """A script of bench/peers. It prints {"seconds", "inserted", "updated", "unchanged"}."""
    schema = "peer"

    def __init__(self, name, bench, affsync, command):
        super().__init__(name, bench)
        self.affsync, self.command = affsync, command

    def prepare(self):
        # The same table with the same indexes, in a schema of its own.
        cluster = self.bench.cluster
        cluster.create(self.template(), self.affsync.template())
        cluster.sql(self.template(), "CREATE SCHEMA peer",
                    "CREATE TABLE peer.commission (LIKE affsync.commission INCLUDING ALL)",
                    # node_once.mjs keeps no JSON.
                    "ALTER TABLE peer.commission ALTER COLUMN raw DROP NOT NULL",
                    "INSERT INTO peer.commission SELECT * FROM affsync.commission",
                    "ANALYZE peer.commission" if self.bench.beside else "SELECT")

    def go(self):
        cluster = self.bench.cluster
        ended = run(self.command, limit=self.bench.options.limit, env={
            "BROKER": self.bench.broker.url, "PAGE": str(self.bench.options.page),
            "PGHOST": cluster.socket, "PGUSER": "affsync", "PGDATABASE": self.database,
            "SOURCE_ID": str(self.source()), "PGOPTIONS": "-c synchronous_commit=off -c jit=off"})
        told = json.loads(ended.output)
        return Pass(told["seconds"], ended, told["inserted"], told["updated"], told["unchanged"])

    def source(self):
        return 1000
