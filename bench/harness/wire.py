"""How much of what the wire allows is reached: a broker that waits before each answer."""
import json
import os
from decimal import Decimal

from harness.broker import Broker
from harness.contestants import HERE
from harness.processes import Failed, run
from harness.table import median

SECONDS = 10         # that the ideal pass takes, unless it would take more rows than these
MOST_ROWS = 200_000
DEFAULT_CONCURRENCY = 8   # that follows from the rate of this bench


def write_connector(folder, streams):
    """The connector of the bench with several streams, which all read the same list."""
    with open(f"{HERE}/connectors/bench_list.yaml", encoding="utf-8") as file:
        head, stream = file.read().split("  rewards:\n")
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/bench_list.yaml", "w", encoding="utf-8") as file:
        file.write(head + "".join(f"  list{i}:\n{stream}" for i in range(streams)))


def write_configuration(bench, broker, page, streams, concurrency):
    connectors = os.path.join(bench.folder, f"connectors{streams}")
    write_connector(connectors, streams)
    limit = "requests_per_second: 10000, burst: 10000" + \
        (f", concurrency: {concurrency}" if concurrency else "")
    path = os.path.join(bench.folder, "wire.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"""
database: {{url: "{bench.cluster.url('bench_wire')}", connections: 8}}
http: {{listen: "off"}}
connectors_dir: {connectors}
sources:
  - name: bench
    connector: bench_list
    base_url: {broker.url}
    rate_limit: {{{limit}}}
    streams:
""" + "".join(f"      list{i}: {{page_size: {page}}}\n" for i in range(streams)))
    return path


def check(bench, broker, streams, result):
    for stream in result["streams"]:
        if stream["status"] != "succeeded":
            raise Failed(f"wire: {stream}")
    books = broker.books()
    rows, total = bench.cluster.sql("bench_wire", """
        SELECT count(*) || ' ' || coalesce(sum(amount), 0) FROM affsync.commission
        WHERE deleted_at IS NULL""").split()
    if int(rows) != streams * books["rows"] or Decimal(total) != streams * Decimal(books["sum"]):
        raise Failed(f"wire: stored {rows} rows, {total}; {streams} times {books}")


def measure(bench, program, latency, page, streams, concurrency):
    """(seconds of a first load, requests, peak in kB, rows, seconds of the whole program)"""
    slots = concurrency or DEFAULT_CONCURRENCY
    wanted = max(20 * slots, 1 if latency == 0 else SECONDS * slots * 1000 // latency)
    rows = min(wanted * page, MOST_ROWS) // streams
    broker = Broker(bench.broker_program(), rows, latency)
    try:
        bench.cluster.create("bench_wire")
        config = write_configuration(bench, broker, page, streams, concurrency)
        run([program, "--config", config, "migrate"])
        bench.cluster.sql("postgres", "CHECKPOINT")
        ended = run([program, "--config", config, "sync", "--full", "--output", "json"],
                    limit=bench.options.limit)
        result = json.loads(ended.output)
        check(bench, broker, streams, result)
        # From the first run's start to the last one's end: not all streams need begin at once.
        # As with the other passes, what the program does before and after is told apart.
        seconds = float(bench.cluster.sql("bench_wire", """
            SELECT extract(epoch FROM max(finished_at) - min(started_at))
            FROM affsync.sync_run"""))
        return (seconds, broker.books()["requests"], ended.peak_kb, rows * streams,
                ended.seconds)
    finally:
        broker.stop()


def table(bench, tell):
    """A Markdown table of all combinations of latency, page, number of streams and concurrency."""
    chosen = bench.options
    heads = ["", "latency ms", "page", "streams", "concurrency", "rows", "requests", "seconds",
             "program", "requests/s", "1000 rows/s", "of the ideal", "RSS MB"]
    out = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    cases = [(latency, page, streams)
             for latency in map(int, chosen.wire.split())
             for page in map(int, chosen.pages.split())
             for streams in map(int, chosen.streams.split())]
    for latency, page, streams in cases:
        measured = {}
        for turn in range(chosen.runs):
            for name, program in bench.named_programs():
                done = measure(bench, program, latency, page, streams, chosen.concurrency)
                measured.setdefault(name, []).append(done)
                tell(f"run {turn + 1}, {name}, {latency} ms, pages of {page}, {streams} streams: "
                     f"{done[1] / done[0]:.1f} requests/s")
        for name, passes in measured.items():
            seconds, requests, peak, rows, whole = (
                median([one[i] for one in passes]) for i in range(5))
            ideal = (chosen.concurrency or DEFAULT_CONCURRENCY) * 1000 / latency if latency else None
            cells = [name, latency, page, streams, chosen.concurrency or "default",
                     f"{rows:,.0f}", f"{requests:.0f}", f"{seconds:.2f}",
                     f"{whole:.2f}", f"{requests / seconds:.1f}", f"{rows / seconds / 1000:.1f}",
                     f"{requests / seconds / ideal:.2f}" if ideal else "", f"{peak / 1024:.0f}"]
            out.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(out)
