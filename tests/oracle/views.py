"""Random views: each as a statement of weir's and as SQL of the oracle's SQLite.

A relation of the oracle is a temporary table with its columns and three more: _t event time, _j
judgement (NULL: none, or above a stateful operator), _n arrival. A view's SQL reads the tables of
the relations below it, which hold what these hold at the same commit.
"""
from dataclasses import dataclass, replace

from . import windows
from .aggregates import random_call, random_having
from .exprs import random_predicate, random_scalar
from .sqltypes import BIGINT
from .windows import Window


@dataclass
class Relation:
    name: str
    columns: list                # (name, Type) as SELECT * shows them
    marks: tuple = ()            # (stream, lag): its watermark is the least of W(stream) - lag
    time: str = None             # event-time column
    tick: int = 1
    has_j: bool = False          # stateless over streams: rows are judged
    is_single: bool = False      # rows of one stream, one a row: arrival order means something
    is_append_only: bool = True
    is_table: bool = True        # there is a SQLite view to look at
    hidden: tuple = ()           # columns that an outer window hides
    bounds: tuple = ()           # (start, end) columns of a window by event time
    ddl: str = ""
    sql: str = ""                # of its rows: columns, _t, _j, _n
    late_sql: str = None         # how many rows it has dropped as late
    parents: tuple = ()
    series: int = 0              # how long the table of numbers must be
    unit: int = 1_000_000        # typical distance of event times

    def usable(self):
        return [c for c in self.columns if c[0] not in self.hidden]


def of_stream(stream):
    names = ", ".join(n for n, _ in stream.columns)
    return Relation(stream.name, stream.columns, ((stream.name, 0),), stream.time_name, stream.time_type.tick,
                    has_j=True, is_single=True, unit=stream.unit, ddl=stream.ddl(), is_table=False,
                    sql=f"SELECT {names}, {stream.time_name} AS _t, _j, _n FROM stream_{stream.name}"
                        f" WHERE _n <= :n_{stream.name}")


def create(name, query, materialized=True):
    return f"CREATE {'MATERIALIZED ' if materialized else ''}VIEW {name} AS {query};"


def random_where(rng, columns, chance=0.6):
    if rng.random() >= chance:
        return "", ""
    p = random_predicate(rng, columns)
    return f" WHERE {p.weir}", f" WHERE {p.lite}"


def random_select(rng, columns, view, most=4):
    """Named scalars: (Expr, name). No name is used twice in a case: which of two columns a name means
    is not what is tested here."""
    picked = [random_scalar(rng, columns) for _ in range(rng.randint(1, most))]
    return [(e, f"c{i}_{view}") for i, e in enumerate(picked)]


def listed(items, language):
    return ", ".join(f"{getattr(e, language)} AS {n}" for e, n in items)


def visible(src):
    """The columns that a window over src leaves in sight."""
    return ", ".join([n for n, _ in src.usable()] + ["_t", "_j", "_n"])


# ---- stateless ------------------------------------------------------------------------------------

def make_stateless(rng, name, src):
    keeps_time = src.time and rng.random() < 0.75
    others = [c for c in src.usable() if not (keeps_time and c[0] == src.time)]
    items = random_select(rng, others or src.usable(), name)
    columns = [(n, e.type) for e, n in items]
    weir, lite = listed(items, "weir"), listed(items, "lite")
    if keeps_time:
        weir, lite = f"{weir}, {src.time}", f"{lite}, {src.time}"
        columns.append((src.time, dict(src.columns)[src.time]))
    where = random_where(rng, src.usable(), 0.8)
    final = " EMIT FINAL" if src.is_append_only and src.time and rng.random() < 0.1 else ""
    is_table = rng.random() < 0.75 or bool(final)
    time = "_t" if keeps_time else "NULL"
    return replace(src, name=name, columns=columns, time=src.time if keeps_time else None, is_table=is_table,
                   bounds=(), hidden=tuple(h for h in src.hidden if h == src.time and keeps_time),
                   ddl=create(name, f"SELECT {weir} FROM {src.name}{where[0]}{final}", is_table),
                   sql=f"SELECT {lite}, {time} AS _t, _j, _n FROM {src.name}{where[1]}",
                   late_sql=None, parents=(src,), series=0)


