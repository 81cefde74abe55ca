"""A query in weir's dialect."""
from ..sqltypes import interval, literal, negative_safe
from .nodes import Agg, Asof, Base, Call, Col, Derived, Join, Lit, Merged, Select, SetOp, Sub, Tvf, Values, With, nodes_in

JOINS = {"inner": "JOIN", "left": "LEFT JOIN", "right": "RIGHT JOIN", "full": "FULL JOIN", "cross": "CROSS JOIN"}


def listed(write, items):
    return ", ".join(write(i) for i in items)


def expr(e):
    if isinstance(e, Col):
        return f"{e.table}.{e.name}"
    if isinstance(e, Merged):
        return e.name
    if isinstance(e, Lit):
        if e.value is None:
            return f"CAST(NULL AS {e.type.sql})"
        return negative_safe(literal(e.value, e.type)[0])
    if isinstance(e, Call):
        return e.weir.format(*map(expr, e.args))
    if isinstance(e, Agg):
        return aggregate(e)
    return subquery(e)


def aggregate(a):
    text = a.weir.format(*map(expr, a.args))
    if a.distinct:
        text = text.replace("(", "(DISTINCT ", 1)
    if a.filter is not None:
        text += f" FILTER (WHERE {expr(a.filter)})"
    if a.over is None:
        return text
    return f"{text} OVER {a.over.name or '(' + window(a.over) + ')'}"


def key(k):
    return expr(k.expr) + (" DESC" if k.desc else "") + (f" NULLS {k.nulls}" if k.nulls else "")


def bound(b, is_time):
    kind, n = b
    return kind if n is None else f"{interval(n) if is_time else n} {kind}"


def window(w):
    parts = [f"PARTITION BY {listed(expr, w.partition)}"] if w.partition else []
    parts += [f"ORDER BY {listed(key, w.order)}"] if w.order else []
    if w.frame:
        unit, start, end, exclude = w.frame
        is_time = unit == "RANGE" and w.order[0].expr.type.kind == "timestamp"
        parts.append(f"{unit} BETWEEN {bound(start, is_time)} AND {bound(end, is_time)}"
                     + (f" EXCLUDE {exclude}" if exclude else ""))
    return " ".join(parts)


def subquery(s):
    left = expr(s.left[0]) if len(s.left) == 1 else f"({listed(expr, s.left)})"
    text, no = f"({query(s.query)})", "NOT " if s.negated else ""
    if s.form == "scalar":
        return text
    if s.form == "exists":
        return f"{no}EXISTS {text}"
    if s.form == "in":
        return f"({left} {no}IN {text})"
    return f"({left} {s.op} {s.form.upper()} {text})"


def source(f):
    if isinstance(f, Base):
        return f.name if f.alias == f.name else f"{f.name} AS {f.alias}"
    if isinstance(f, Tvf):
        name = "TUMBLE" if f.slide == f.size else "HOP"
        lengths = [f.size] if f.slide == f.size else [f.slide, f.size]
        return (f"TABLE({name}(TABLE {f.base.name}, DESCRIPTOR({f.time}), {listed(interval, lengths)}))"
                f" AS {f.alias}")
    if isinstance(f, Derived):
        return derived(f)
    if isinstance(f, Asof):
        on = f"{expr(f.key[0])} = {expr(f.key[1])} AND {expr(f.time[0])} {f.op} {expr(f.time[1])}"
        return f"{source(f.left)} ASOF {'LEFT ' if f.kind == 'left' else ''}JOIN {source(f.right)} ON {on}"
    right = f"({source(f.right)})" if isinstance(f.right, Join) else source(f.right)
    if f.kind == "comma":
        return f"{source(f.left)}, {right}"
    text = f"{source(f.left)} {'NATURAL ' if f.natural else ''}{JOINS[f.kind]} {right}"
    if f.natural or f.kind == "cross":
        return text
    return f"{text} USING ({', '.join(f.using)})" if f.using else f"{text} ON {expr(f.on)}"


def derived(f):
    lateral = "LATERAL " if f.lateral else ""
    names = f" ({', '.join(f.query.names)})" if isinstance(f.query, Values) else ""
    return f"{lateral}({query(f.query)}) AS {f.alias}{names}"


def grouping(q):
    def name(i):
        places = [n for n, (e, _) in enumerate(q.items, 1) if e == q.group[i]]
        return str(places[0]) if q.by_ordinal and places and not q.star else expr(q.group[i])
    names = [name(i) for i in range(len(q.group))]
    if q.sets is None:
        return ", ".join(names)
    if q.sets_as != "sets":
        return f"{q.sets_as.upper()} ({', '.join(names)})"
    return f"GROUPING SETS ({', '.join('(' + ', '.join(names[i] for i in s) + ')' for s in q.sets)})"


def named_windows(q):
    out = {}
    for a in nodes_in(q, Agg, stop=(Sub, Derived)):
        if a.over is not None and a.over.name:
            out[a.over.name] = window(a.over)
    return out


def limit(q):
    out = f" ORDER BY {listed(key, q.order)}" if q.order else ""
    if q.ties:
        return out + (f" OFFSET {q.offset} ROWS" if q.offset else "") + f" FETCH FIRST {q.limit} ROWS WITH TIES"
    out += f" LIMIT {q.limit}" if q.limit is not None else ""
    return out + (f" OFFSET {q.offset}" if q.offset else "")


def select(q):
    distinct = "DISTINCT " if q.distinct else ""
    if q.distinct_on:
        distinct = f"DISTINCT ON ({listed(expr, q.distinct_on)}) "
    items = "*" if q.star else ", ".join(f"{expr(e)} AS {n}" for e, n in q.items)
    out = f"SELECT {distinct}{items}"
    out += f" FROM {source(q.from_)}" if q.from_ is not None else ""
    out += f" WHERE {expr(q.where)}" if q.where is not None else ""
    out += f" GROUP BY {grouping(q)}" if q.group or q.sets is not None else ""
    out += f" HAVING {expr(q.having)}" if q.having is not None else ""
    windows = named_windows(q)
    out += " WINDOW " + ", ".join(f"{n} AS ({w})" for n, w in windows.items()) if windows else ""
    out += f" QUALIFY {expr(q.qualify)}" if q.qualify is not None else ""
    return out + limit(q)


def operand(q):
    plain = isinstance(q, Values) or isinstance(q, Select) and not q.order and q.limit is None
    return query(q) if plain else f"({query(q)})"


def query(q):
    if isinstance(q, Select):
        return select(q)
    if isinstance(q, SetOp):
        return f"{operand(q.left)} {q.op}{' ALL' if q.all else ''} {operand(q.right)}"
    if isinstance(q, Values):
        return "VALUES " + ", ".join(f"({listed(expr, r)})" for r in q.rows)
    ctes = ", ".join(f"{n} AS ({query(c)})" for n, c in q.ctes)
    return f"WITH {ctes} {operand(q.body) if isinstance(q.body, With) else query(q.body)}"
