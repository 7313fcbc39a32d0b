"""Runs the contestants against one broker and one PostgreSQL, in turn, and prints medians."""
import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

from harness import fleet, wire
from harness.broker import Broker
from harness.cluster import Cluster
from harness.contestants import HERE, Affsync, Copy, Script
from harness.processes import Failed, TooSlow, use_folder
from harness.table import NAMES, Results

PEERS = {
    "node": ("Node, the same work", ["node", "node_equal.mjs"]),
    "python": ("Python, the same work", ["/usr/bin/python3", "python_equal.py"]),
    "node_once": ("Node, one transaction, no raw", ["node", "node_once.mjs"]),
}
CHANGES = {"percent": "of=100", "all": "of=1"}


def options():
    parser = argparse.ArgumentParser(prog="bench/run.sh", description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--sizes", help="several numbers of rows, measured one after the other")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--page", type=int, default=1000, help="rows of a page")
    parser.add_argument("--quick", action="store_true", help="50,000 rows, three runs")
    parser.add_argument("--phases", default="first,unchanged,percent,all",
                        help=f"of: {','.join(NAMES)}; each first load is made anyway")
    parser.add_argument("--statistics", default="both", choices=["both", "with", "without"],
                        help="ANALYZE before each phase, or never")
    parser.add_argument("--beside", type=int, default=0, metavar="ROWS",
                        help="rows of another, analysed source in the same table")
    parser.add_argument("--shape", default="list", choices=["list", "windows"],
                        help="one list, or the windows of the Exness connector")
    parser.add_argument("--latency", type=int, default=0, help="milliseconds before each answer")
    parser.add_argument("--concurrency", type=int, default=0, help="default: affsync's own")
    parser.add_argument("--wire", metavar="LATENCIES",
                        help="instead: first loads with these latencies in milliseconds, such as "
                             "'20 100 400', beside the ideal of concurrency / latency")
    parser.add_argument("--fleet", type=int, default=0, metavar="SOURCES",
                        help="instead: the daemon with many sources of --rows rows each, all of "
                             "which make their first pass")
    parser.add_argument("--fleet-streams", type=int, default=1, metavar="STREAMS",
                        help="streams of each source for --fleet")
    parser.add_argument("--fleet-interval", type=int, default=3600, metavar="SECONDS",
                        help="between two runs of each stream for --fleet")
    parser.add_argument("--fleet-spread", action="store_true",
                        help="how the runs of --fleet are spread over their interval: as they "
                             "settle, after a reload, a restart, and a minute without the database")
    parser.add_argument("--database-latency", type=float, default=5, metavar="MS",
                        help="time of a round trip to PostgreSQL for --fleet")
    parser.add_argument("--files", type=int, default=1024, help="soft limit for --fleet")
    parser.add_argument("--pages", default="100 1000", help="page sizes for --wire")
    parser.add_argument("--streams", default="1 8", help="numbers of streams for --wire")
    parser.add_argument("--peers", action="store_true", help="the scripts of bench/peers too")
    parser.add_argument("--only", help=f"of: affsync,copy,{','.join(PEERS)}")
    parser.add_argument("--limit", type=int, default=900, metavar="SECONDS",
                        help="a pass that takes longer is given up")
    parser.add_argument("--json", metavar="FILE", help="writes each measurement to a file")
    parser.add_argument("--folder", default="/var/tmp", help="where PostgreSQL's data is")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.rows, chosen.runs = 50_000, 3
    chosen.phases = ["first"] + [p for p in chosen.phases.replace(",", " ").split() if p != "first"]
    for phase in chosen.phases:
        if phase not in NAMES:
            parser.error(f"unknown phase {phase}; there are: {', '.join(NAMES)}")
    chosen.sizes = [int(s) for s in chosen.sizes.split()] if chosen.sizes else [chosen.rows]
    known = ["affsync", "copy", *PEERS]
    chosen.only = (chosen.only.replace(",", " ").split() if chosen.only else
                   known if chosen.peers else ["affsync", "copy"])
    for name in chosen.only:
        if name not in known:
            parser.error(f"unknown contestant {name}; there are: {', '.join(known)}")
    return chosen


