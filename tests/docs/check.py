#!/usr/bin/env python3
"""Documents against the program and the sources: nothing is missing, nothing is made up.

Usage: check.py [--write] WEIR ROOT

Tables between <!-- begin x --> and <!-- end x --> are what the program prints (SHOW FUNCTIONS, SHOW
SETTINGS); --write puts them there. Every option of a connector, format, stream or view stands in
sources.md or statements.md, every code of weir.h in errors.md, every option and command of `weir help`
in the manual page; every document with examples is listed as a test; relative links lead somewhere."""
import json
import os
import re
import subprocess
import sys

SQL = "docs/sql/"


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as f:
        return f.read()


def show(weir, sql):
    out = subprocess.run([weir, "--mode", "jsonl", "-c", sql], capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def cell(text):
    return str(text if text is not None else "").replace("|", "\\|")


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(cell(c) for c in r) + " |" for r in rows])


def call(name, arguments):
    return f"`{name}({arguments})`"


def aliases(row):
    return ", ".join(f"`{a}`" for a in (row["aliases"] or "").split(",") if a)


# ---- generated tables ------------------------------------------------------------------------------

KINDS = [("text", "Text"), ("math", "Numbers"), ("time", "Time"), ("json", "JSON"), ("array", "Arrays, rows and maps"),
         ("conditional", "Choice and kind"), ("over", "With OVER")]


def functions_text(rows):
    known = {k for k, _ in KINDS} | {"aggregate", "window table function"}
    parts = []
    for kind, title in KINDS + [(k, k) for k in sorted({r["kind"] for r in rows} - known)]:
        of_kind = [r for r in rows if r["kind"] == kind]
        body = [(call(r["name"], r["arguments"]), r["result"], r["description"], aliases(r)) for r in of_kind]
        parts.append(f"## {title}\n\n" + table(("function", "gives", "what", "also called"), body))
    windows = [(f"`{r['name']}`", r["description"]) for r in rows if r["kind"] == "window table function"]
    parts.append("## Window table functions\n\nSee [windows.md](windows.md).\n\n" + table(("function", "what"), windows))
    return "\n\n".join(parts)


def aggregates_text(rows):
    body = [(call(r["name"], r["arguments"]), r["result"], r["description"], aliases(r))
            for r in rows if r["kind"] == "aggregate"]
    return table(("aggregate", "gives", "what", "also called"), body)


def settings_text(rows):
    return table(("setting", "default", "values", "what"),
                 [(f"`{r['name']}`", f"`{r['default']}`", r["kind"], r["meaning"]) for r in rows])


def tables(weir):
    functions = show(weir, "SHOW FUNCTIONS")
    return {("functions", SQL + "functions.md"): functions_text(functions),
            ("aggregates", SQL + "aggregates.md"): aggregates_text(functions),
            ("settings", SQL + "statements.md"): settings_text(show(weir, "SHOW SETTINGS"))}


def check_tables(weir, root, write):
    for (name, path), wanted in tables(weir).items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        text = read(root, path)
        at, to = text.index(begin) + len(begin), text.index(end)
        if text[at:to] == wanted + "\n":
            continue
        if write:
            with open(os.path.join(root, path), "w", encoding="utf-8") as f:
                f.write(text[:at] + wanted + "\n" + text[to:])
        else:
            yield f"{path}: the table of {name} is not what the program prints; check.py --write makes it anew"


# ---- mentions ----------------------------------------------------------------------------------------

def option_names(root, path, only=None):
    text = read(root, path)
    for array, body in re.findall(r"OptionDef (\w+)\[\] = \{(.*?)\{0\}", text, flags=re.S):
        if only and array not in only:
            continue
        for name in re.findall(r'\{"([^"]+)", OPT_', body):
            yield name.split(".")[-1]
    if not only:
        for body in re.findall(r"#define \w+_OPTIONS(.*?)\n\n", text, flags=re.S):
            yield from re.findall(r'\{"([^"]+)", OPT_', body)


