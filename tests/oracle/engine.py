"""Runs a case in the real engine, through `weir-stream --print -`, and compares."""
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from dataclasses import dataclass, replace

from .case import expected, expected_counters, script

TIMEOUT = 60


@dataclass
class Outcome:
    kind: str          # same, differs, error, unsupported
    what: str = ""     # one line: for what it is like another failure
    detail: str = ""
    dump: int = -1     # number of the first dump that differs


def run(program, lines, options, files):
    """(exit status, stdout, stderr, folder of the database and the files, to be removed)."""
    folder = tempfile.mkdtemp(prefix="weir-oracle-")
    for name, text in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as f:
            f.write(text)
    command = [os.path.abspath(program), "--print", *options, "--db", os.path.join(folder, "s.db"), "-"]
    try:
        p = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=TIMEOUT,
                           cwd=folder, check=False)
        return p.returncode, p.stdout, p.stderr, folder
    except subprocess.TimeoutExpired as e:
        return -1, (e.stdout or b"").decode(), f"no answer within {TIMEOUT} s", folder


def dumps_of(stdout):
    """The rows of each dump that was announced."""
    out, rows = [], None
    for line in stdout.split("\n"):
        if line == "@dump":
            rows = []
        elif line == "." and rows is not None:
            out.append(sorted(rows))
            rows = None
        elif rows is not None:
            rows.append(line)
    return out


def difference(view, want, got):
    missing, extra = list(want), []
    for row in got:
        if row in missing:
            missing.remove(row)
        else:
            extra.append(row)
    lines = [f"view {view}:"] + [f"  missing {r}" for r in missing[:20]] + [f"  extra   {r}" for r in extra[:20]]
    return "\n".join(lines)


def kind_of_error(stderr):
    """What two errors must share to be the same one."""
    m = re.search(r"(WEIR_E_\w+): ([^\n]*)", stderr)
    if m:
        return m.group(1) + ": " + re.sub("[0-9]+", "N", re.sub('"[^"]*"', "X", m.group(2)))
    m = re.search(r"(AddressSanitizer: \S+|runtime error: .*|Assertion `[^']*')", stderr)
    return m.group(1) if m else (stderr.strip().split("\n") or [""])[-1][:200]


def counters_in(folder):
    path = os.path.join(folder, "s.db")
    if not os.path.exists(path):
        return {}
    db = sqlite3.connect(path)
    try:
        rows = db.execute("SELECT name, late_rows, errors FROM weir_views WHERE kind = 'materialized view'").fetchall()
        return {name: counters for name, *counters in rows}
    except sqlite3.Error:
        return {}
    finally:
        db.close()


def judge(case, status, stdout, stderr, folder):
    if "WEIR_E_UNSUPPORTED" in stderr:
        return Outcome("unsupported", kind_of_error(stderr), stderr)
    if status != 0:
        return Outcome("error", kind_of_error(stderr) or f"exit status {status}", stderr)
    got = dumps_of(stdout)
    want = expected(case, got)
    for i, (view, rows) in enumerate(want):
        if i >= len(got):
            return Outcome("error", "the output ends early", stdout[-2000:])
        if got[i] != rows:
            return Outcome("differs", "rows", difference(view, rows, got[i]), i)
    found = counters_in(folder)
    for view, counters in expected_counters(case).items():
        for what, n, m in zip(("late_rows", "errors"), counters, found.get(view, counters)):
            if n != m and n is not None:
                return Outcome("differs", what, f"view {view}: {what} is {m}, must be {n}", len(want) - 1)
    return Outcome("same")


def built_part(program, case):
    """The case without the views that the engine has not built, and without what reads them."""
    kept = list(case.relations[: len(case.streams)])
    for r in case.relations[len(case.streams):]:
        if not all(p.name in [k.name for k in kept] for p in r.parents):
            continue
        attempt = replace(case, relations=kept + [r], steps=[("commit",)], late=None)
        status, _, stderr, folder = run(program, script(attempt), attempt.options(), attempt.files())
        shutil.rmtree(folder, ignore_errors=True)
        if status == 0 or "WEIR_E_" not in stderr:
            kept.append(r)
    return replace(case, relations=kept, late=case.late if case.late in [k.name for k in kept] else None)


def try_case(program, case):
    status, stdout, stderr, folder = run(program, script(case), case.options(), case.files())
    try:
        return judge(case, status, stdout, stderr, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