def tell(line):
    print(line, file=sys.stderr, flush=True)


class Bench:
    def __init__(self, chosen, folder):
        self.options, self.folder = chosen, folder
        self.broker = self.beside = None
        self.programs = (os.environ.get("AFFSYNC") or "build/release/affsync").split()
        for program in [*self.programs, self.broker_program()]:
            if not os.access(program, os.X_OK):
                raise Failed(f"{program} is missing; build it with scripts/build.sh")
        # The table, its changed rows, its changes, the copy, and the WAL of the longest phase.
        needed = (max(chosen.sizes) * 5_500 + chosen.beside * 3_000) / 1e9 + 2
        free = shutil.disk_usage(folder).free / 1e9
        if free < needed:
            raise Failed(f"{folder} has {free:.0f} GB free, {needed:.0f} are needed; --folder names "
                         "another place")
        self.cluster = Cluster(folder)

    @staticmethod
    def broker_program():
        return os.environ.get("BENCH_BROKER", "build/release/affsync-bench-broker")

    def named_programs(self):
        names = ["affsync"] if len(self.programs) == 1 else \
            [f"affsync {chr(ord('A') + i)}" for i in range(len(self.programs))]
        return [(name, os.path.abspath(program)) for name, program in zip(names, self.programs)]

    def contestants(self):
        own = [Affsync(name, self, program) for name, program in self.named_programs()]
        out = own if "affsync" in self.options.only else []
        if "copy" in self.options.only:
            out = out + [Copy(self, own[0])]
        for peer, (name, command) in PEERS.items():
            if peer in self.options.only:
                script = os.path.join(HERE, "peers", command[-1])
                out = out + [Script(name, self, own[0], [*command[:-1], script])]
        return own, out

    def measure(self, contestant, phase, analyzed):
        """One pass, all that it cost, and whether the books are right afterwards."""
        rows, cluster, database = self.broker.rows, self.cluster, contestant.database
        changed = 0
        if phase == "recent":
            changed = self.broker.change(f"last={max(1, rows // 100)}")
        elif phase in CHANGES:
            changed = self.broker.change(CHANGES[phase])
        if analyzed:
            cluster.sql(database, "ANALYZE")
        elif not self.beside:
            cluster.forget_statistics(database)
        cluster.wait_for_sessions(database)
        cluster.sql("postgres", "CHECKPOINT")
        requests, written = self.broker.books()["requests"], cluster.written(database,
                                                                            contestant.schema)
        wal, lsn = cluster.wal(), cluster.lsn()
        server, broker = cluster.cpu(), self.broker.cpu()
        done = contestant.go()
        server, broker = cluster.cpu() - server, self.broker.cpu() - broker
        cluster.wait_for_sessions(database)
        wal_end, lsn_end = cluster.wal(), cluster.lsn()
        books = self.broker.books()
        expected = (rows, 0, 0) if phase == "first" else (0, changed, rows - changed)
        contestant.check(books, done, expected)
        record_wal = None
        if phase == "unchanged":
            record_wal = cluster.record_wal(database, contestant.schema, lsn, lsn_end)
        return {
            "contestant": contestant.name, "phase": phase, "statistics": analyzed, "rows": rows,
            "seconds": done.seconds, "overhead": done.ended.seconds - done.seconds,
            "cpu": done.ended.cpu, "server_cpu": server, "broker_cpu": broker,
            "wal": wal_end - wal, "record_wal": record_wal, "peak_kb": done.ended.peak_kb,
            "written": [b - a for a, b in zip(written,
                                              cluster.written(database, contestant.schema))],
            "requests": books["requests"] - requests, "waits": done.waits}

    def run_size(self, rows, results):
        chosen = self.options
        if chosen.beside:
            self.beside = Broker(self.broker_program(), chosen.beside)
        self.broker = Broker(self.broker_program(), rows, chosen.latency)
        try:
            own, all_of_them = self.contestants()
            for contestant in dict.fromkeys([*own, *all_of_them]):
                contestant.prepare()
            modes = {"both": [False, True], "with": [True], "without": [False]}[chosen.statistics]
            for turn in range(chosen.runs):
                shift = turn % len(all_of_them)
                for analyzed in modes:
                    for contestant in all_of_them[shift:] + all_of_them[:shift]:
                        self.run_one(contestant, analyzed, turn, results)
            for contestant in dict.fromkeys([*own, *all_of_them]):
                self.cluster.drop(contestant.database)
                self.cluster.drop(contestant.template())
        finally:
            self.broker.stop()
            if self.beside:
                self.beside.stop()

    def run_one(self, contestant, analyzed, turn, results):
        contestant.fresh()
        for phase in self.options.phases:
            if contestant.phases and phase not in contestant.phases:
                continue
            told = (f"run {turn + 1}, {contestant.name}, {'with' if analyzed else 'without'} "
                    f"statistics, {NAMES[phase]}, {self.broker.rows:,} rows: ")
            try:
                measured = self.measure(contestant, phase, analyzed)
            except TooSlow:
                results.give_up(contestant.name, analyzed, phase, self.broker.rows)
                tell(f"{told}given up after {self.options.limit} s")
                break
            results.add(round=turn, **measured)
            tell(f"{told}{measured['rows'] / measured['seconds'] / 1000:.1f} thousand rows/s")
        self.cluster.drop(contestant.database)


