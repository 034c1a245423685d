#!/usr/bin/env python3
"""clang-tidy over the program's sources, as many at once as there are cores.

Most of its time goes into the headers that every source includes, so sources of a folder are read many
together, as one unit, where no two of them give one name to two things of their own; a unit that is not
clean is read again in halves, down to the single source. A source that was clean stays unread until its text, a header that it includes, or the configuration
changes. What was clean is remembered where ccache's kind of knowledge belongs, below XDG_CACHE_HOME, so that
a fresh clone of the same text need not be read again.
"""
import concurrent.futures
import glob
import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile

FOLDERS = ["base", "plan", "scheduler", "compiler", "simulator", "runtime", "render", "cli"]
FILTER = "/(" + "|".join(FOLDERS) + r")/[a-z0-9_]+\.(h|cpp)$"
TOGETHER = 24  # at most, of one unit: more take much memory and leave a core without work


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


def declared_names(path):
    """What a file declares at the margin: types, constants, functions."""
    found = set()
    with open(path, encoding="utf-8") as file:
        for line in file:
            if not re.match(r"[A-Za-z_\[]", line) or re.match(r"namespace |using [\w:]+;|using namespace ", line):
                continue
            kind = re.match(r"(?:template <.*> )?(?:struct|class|enum class|enum|using(?= \w+ =)) (\w+)", line)
            constant = None if "(" in line else re.search(r"(\w+)(?:\[\w*\])?(?: = |\{| \{|;)", line)
            function = re.search(r"([\w:]+)\(", line)
            if kind or constant:
                found.add((kind or constant)[1])
            elif function and "::" not in function[1]:
                found.add(function[1])
    return found


def units(sources):
    """The sources in groups of a folder: each in the first group that has room and in which no name means two things."""
    known = {}

    def names(path):
        if path not in known:
            known[path] = declared_names(path)
        return known[path]

    found = []
    for _, folder in itertools.groupby(sources, os.path.dirname):
        groups = []  # sources, what they declare, what their headers declare
        for source in folder:
            beside = set().union(*(names(path) for path in with_headers(source) if path != source))
            own = names(source) - beside
            for group in groups:
                if len(group[0]) < TOGETHER and not own & (group[1] | group[2]) and not beside & group[1]:
                    break
            else:
                group = ([], set(), set())
                groups.append(group)
            group[0].append(source)
            group[1].update(own)
            group[2].update(beside)
        found += [group for group, _, _ in groups]
    return sorted(found, key=len, reverse=True)  # the longest first, so that the cores end together


def main():
    build = sys.argv[1]
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        commands = {os.path.join(entry["directory"], entry["file"]): entry for entry in json.load(file)}
    for entry in commands.values():  # g++'s precompiled headers are nothing to clang: it reads the source as it stands
        entry["command"] = re.sub(r"-Winvalid-pch|-fpch-preprocess|-include \S*cmake_pch\.hxx", "", entry["command"])
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    stamps = os.path.join(cache, "sluice-lint")
    os.makedirs(stamps, exist_ok=True)

    def stamp(source):
        return os.path.join(stamps, digest([".clang-tidy", *with_headers(source)]))

    def check(sources):
        """[(source, status, what was found)] of sources that are read together where there are several."""
        with tempfile.TemporaryDirectory() as folder:
            unit = os.path.join(folder, "unit.cpp") if len(sources) > 1 else os.path.abspath(sources[0])
            if len(sources) > 1:
                with open(unit, "w", encoding="utf-8") as file:
                    file.writelines(f'#include "{os.path.abspath(source)}"\n' for source in sources)
            with open(os.path.join(folder, "compile_commands.json"), "w", encoding="utf-8") as file:
                first = commands[os.path.abspath(sources[0])]
                json.dump([{"directory": first["directory"], "file": unit,
                            "command": first["command"].replace(first["file"], unit)}], file)
            result = subprocess.run(
                ["clang-tidy-19", "--quiet", "-p", folder, "--extra-arg=-w", f"--header-filter={FILTER}",
                 f"--config-file={os.path.abspath('.clang-tidy')}", unit], capture_output=True, text=True)
        if result.returncode != 0 and len(sources) > 1:
            middle = len(sources) // 2
            return check(sources[:middle]) + check(sources[middle:])
        answers = [(source, result.returncode, result.stdout + result.stderr) for source in sources]
        for source, status, _ in answers:
            if status == 0:
                open(stamp(source), "w").close()
        return answers

    sources = sorted(path for folder in FOLDERS for path in glob.glob(f"{folder}/*.cpp"))
    unread = [source for source in sources if not os.path.exists(stamp(source))]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for answers in pool.map(check, units(unread)):
            for source, status, text in answers:
                if status != 0:
                    failed += 1
                    print(f"{source}:\n{text}")
    print(f"clang-tidy: {len(sources) - failed} clean, {failed} not")
    return 1 if failed or not sources else 0


if __name__ == "__main__":
    sys.exit(main())
