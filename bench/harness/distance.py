"""A PostgreSQL that is further away: passes bytes on after half of a round trip's time, each way, and
counts round trips. Run as a process: python3 -m harness.distance FOLDER SERVER_SOCKET MILLISECONDS"""
import asyncio
import json
import os
import socket
import subprocess
import sys

NAME = ".s.PGSQL.5432"


class Counters:
    round_trips = 0
    connections = 0


async def pass_on(reader, writer, delay, on_data):
    """Passes on in order, each piece after the delay, however many are under way."""
    loop = asyncio.get_running_loop()
    waiting = asyncio.Queue(maxsize=64)

    async def write():
        while True:
            data, due = await waiting.get()
            if data is None:
                break
            left = due - loop.time()
            if left > 0:
                await asyncio.sleep(left)
            writer.write(data)
            await writer.drain()
    writing = asyncio.create_task(write())
    try:
        while data := await reader.read(1 << 16):
            on_data()
            await waiting.put((data, loop.time() + delay))
        await waiting.put((None, 0))
        await writing
    except OSError:
        writing.cancel()
    finally:
        writer.close()


class Proxy:
    def __init__(self, server, delay):
        self.server, self.delay, self.counters = server, delay, Counters()

    async def connect(self, reader, writer):
        self.counters.connections += 1
        try:
            far_reader, far_writer = await asyncio.open_unix_connection(self.server)
        except OSError:
            writer.close()
            return
        answered = True

        def asked():
            nonlocal answered
            self.counters.round_trips += answered
            answered = False

        def on_answer():
            nonlocal answered
            answered = True
        await asyncio.gather(pass_on(reader, far_writer, self.delay, asked),
                             pass_on(far_reader, writer, self.delay, on_answer))

    async def tell(self, _, writer):
        writer.write(json.dumps({"round_trips": self.counters.round_trips,
                                 "connections": self.counters.connections}).encode())
        writer.close()


async def serve(folder, server, milliseconds):
    proxy = Proxy(server, milliseconds / 2000)
    await asyncio.start_unix_server(proxy.connect, os.path.join(folder, NAME))
    await asyncio.start_unix_server(proxy.tell, os.path.join(folder, "counters"))
    print("listening", flush=True)
    await asyncio.Event().wait()


class Distance:
    """The proxy as a process of its own, so that the harness does not slow it down."""

    def __init__(self, folder, cluster, milliseconds):
        self.folder = os.path.join(folder, "distance")
        os.mkdir(self.folder)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "harness.distance", self.folder,
             os.path.join(cluster.socket, NAME), str(milliseconds)], stdout=subprocess.PIPE)
        self.process.stdout.readline()

    def url(self, database):
        return f"host={self.folder} user=affsync dbname={database}"

    def round_trips(self):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(os.path.join(self.folder, "counters"))
            return json.loads(connection.makefile().read())["round_trips"]

    def stop(self):
        self.process.terminate()
        self.process.wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2], float(sys.argv[3])))
