#!/usr/bin/env python3
"""Reads the sources and keeps the house rules of docs/ARCHITECTURE.md.

usage: architecture.py ROOT          report every breach in the tree, exit 1 if there is one
       architecture.py --self-test   plant one breach of each rule and see that it is found
"""
import os
import re
import sys
import tempfile

# Which folders a folder may include from: those strictly to its left, and itself.
LAYERS = {
    "base": set(),
    "plan": {"base"},
    "scheduler": {"base", "plan"},
    "compiler": {"base", "plan", "scheduler"},
    "simulator": {"base", "plan", "scheduler"},
    "runtime": {"base", "plan", "scheduler"},
    "render": {"base", "plan", "scheduler"},
    "cli": {"base", "plan", "scheduler", "compiler", "simulator", "runtime", "render"},
}

# A package, how its headers are named, and the sources that may include them. A folder ends in /.
QUARANTINE = [
    ("ANTLR", r"antlr4|DeployLexer\.h|DeployParser\.h", ["compiler/parse.cpp"]),
    ("Boost.Graph", r"boost/(graph|property_map)/", ["plan/graph.cpp"]),
    ("Boost.Asio", r"boost/(asio|system)", ["runtime/"]),
    ("Boost", r"boost/", ["plan/graph.cpp", "runtime/"]),
    ("Graphviz", r"(graphviz/|gvc\.h|cgraph\.h)", ["render/graph_layout.cpp"]),
    ("SQLite", r"sqlite3", ["runtime/database.cpp"]),
    ("libcurl", r"curl/", ["runtime/transfers.cpp"]),
    ("libarchive", r"archive(_entry)?\.h$", ["runtime/archive.cpp"]),
    ("libssh", r"libssh/", ["runtime/libssh.cpp"]),
    ("OpenSSL", r"openssl/", ["base/sha256.cpp"]),
    ("nlohmann-json", r"nlohmann/", ["plan/json_document.cpp"]),
    ("libyaml", r"yaml\.h", ["compiler/document_yaml.cpp"]),
    ("CLI11", r"CLI/", ["cli/arguments.cpp"]),
]

# What touches the world, outside runtime and cli.
WORLD = [
    ("a clock", r"std::chrono|<chrono>|\bclock_gettime\b|\bgettimeofday\b|\btime\(nullptr\)"),
    ("a thread", r"std::(jthread|thread|mutex|async|condition_variable|atomic)\b|<(thread|mutex|future)>"),
    ("a process", r"\b(fork|execv[pe]*|posix_spawnp?|popen|waitpid)\s*\(|std::system\b"),
    ("a file", r"std::(ifstream|ofstream|fstream|filesystem)\b|\bfopen\s*\(|<(fstream|filesystem)>"),
    ("the environment", r"\b(secure_)?getenv\s*\("),
    ("std::random_device", r"random_device"),
]
WORLD_FOLDERS = ("runtime", "cli")
# The simulator's threads live in one file.
THREADS_FILE = "simulator/parallel.cpp"

MOST_FILE_LINES = 600
USUAL_FILE_LINES = 400  # nine files in ten stay below
MOST_FUNCTION_LINES = 70
MOST_COLUMNS = 100


def sources(root):
    for folder in LAYERS:
        for directory, _, names in sorted(os.walk(os.path.join(root, folder))):
            for name in sorted(names):
                if name.endswith((".h", ".cpp")):
                    path = os.path.join(directory, name)
                    yield os.path.relpath(path, root).replace(os.sep, "/"), path


def without_comments_and_strings(text):
    """Blanks comments and literals, keeping line ends, so that a word in prose is no breach."""
    pattern = re.compile(
        r'R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'',
        re.S)
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), text)


