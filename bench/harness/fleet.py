"""Many sources at once: the daemon's memory, files and failures while all of them make their first pass."""
import os
import resource
import signal
import subprocess
import time

from harness.broker import Broker
from harness.contestants import HERE
from harness.processes import Failed, cpu, run


def write_configuration(bench, broker, sources):
    path = os.path.join(bench.folder, "fleet.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"""
database: {{url: "{bench.cluster.url('bench_fleet')}"}}
http: {{listen: "off"}}
connectors_dir: {HERE}/connectors
defaults: {{every: 1h}}
sources:
""" + "".join(f"""  - {{name: source{i:05}, connector: bench_list, base_url: "{broker.url}"}}
""" for i in range(sources)))
    return path


class Daemon:
    """`affsync run`, with as many open files as a service has by default, or as told."""

    def __init__(self, bench, program, config):
        def limit_files():
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(bench.options.files, hard), hard))
        self.log = open(os.path.join(bench.folder, "fleet.log"), "w+b")
        self.process = subprocess.Popen([program, "--config", config, "run"], stdout=self.log,
                                        stderr=self.log, preexec_fn=limit_files)
        self.most_files = 0

    def memory(self, name):
        """VmRSS or VmHWM in MB."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith(name + ":"):
                    return int(line.split()[1]) / 1024
        return None

    def watch(self):
        if self.process.poll() is not None:
            self.log.seek(0)
            raise Failed("the daemon ended: " + self.log.read().decode(errors="replace")[-2000:])
        files = len(os.listdir(f"/proc/{self.process.pid}/fd"))
        self.most_files = max(self.most_files, files)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()


def measure(bench, name, program, tell):
    chosen = bench.options
    broker = Broker(bench.broker_program(), chosen.rows, chosen.latency)
    daemon = None
    try:
        bench.cluster.create("bench_fleet")
        config = write_configuration(bench, broker, chosen.fleet)
        run([program, "--config", config, "migrate"])
        start = time.monotonic()
        daemon = Daemon(bench, program, config)
        done = 0
        while done < chosen.fleet and time.monotonic() - start < chosen.limit:
            for _ in range(10):
                time.sleep(0.05)
                daemon.watch()
            done = int(bench.cluster.sql("bench_fleet", """
                SELECT count(*) FROM affsync.stream_state WHERE last_success_at IS NOT NULL"""))
        seconds = time.monotonic() - start
        failed = bench.cluster.sql("bench_fleet", """
            SELECT count(*) FROM affsync.sync_run WHERE status NOT IN ('succeeded', 'running')""")
        stored = bench.cluster.sql("bench_fleet", "SELECT count(*) FROM affsync.commission")
        if int(stored) != done * chosen.rows and done == chosen.fleet:
            raise Failed(f"fleet: {stored} rows of {done * chosen.rows}")
        time.sleep(5)  # what is freed lazily is free by then
        peak, after = daemon.memory("VmHWM"), daemon.memory("VmRSS")
        spent, files = cpu(daemon.process.pid), daemon.most_files
        daemon.stop()
        daemon = Daemon(bench, program, config)
        time.sleep(10)
        daemon.watch()
        restarted = daemon.memory("VmRSS")
        tell(f"{name}: {done} of {chosen.fleet} sources in {seconds:.1f} s, peak {peak:.0f} MB")
        return [name, f"{chosen.fleet:,}", f"{chosen.rows:,}", f"{done:,}", f"{seconds:.1f}",
                failed, f"{peak:.0f}", f"{after:.0f}", f"{restarted:.0f}", f"{files:,}",
                f"{spent:.1f}"]
    finally:
        if daemon:
            daemon.stop()
        broker.stop()


def table(bench, tell):
    heads = ["", "sources", "rows each", "first passes done", "seconds", "failed runs",
             "peak RSS MB", "RSS MB after", "RSS MB restarted", "most files", "CPU s"]
    out = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for name, program in bench.named_programs():
        out.append("| " + " | ".join(measure(bench, name, program, tell)) + " |")
    return "\n".join(out)
