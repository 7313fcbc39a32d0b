"""Many sources in one daemon: how long it takes to start, to read all of them once, to start again and to
reload; what it takes of memory, files and CPU; and how the next runs are spread over their interval."""
import os
import re
import resource
import signal
import subprocess
import time
import urllib.error
import urllib.request

from harness.broker import Broker
from harness.contestants import HERE
from harness.distance import Distance
from harness.processes import Failed, cpu, run

RELOADS = 5


def write_connector(bench, streams):
    """The connector of the bench with so many streams, all of which read the same list."""
    folder = os.path.join(bench.folder, "fleet_connectors")
    os.makedirs(folder, exist_ok=True)
    with open(f"{HERE}/connectors/bench_list.yaml", encoding="utf-8") as file:
        head, _, stream = file.read().partition("  rewards:\n")
    page = bench.options.page
    stream = stream.replace("size: 1000, max_size: 10000", f"size: {page}, max_size: {max(page, 10_000)}")
    with open(f"{folder}/bench_list.yaml", "w", encoding="utf-8") as file:
        file.write(head + "".join(f"  rewards{i or ''}:\n{stream}" for i in range(streams)))
    return folder


def write_configuration(bench, url, broker, connectors, changed=None):
    """`changed`: the number of a source with another setting."""
    path = os.path.join(bench.folder, "fleet.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"""
database: {{url: "{url}"}}
http: {{listen: "127.0.0.1:0"}}
connectors_dir: {connectors}
defaults: {{every: {bench.options.fleet_interval}s}}
sources:
""" + "".join(f"""  - {{name: source{i:05}, connector: bench_list, base_url: "{broker.url}"{
            ', timeout: 59s' if i == changed else ''}}}
""" for i in range(bench.options.fleet)))
    return path


class Daemon:
    """`affsync run`, with as many open files as a service has by default, or as told."""

    def __init__(self, bench, program, config):
        def limit_files():
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(bench.options.files, hard), hard))
        self.log = os.path.join(bench.folder, "fleet.log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([program, "--config", config, "run"], stdout=log,
                                            stderr=log, preexec_fn=limit_files)
        self.most_files = 0
        self.port = None

    def text(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def memory(self, name):
        """VmRSS or VmHWM in MB."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith(name + ":"):
                    return int(line.split()[1]) / 1024
        return None

    def watch(self):
        if self.process.poll() is not None:
            raise Failed("the daemon ended: " + self.text()[-2000:])
        files = len(os.listdir(f"/proc/{self.process.pid}/fd"))
        self.most_files = max(self.most_files, files)

    def wait_for(self, text, count=1, limit=300):
        end = time.monotonic() + limit
        while len(re.findall(text, self.text())) < count:
            self.watch()
            if time.monotonic() > end:
                raise Failed(f"no `{text}` within {limit} s")
            time.sleep(0.01)

    def get(self, path):
        if self.port is None:
            self.port = re.search(r"listen=127\.0\.0\.1:(\d+)", self.text()).group(1)
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as answer:
            return answer.read()

    def wait_until_ready(self):
        self.wait_for("serving ")
        while True:
            try:
                return self.get("/readyz")
            except urllib.error.HTTPError:
                time.sleep(0.01)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()


class Span:
    """What passes between its construction and end(): seconds, CPU seconds, round trips."""

    def __init__(self, daemon, distance):
        self.daemon, self.distance = daemon, distance
        self.since, self.trips = time.monotonic(), distance.round_trips()
        self.cpu = cpu(daemon.process.pid) if daemon else 0

    def end(self, daemon=None):
        daemon = daemon or self.daemon
        seconds, spent = time.monotonic() - self.since, cpu(daemon.process.pid) - self.cpu
        return f"{seconds:.2f}", f"{spent:.2f}", f"{self.distance.round_trips() - self.trips:,}"


def spread(bench):
    """The fullest minute and the emptiest and fullest tenth of the interval, in runs that are due."""
    interval = bench.options.fleet_interval
    return bench.cluster.sql("bench_fleet", f"""
        WITH due AS (SELECT extract(epoch FROM next_run_at)::bigint % {interval} AS at
                     FROM affsync.stream_state),
             tenths AS (SELECT t, count(at) AS runs FROM generate_series(0, 9) t
                        LEFT JOIN due ON at * 10 / {interval} = t GROUP BY t)
        SELECT (SELECT count(*) FROM due GROUP BY at / 60 ORDER BY 1 DESC LIMIT 1) || ' / ' ||
               min(runs) || ' / ' || max(runs) FROM tenths""")


def starts(bench, since):
    """How many runs began in each second of the interval after `since`, a time of the server: their
    number, the fullest second, the emptiest and fullest tenth, and seconds by their number of starts."""
    interval = bench.options.fleet_interval
    return bench.cluster.sql("bench_fleet", f"""
        WITH began AS (SELECT floor(extract(epoch FROM started_at - '{since}'))::int AS at
                       FROM affsync.sync_run),
             seconds AS (SELECT s, count(at) AS runs FROM generate_series(0, {interval} - 1) s
                         LEFT JOIN began ON at = s GROUP BY s),
             tenths AS (SELECT s * 10 / {interval} AS t, sum(runs) AS runs FROM seconds GROUP BY 1),
             counts AS (SELECT runs, count(*) AS seconds FROM seconds GROUP BY 1)
        SELECT (SELECT sum(runs) FROM seconds) || '; ' || (SELECT max(runs) FROM seconds) || '; ' ||
               (SELECT min(runs) || ' / ' || max(runs) FROM tenths) || '; ' ||
               (SELECT string_agg(runs || ': ' || seconds, ', ' ORDER BY runs) FROM counts)""")


class Fleet:
    def __init__(self, bench, name, program, tell):
        self.bench, self.name, self.program, self.tell = bench, name, program, tell
        self.rows = []
        self.daemon = None

    def add(self, what, value):
        self.rows.append((what, value))
        self.tell(f"{self.name}: {what}: {value}")

    def add_span(self, what, span, daemon=None):
        seconds, spent, trips = span.end(daemon)
        self.add(f"{what}: seconds, CPU s, round trips", f"{seconds}, {spent}, {trips}")

    def start(self, what, config, distance):
        span = Span(None, distance)
        self.daemon = Daemon(self.bench, self.program, config)
        self.daemon.wait_until_ready()
        self.add_span(what, span, self.daemon)
        return span

    def first_passes(self, broker, since):
        chosen, sql = self.bench.options, self.bench.cluster.sql
        wanted, done = chosen.fleet * chosen.fleet_streams, 0
        while done < wanted and time.monotonic() - since.since < chosen.limit:
            for _ in range(10):
                time.sleep(0.05)
                self.daemon.watch()
            done = int(sql("bench_fleet", """
                SELECT count(*) FROM affsync.stream_state WHERE last_success_at IS NOT NULL"""))
        self.add_span(f"first passes ({done:,} of {wanted:,})", since, self.daemon)
        self.add("failed runs", sql("bench_fleet", """
            SELECT count(*) FROM affsync.sync_run WHERE status NOT IN ('succeeded', 'running')"""))
        stored = int(sql("bench_fleet", "SELECT count(*) FROM affsync.commission"))
        if stored != done * broker.rows and done == wanted:
            raise Failed(f"fleet: {stored} rows of {done * broker.rows}")

    def idle(self, distance, with_scrapes):
        time.sleep(5)  # what is freed lazily is free by then
        if with_scrapes:
            size = len(self.daemon.get("/metrics"))
        seconds, spent = time.monotonic(), cpu(self.daemon.process.pid)
        trips = distance.round_trips()
        for _ in range(4):
            time.sleep(15)
            if with_scrapes:
                self.daemon.get("/metrics")
        seconds = time.monotonic() - seconds
        spent = cpu(self.daemon.process.pid) - spent
        told = "idle, scraped every 15 s" if with_scrapes else "idle"
        self.add(f"{told}: CPU %, round trips a second",
                 f"{100 * spent / seconds:.2f}, {(distance.round_trips() - trips) / seconds:.1f}")
        if with_scrapes:
            self.add("a scrape: MB", f"{size / 1e6:.1f}")

    def reload(self, what, distance, count):
        span = Span(self.daemon, distance)
        self.daemon.process.send_signal(signal.SIGHUP)
        self.daemon.wait_for("configuration reloaded", count)
        self.add_span(what, span)

    def resident(self, what):
        time.sleep(5)
        self.add(f"resident MB {what}, peak",
                 f"{self.daemon.memory('VmRSS'):.0f}, {self.daemon.memory('VmHWM'):.0f}")

    def watch_starts(self, what):
        """Counts the starts of one interval."""
        since = self.bench.cluster.sql("bench_fleet", "SELECT clock_timestamp()")
        end = time.monotonic() + self.bench.options.fleet_interval + 1
        while time.monotonic() < end:
            time.sleep(1)
            self.daemon.watch()
        self.add(f"starts {what}: runs; in the fullest second; in the emptiest / fullest tenth; "
                 "starts: seconds", starts(self.bench, since))

    def spreads(self, config, distance):
        interval = self.bench.options.fleet_interval
        for passed in range(3):
            self.watch_starts(f"in interval {passed + 1} after the first passes")
        self.daemon.process.send_signal(signal.SIGHUP)
        self.daemon.wait_for("configuration reloaded", 1)
        self.watch_starts("after a reload")
        self.daemon.stop()
        self.start("another start until ready", config, distance)
        self.watch_starts("after a restart")
        self.bench.cluster.stop()
        time.sleep(min(60, interval))
        self.bench.cluster.start()
        for passed in range(2):
            self.watch_starts(f"in interval {passed + 1} after an outage of {min(60, interval)} s")

    def reloads(self, url, broker, connectors, distance):
        chosen = self.bench.options
        for done in range(RELOADS):
            self.reload("reload, nothing changed", distance, done + 1)
        self.resident(f"after {RELOADS} reloads")
        write_configuration(self.bench, url, broker, connectors, changed=chosen.fleet // 2)
        self.reload("reload, one source changed", distance, RELOADS + 1)
        with open(f"{connectors}/bench_list.yaml", "a", encoding="utf-8") as file:
            file.write("# another file, so that all sessions are made anew\n")
        self.reload("reload, the connector changed", distance, RELOADS + 2)
        self.resident("after these as well")

    def measure(self):
        bench, chosen = self.bench, self.bench.options
        broker = Broker(bench.broker_program(), chosen.rows, chosen.latency)
        distance = None
        try:
            bench.cluster.create("bench_fleet")
            distance = Distance(bench.folder, bench.cluster, chosen.database_latency)
            url, connectors = distance.url("bench_fleet"), write_connector(bench,
                                                                          chosen.fleet_streams)
            config = write_configuration(bench, url, broker, connectors)
            run([self.program, "--config", config, "migrate"])
            since = self.start("first start until ready", config, distance)
            self.first_passes(broker, since)
            self.add("next runs: in the fullest minute / emptiest / fullest tenth of the interval",
                     spread(bench))
            if chosen.fleet_spread:
                self.spreads(config, distance)
                return self.rows
            self.idle(distance, False)
            self.resident("after the first passes")
            self.add("most open files", f"{self.daemon.most_files}")
            self.daemon.stop()
            self.start("another start until ready", config, distance)
            self.idle(distance, True)
            self.resident("when scraped")
            self.reloads(url, broker, connectors, distance)
        finally:
            if self.daemon:
                self.daemon.stop()
            if distance:
                distance.stop()
            broker.stop()
        return self.rows


def table(bench, tell):
    chosen = bench.options
    columns = [(name, Fleet(bench, name, program, tell).measure())
               for name, program in bench.named_programs()]
    out = [f"{chosen.fleet:,} sources with {chosen.fleet_streams} streams of {chosen.rows:,} rows each, every "
           f"{chosen.fleet_interval} s; the database {chosen.database_latency:g} ms away.\n",
           "| | " + " | ".join(name for name, _ in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for at, (what, _) in enumerate(columns[0][1]):
        out.append(f"| {what} | " + " | ".join(rows[at][1] for _, rows in columns) + " |")
    return "\n".join(out)
