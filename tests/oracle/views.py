"""Random views: each as a statement of weir's and as SQL of the oracle's SQLite.

A relation of the oracle is a temporary table with its columns and more: _t event time, _j judgement
(NULL: none, or above a stateful operator), _n arrival, and below the first stateful operator _e_c
for each column c: its value is an error. A view's SQL reads the tables of the relations below it,
which hold what these hold at the same commit.
"""
from dataclasses import dataclass, replace

from . import timed, windows
from .aggregates import random_call, random_having
from .exprs import column, count_erring, random_predicate, random_scalar
from .sqltypes import BIGINT
from .windows import Window


@dataclass
class Relation:
    name: str
    columns: list                # (name, Type) as SELECT * shows them
    marks: tuple = ()            # (stream, lag): its watermark is the least of W(stream) - lag
    time: str = None             # event-time column
    tick: int = 1
    has_j: bool = False          # stateless over streams: rows are judged, values may be errors
    is_single: bool = False      # rows of one stream, one a row: arrival order means something
    is_append_only: bool = True
    is_table: bool = True        # there is a SQLite view to look at
    bounds: tuple = ()           # (start, end) columns of a window by event time
    ddl: str = ""
    sql: str = ""                # of its rows: columns, _t, _j, _n, and _e_c where has_j
    late_sql: str = None         # how many rows it has dropped as late
    error_sql: str = None        # how many rows were withheld from it; gives NULL where unknown
    parents: tuple = ()
    series: int = 0              # how long the table of numbers must be
    unit: int = 1_000_000        # typical distance of event times

    def usable(self):
        return [c for c in self.columns if c[0] not in self.hidden]

    @property
    def hidden(self):
        """Columns that an outer window hides."""
        return [n for n, _ in self.columns if n in ("window_start", "window_end", "window_time")]

    def error_columns(self):
        return [f"_e_{n}" for n, _ in self.columns] if self.has_j else []


def of_stream(stream):
    names = [n for n, _ in stream.columns]
    errors = ", ".join(f"_e_{n}" for n in names)
    return Relation(stream.name, stream.columns, ((stream.name, 0),), stream.time_name, stream.time_type.tick,
                    has_j=True, is_single=True, unit=stream.unit, ddl=stream.ddl(), is_table=False,
                    sql=f"SELECT {', '.join(names)}, {stream.time_name} AS _t, _j, _n, {errors}"
                        f" FROM stream_{stream.name} WHERE _n <= :n_{stream.name}")


def create(name, query, materialized=True):
    return f"CREATE {'MATERIALIZED ' if materialized else ''}VIEW {name} AS {query};"


# ---- parts of a query -----------------------------------------------------------------------------

@dataclass
class Where:
    """The rows that a query takes: what the filter lets through, less the rows it cannot use."""
    weir: str       # " WHERE …" or nothing
    lite: str
    errors: str     # condition of a row that is withheld


def random_where(rng, src, chance, items):
    """`items`: expressions that must not be errors."""
    p = random_predicate(rng, src.usable()) if rng.random() < chance else None
    taken = f"({p.lite})" if p else "1"
    if not src.has_j:
        return Where(f" WHERE {p.weir}" if p else "", f" WHERE {taken}", "0")
    unusable = " OR ".join(sorted({e.err for e in items if e.err != "0"})) or "0"
    bad_filter = p.err if p else "0"
    errors = f"(({bad_filter}) OR {taken} IS TRUE AND ({unusable}))"
    return Where(f" WHERE {p.weir}" if p else "", f" WHERE {taken} AND NOT {errors}", errors)


def plain_where(rng, src):
    """For a plain view, which is expanded: a filter that is never an error (whether the filter of the
    query around it may hide one is not settled)."""
    columns = [c for c in src.usable() if c[0] == src.time or not src.has_j]
    return random_where(rng, replace(src, columns=columns), 0.8 if columns else 0, [])


def errors_of(src, where):
    return f"SELECT {count_erring([(src, where.errors)])}"


def random_select(rng, columns, view, most=4):
    """Named scalars: (Expr, name). No name is used twice in a case: which of two columns a name means
    is not what is tested here."""
    picked = [random_scalar(rng, columns) for _ in range(rng.randint(1, most))]
    return [(e, f"c{i}_{view}") for i, e in enumerate(picked)]


def has_order(src):
    """Rows of a stream have positions that break ties of event time; those of a materialized view go
    by all their columns, which is not modelled."""
    return src.is_single and bool(src.time) and not src.is_table


