"""A query in the dialect of the oracle's SQLite, which lacks some of weir's: what it lacks is written
in another way that says the same.

Ties are broken by the total order of rows: `order_of` gives, for what stands in FROM, the expressions
that put its rows in that order, or None where it is not settled (the generator then asks for an order
without ties). Derived tables carry theirs in columns _o0, _o1, …
"""
from dataclasses import replace
from typing import NamedTuple

from ..sqltypes import BOOLEAN, DOUBLE, literal
from .nodes import (Agg, Asof, Base, Call, Col, Derived, Join, Lit, Merged, Select, SetOp, Sub, Tvf, Values, With,
                    columns_of, has_aggregate, mapped, nodes_in, star_of)
from .weir_sql import listed


class Ties(NamedTuple):
    """Total orders: of the rows that aggregates see, of those that the SELECT has made of them."""
    below: tuple = ()
    made: tuple = ()


def expr(e, ties=Ties()):
    if isinstance(e, Col):
        return f"{e.table}.{e.name}"
    if isinstance(e, Merged):
        return f"COALESCE({listed(expr, e.parts)})"
    if isinstance(e, Lit):
        return literal(e.value, e.type)[1]
    if isinstance(e, Call):
        return (e.lite or e.weir).format(*[expr(a, ties) for a in e.args])
    if isinstance(e, Agg):
        return aggregate(e, ties)
    return subquery(e, ties)


def filtered_window(a):
    """SQLite's MIN and MAX forget FILTER in some frames; CASE says the same."""
    first = a.args[0] if a.args else Lit(1, a.type)
    taken = Call("CASE WHEN {} THEN {} END", (a.filter, first), first.type)
    return replace(a, args=(taken,) + a.args[1:], filter=None, lite=(a.lite or a.weir).replace("COUNT(*)", "COUNT({})"))


def aggregate(a, ties):
    if a.over is not None and a.filter is not None:
        a = filtered_window(a)
    args = [expr(x, ties) for x in a.args]
    if a.ordered and a.over is None:
        args.append("".join(f", {t}" for t in ties.below))
    text = (a.lite or a.weir).format(*args)
    if a.distinct:
        text = text.replace("(", "(DISTINCT ", 1)
    if a.filter is not None:
        text += f" FILTER (WHERE {expr(a.filter, ties)})"
    return text if a.over is None else f"{text} OVER ({window(a, ties)})"


def key(k, ties=Ties()):
    return expr(k.expr, ties) + (" DESC" if k.desc else "") + (f" NULLS {k.nulls}" if k.nulls else "")


def bound(b):
    kind, n = b
    return kind if n is None else f"{n} {kind}"


def window(a, ties):
    w = a.over
    parts = [f"PARTITION BY {', '.join(expr(p, ties) for p in w.partition)}"] if w.partition else []
    order = [key(k, ties) for k in w.order] + (list(ties.made) if a.ordered else [])
    parts += [f"ORDER BY {', '.join(order)}"] if order else []
    if w.frame:
        unit, start, end, exclude = w.frame
        parts.append(f"{unit} BETWEEN {bound(start)} AND {bound(end)}" + (f" EXCLUDE {exclude}" if exclude else ""))
    return " ".join(parts)


# ---- subqueries as values -------------------------------------------------------------------------

def subquery(s, ties):
    left = [expr(x, ties) for x in s.left]
    no = "NOT " if s.negated else ""
    if s.form == "scalar":
        return f"({query(s.query)})"
    if s.form == "exists":
        return f"{no}EXISTS ({query(s.query)})"
    if s.form == "in":
        one = left[0] if len(left) == 1 else f"({', '.join(left)})"
        return f"({one} {no}IN ({query(s.query)}))"
    return quantified(s, left[0])


def quantified(s, left):
    """x op ANY (…) is the OR of all comparisons, x op ALL (…) their AND, in three-valued logic."""
    name = columns_of(s.query)[0][0]
    compared = f"SELECT {left} {s.op} _q.{name} AS _c FROM ({query(s.query)}) _q"
    first, last = (1, 0) if s.form == "any" else (0, 1)
    return (f"(CASE WHEN EXISTS (SELECT 1 FROM ({compared}) WHERE _c IS {first}) THEN {first}"
            f" WHEN EXISTS (SELECT 1 FROM ({compared}) WHERE _c IS NULL) THEN NULL ELSE {last} END)")


# ---- FROM -----------------------------------------------------------------------------------------

def order_of(f):
    if isinstance(f, Base):
        return None if f.order is None else [f"{f.alias}.{c}" for c in f.order]
    if isinstance(f, Tvf):
        below = order_of(f.base)
        return None if below is None else below + [f"{f.alias}.window_start"]
    if isinstance(f, Derived):
        n = None if f.lateral else hidden_in(f.query)
        if n == "columns":
            return [f"{f.alias}.{c}" for c, _ in columns_of(f.query)]
        return None if n is None else [f"{f.alias}._o{i}" for i in range(n)]
    return None   # a join's rows have no position: all of the row stands for it


