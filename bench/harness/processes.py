"""CPU time and memory of processes, and the programs that a measurement starts."""
import os
import signal
import subprocess
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """A measurement that cannot be trusted or made; its text says why."""


def _times(pid):
    """user + system seconds of a process, and of its children that ended."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    own, ended = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
    return own / TICKS, ended / TICKS


def cpu(pid):
    return _times(pid)[0]


def family_cpu(pid):
    """CPU seconds of a server and of all its processes, those that ended included."""
    own, ended = _times(pid)
    total = own + ended
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        children = file.read().split()
    for child in children:
        try:
            total += sum(_times(child))
        except (FileNotFoundError, ProcessLookupError):
            pass  # ended a moment ago; counted by the next reading
    return total


class TooSlow(Exception):
    """A pass that was given up."""


class Ended:
    """A program that ran to its end."""

    def __init__(self, output, errors, seconds, cpu_seconds, peak_kb):
        self.output, self.errors, self.seconds = output, errors, seconds
        self.cpu, self.peak_kb = cpu_seconds, peak_kb


def run(command, env=None, limit=None):
    """Runs a program that must succeed; measures its time, CPU and peak memory. It is ended, and
    TooSlow raised, after so many seconds as the limit says."""
    # A child of this interpreter would begin with the interpreter's own peak, hence `time`.
    told = os.path.join(_folder, "peak")
    with open(os.path.join(_folder, "stderr"), "w+b") as errors:
        start = time.monotonic()
        child = subprocess.Popen(["time", "-q", "-f", "%M", "-o", told, *command],
                                 stdout=subprocess.PIPE, stderr=errors,
                                 env={**os.environ, **(env or {})}, start_new_session=True)
        clock = threading.Timer(limit or 1e6, os.killpg, (child.pid, signal.SIGKILL))
        clock.daemon = True
        clock.start()
        try:
            output = child.stdout.read().decode()
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:  # such as Ctrl-C, which a session of its own does not get
            os.killpg(child.pid, signal.SIGKILL)
            raise
        finally:
            clock.cancel()
        seconds = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode == -signal.SIGKILL and limit and seconds >= limit:
            raise TooSlow()
        errors.seek(0)
        text = errors.read().decode(errors="replace")
        if child.returncode != 0:
            raise Failed(f"{' '.join(command)}\nended with {child.returncode}:\n{output}\n"
                         f"{text[-3000:]}")
    with open(told, encoding="ascii") as file:
        peak_kb = int(file.read())
    return Ended(output, text, seconds, usage.ru_utime + usage.ru_stime, peak_kb)


_folder = None


def use_folder(folder):
    global _folder
    _folder = folder