def random_keys(rng, columns, view):
    return [(random_scalar(rng, columns), f"g{i}_{view}") for i in range(rng.choice([0, 1, 1, 2]))]


def random_aggs(rng, columns, view, has_order):
    return [(random_call(rng, columns, has_order), f"a{i}_{view}") for i in range(rng.randint(1, 4))]


def listed(items, language):
    return ", ".join(f"{getattr(e, language)} AS {n}" for e, n in items)


def exprs_of(*lists):
    return [e for items in lists for e, _ in items]


def visible(src):
    """The columns that a window over src leaves in sight."""
    return ", ".join([n for n, _ in src.usable()] + ["_t", "_j", "_n"])


def other_than(src, name):
    return [c for c in src.usable() if c[0] != name] or src.usable()


# ---- stateless ------------------------------------------------------------------------------------

def make_stateless(rng, name, src):
    keeps_time = src.time and rng.random() < 0.75
    items = random_select(rng, other_than(src, src.time if keeps_time else None), name)
    columns = [(n, e.type) for e, n in items]
    weir, lite = listed(items, "weir"), listed(items, "lite")
    final = " EMIT FINAL" if src.is_append_only and src.time and rng.random() < 0.1 else ""
    is_table = rng.random() < 0.75 or bool(final)
    where = random_where(rng, src, 0.8, exprs_of(items)) if is_table else plain_where(rng, src)
    errors = "".join(f", {e.err if not is_table else 0} AS _e_{n}" for e, n in items) if src.has_j else ""
    if keeps_time:
        weir, lite = f"{weir}, {src.time}", f"{lite}, {src.time}"
        columns.append((src.time, dict(src.columns)[src.time]))
        errors += f", 0 AS _e_{src.time}" if src.has_j else ""
    return replace(src, name=name, columns=columns, time=src.time if keeps_time else None, is_table=is_table,
                   bounds=(),
                   ddl=create(name, f"SELECT {weir} FROM {src.name}{where.weir}{final}", is_table),
                   sql=f"SELECT {lite}, {'_t' if keeps_time else 'NULL'} AS _t, _j, _n{errors} FROM {src.name}{where.lite}",
                   late_sql=None, error_sql=errors_of(src, where), parents=(src,), series=0)


def make_expansion(rng, name, src):
    """A window table function that only adds columns."""
    w = random_window(rng, src, ["tumbling", "hopping", "cumulating"], grace=False)
    items = random_select(rng, other_than(src, src.time), name, 2)
    names = ["window_start", "window_end"]
    time = src.time if src.time not in src.hidden and rng.random() < 0.7 else None
    if time:
        names.append(time)
    when = dict(src.columns)[src.time]
    where = random_where(rng, src, 0.5, exprs_of(items))
    extra = "".join(f", {n}" for n in names)
    errors = "".join(f", 0 AS _e_{n}" for n in [n for _, n in items] + names) if src.has_j else ""
    rows = windows.fixed_bounds(w, f"SELECT {visible(src)} FROM {src.name}{where.lite}")
    return replace(src, name=name, columns=[(n, e.type) for e, n in items] + [(n, when) for n in names],
                   time=time, is_single=False, is_table=True, bounds=(),
                   ddl=create(name, f"SELECT {listed(items, 'weir')}{extra} FROM {w.table_function(src.name, src.time)}"
                                    f"{where.weir}"),
                   sql=f"SELECT {listed(items, 'lite')}{extra}, {'_t' if time else 'NULL'} AS _t, _j, _n{errors}"
                       f" FROM ({rows})",
                   late_sql=None, error_sql="SELECT NULL" if w.has_gaps else errors_of(src, where), parents=(src,),
                   series=windows.series_needed(w))