def own_order(q):
    """The total order of a SELECT's rows, as expressions inside it."""
    if q.sets is not None:
        return None
    if q.group or has_aggregate(q):
        return [expr(g) for g in q.group]
    if any(True for _ in nodes_in(q.where, Sub)):
        return None
    return [] if q.from_ is None else order_of(q.from_)


def hidden_in(q):
    """How many columns _o… a derived table has; "columns": its own put it in order; None: not settled."""
    if isinstance(q, With):
        return hidden_in(q.body)
    if isinstance(q, SetOp):
        return None if q.all else "columns"
    if not isinstance(q, Select):
        return None
    if q.distinct:
        return "columns"
    order = own_order(q)
    is_top = q.limit is not None or q.offset or q.qualify is not None or q.distinct_on
    if is_top or any(a.over is not None for a in nodes_in(q.items, Agg)):
        return None   # rows of OVER and Top-N go by all their columns
    return None if order is None else len(order)


def source(f):
    if isinstance(f, Base):
        return f"{f.name} AS {f.alias}"
    if isinstance(f, Tvf):
        return f"({windowed(f)}) AS {f.alias}"
    if isinstance(f, Derived):
        return lateral_free(f)
    if isinstance(f, Asof):
        return asof(f)
    left, right, kind = f.left, f.right, f.kind
    if kind == "right":
        left, right, kind = right, left, "left"
    text = f"{bracketed(left)} {'' if kind in ('cross', 'comma') else kind.upper()} JOIN {bracketed(right)}"
    if kind in ("cross", "comma"):
        return text
    if f.using:
        pairs = [c.parts for c in merged_of(f)]
        return f"{text} ON {' AND '.join(f'{expr(a)} = {expr(b)}' for a, b in pairs)}"
    return f"{text} ON {on_condition(f.on)}"


def on_condition(e):
    """SQLite lets a constant among what AND joins decide for a FULL JOIN above; it does not look into CASE."""
    has_constant = any(n.type == BOOLEAN and not any(True for _ in nodes_in(n, Col)) for n in nodes_in(e, Call))
    return f"CASE WHEN {expr(e)} THEN 1 ELSE 0 END" if has_constant else expr(e)


def merged_of(f):
    return star_of(f)[: len(f.using)]


def asof(f):
    """Of equally near rows the last by position."""
    t = f"_q.{f.time[1].name}"
    nearest = (f"SELECT _q._p FROM {f.right.name} _q WHERE {expr(f.key[0])} = _q.{f.key[1].name} AND {expr(f.time[0])} {f.op} {t}"
               f" ORDER BY {t} {'DESC' if f.op[0] == '>' else 'ASC'}, _q._p DESC LIMIT 1")
    return f"{source(f.left)} {f.kind.upper()} JOIN {source(f.right)} ON {f.right.alias}._p = ({nearest})"


def bracketed(f):
    return f"({source(f)})" if isinstance(f, Join) else source(f)


def lateral_free(f):
    """SQLite has no LATERAL, but functions that give rows take any expression; see without_laterals."""
    if not f.lateral:
        return f"({query(f.query, hidden=True)}) AS {f.alias}"
    names = ", ".join(f"CASE WHEN {n} IS NOT NULL THEN printf('%!.17g', {n}) END" if t == DOUBLE else n
                      for n, t in columns_of(f.query))   # numbers in JSON have 15 digits
    return f"json_each((SELECT json_group_array(json_array({names})) FROM ({query(f.query)}))) AS {f.alias}"


def without_laterals(q):
    """The columns of a LATERAL are elements of the array that its json_each gives."""
    found = {d.alias: [n for n, _ in columns_of(d.query)] for d in nodes_in(q, Derived) if d.lateral}

    def change(e):
        if isinstance(e, Col) and e.table in found:
            element = f"json_extract({e.table}.value, '$[{found[e.table].index(e.name)}]')"
            return Call("", (), e.type, f"CAST({element} AS REAL)" if e.type == DOUBLE else element)
        return e
    return mapped(q, change) if found else q


def statement(q):
    return query(without_laterals(q))


def windowed(f):
    t = f"{f.base.alias}.{f.time}"
    rows = f"{f.base.name} AS {f.base.alias}"
    if f.slide == f.size:
        start = f"fdiv({t}, {f.size}) * {f.size}"
        return (f"SELECT {f.base.alias}.*, {start} AS window_start, {start} + {f.size} AS window_end,"
                f" {start} + {f.size} - 1 AS window_time FROM {rows}")
    last = f"fdiv({t}, {f.slide}) * {f.slide} - i * {f.slide}"
    return (f"SELECT {f.base.alias}.*, {last} AS window_start, {last} + {f.size} AS window_end,"
            f" {last} + {f.size} - 1 AS window_time"
            f" FROM {rows} JOIN series WHERE {last} + {f.size} > {t} AND i * {f.slide} < {f.size}")


# ---- queries --------------------------------------------------------------------------------------