def make_expansion(rng, name, src):
    """A window table function that only adds columns."""
    w = random_window(rng, src, ["tumbling", "hopping", "cumulating"], grace=False)
    others = [c for c in src.usable() if c[0] != src.time]
    items = random_select(rng, others or src.usable(), name, 2)
    names = ["window_start", "window_end"]
    time = src.time if src.time not in src.hidden and rng.random() < 0.7 else None
    if time:
        names.append(time)
    when = dict(src.columns)[src.time]
    where = random_where(rng, src.usable(), 0.5)
    extra = "".join(f", {n}" for n in names)
    rows = windows.fixed_bounds(w, f"SELECT {visible(src)} FROM {src.name}{where[1]}")
    return replace(src, name=name, columns=[(n, e.type) for e, n in items] + [(n, when) for n in names],
                   time=time, is_single=False, is_table=True, bounds=(), hidden=("window_start", "window_end"),
                   ddl=create(name, f"SELECT {listed(items, 'weir')}{extra} FROM {w.table_function(src.name, src.time)}"
                                    f"{where[0]}"),
                   sql=f"SELECT {listed(items, 'lite')}{extra}, {'_t' if time else 'NULL'} AS _t, _j, _n FROM ({rows})",
                   late_sql=None, parents=(src,), series=windows.series_needed(w))


def make_union(rng, name, a, b):
    shared = [c for c in a.usable() if c in b.usable() and c[0] not in (a.time, b.time)]
    names = rng.sample([n for n, _ in shared], rng.randint(1, min(3, len(shared))))
    types = dict(a.columns)
    keeps_time = a.time and a.time == b.time and types[a.time] == dict(b.columns)[b.time] and rng.random() < 0.8
    if keeps_time:
        names.append(a.time)
    wheres = [random_where(rng, r.usable()) for r in (a, b)]
    time = "_t" if keeps_time else "NULL"
    weir = " UNION ALL ".join(f"SELECT {', '.join(names)} FROM {r.name}{w[0]}" for r, w in zip((a, b), wheres))
    lite = " UNION ALL ".join(f"SELECT {', '.join(names)}, {time} AS _t, _j, _n FROM {r.name}{w[1]}"
                              for r, w in zip((a, b), wheres))
    return Relation(name, [(n, types[n]) for n in names], a.marks + b.marks, a.time if keeps_time else None, a.tick,
                    unit=a.unit, has_j=a.has_j or b.has_j, is_append_only=a.is_append_only and b.is_append_only,
                    ddl=create(name, weir), sql=lite, parents=(a, b))


# ---- groups ---------------------------------------------------------------------------------------

def make_distinct(rng, name, src):
    items = random_select(rng, src.usable(), name, 2)
    where = random_where(rng, src.usable())
    return Relation(name, [(n, e.type) for e, n in items], src.marks, is_append_only=False,
                    ddl=create(name, f"SELECT DISTINCT {listed(items, 'weir')} FROM {src.name}{where[0]}"),
                    sql=f"SELECT DISTINCT {listed(items, 'lite')}, NULL AS _t, NULL AS _j, NULL AS _n"
                        f" FROM {src.name}{where[1]}", parents=(src,))


def random_keys(rng, columns, view, least=0):
    n = rng.choice([least, 1, 1, 2])
    return [(random_scalar(rng, columns), f"g{i}_{view}") for i in range(max(n, least))]


def random_aggs(rng, columns, view, has_order):
    return [(random_call(rng, columns, has_order), f"a{i}_{view}") for i in range(rng.randint(1, 4))]


def having_of(rng, columns):
    if rng.random() >= 0.25:
        return "", ""
    h = random_having(rng, columns)
    return f" HAVING {h.weir}", f" HAVING {h.lite}"


def make_group(rng, name, src):
    columns = src.usable()
    keys, aggs = random_keys(rng, columns, name), random_aggs(rng, columns, name, src.is_single and bool(src.time))
    where, having = random_where(rng, columns), having_of(rng, columns)
    shown = [k for k in keys if rng.random() < 0.9]
    by_weir = f" GROUP BY {', '.join(k.weir for k, _ in keys)}" if keys else ""
    by_lite = f" GROUP BY {', '.join(k.lite for k, _ in keys)}" if keys else ""
    items = shown + aggs
    return Relation(name, [(n, e.type) for e, n in items], src.marks, is_append_only=False,
                    ddl=create(name, f"SELECT {listed(items, 'weir')} FROM {src.name}{where[0]}{by_weir}{having[0]}"),
                    sql=f"SELECT {listed(items, 'lite')}, NULL AS _t, NULL AS _j, NULL AS _n"
                        f" FROM {src.name}{where[1]}{by_lite}{having[1]}", parents=(src,))


