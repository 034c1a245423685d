#!/usr/bin/env python3
"""Compiles every example of the documents, so that none of them goes stale.

usage: documents.py PROGRAM ROOT              check README.md, docs/ and examples/README.md below ROOT, exit 1 if
                                              an example is wrong
       documents.py PROGRAM ROOT --update     write anew what the program says in the documents
       documents.py PROGRAM ROOT --pictures   draw the pictures anew

What a fence says after ```deploy decides:
    ```deploy              compiles without an error. One that does not begin with `deployment` (or an
                           import or a procedure) is a part of a file: FRAME stands before it
    ```deploy E0203        gives this error, and no other code
    ```deploy alone        as it stands, without FRAME
    ```deploy skip         is not compiled: a shape, with words for what may stand there
    ```deploy picture=x    and docs/pictures/x.svg is what `sluice graph` draws of it, as docs/pictures/NAME.svg is
                           of each docs/NAME.deploy; compared by their words, for layouts differ by a hair
What ```console shows is run, in ROOT: a line `$ sluice …` and the output that follows it, in which a line `…`
stands for any number of lines. Links to files of the project must lead somewhere, and an anchor to a heading; and from
README.md they must lead to each page. A test that is named (`tests/cli/kills.py`, `cli/kills.py`, `kills_test.cpp`) is
there.
"""
import concurrent.futures
import os
import re
import shlex
import subprocess
import sys
import tempfile

FRAME = '''deployment "Example"
connect local
role web { target "web-[01..10]" { zone = "eu-1" rank = 1 install_time = 30s } }
role api { target "api-[1..4]" { zone = "eu-2" rank = 2 install_time = 20s } }
role db { target "db-1" { zone = "eu-1" rank = 1 install_time = 40s } }
role lb { target "lb-[1..2]" { zone = "eu-1" rank = 3 install_time = 10s } }
'''


def fences(text):
    """(line, words, body) of every fence that is `deploy`."""
    for match in re.finditer(r"^```deploy([^\n]*)\n(.*?)^```$", text, re.M | re.S):
        yield text.count("\n", 0, match.start()) + 1, match.group(1).split(), match.group(2)


