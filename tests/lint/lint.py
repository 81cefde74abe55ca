#!/usr/bin/env python3
"""Habits of the house that a script can check. Usage: lint.py ROOT CHECK

Checks: layers, banned, orphans, headers, heads, sizes, readmes, wounds."""
import os
import re
import subprocess
import sys

FLOORS = ["base", "parser", "storage", "planner", "exec", "shell"]
MAY_USE = {
    "base": [], "parser": ["base"], "storage": ["base"], "planner": ["base", "parser"],
    "exec": ["base", "parser", "storage", "planner"], "shell": [],
}
EXEC_ORDER = ["kernel", "expr", "state", "func agg", "window op", "format", "io", "pipeline", "engine"]
# What a definition needs of the mechanism right above it: the interface header alone.
INTERFACES = {"exec/state/heap.h", "exec/state/treap.h", "exec/io/source.h"}
BANNED = {
    r"\b(malloc|calloc|realloc|free|strdup|strndup)\s*\(": {"base/arena.c", "base/pages.c"},
    r"\b(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|atof|strtok|alloca)\s*\(": set(),
    r"\b(time|gettimeofday|clock_gettime|rand|srand|random)\s*\(": {"base/env.c"},
    r"\b(abort|exit|_exit|printf|puts|putchar|perror)\s*\(": {"base/arena.c"},
    r"\bfprintf\s*\(": set(),
}
SIZE_MAX = 1000


def sources(root, floors=FLOORS, endings=(".c", ".h")):
    for floor in floors:
        for folder, _, files in os.walk(os.path.join(root, floor)):
            for f in sorted(files):
                if f.endswith(endings):
                    yield os.path.relpath(os.path.join(folder, f), root)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as f:
        return f.read()


def without_comments(text):
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)
    text = re.sub(r"//[^\n]*", "", text)
    return re.sub(r'"(\\.|[^"\\\n])*"', '""', text)


def exec_floor(path):
    part = path.split("/")[1] if path.count("/") > 1 else "engine"
    for i, names in enumerate(EXEC_ORDER):
        if part in names.split():
            return i
    return len(EXEC_ORDER)


def layers(root):
    for path in sources(root):
        floor = path.split("/")[0]
        for inc in re.findall(r'^\s*#\s*include\s+"([^"]+)"', read(root, path), flags=re.M):
            target = inc.split("/")[0]
            if target == "include" or "/" not in inc:
                continue
            if target != floor and target not in MAY_USE[floor]:
                yield f"{path}: includes {inc}: {floor} may not use {target}"
            if floor == "exec" and target == "exec" and inc not in INTERFACES:
                if exec_floor(inc) > exec_floor(path):
                    yield f"{path}: includes {inc}, which is on a higher floor of exec"


def banned(root):
    for path in sources(root, [f for f in FLOORS if f != "shell"]):
        for n, line in enumerate(without_comments(read(root, path)).split("\n"), 1):
            for pattern, allowed in BANNED.items():
                if path not in allowed and re.search(pattern, line):
                    yield f"{path}:{n}: banned call: {line.strip()}"
    for path in sources(root, ["shell"]):
        for n, line in enumerate(without_comments(read(root, path)).split("\n"), 1):
            if re.search(r"\b(strcpy|strcat|sprintf|gets|atoi|strtok|alloca)\s*\(", line):
                yield f"{path}:{n}: banned call: {line.strip()}"


def orphans(root):
    listed = {}
    for folder, _, files in os.walk(root):
        rel = os.path.relpath(folder, root)
        if rel.split("/")[0].startswith((".", "build")):
            continue
        if "meson.build" in files:
            listed[rel] = read(root, os.path.join(rel, "meson.build"))
    for path in sources(root, FLOORS, (".c",)):
        folder, name = os.path.split(path)
        found = False
        while True:
            text = listed.get(folder or ".", "")
            stem = re.sub(r"^(func|agg|window|source|format|render|dot)_", "", os.path.basename(name)[:-2])
            found |= name in text or f"'{stem}'" in text
            if found or not folder:
                break
            name = os.path.join(os.path.basename(folder), name)
            folder = os.path.dirname(folder)
        if not found:
            yield f"{path}: no meson.build lists it"


def headers(root):
    for path in sources(root, FLOORS + ["include"], (".h",)):
        if path.endswith("_tmpl.h"):
            continue
        r = subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-fsyntax-only", "-I", root, "-x", "c",
                            os.path.join(root, path)], capture_output=True, text=True, check=False)
        if r.returncode:
            yield f"{path}: does not compile alone\n{r.stderr[:500]}"


def heads(root):
    for path in sources(root):
        text = read(root, path)
        if not text.startswith("/* "):
            yield f"{path}: does not open with its reason"


def sizes(root):
    for path in sources(root, FLOORS, (".c", ".h", ".re", ".y")):
        n = read(root, path).count("\n")
        if n > SIZE_MAX and not path.endswith(".y"):
            yield f"{path}: {n} lines, more than {SIZE_MAX}: what is it really two of?"


def readmes(root):
    for folder in sorted({os.path.dirname(p) for p in sources(root)}):
        if not os.path.exists(os.path.join(root, folder, "README.md")):
            yield f"{folder}: has no README.md"


def wounds(root):
    """Each scenario of the table in tests/README.md stands, by its number, in a test that is named there."""
    rows = re.findall(r"^\| ([\d, ]+) \|.*\| (.*) \|$", read(root, "tests/README.md"), re.M)
    if len(rows) < 30:
        yield "tests/README.md: the table of wounds is not there"
    for numbers, tests in rows:
        names = re.findall(r"`([^`]+)`", tests)
        files = [n for n in names if "/" in n]
        for name in files:
            if not os.path.exists(os.path.join(root, "tests", name)):
                yield f"tests/README.md: wound {numbers}: there is no {name}"
        texts = [name + " " + read(root, "tests/" + name) for name in files if os.path.exists(os.path.join(root, "tests", name))]
        for n in re.findall(r"\d+", numbers):
            named = re.compile(rf"[Ww]ounds?[ _](?:[\d, #\n]|and)*{n}\b|wound_{n}_|hurt \([\d, and]*{n}\b")
            if files and len(files) == len(names) and not any(named.search(t) for t in texts):
                yield f"tests/README.md: no test of wound {n} has its number"


def main():
    root, check = sys.argv[1], sys.argv[2]
    checks = {f.__name__: f for f in (layers, banned, orphans, headers, heads, sizes, readmes, wounds)}
    found = list(checks[check](root))
    for line in found:
        print(line)
    return 1 if found else 0


sys.exit(main())