def make_regroup(rng, name, src):
    """Groups by the bounds of windows that a view below has made."""
    start, end = src.bounds
    columns = [c for c in src.usable() if c[0] not in (start, end, src.time)] or [(end, dict(src.columns)[end])]
    aggs = random_aggs(rng, columns, name, False)
    final = rng.random() < 0.5
    when = dict(src.columns)[end]
    names = f"{start}, {end}"
    closed = f" WHERE {end} - {src.tick} <= :w_{src.name}" if final else ""
    return Relation(name, [(start, when), (end, when)] + [(n, e.type) for e, n in aggs], src.marks, None, src.tick,
                    unit=src.unit, is_append_only=final, hidden=(start, end),
                    ddl=create(name, f"SELECT {names}, {listed(aggs, 'weir')} FROM {src.name} GROUP BY {names}"
                                     f"{' EMIT FINAL' if final else ''}"),
                    sql=f"SELECT {names}, {listed(aggs, 'lite')}, NULL AS _t, NULL AS _j, NULL AS _n"
                        f" FROM {src.name}{closed} GROUP BY {names}", parents=(src,))


# ---- windows --------------------------------------------------------------------------------------

def random_window(rng, src, kinds, grace=True):
    unit = rng.choice([src.unit, src.unit, 1_000_000, 5_000_000, 60_000_000])
    kind = rng.choice(kinds)
    size, slide, offset = rng.randint(1, 6) * unit, 0, 0
    if kind == "hopping":
        slide = rng.randint(1, 7) * unit
    if kind == "cumulating":
        slide, size = unit, rng.randint(1, 5) * unit
    if kind in ("tumbling", "hopping", "cumulating") and rng.random() < 0.3:
        offset = rng.randint(0, 9) * 1_000_000
    if kind == "count":
        size, slide = rng.randint(1, 6), 0
        slide = rng.choice([size, 1, rng.randint(1, 8)])
    if kind == "global":
        size = rng.randint(1, 6)
    late = grace and kind not in ("count", "global") and rng.random() < 0.3
    return Window(kind, size, slide, offset, rng.randint(1, 10) * unit if late else 0)


def window_kinds(src):
    kinds = ["tumbling", "tumbling", "hopping", "hopping", "cumulating", "session", "session", "sliding"] if src.time else []
    if src.is_single and src.is_append_only and src.has_j:
        kinds += ["count", "global"]
    return kinds


def spelled(rng, w, src, keys, where, having, items, final):
    """The query in one of the spellings of its window."""
    wheres = where[0]
    by = [k.weir for k, _ in keys]
    emit = " EMIT FINAL" if final else ""
    spelling = rng.random()
    if w.is_fixed and not w.grace and spelling < 0.35:
        by = ["window_start", "window_end"] + (["window_time"] if "window_time" in items else []) + by
        return (f"SELECT {items} FROM {w.table_function(src.name, src.time)}{wheres}"
                f" GROUP BY {', '.join(by)}{having[0]}{emit}")
    if w.kind in ("tumbling", "hopping", "session") and not w.grace and not w.offset and spelling < 0.5:
        name, args = w.group_function(src.time)
        picked = items.replace("window_start AS", f"{name}_START{args} AS").replace("window_end AS", f"{name}_END{args} AS")
        if "window_" not in picked:
            return f"SELECT {picked} FROM {src.name}{wheres} GROUP BY {', '.join(by + [name + args])}{having[0]}{emit}"
    grouped = f" GROUP BY {', '.join(by)}" if by else ""
    return f"SELECT {items} FROM {src.name} {w.clause()}{wheres}{grouped}{having[0]}{emit}"


def window_columns(rng, w, when, view):
    """(in the query, name, type) of the window columns that are shown."""
    if w.kind == "global":
        return []
    plain = rng.random() < 0.5
    names = ["window_start", "window_end"]
    if w.kind == "count":
        return [(f"{n} AS {n[7]}_{view}", f"{n[7]}_{view}", t) for n, t in
                (("window_no", BIGINT), ("window_start", when), ("window_end", when)) if t]
    if rng.random() < 0.6:
        names.append("window_time")
    return [(n, n, when) if plain else (f"{n} AS w{n[7]}_{view}", f"w{n[7]}_{view}", when) for n in names]


