#!/usr/bin/env python3
"""clang-tidy over the program's sources, as many at once as there are cores.

A source that was clean stays unread until its text, a header that it includes, or the configuration
changes. What was clean is remembered where ccache's kind of knowledge belongs, below XDG_CACHE_HOME, so that
a fresh clone of the same text need not be read again.
"""
import concurrent.futures
import glob
import hashlib
import os
import re
import subprocess
import sys

FOLDERS = ["base", "plan", "scheduler", "compiler", "simulator", "runtime", "render", "cli"]


def digest(paths):
    found = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            found.update(path.encode() + b"\0" + hashlib.sha256(file.read()).digest())
    return found.hexdigest()


def with_headers(source):
    """The source and our headers that it includes, at any distance."""
    found, waiting = set(), [source]
    while waiting:
        path = waiting.pop()
        if path in found or not os.path.exists(path):
            continue
        found.add(path)
        with open(path, encoding="utf-8") as file:
            waiting += re.findall(r'^#include "([^"]+)"', file.read(), re.M)
    return sorted(found)


def main():
    build = sys.argv[1]
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    stamps = os.path.join(cache, "sluice-lint")
    os.makedirs(stamps, exist_ok=True)

    def check(source):
        stamp = os.path.join(stamps, digest([".clang-tidy", *with_headers(source)]))
        if os.path.exists(stamp):
            return source, 0, ""
        result = subprocess.run(["clang-tidy-19", "--quiet", "-p", build, "--extra-arg=-w", source],
                                capture_output=True, text=True)
        if result.returncode == 0:
            open(stamp, "w").close()
        return source, result.returncode, result.stdout + result.stderr

    sources = sorted(path for folder in FOLDERS for path in glob.glob(f"{folder}/*.cpp"))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for source, status, text in pool.map(check, sources):
            if status != 0:
                failed += 1
                print(f"{source}:\n{text}")
    print(f"clang-tidy: {len(sources) - failed} clean, {failed} not")
    return 1 if failed or not sources else 0


if __name__ == "__main__":
    sys.exit(main())
