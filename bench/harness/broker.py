"""The broker that every contestant reads: build/release/affsync-bench-broker."""
import datetime
import json
import subprocess
import urllib.request

from harness.processes import Failed, cpu

DAYS = 360


class Broker:
    def __init__(self, program, rows, latency=0):
        # The last row is of yesterday, whatever the day is.
        self.first_day = (datetime.datetime.now(datetime.timezone.utc).date()
                          - datetime.timedelta(days=DAYS)).isoformat()
        self.process = subprocess.Popen(
            [program, "--rows", str(rows), "--days", str(DAYS), "--first-day", self.first_day,
             "--latency", str(latency)], stdout=subprocess.PIPE)
        self.url = self.process.stdout.readline().decode().strip()
        if not self.url:
            raise Failed(f"{program} does not start")
        self.rows = rows

    def _get(self, target, body=None):
        with urllib.request.urlopen(self.url + target, data=body) as answer:
            return json.load(answer)

    def books(self):
        """{"rows": …, "sum": exact text, "requests": …}"""
        return self._get("/books")

    def change(self, query):
        """Changes amounts; returns the number of rows."""
        return self._get(f"/change?{query}", b"")["changed"]

    def cpu(self):
        return cpu(self.process.pid)

    def stop(self):
        self.process.terminate()
        self.process.wait()