def make_window(rng, name, src):
    w = random_window(rng, src, window_kinds(src))
    columns = src.usable()
    final = rng.random() < 0.5 and w.kind != "global" and src.time is not None
    keys, aggs = random_keys(rng, columns, name), random_aggs(rng, columns, name, src.is_single and bool(src.time))
    where, having = random_where(rng, columns, 0.4), having_of(rng, columns)
    when = dict(src.columns)[src.time] if src.time else None
    own = window_columns(rng, w, when, name)
    items = ", ".join([text for text, _, _ in own] + [f"{e.weir} AS {n}" for e, n in keys + aggs])

    keys_sql = "".join(f", {k.lite} AS {n}" for k, n in keys)
    rows = f"SELECT rowid AS _r, {visible(src)}{keys_sql} FROM {src.name}{where[1]}"
    names = [n for _, n in keys]
    pairs = windows.PAIRS[w.kind](w, rows, names, src.tick)
    lag = w.grace + (src.tick if w.kind == "session" else 0)
    out = Relation(name, [(n, t) for _, n, t in own] + [(n, e.type) for e, n in keys + aggs],
                   tuple((s, l + lag) for s, l in src.marks), None, src.tick, is_append_only=final,
                   unit=src.unit, ddl=create(name, spelled(rng, w, src, keys, where, having, items, final)), parents=(src,),
                   series=64 if w.kind == "count" else windows.series_needed(w))
    if w.kind == "count":
        out.series = 2000
    shown = [n for _, n, _ in own]
    if w.has_time:
        out.bounds = tuple(shown[:2])
        out.hidden = tuple(n for n in shown if n.startswith("window_"))
        out.time = shown[2] if len(shown) == 3 else None
        out.late_sql = late_count(w, rows, pairs, src)
    out.sql = group_pairs(w, pairs, names, own, keys + aggs, having[1], final, src)
    return out


def group_pairs(w, pairs, names, own, items, having, final, src):
    if w.kind == "global":
        bounds, by, keep = {}, names, "1"
    elif w.kind == "count":
        bounds = {"window_no": "window_no", "window_start": "MIN(_t)", "window_end": "MAX(_t)"}
        by, keep = names + ["window_no"], "closed" if final else "1"
    else:
        bounds = {"window_start": "window_start", "window_end": "window_end", "window_time": f"window_end - {src.tick}"}
        by = names + ["window_start", "window_end"]
        keep = f"NOT late AND closes <= :w_{src.name}" if final else "NOT late"
    shown = [f"{bounds[text.split(' ')[0]]} AS {n}" for text, n, _ in own]
    shown += [n if n in names else f"{e.lite} AS {n}" for e, n in items]
    time = bounds["window_time"] if any(text.startswith("window_time") for text, _, _ in own) else "NULL"
    grouped = f" GROUP BY {', '.join(by)}" if by else " GROUP BY NULL"
    return (f"SELECT {', '.join(shown)}, {time} AS _t, NULL AS _j, NULL AS _n FROM ({pairs}) WHERE {keep}"
            f"{grouped}{having}")


def late_count(w, rows, pairs, src):
    if not src.has_j:
        return "SELECT 0"
    if w.is_fixed:
        return f"SELECT COUNT(*) FROM (SELECT _r FROM ({pairs}) GROUP BY _r HAVING MIN(late))"
    return f"SELECT COUNT(*) FROM ({rows}) WHERE {windows.late_for_all(w, src.tick)}"


# ---- one of them ----------------------------------------------------------------------------------

def make_view(rng, name, relations):
    src = rng.choice(relations)
    kinds = [make_stateless, make_group, make_group, make_distinct]
    if window_kinds(src):
        kinds += [make_window] * 6
    if src.time:
        kinds.append(make_expansion)
    if src.bounds:
        kinds += [make_regroup] * 2
    partners = [r for r in relations if union_fits(src, r)]
    if partners:
        kinds.append(lambda rng, name, src: make_union(rng, name, src, rng.choice(partners)))
    return rng.choice(kinds)(rng, name, src)


def union_fits(a, b):
    """Both judged, or both not: a union of the two would mix rows that can be late with others."""
    if a.has_j != b.has_j or a.tick != b.tick:
        return False
    return any(c in b.usable() and c[0] not in (a.time, b.time) for c in a.usable())