def included(text):
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*[<"]([^">]+)[">]', line)
        if match:
            yield number, match.group(1)


def function_lengths(code):
    """(line, length) of each block that opens behind a parameter list and closes at its indent."""
    lines = code.splitlines()
    for start, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        opens = line.rstrip().endswith("{") and indent <= 4
        if not opens or re.match(r"\s*(namespace|class|struct|enum|union|}|if|for|while|switch|else|do|try|extern)\b",
                                 line):
            continue
        head = line
        back = start
        while back > 0 and "(" not in head and lines[back - 1].strip() and start - back < 6:
            back -= 1
            head = lines[back] + head
        if "(" not in head or "=" in head.split("(")[0].replace("operator=", "").replace("operator<=>", ""):
            continue
        for end in range(start + 1, len(lines)):
            closing = lines[end]
            if closing.startswith(" " * indent + "}") and len(closing) - len(closing.lstrip()) == indent:
                yield start + 1, end - start + 1
                break


def check_includes(path, text):
    folder = path.split("/")[0]
    for line, name in included(text):
        first = name.split("/")[0]
        if first in LAYERS and first != folder and first not in LAYERS[folder]:
            yield f"{path}:{line}: {folder} may not include from {first} ({name})"
        for package, pattern, allowed in QUARANTINE:
            if re.match(pattern, name):
                inside = any(path.startswith(place) if place.endswith("/") else path == place
                             for place in allowed)
                if not inside:
                    yield f"{path}:{line}: {package} is quarantined in {', '.join(allowed)}"
                elif path.endswith(".h"):
                    yield f"{path}:{line}: no third-party type in a header ({package})"
                break


def check_world(path, code):
    if path.split("/")[0] in WORLD_FOLDERS:
        return
    for number, line in enumerate(code.splitlines(), 1):
        for what, pattern in WORLD:
            if what == "a thread" and path == THREADS_FILE:
                continue
            if re.search(pattern, line):
                yield f"{path}:{number}: {what} outside runtime and cli: {line.strip()}"


def check_order(path, code):
    for match in re.finditer(r"std::(?:map|set)<\s*(?:const\s+)?[\w:]+\s*\*", code):
        yield f"{path}:{code.count(chr(10), 0, match.start()) + 1}: a container ordered by pointer"
    unordered = set(re.findall(r"std::unordered_\w+<[^;{}]*>\s+(\w+)\s*[;={(]", code))
    for name in unordered:
        for match in re.finditer(rf"for\s*\([^;)]*:\s*{name}\s*\)|\b{name}\s*\.\s*c?begin\s*\(", code):
            line = code.count("\n", 0, match.start()) + 1
            yield f"{path}:{line}: `{name}` is ordered by hash and is walked"


def check_shape(path, text, code):
    lines = text.splitlines()
    if len(lines) > MOST_FILE_LINES:
        yield f"{path}: {len(lines)} lines, at most {MOST_FILE_LINES}"
    for number, line in enumerate(lines, 1):
        if len(line) > MOST_COLUMNS:
            yield f"{path}:{number}: {len(line)} columns, at most {MOST_COLUMNS}"
    for line, length in function_lengths(code):
        if length > MOST_FUNCTION_LINES:
            yield f"{path}:{line}: a function of {length} lines, at most {MOST_FUNCTION_LINES}"
    if path.endswith(".h"):
        if "#pragma once" not in text:
            yield f"{path}: no #pragma once"
        if not text.startswith("//"):
            yield f"{path}: opens without a line that says what it is for"
    if re.search(r"\b(TODO|FIXME|XXX)\b", text):
        yield f"{path}: something is left undone"


def breaches(root):
    found = []
    sizes = []
    for path, full in sources(root):
        with open(full, encoding="utf-8") as file:
            text = file.read()
        code = without_comments_and_strings(text)
        sizes.append(text.count("\n"))
        found += check_includes(path, text)
        found += check_world(path, code)
        found += check_order(path, code)
        found += check_shape(path, text, code)
    long_files = sum(size > USUAL_FILE_LINES for size in sizes)
    if long_files * 10 > len(sizes):
        found.append(f"{long_files} of {len(sizes)} files have over {USUAL_FILE_LINES} lines: more than one in ten")
    if not sizes:
        found.append(f"no sources below {root}")
    return found


PLANTED = [
    ("plan/a.cpp", '#include "scheduler/scheduler.h"\n', "plan may not include from scheduler"),
    ("simulator/a.cpp", '#include "runtime/driver.h"\n', "simulator may not include from runtime"),
    ("compiler/a.cpp", '#include "simulator/simulator.h"\n', "compiler may not include from simulator"),
    ("plan/b.cpp", '#include <sqlite3.h>\n', "SQLite is quarantined"),
    ("compiler/b.cpp", '#include "antlr4-runtime.h"\n', "ANTLR is quarantined"),
    ("compiler/d.cpp", '#include <yaml.h>\n', "libyaml is quarantined"),
    ("plan/graph.h", '// g\n#pragma once\n#include <boost/graph/adjacency_list.hpp>\n', "Boost.Graph is quarantined"),
    ("runtime/c.h", '// c\n#pragma once\n#include <boost/asio.hpp>\n', "no third-party type in a header"),
    ("scheduler/a.cpp", 'auto now = std::chrono::steady_clock::now();\n', "a clock outside"),
    ("simulator/b.cpp", 'std::thread worker;\n', "a thread outside"),
    ("simulator/parallel.cpp", 'auto now = std::chrono::steady_clock::now();\n', "a clock outside"),
    ("render/a.cpp", 'std::ofstream file("x");\n', "a file outside"),
    ("compiler/c.cpp", 'auto home = getenv("HOME");\n', "the environment outside"),
    ("base/a.cpp", 'std::random_device device;\n', "std::random_device outside"),
    ("base/b.cpp", 'int child = fork();\n', "a process outside"),
    ("base/c.cpp", 'std::map<Node*, int> order;\n', "ordered by pointer"),
    ("base/d.cpp", 'std::unordered_map<int, int> table;\nvoid f() { for (auto& x : table) {} }\n', "ordered by hash"),
    ("base/e.cpp", "int x;\n" * 601, "601 lines"),
    ("base/f.cpp", "void f() {\n" + "  g();\n" * 70 + "}\n", "a function of 72 lines"),
    ("base/g.cpp", "// " + "x" * 98 + "\n", "101 columns"),
    ("base/h.h", "// h\nint x;\n", "no #pragma once"),
    ("base/i.h", "#pragma once\n", "opens without a line"),
    ("base/j.cpp", "// TO" + "DO: this\n", "left undone"),
]


def self_test():
    with tempfile.TemporaryDirectory() as root:
        for path, text, _ in PLANTED:
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)
        found = breaches(root)
    missed = [(path, expected) for path, _, expected in PLANTED
              if not any(line.startswith(path) and expected in line for line in found)]
    for path, expected in missed:
        print(f"planted in {path}, not found: {expected}")
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(os.path.join(root, "base"))
        with open(os.path.join(root, "base", "fine.cpp"), "w", encoding="utf-8") as file:
            file.write('// a clock is named here: std::chrono\nconst char* word = "getenv(";\nint f() {\n  return 1;\n}\n')
        false_alarms = breaches(root)
    for line in false_alarms:
        print(f"a false alarm: {line}")
    return 1 if missed or false_alarms else 0


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    if sys.argv[1] == "--self-test":
        return self_test()
    found = breaches(sys.argv[1])
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
