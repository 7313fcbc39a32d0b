#!/usr/bin/env python3
"""Runs clang-tidy over the sources of a build tree and remembers which were clean.

    scripts/tidy.py CLANG_TIDY BUILD_FOLDER

Of what compile_commands.json compiles it takes the unity sources, for they read the headers once for
eight files, and sources of the program that stand alone; not the test programs, each of whose files
would read them again. A source is asked about again only when the tool, .clang-tidy, its command or the
text of a file that it includes has changed: BUILD_FOLDER/tidy keeps what was clean.
"""

import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

tool, build = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
root = pathlib.Path.cwd()
kept = build / "tidy"
kept.mkdir(exist_ok=True)
rules = (
    subprocess.run([tool, "--version"], check=True, capture_output=True).stdout
    + (root / ".clang-tidy").read_bytes()
)


def is_wanted(source):
    if source.is_relative_to(build):
        return "Unity" in source.parts  # the others are made of data
    return not source.is_relative_to(root / "tests")


@functools.cache
def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def included(command, folder):
    """The files that a compile command reads, as its own compiler names them."""
    words = [word for word in shlex.split(command) if os.path.basename(word) != "ccache"]
    words = words[: words.index("-o")] + words[words.index("-o") + 2 :]
    rule = subprocess.run(words + ["-M"], cwd=folder, check=True, capture_output=True, text=True)
    names = rule.stdout.replace("\\\n", " ").split(":", 1)[1].split()
    return sorted({str((folder / name).resolve()) for name in names})


def key(command, files):
    text = "\n".join([command] + [f"{digest(pathlib.Path(name))} {name}" for name in files])
    return hashlib.sha256(rules + text.encode()).hexdigest()


def is_clean(entry):
    """Whether nothing is to be said of a source, and what there is to be said."""
    source, command, folder = entry["file"], entry["command"], pathlib.Path(entry["directory"])
    note = kept / hashlib.sha256(source.encode()).hexdigest()
    try:
        known, *files = note.read_text().splitlines()
        if known == key(command, files):
            return True, ""
    except OSError:  # never clean so far, or a header is gone
        pass
    note.unlink(missing_ok=True)
    files = included(command, folder)
    seen = key(command, files)
    # Options that only g++ knows are no mistake.
    found = subprocess.run(
        [tool, "-p", build, "--quiet", "--extra-arg=-Wno-unknown-warning-option", source],
        capture_output=True, text=True, errors="replace",
    )
    if found.returncode == 0:
        note.write_text("\n".join([seen] + files))
        return True, ""
    # Standard error has little but counts of warnings in system headers.
    return False, found.stdout or found.stderr


with open(build / "compile_commands.json") as file:
    entries = [entry for entry in json.load(file) if is_wanted(pathlib.Path(entry["file"]))]
if not entries:
    sys.exit("clang-tidy: there are no sources to look at")
flaws = set()
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    for clean, text in pool.map(is_clean, entries):
        if not clean and text not in flaws:
            flaws.add(text)
            print(text, flush=True)
sys.exit(1 if flaws else 0)