def make_sessions(rng, name, src):
    """SESSION as a table function: rows with the session they are in, a filter over them (what it says of
    PARTITION BY alone goes below, so that late rows and errors of other partitions are not counted)."""
    w = random_window(rng, src, ["session"], grace=False)
    others = other_than(src, src.time)
    picked = rng.sample(others, rng.randint(1, min(3, len(others))))
    keys = [n for n, _ in rng.sample(picked, rng.choice([0, 1, 1, min(2, len(picked))]))]
    items = [(column(n, t), f"p{i}_{name}") for i, (n, t) in enumerate(picked)]
    where = random_where(rng, replace(src, columns=picked, has_j=False), 0.4, [])
    when = dict(src.columns)[src.time]
    final = rng.random() < 0.4
    taken = " OR ".join(f"_e_{n}" for n, _ in picked) if src.has_j else "0"
    rows = f"SELECT rowid AS _r, {', '.join(n for n, _ in picked)}, _t, _j, _n FROM {src.name} WHERE NOT ({taken})"
    pairs = windows.session(w, rows, keys, src.tick)
    names = ["window_start", "window_end"] + (["window_time"] if rng.random() < 0.6 else [])
    lite = "".join(f", {f'window_end - {src.tick} AS ' if n == 'window_time' else ''}{n}" for n in names)
    closed = f" AND closes <= :w_{src.name}" if final else ""
    return Relation(name, [(n, e.type) for e, n in items] + [(n, when) for n in names],
                    tuple((s, l + src.tick) for s, l in src.marks), "window_time" if len(names) == 3 else None, src.tick,
                    is_append_only=final, bounds=("window_start", "window_end"), unit=src.unit,
                    ddl=create(name, f"SELECT {listed(items, 'weir')}, {', '.join(names)}"
                                     f" FROM {w.table_function(src.name, src.time, keys)}{where.weir}{' EMIT FINAL' if final else ''}"),
                    sql=f"SELECT {listed(items, 'lite')}{lite}, {f'window_end - {src.tick}' if len(names) == 3 else 'NULL'} AS _t,"
                        f" NULL AS _j, NULL AS _n FROM ({pairs}){where.lite}{closed}",
                    late_sql="SELECT NULL" if where.weir and keys else late_count(w, rows, pairs, src),
                    error_sql="SELECT NULL" if where.weir and keys else f"SELECT {count_erring([(src, taken)])}",
                    parents=(src,))


def make_union(rng, name, a, b):
    shared = [c for c in a.usable() if c in b.usable() and c[0] not in (a.time, b.time)]
    names = rng.sample([n for n, _ in shared], rng.randint(1, min(3, len(shared))))
    types = dict(a.columns)
    keeps_time = a.time and a.time == b.time and types[a.time] == dict(b.columns)[b.time] and rng.random() < 0.8
    if keeps_time:
        names.append(a.time)
    picked = [column(n, types[n]) for n in names]
    wheres = [random_where(rng, r, 0.6, picked) for r in (a, b)]
    time = "_t" if keeps_time else "NULL"
    errors = "".join(f", 0 AS _e_{n}" for n in names) if a.has_j else ""
    weir = " UNION ALL ".join(f"SELECT {', '.join(names)} FROM {r.name}{w.weir}" for r, w in zip((a, b), wheres))
    lite = " UNION ALL ".join(f"SELECT {', '.join(names)}, {time} AS _t, _j, _n{errors} FROM {r.name}{w.lite}"
                              for r, w in zip((a, b), wheres))
    erring = count_erring((r, f"({w.errors})") for r, w in zip((a, b), wheres))
    return Relation(name, [(n, types[n]) for n in names], a.marks + b.marks, a.time if keeps_time else None, a.tick,
                    unit=a.unit, has_j=a.has_j, is_append_only=a.is_append_only and b.is_append_only,
                    ddl=create(name, weir), sql=lite, error_sql=f"SELECT {erring}", parents=(a, b))


# ---- groups ---------------------------------------------------------------------------------------

def make_distinct(rng, name, src):
    items = random_select(rng, src.usable(), name, 2)
    where = random_where(rng, src, 0.6, exprs_of(items))
    return Relation(name, [(n, e.type) for e, n in items], src.marks, is_append_only=False,
                    ddl=create(name, f"SELECT DISTINCT {listed(items, 'weir')} FROM {src.name}{where.weir}"),
                    sql=f"SELECT DISTINCT {listed(items, 'lite')}, NULL AS _t, NULL AS _j, NULL AS _n"
                        f" FROM {src.name}{where.lite}", error_sql=errors_of(src, where), parents=(src,))


def random_havings(rng, columns):
    """None or one."""
    return [(random_having(rng, columns), "having")] if rng.random() < 0.25 else []


def having_text(having, language):
    return "".join(f" HAVING {getattr(h, language)}" for h, _ in having)