def peer_can_run(command):
    if command[0] == "node":
        return shutil.which("node") and os.path.isdir(f"{HERE}/peers/node_modules/pg")
    return subprocess.run([command[0], "-c", "import psycopg2, requests"], check=False,
                          stderr=subprocess.DEVNULL).returncode == 0


def about(bench):
    def output(*command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              check=False)
        return done.stdout.decode().strip()
    chosen = bench.options
    version = bench.cluster.sql("postgres", "SHOW server_version").split()[0]
    what = [f"{', '.join(f'{size:,}' for size in chosen.sizes)} rows of 12 fields",
            f"pages of {chosen.page:,}", f"shape {chosen.shape}", f"latency {chosen.latency} ms"]
    if chosen.beside:
        what.append(f"beside {chosen.beside:,} analysed rows")
    if chosen.wire or chosen.fleet:
        what = ["First loads"]
    lines = [f"{', '.join(what)}; {1 if chosen.fleet else chosen.runs} interleaved runs, PostgreSQL {version}, "
             f"{os.cpu_count()} cores, load {os.getloadavg()[1]:.1f}."]
    for name, program in bench.named_programs():
        lines.append(f"{name}: {output(program, 'version').splitlines()[0]}")
    return "\n".join(lines)


def main():
    chosen = options()
    folder = tempfile.mkdtemp(prefix="affsync-bench.", dir=chosen.folder)
    os.chmod(folder, 0o755)
    use_folder(folder)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))  # through the `finally` below
    bench, results = None, Results()
    try:
        bench = Bench(chosen, folder)
        if chosen.wire or chosen.fleet:
            lines = (fleet if chosen.fleet else wire).table(bench, tell)
            print(about(bench) + "\n\n" + lines)
            return 0
        for name in chosen.only:
            if name in PEERS and not peer_can_run(PEERS[name][1]):
                raise Failed(f"{name} lacks a program or package: bench/run.sh --install")
        for rows in chosen.sizes:
            bench.run_size(rows, results)
        if chosen.json:
            with open(chosen.json, "w", encoding="utf-8") as file:
                json.dump(results.all, file, indent=1)
        print(about(bench) + "\n\n" + results.table(r"psql `\copy`"))
        if "affsync" in chosen.only:
            print("\n" + results.goals(r"psql `\copy`", PEERS["node"][0]))
        for line in results.given_up:
            print(f"\n{line}: given up after {chosen.limit} s")
        if len(chosen.sizes) > 1:
            print("\n" + results.flatness())
    except Failed as failed:
        print(f"bench/run.sh: {failed}", file=sys.stderr)
        return 1
    finally:
        if bench:
            bench.cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
