#!/usr/bin/env python3
"""Runs clang-tidy on the sources of a build tree, and remembers which ones were clean.

    scripts/tidy.py CLANG_TIDY BUILD_FOLDER

Of the sources in compile_commands.json it checks the unity sources, which read the headers once for
sixteen files, and the program's sources outside of them. It omits those of tests, which would take twice
the time. A source is checked again only if the tool, .clang-tidy, its command or the text of a file
that it includes has changed: BUILD_FOLDER/tidy records the clean sources.
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
        # The other generated sources contain data.
        return "Unity" in source.parts and "_test.cpp" not in source.read_text()
    return not source.is_relative_to(root / "tests")


@functools.cache
def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def included(command, folder):
    """Returns the files that a compile command reads, as its own compiler names them."""
    words = [word for word in shlex.split(command) if os.path.basename(word) != "ccache"]
    words = words[: words.index("-o")] + words[words.index("-o") + 2 :]
    rule = subprocess.run(words + ["-M"], cwd=folder, check=True, capture_output=True, text=True)
    names = rule.stdout.replace("\\\n", " ").split(":", 1)[1].split()
    return sorted({str((folder / name).resolve()) for name in names})


def key(command, files):
    text = "\n".join([command] + [f"{digest(pathlib.Path(name))} {name}" for name in files])
    return hashlib.sha256(rules + text.encode()).hexdigest()


def is_clean(entry):
    """Returns whether a source is clean, and clang-tidy's findings."""
    source, command, folder = entry["file"], entry["command"], pathlib.Path(entry["directory"])
    note = kept / hashlib.sha256(source.encode()).hexdigest()
    try:
        known, *files = note.read_text().splitlines()
        if known == key(command, files):
            return True, ""
    except OSError:  # never clean so far, or a header was removed
        pass
    note.unlink(missing_ok=True)
    files = included(command, folder)
    seen = key(command, files)
    # Options that only g++ knows are not a mistake.
    found = subprocess.run(
        [tool, "-p", build, "--quiet", "--extra-arg=-Wno-unknown-warning-option",
         "--extra-arg=-Wreserved-identifier", source],
        capture_output=True, text=True, errors="replace",
    )
    if found.returncode == 0:
        note.write_text("\n".join([seen] + files))
        return True, ""
    # Standard error contains little besides counts of warnings in system headers.
    return False, found.stdout or found.stderr


with open(build / "compile_commands.json") as file:
    entries = [entry for entry in json.load(file) if is_wanted(pathlib.Path(entry["file"]))]
if not entries:
    sys.exit("clang-tidy: compile_commands.json contains no sources to check")
flaws = set()
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    for clean, text in pool.map(is_clean, entries):
        if not clean and text not in flaws:
            flaws.add(text)
            print(text, flush=True)
sys.exit(1 if flaws else 0)