def make_group(rng, name, src):
    columns = src.usable()
    keys, aggs = random_keys(rng, columns, name), random_aggs(rng, columns, name, has_order(src))
    having = random_havings(rng, columns)
    where = random_where(rng, src, 0.6, exprs_of(keys, aggs, having))
    items = [k for k in keys if rng.random() < 0.9] + aggs
    by_weir = f" GROUP BY {', '.join(k.weir for k, _ in keys)}" if keys else ""
    by_lite = f" GROUP BY {', '.join(k.lite for k, _ in keys)}" if keys else ""
    return Relation(name, [(n, e.type) for e, n in items], src.marks, is_append_only=False,
                    ddl=create(name, f"SELECT {listed(items, 'weir')} FROM {src.name}{where.weir}{by_weir}"
                                     f"{having_text(having, 'weir')}"),
                    sql=f"SELECT {listed(items, 'lite')}, NULL AS _t, NULL AS _j, NULL AS _n"
                        f" FROM {src.name}{where.lite}{by_lite}{having_text(having, 'lite')}",
                    error_sql=errors_of(src, where), parents=(src,))


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
                    unit=src.unit, is_append_only=final,
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
    by = [k.weir for k, _ in keys]
    emit = " EMIT FINAL" if final else ""
    spelling = rng.random()
    if w.is_fixed and not w.grace and spelling < 0.35:
        by = ["window_start", "window_end"] + (["window_time"] if "window_time" in items else []) + by
        return (f"SELECT {items} FROM {w.table_function(src.name, src.time)}{where.weir}"
                f" GROUP BY {', '.join(by)}{having}{emit}")
    if w.kind == "session" and not w.grace and not where.weir and spelling < 0.35:
        by += ["window_start", "window_end"] + (["window_time"] if "window_time" in items else [])
        return (f"SELECT {items} FROM {w.table_function(src.name, src.time, [k.weir for k, _ in keys])}"
                f" GROUP BY {', '.join(by)}{having}{emit}")
    if w.kind in ("tumbling", "hopping", "session") and not w.grace and not w.offset and spelling < 0.5:
        name, args = w.group_function(src.time)
        picked = items.replace("window_start AS", f"{name}_START{args} AS").replace("window_end AS", f"{name}_END{args} AS")
        if "window_" not in picked:
            return f"SELECT {picked} FROM {src.name}{where.weir} GROUP BY {', '.join(by + [name + args])}{having}{emit}"
    grouped = f" GROUP BY {', '.join(by)}" if by else ""
    return f"SELECT {items} FROM {src.name} {w.clause()}{where.weir}{grouped}{having}{emit}"


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
    keys, aggs = random_keys(rng, columns, name), random_aggs(rng, columns, name, has_order(src))
    having = random_havings(rng, columns)
    where = random_where(rng, src, 0.4, exprs_of(keys, aggs, having))
    when = dict(src.columns)[src.time] if src.time else None
    own = window_columns(rng, w, when, name)
    items = ", ".join([text for text, _, _ in own] + [f"{e.weir} AS {n}" for e, n in keys + aggs])

    keys_sql = "".join(f", {k.lite} AS {n}" for k, n in keys)
    rows = f"SELECT rowid AS _r, {visible(src)}{keys_sql} FROM {src.name}{where.lite}"
    names = [n for _, n in keys]
    pairs = windows.PAIRS[w.kind](w, rows, names, src.tick)
    lag = w.grace + (src.tick if w.kind == "session" else 0)
    out = Relation(name, [(n, t) for _, n, t in own] + [(n, e.type) for e, n in keys + aggs],
                   tuple((s, l + lag) for s, l in src.marks), None, src.tick, is_append_only=final,
                   ddl=create(name, spelled(rng, w, src, keys, where, having_text(having, "weir"), items, final)),
                   error_sql="SELECT NULL" if w.has_gaps else errors_of(src, where), parents=(src,), unit=src.unit,
                   series=2000 if w.kind == "count" else windows.series_needed(w))
    shown = [n for _, n, _ in own]
    if w.has_time:
        out.bounds = tuple(shown[:2])
        out.time = shown[2] if len(shown) == 3 else None
        out.late_sql = late_count(w, rows, pairs, src)
    out.sql = group_pairs(w, pairs, names, own, keys + aggs, having_text(having, "lite"), final, src)
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
    streams = [r for r in relations if timed.is_stream(r)]
    if rng.random() < 0.3:
        return timed.make_timed(rng, name, streams)
    src = rng.choice(relations)
    kinds = [make_stateless, make_group, make_group, make_distinct]
    if window_kinds(src):
        kinds += [make_window] * 6
    if src.time:
        kinds += [make_expansion, make_sessions]
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
