"""Makes a failing case small: views, commits, rows, then parts of queries go as long as it fails in the
same way. What is left is written down as a script that needs no oracle.
"""
import os
import sqlite3
import time
from dataclasses import fields, replace

from .case import WRITES, commands, create_view, database, expected, fill, setup
from .engine import judge
from .nodes import Agg, Base, Call, Derived, Join, Node, Select, SetOp, Sub, Values, With, mapped
from ..sqltypes import Type


# ---- views and steps ------------------------------------------------------------------------------

def only(case, name):
    """The case with the view and what it reads."""
    kept, views = {name}, []
    for v in reversed(case.views):
        if v.name in kept:
            views.insert(0, v)
            kept |= v.reads()
    names = {v.name for v in views}
    return replace(case, views=tuple(views), steps=tuple(s for s in case.steps if s[0] != "define" or s[1] in names))


def drop_streams(case):
    read = {n for v in case.views for n in v.reads()}
    return replace(case, streams=tuple(s for s in case.streams if s.name in read),
                   steps=tuple(s for s in case.steps if s[0] not in WRITES or s[1] in read))


def drop_steps(case, fails):
    """ddmin; the last commit stays."""
    size = max(1, len(case.steps) // 2)
    while size:
        first = 0
        while first < len(case.steps) - 1:
            n = min(size, len(case.steps) - 1 - first)
            smaller = replace(case, steps=case.steps[:first] + case.steps[first + n:])
            if fails(smaller):
                case = smaller
            else:
                first += size
        size //= 2
    return case


def plain_values(case, fails):
    """Values of rows become NULL where that makes no difference."""
    for i, step in enumerate(case.steps):
        if step[0] != "push":
            continue
        for j, v in enumerate(step[2]):
            stream = next(s for s in case.streams if s.name == step[1])
            if v is None or stream.columns[j][0] == stream.time:
                continue
            row = case.steps[i][2]
            changed = row[:j] + (None,) + row[j + 1:]
            smaller = replace(case, steps=case.steps[:i] + (("push", step[1], changed),) + case.steps[i + 1:])
            if fails(smaller):
                case = smaller
    return case


# ---- queries --------------------------------------------------------------------------------------

def smaller_selects(q):
    for name, empty in (("where", None), ("having", None), ("qualify", None), ("order", ()), ("distinct_on", ())):
        if getattr(q, name):
            yield replace(q, **{name: empty})
    if q.limit is not None:
        yield replace(q, limit=None, offset=0, ties=False)
    if q.offset:
        yield replace(q, offset=0)
    for flag in ("ties", "distinct", "star", "by_ordinal"):
        if getattr(q, flag):
            yield replace(q, **{flag: False})
    if q.sets is not None:
        yield replace(q, sets=None)
        for i in range(len(q.sets)):
            if len(q.sets) > 1:
                yield replace(q, sets=q.sets[:i] + q.sets[i + 1:], sets_as="sets")
    for i in range(len(q.items)):
        if len(q.items) > 1:
            yield replace(q, items=q.items[:i] + q.items[i + 1:], star=False)
    if q.sets is None:
        for i in range(len(q.group)):
            yield replace(q, group=q.group[:i] + q.group[i + 1:])
    for i in range(len(q.order)):
        if len(q.order) > 1:
            yield replace(q, order=q.order[:i] + q.order[i + 1:])


def smaller_exprs(e):
    """Parts of the same type, and a constant."""
    parts = e.args if isinstance(e, (Call, Agg)) else e.parts if not isinstance(e, Sub) else ()
    for p in parts:
        if isinstance(p, Node) and p.type == e.type and not (isinstance(e, Agg) and e.tag == "grouping"):
            yield p
    if isinstance(e, Call) and e.type.kind == "boolean":
        yield Call("TRUE", (), e.type, "1")
    if isinstance(e, Agg):
        for name, empty in (("filter", None), ("distinct", False)):
            if getattr(e, name):
                yield replace(e, **{name: empty})
        if e.over is not None:
            for change in ({"frame": None}, {"partition": ()}, {"name": None}, {"order": e.over.order[:1]}, {"order": e.over.order[:-1]}):
                over = replace(e.over, **change)
                if over != e.over:
                    yield replace(e, over=over)


def smaller_nodes(x):
    """What may stand in the place of a node."""
    if isinstance(x, Select):
        yield from smaller_selects(x)
    elif isinstance(x, SetOp):
        yield from (x.left, x.right)
        if x.all:
            yield replace(x, all=False)
    elif isinstance(x, With):
        yield x.body
        for i in range(len(x.ctes)):
            yield replace(x, ctes=x.ctes[:i] + x.ctes[i + 1:])
    elif isinstance(x, Join):
        yield from (x.left, x.right)
        if x.kind not in ("inner", "cross", "comma"):
            yield replace(x, kind="inner")
        if x.kind == "full":
            yield replace(x, kind="left")
    elif isinstance(x, Values):
        for i in range(len(x.rows)):
            if len(x.rows) > 1:
                yield replace(x, rows=x.rows[:i] + x.rows[i + 1:])
    elif isinstance(x, (Call, Agg)):
        yield from smaller_exprs(x)


def variants(x):
    """x with one node below it made smaller; outer nodes first."""
    if isinstance(x, Node) and not isinstance(x, Type):
        yield from smaller_nodes(x)
        for f in fields(x):
            part = getattr(x, f.name)
            if isinstance(part, (Node, tuple)):
                for v in variants(part):
                    yield replace(x, **{f.name: v})
    elif isinstance(x, tuple):
        for i, part in enumerate(x):
            if isinstance(part, (Node, tuple)):
                for v in variants(part):
                    yield x[:i] + (v,) + x[i + 1:]


def unwrapped(q):
    """SELECT … FROM (subquery) where the subquery alone may fail as well."""
    if isinstance(q, Select) and isinstance(q.from_, Derived):
        yield q.from_.query
    if isinstance(q, With):
        for _, c in q.ctes:
            yield c
    if isinstance(q, SetOp):
        yield from (q.left, q.right)


def inlined(case):
    """Views of views take in what they read, as a derived table."""
    known = {v.name: v for v in case.views}
    last = case.views[-1]
    for name in last.reads() & set(known):
        def change(x):
            if isinstance(x, Base) and x.name == name:
                return Derived(known[name].query, x.alias)
            return x
        yield replace(case, views=case.views[:-1] + (replace(last, query=mapped(last.query, change)),))


def is_answerable(case):
    try:
        db = database(case)
        for v in case.views:
            create_view(db, v)
            fill(db, v)
        return True
    except (sqlite3.Error, RuntimeError, StopIteration, IndexError, KeyError, ValueError):
        return False


def reduce_queries(case, fails, deadline):
    changed = True
    while changed and time.monotonic() < deadline:
        changed = False
        for i, v in enumerate(case.views):
            candidates = list(unwrapped(v.query)) + list(variants(v.query))
            for q in candidates:
                smaller = replace(case, views=case.views[:i] + (replace(v, query=q),) + case.views[i + 1:])
                if time.monotonic() < deadline and is_answerable(smaller) and fails(smaller):
                    case, changed = smaller, True
                    break
            if changed:
                break
    return case


# ---- all ------------------------------------------------------------------------------------------

def reduced(program, case, name, verdict, seconds=90):
    """The smallest case found in that time whose last view fails in the same way."""
    deadline = time.monotonic() + seconds

    def fails(smaller):
        if time.monotonic() > deadline:
            return False
        try:
            got = judge(program, smaller)
        except (sqlite3.Error, RuntimeError, StopIteration):
            return False
        v = (got.get(smaller.views[-1].name) if smaller.views else None) or got.get(None)
        return v is not None and v.kind == verdict.kind and v.what == verdict.what

    smaller = only(case, name) if name else case
    case = smaller if fails(smaller) else case
    for change in ({"rules_off": None}, {"batch": 4096}):
        smaller = replace(case, **change)
        case = smaller if fails(smaller) else case
    for final in (False, True):
        case = drop_steps(case, fails)
        case = reduce_queries(case, fails, deadline)
        for smaller in inlined(case):
            smaller = only(smaller, smaller.views[-1].name)
            if fails(smaller):
                case = smaller
                break
        smaller = drop_streams(case)
        case = smaller if fails(smaller) else case
    return plain_values(case, fails)


def regression(case, verdict):
    """A script for weir-stream: what is wrong shows as a difference in one of its blocks."""
    out = [f"# seed {case.seed}: {verdict.kind}: {verdict.what}", f"# weir-stream {' '.join(case.options())}"] + setup(case)[0]
    held, dumps = expected(case), iter(case.dumps())
    for step in case.steps:
        out += commands(case, step)
        if step[0] == "commit":
            for _ in next(dumps):
                view, rows = held.pop(0)
                out += [f"view {view}", *rows, "end"]
    return "\n".join(out) + "\n"


def write(folder, case, verdict):
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"relational-{case.seed}.test")
    with open(path, "w", encoding="utf-8") as f:
        f.write(regression(case, verdict))
    return path
