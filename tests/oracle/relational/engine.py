"""A case in the real engine, through `weir-stream --print -`, and what it says of each view."""
import os
import re
import shutil
import subprocess
import tempfile
from collections import namedtuple

from .case import expected, script

TIMEOUT = 60
MEMORY = "/dev/shm"   # a database there waits for no disk
Verdict = namedtuple("Verdict", "kind what detail", defaults=("", ""))  # same differs error unsupported


def run(program, case):
    lines, created = script(case)
    folder = tempfile.mkdtemp(prefix="weir-relational-", dir=MEMORY if os.path.isdir(MEMORY) else None)
    command = [os.path.abspath(program), "--print", *case.options(), "--db", os.path.join(folder, "s.db"), "-"]
    try:
        p = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=TIMEOUT,
                           cwd=folder, check=False)
        return p.returncode, p.stdout, p.stderr, created
    except subprocess.TimeoutExpired as e:
        return -1, (e.stdout or b"").decode(), f"no answer within {TIMEOUT} s", created
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def messages(stderr):
    """(line of the script, message) of everything that the driver complained of."""
    found = re.split(r"^-:(\d+): ", stderr, flags=re.M)
    return [(int(n), text) for n, text in zip(found[1::2], found[2::2])]


def reason(text):
    m = re.search(r"(WEIR_E_\w+): ([^\n]*)", text)
    if m:
        return m.group(1) + ": " + re.sub("[0-9]+", "N", m.group(2))
    m = re.search(r"(AddressSanitizer: \S+|runtime error: .*|Assertion `[^']*')", text)
    return m.group(1) if m else (text.strip().split("\n") or [""])[-1][:200]


def dumps(stdout):
    out, rows = [], []
    for line in stdout.split("\n"):
        if line == ".":
            out.append(sorted(rows))
            rows = []
        else:
            rows.append(line)
    return out


def difference(view, n, want, got):
    missing, extra = list(want), []
    for row in got:
        if row in missing:
            missing.remove(row)
        else:
            extra.append(row)
    lines = [f"view {view}, dump {n}:"] + [f"  missing {r}" for r in missing[:12]] + [f"  extra   {r}" for r in extra[:12]]
    return "\n".join(lines)


def refused(case, stderr, created):
    """Verdicts on the views that could not be created, and what else went wrong."""
    out, rest = {}, []
    for line, text in messages(stderr):
        if line in created and created[line] in out:
            continue
        if line in created:
            kind = "unsupported" if "WEIR_E_UNSUPPORTED" in text else "error"
            out[created[line]] = Verdict(kind, reason(text), text)
        else:
            rest.append(text)
    for v in case.views:
        gone = [out[n] for n in v.reads() if n in out]
        if gone:
            out[v.name] = Verdict("unsupported", "reads what is not there")
    others = [t for t in rest if not any(f'"{n}"' in t for n in out)]
    return out, others


def judge(program, case, want=None):
    """{view: Verdict}; under the name None what concerns no view alone."""
    status, stdout, stderr, created = run(program, case)
    out, others = refused(case, stderr, created)
    if status not in (0, 1):
        what = reason(stderr) or f"exit status {status}"
        out[None] = Verdict("error", what, stderr[-3000:])
    elif others:
        out[None] = Verdict("error", reason(others[0]), "\n".join(others)[:3000])
    got = dumps(stdout)
    for i, (view, rows) in enumerate(want if want is not None else expected(case)):
        if view in out:
            continue
        if i >= len(got):
            break
        if got[i] != rows:
            n = [v.name for dump in case.dumps() for v in dump][:i].count(view)
            out[view] = Verdict("differs", "rows", difference(view, n + 1, rows, got[i]))
    for v in [v for v in case.views if not v.is_plain]:
        out.setdefault(v.name, out.get(None, Verdict("same")))
    known = {v.name for v in case.views} | {None}
    return {name: v for name, v in out.items() if name in known or v.kind == "error"}