def core(q, extra, ties):
    """The SELECT without what comes after its rows have been made."""
    items = [f"{expr(e, ties)} AS {n}" for e, n in q.items] + extra
    out = f"SELECT {'DISTINCT ' if q.distinct else ''}{', '.join(items)}"
    out += f" FROM {source(q.from_)}" if q.from_ is not None else ""
    out += f" WHERE {expr(q.where)}" if q.where is not None else ""
    out += f" GROUP BY {listed(expr, q.group)}" if q.group else ""
    return out + (f" HAVING {expr(q.having, ties)}" if q.having is not None else "")


def select(q, hidden):
    if q.sets is not None:
        return grouping_sets(q)
    made = own_order(q) or []
    seen = Ties(tuple(order_of(q.from_) or []) if q.from_ is not None else (), tuple(made))
    extra = [f"{o} AS _o{i}" for i, o in enumerate(made)] if hidden and not q.distinct else []
    names = ", ".join([n for _, n in q.items] + [f"_o{i}" for i in range(len(extra))])
    order = [key(k, seen) for k in q.order]
    if q.qualify is not None:
        inner = core(q, extra + [f"{expr(q.qualify, seen)} AS _q"], seen)
        return f"SELECT {names} FROM ({inner}) WHERE _q"
    if q.distinct_on:
        by = f"PARTITION BY {listed(expr, q.distinct_on)} ORDER BY {', '.join(order + made) or 'NULL'}"
        inner = core(q, extra + [f"ROW_NUMBER() OVER ({by}) AS _d"], seen)
        return f"SELECT {names} FROM ({inner}) WHERE _d = 1"
    if q.ties:
        ranks = [f"RANK() OVER (ORDER BY {', '.join(order)}) AS _r",
                 f"ROW_NUMBER() OVER (ORDER BY {', '.join(order + made)}) AS _n"]
        inner = core(q, extra + ranks, seen)
        return f"SELECT {names} FROM ({inner}) WHERE _n > {q.offset} AND _r <= {q.offset + q.limit}"
    if q.limit is None and not q.offset:
        return core(q, extra, seen)
    by = ", ".join(order + ([] if q.distinct else made))
    return f"{core(q, extra, seen)} ORDER BY {by or 'NULL'} LIMIT {-1 if q.limit is None else q.limit} OFFSET {q.offset}"


def grouping_sets(q):
    arms = []
    for s in q.sets:
        gone = [g for i, g in enumerate(q.group) if i not in s]
        kept = tuple(g for i, g in enumerate(q.group) if i in s)

        def change(e):
            if isinstance(e, Agg) and e.tag == "grouping":
                return Lit(int(e.args[0] in gone), e.type)
            return e
        arm = replace(q, sets=None, group=kept, items=tuple((nulled(mapped(e, change), gone), n) for e, n in q.items),
                      having=None if q.having is None else nulled(mapped(q.having, change), gone))
        text = select(arm, False)
        if not kept and not has_aggregate(arm):  # one row all the same
            text = f"SELECT {', '.join(expr(e) + ' AS ' + n for e, n in arm.items)}" + (
                f" WHERE {expr(arm.having)}" if arm.having is not None else "")
        arms.append(text)
    return " UNION ALL ".join(f"SELECT * FROM ({a})" for a in arms)


def nulled(e, gone):
    """e where the keys that a grouping set leaves out are NULL; arguments of aggregates keep them."""
    if e in gone:
        return Lit(None, e.type)
    if isinstance(e, Call):
        return replace(e, args=tuple(nulled(a, gone) for a in e.args))
    return e


def bag_operation(q):
    """INTERSECT ALL and EXCEPT ALL: equal rows are numbered, then they are sets."""
    names = [n for n, _ in columns_of(q.left)]
    arms = []
    for side in (q.left, q.right):
        own = [n for n, _ in columns_of(side)]
        renamed = ", ".join(f"{o} AS {n}" for o, n in zip(own, names))
        number = f"ROW_NUMBER() OVER (PARTITION BY {', '.join(own)}) AS _i"
        arms.append(f"SELECT {renamed}, {number} FROM ({query(side)})")
    return f"SELECT {', '.join(names)} FROM ({f' {q.op} '.join(arms)})"


def query(q, hidden=False):
    if isinstance(q, Select):
        return select(q, hidden)
    if isinstance(q, SetOp):
        if q.all and q.op != "UNION":
            return bag_operation(q)
        arms = [f"SELECT * FROM ({query(side)})" for side in (q.left, q.right)]
        return f" {q.op}{' ALL' if q.all else ''} ".join(arms)
    if isinstance(q, Values):
        first = ", ".join(f"{expr(v)} AS {n}" for v, n in zip(q.rows[0], q.names))
        rest = [f"SELECT {listed(expr, r)}" for r in q.rows[1:]]
        return " UNION ALL ".join([f"SELECT {first}"] + rest)
    ctes = ", ".join(f"{n} AS ({query(c)})" for n, c in q.ctes)
    body = query(q.body, hidden)
    return f"WITH {ctes} {f'SELECT * FROM ({body})' if isinstance(q.body, With) else body}"
