"""Makes a failing case small, and writes it down as a script that needs no oracle."""
import os
import time
from dataclasses import replace

from .case import commands, dumped_commits, expected, looked_at, setup, steps_of
from .engine import try_case


def without(items, first, n):
    return items[:first] + items[first + n:]


def needed_by(relations, kept):
    """kept and all that they read."""
    todo, names = [r for r in relations if r.name in kept], set()
    while todo:
        r = todo.pop()
        if r.name not in names:
            names.add(r.name)
            todo += [p for p in relations if p.name in [q.name for q in r.parents]]
    return names


def drop_views(case, fails):
    for r in reversed(case.relations[len(case.streams):]):
        if any(r.name in [p.name for p in other.parents] for other in case.relations):
            continue
        smaller = replace(case, relations=[x for x in case.relations if x.name != r.name],
                          late=None if case.late == r.name else case.late)
        if smaller.tables and fails(smaller):
            case = smaller
    return case


def drop_streams(case, fails):
    """Streams that no view reads."""
    used = needed_by(case.relations, {r.name for r in case.tables})
    keep = [s for s in case.streams if s.name in used]
    smaller = replace(case, streams=keep, relations=[r for r in case.relations if r.name in used],
                      steps=[s for s in case.steps if s[0] != "push" or s[1] in used])
    return smaller if len(keep) < len(case.streams) and fails(smaller) else case


def drop_steps(case, fails):
    """ddmin: ever shorter runs of steps go; the last commit stays."""
    size = max(1, len(case.steps) // 2)
    while size:
        first = 0
        while first < len(case.steps) - 1:
            n = min(size, len(case.steps) - 1 - first)
            smaller = replace(case, steps=without(case.steps, first, n))
            if n and fails(smaller):
                case = smaller
            else:
                first += size
        size //= 2
    return case


def shrink(program, case, outcome, seconds=60):
    """The smallest case found in that time that fails in the same way."""
    deadline = time.monotonic() + seconds

    def fails(smaller):
        if time.monotonic() > deadline:
            return False
        o = try_case(program, smaller)
        return o.kind == outcome.kind and o.what == outcome.what

    for options in ({"late": None}, {"epoch_rows": 0, "late": None}, {"rules_off": None}, {"batch": 4096}):
        smaller = replace(case, **options)
        if smaller != case and fails(smaller):
            case = smaller
    before = None
    while before != (len(case.steps), len(case.relations)):
        before = (len(case.steps), len(case.relations))
        case = drop_streams(drop_views(case, fails), fails)
        case = drop_steps(case, fails)
    return case


def regression(case, outcome, prefix=""):
    """A script for weir-stream: what is wrong shows as a difference in one of its blocks."""
    out = [f"# seed {case.seed}: {outcome.kind}: {outcome.what}"]
    out += [f"# weir-stream {' '.join(case.options())}"] + setup(case, prefix)
    wanted, held, commits = dumped_commits(case), expected(case), 0
    for step in steps_of(case):
        out += commands(case, step)
        if step[0] == "end" or step[0] == "commit" and commits in wanted:
            for _ in looked_at(case, step):
                view, rows = held.pop(0)
                if step[0] == "end" or not case.from_files:  # elsewhere nobody knows how far a file is read
                    out += [f"view {view}", *rows, "end"]
        commits += step[0] == "commit"
    return "\n".join(out) + "\n"


def write(folder, case, outcome):
    os.makedirs(folder, exist_ok=True)
    name = f"oracle-{case.seed}"
    texts = {f"{name}.test": regression(case, outcome, f"{name}."), **case.files(f"{name}.")}
    for file, text in texts.items():
        with open(os.path.join(folder, file), "w", encoding="utf-8", newline="") as f:
            f.write(text)
    return os.path.join(folder, f"{name}.test")