def whole(body, words):
    first = next((line for line in body.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    starts = ("deployment",)
    if "alone" in words or first.startswith(starts):
        return body
    text = FRAME
    for role in ("web", "api", "db", "lb"):  # a part that declares a role of its own replaces ours
        if re.search(rf"^\s*role {role}\b", body, re.M):
            text = re.sub(rf"^role {role} .*\n", "", text, flags=re.M)
    if re.search(r"^connect\b", body, re.M):
        text = text.replace("connect local\n", "")
    text += body
    if not re.search(r"^\s*step\b", body, re.M):
        text += '\nstep "Something" on web { run "true" takes 1s }\n'
    return text


def check(program, path, line, words, body):
    if "skip" in words:
        return None
    text = whole(body, words)
    result = subprocess.run([program, "check", "-", "--format", "json"], input=text, capture_output=True, text=True)
    found = sorted(set(re.findall(r'"code":"(E\d+)"', result.stdout)))
    wanted = sorted(word for word in words if re.fullmatch(r"E\d+", word))
    if found == wanted and result.returncode in (0, 1, 2):
        return None
    messages = re.findall(r'"message":"((?:[^"\\]|\\.)*)"', result.stdout)
    return f"{path}:{line}: wanted {wanted or 'no error'}, found {found or result.stderr}: {messages[:3]}"


def drawn(program, text):
    """The picture of a plan, as SVG."""
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "picture.svg")
        result = subprocess.run([program, "graph", "-", "-o", path], input=text, capture_output=True, text=True)
        if result.returncode != 0:
            return result.stderr
        with open(path, encoding="utf-8") as file:
            return file.read()


def picture_problem(program, root, name, text, write):
    """Whether docs/pictures/NAME.svg shows the plan of `text`; with `write`, makes it so."""
    path = os.path.join("docs/pictures", name + ".svg")
    svg = drawn(program, text)
    if write:
        with open(os.path.join(root, path), "w", encoding="utf-8") as file:
            file.write(svg)
        return None
    if not os.path.exists(os.path.join(root, path)):
        return f"{path} is not there: scripts/pictures draws it"
    with open(os.path.join(root, path), encoding="utf-8") as file:
        words = [re.findall(r"<text[^>]*>(.*?)</text>", one) for one in (svg, file.read())]
    return None if words[0] == words[1] != [] else f"{path} is not what the program draws: scripts/pictures draws it"


def pictures_of(root, path, text):
    """(name, text of the file) of each picture that the examples of one document have."""
    for line, words, body in fences(text):
        for word in words:
            if word.startswith("picture="):
                name = word.removeprefix("picture=")
                if f"](pictures/{name}.svg)" not in text:
                    sys.exit(f"{path}:{line}: the picture {name} is not shown")
                yield name, whole(body, words)
    for name in sorted(os.listdir(os.path.join(root, "docs"))) if path == "README.md" else []:
        if name.endswith(".deploy") and os.path.exists(os.path.join(root, "docs/pictures", name[:-7] + ".svg")):
            with open(os.path.join(root, "docs", name), encoding="utf-8") as file:
                yield name[:-7], file.read()


def output_of(program, root, command):
    return subprocess.run([program, *shlex.split(command)[1:]], cwd=root, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True)


def commands(body):
    """(command, output as it stands) of one ```console fence."""
    for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
        command, _, wanted = part.partition("\n")
        if command.startswith("sluice "):
            yield command, wanted


def update(program, root, path):
    """Writes the outputs anew; of one that begins with `…`, from its first line on."""
    with open(os.path.join(root, path), encoding="utf-8") as file:
        text = file.read()
    for match in re.finditer(r"^```console\n(.*?)^```$", text, re.M | re.S):
        body = match.group(1)
        for command, wanted in commands(body):
            said = output_of(program, root, command).stdout
            if wanted.startswith("…\n"):
                first = wanted.splitlines(keepends=True)[1]
                said = "…\n" + said[said.index(first):]
            body = body.replace(f"$ {command}\n{wanted}", f"$ {command}\n{said}")
        text = text.replace(match.group(1), body)
    with open(os.path.join(root, path), "w", encoding="utf-8") as file:
        file.write(text)


def run_console(program, root, path, line, body):
    """The commands of one ```console fence, each with its output."""
    for command, wanted in commands(body):
        result = output_of(program, root, command)
        pattern = "".join("(?:.*\n)*" if row == "…\n" else re.escape(row) for row in wanted.splitlines(keepends=True))
        if not re.fullmatch(pattern, result.stdout):
            return f"{path}:{line}: `{command}` says:\n{result.stdout}"
    return None


def anchors(text):
    for heading in re.findall(r"^#+ (.+)$", text, re.M):
        yield re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-")


def links(text):
    """(link, its file, its anchor) of every link within the project."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", target):
            name, _, anchor = target.partition("#")
            yield target, name, anchor


def pages_unled_to(root, paths):
    """Those of `paths` to which no links lead from README.md."""
    reached, ahead = set(), ["README.md"]
    while ahead:
        path = ahead.pop()
        if path in reached or path not in paths:
            continue
        reached.add(path)
        with open(os.path.join(root, path), encoding="utf-8") as file:
            ahead += [os.path.normpath(os.path.join(os.path.dirname(path), name)) for _, name, _ in links(file.read())]
    return [f"{path}: no link leads here from README.md" for path in paths if path not in reached]


def tests_not_there(root, path, text, names):
    """`names`: of the files that may be meant, with the folders before them."""
    for test in sorted(set(re.findall(r"`([\w/]+(?:_test\.cpp|\.py))\b", text))):
        if not any(name == test or name.endswith("/" + test) for name in names):
            yield f"{path}: there is no {test}"


def broken_links(root, path, text):
    for target, name, anchor in links(text):
        found = os.path.normpath(os.path.join(root, os.path.dirname(path), name)) if name else os.path.join(root, path)
        if not os.path.exists(found):
            yield f"{path}: the link {target} leads nowhere"
        elif anchor and found.endswith(".md"):
            with open(found, encoding="utf-8") as file:
                if anchor not in set(anchors(file.read())):
                    yield f"{path}: the link {target} names no heading"


def main():
    program, root = os.path.abspath(sys.argv[1]), sys.argv[2]
    paths = ["README.md"] + [os.path.join("docs", name) for name in sorted(os.listdir(os.path.join(root, "docs")))]
    paths += [os.path.join("docs/decisions", name) for name in sorted(os.listdir(os.path.join(root, "docs/decisions")))]
    paths = [path for path in [*paths, "examples/README.md", "CHANGELOG.md"] if path.endswith(".md")]
    names = [os.path.relpath(os.path.join(folder, name), root)
             for part in ("tests", "bench", "examples") for folder, _, files in os.walk(os.path.join(root, part))
             for name in files]
    jobs, problems, count = [], pages_unled_to(root, paths), 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path in paths:
            if "--update" in sys.argv:
                update(program, root, path)
            with open(os.path.join(root, path), encoding="utf-8") as file:
                text = file.read()
            for name, plan in pictures_of(root, path, text):
                jobs.append(pool.submit(picture_problem, program, root, name, plan, "--pictures" in sys.argv))
            problems += broken_links(root, path, text)
            problems += tests_not_there(root, path, text, names)
            for line, words, body in fences(text):
                count += 1
                jobs.append(pool.submit(check, program, path, line, words, body))
            for match in re.finditer(r"^```console\n(.*?)^```$", text, re.M | re.S):
                line = text.count("\n", 0, match.start()) + 1
                jobs.append(pool.submit(run_console, program, root, path, line, match.group(1)))
        problems += [job.result() for job in jobs if job.result()]
    for problem in problems:
        print(problem)
    print(f"documents: {count} examples, {len(problems)} problems")
    return 1 if problems or count < 10 else 0


if __name__ == "__main__":
    sys.exit(main())