def check_options(root):
    wanted = {}
    for folder in ("exec/io", "exec/format"):
        for f in sorted(os.listdir(os.path.join(root, folder))):
            if f.endswith((".c", ".h")):
                wanted.update({n: f"{folder}/{f}" for n in option_names(root, f"{folder}/{f}")})
    definitions = "exec/engine/definitions.c"
    wanted.update({n: definitions for n in option_names(root, definitions, ("stream_options", "view_options"))})
    text = read(root, SQL + "sources.md") + read(root, SQL + "statements.md")
    for name, where in wanted.items():
        if not re.search(rf"`(column\.)?{name}`", text):
            yield f"docs/sql/sources.md: option {name} ({where}) is not documented"
    if len(wanted) < 10:
        yield "no options found in the sources: the pattern of this check no longer fits"


def check_names(root):
    for folder, kind in (("exec/io", "ConnectorDef"), ("exec/format", "FormatDef")):
        text = read(root, SQL + "sources.md")
        for f in sorted(os.listdir(os.path.join(root, folder))):
            if not f.endswith(".c"):
                continue
            for body in re.findall(rf"const {kind} \w+\[\] = \{{(.*?)\{{0\}}", read(root, f"{folder}/{f}"), flags=re.S):
                for name in re.findall(r'\.name = "([^"]+)"', body):
                    if f"`{name}`" not in text:
                        yield f"docs/sql/sources.md: {name} ({folder}/{f}) is not documented"


def check_codes(root):
    text = read(root, SQL + "errors.md")
    codes = re.findall(r"^\s+(WEIR_E_\w+)", read(root, "include/weir.h"), flags=re.M)
    for code in codes:
        if f"| `{code}` |" not in text:
            yield f"docs/sql/errors.md: {code} is not documented"
    for code in re.findall(r"WEIR_E_\w+", text):
        if code not in codes:
            yield f"docs/sql/errors.md: there is no {code}"


def check_manual(weir, root):
    page = read(root, "docs/man/weir.1").replace("\\-", "-")
    text = subprocess.run([weir, "help"], capture_output=True, text=True, check=True).stdout
    words = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text)) | set(re.findall(r"^  weir ([a-z]+)", text, flags=re.M))
    for w in sorted(words):
        flag = w.lstrip("-")
        if not re.search(rf"(?:Fl -?|Cm |Ic ){re.escape(flag)}\b" if w.startswith("-") else rf"(?:Cm|Ic|Nm weir) {w}\b", page):
            yield f"docs/man/weir.1: {w} of weir help is not mentioned"
    dots = subprocess.run([weir], input=".help\n", capture_output=True, text=True, check=True).stdout
    for d in re.findall(r"^\.([a-z]+)", dots, flags=re.M):
        if not re.search(rf"Ic \.{d}\b", page):
            yield f"docs/man/weir.1: .{d} of .help is not mentioned"
    version = re.search(r'WEIR_VERSION "([^"]+)"', read(root, "include/weir.h")).group(1)
    for path in ("CHANGELOG.md", "meson.build"):
        if version not in read(root, path):
            yield f"{path}: does not know version {version}"


# ---- links -------------------------------------------------------------------------------------------

def documents(root):
    for folder, folders, files in os.walk(root):
        folders[:] = [d for d in folders if not d.startswith((".", "build"))]
        for f in files:
            if f.endswith(".md"):
                yield os.path.relpath(os.path.join(folder, f), root)


def check_links(root):
    for path in documents(root):
        text = re.sub(r"```.*?```", "", read(root, path), flags=re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", target) or target.startswith("#"):
                continue
            if not os.path.exists(os.path.join(root, os.path.dirname(path), target.split("#")[0])):
                yield f"{path}: {target} does not exist"


def check_listed(root):
    listed = read(root, "tests/docs/meson.build")
    for path in documents(root):
        runs = re.search(r"^ *```(sql|sh|console)\b|^ *```\w+ .*\bfrom=", read(root, path), flags=re.M)
        if runs and f"'{path}'" not in listed:
            yield f"tests/docs/meson.build: {path} has examples and is not listed"


def main(argv):
    write = "--write" in argv
    weir, root = [a for a in argv if a != "--write"]
    found = list(check_tables(weir, root, write)) + list(check_options(root)) + list(check_names(root))
    found += list(check_codes(root)) + list(check_manual(weir, root)) + list(check_links(root))
    found += list(check_listed(root))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
