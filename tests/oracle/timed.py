"""Views whose rows come by event time through joins, OVER and Top-N: what is late for them, and when
EMIT FINAL writes a row.

They read streams (judged rows). A row whose key or shown column is an error is withheld.
"""
from . import windows
from .exprs import count_erring
from .sqltypes import BIGINT, DOUBLE, TEXT, interval
from .windows import Window

SIDES = ("INNER", "INNER", "LEFT", "LEFT", "RIGHT", "FULL")
SHOWN = ("b", "d", "m", "u")


def is_stream(src):
    return src.has_j and not src.is_table and not src.parents


def random_column(rng, src):
    return rng.choice([c for c in src.columns if c[0] in SHOWN])


def rows_of(src, columns):
    """(rows without errors in these columns, condition of a row with one)."""
    bad = "(" + " OR ".join(f"_e_{c}" for c in columns) + ")"
    return f"SELECT _n AS _r, *, {src.time} AS _time FROM {src.name} WHERE NOT {bad}", bad


BEHIND = "(_j IS NOT NULL AND _t <= _j)"   # a row that is late by its own time


def fixed_window(rng, src):
    unit = rng.choice([src.unit, 5_000_000, 60_000_000])
    size = rng.randint(1, 5) * unit
    if rng.random() < 0.6:
        return Window("tumbling", size)
    return Window("hopping", size, rng.randint(1, 5) * unit)


def count_errors(*sides, w=None):
    if w and w.has_gaps:
        return "SELECT NULL"
    return "SELECT " + count_erring(sides)


def late_for_all(pairs):
    return f"(SELECT COUNT(*) FROM (SELECT _r FROM ({pairs}) GROUP BY _r HAVING MIN(late)))"


def emit(final):
    return " EMIT FINAL" if final else ""


def relation(name, columns, sql, ddl, parents, final, late_sql, error_sql, series=0):
    from .views import Relation, create
    hidden = "NULL AS _t, NULL AS _j, NULL AS _n"
    return Relation(name, columns, sum((p.marks for p in parents), ()), None, parents[0].tick, unit=parents[0].unit,
                    is_append_only=final, ddl=create(name, ddl + emit(final)), sql=f"SELECT *, {hidden} FROM ({sql})",
                    late_sql=late_sql, error_sql=error_sql, parents=tuple(parents), series=series)


# ---- joins ----------------------------------------------------------------------------------------

def make_window_join(rng, name, a, b):
    """Equal bounds are part of the key; late rows go on each side; EMIT FINAL writes at the close."""
    w, kind, final = fixed_window(rng, a), rng.choice(SIDES), rng.random() < 0.5
    (x, x_type), (y, y_type) = random_column(rng, a), random_column(rng, b)
    (rows_a, bad_a), (rows_b, bad_b) = rows_of(a, ["k", x]), rows_of(b, ["k", y])
    when = dict(a.columns)[a.time]
    pairs = [windows.fixed(w, rows, [], src.tick) for rows, src in ((rows_a, a), (rows_b, b))]
    closed = f" AND (k IS NULL OR closes <= MIN(:w_{a.name}, :w_{b.name}))" if final else ""   # NULL is padded at once
    sides = [f"(SELECT * FROM ({p}) WHERE NOT late{closed})" for p in pairs]
    on = "l.k = r.k AND l.window_start = r.window_start AND l.window_end = r.window_end"
    items = [("l.k", "k_l", TEXT), (f"l.{x}", "x_l", x_type), (f"r.{y}", "y_r", y_type), ("l.window_start", "ws_l", when),
             ("r.window_end", "we_r", when)]
    shown = ", ".join(f"{e} AS {n}_{name}" for e, n, _ in items)
    tables = [w.table_function(src.name, src.time) for src in (a, b)]
    return relation(name, [(f"{n}_{name}", t) for _, n, t in items],
                    f"SELECT {shown} FROM {sides[0]} l {kind} JOIN {sides[1]} r ON {on}",
                    f"SELECT {shown} FROM {tables[0]} AS l {kind} JOIN {tables[1]} AS r ON {on}", [a, b], final,
                    f"SELECT {late_for_all(pairs[0])} + {late_for_all(pairs[1])}", count_errors((a, bad_a), (b, bad_b), w=w),
                    windows.series_needed(w))


def make_interval_join(rng, name, a, b):
    """l.t BETWEEN r.t - before AND r.t + after. A row behind its watermark is dropped. EMIT FINAL pads an l
    row when W_R >= l.t + before, an r row when W_L >= r.t + after."""
    kind, final = rng.choice(SIDES), rng.random() < 0.5
    before, after = [rng.choice([0, 1, 2, 5, 10]) * a.unit for _ in range(2)]
    (x, x_type), (y, y_type) = random_column(rng, a), random_column(rng, b)
    (rows_a, bad_a), (rows_b, bad_b) = rows_of(a, ["k", x]), rows_of(b, ["k", y])
    l_rows, r_rows = [f"(SELECT * FROM ({rows}) WHERE NOT {BEHIND})" for rows in (rows_a, rows_b)]
    items = [("l.k", "k_l", TEXT), (f"l.{x}", "x_l", x_type), ("r.k", "k_r", TEXT), (f"r.{y}", "y_r", y_type),
             (f"l.{a.time}", "t_l", dict(a.columns)[a.time]), (f"r.{b.time}", "t_r", dict(b.columns)[b.time])]
    shown = ", ".join(f"{e} AS {n}_{name}" for e, n, _ in items)
    on = f"l.k = r.k AND l._t BETWEEN r._t - {before} AND r._t + {after}"
    padded = ""
    if final:
        padded = (f" WHERE l._t IS NOT NULL AND r._t IS NOT NULL OR COALESCE(l.k, r.k) IS NULL OR r._t IS NULL AND :w_{b.name} >= l._t + {before}"
                  f" OR l._t IS NULL AND :w_{a.name} >= r._t + {after}")
    bounds = f"r.{b.time} - {interval(before)} AND r.{b.time} + {interval(after)}"
    late = " + ".join(f"(SELECT COUNT(*) FROM ({rows}) WHERE {BEHIND})" for rows in (rows_a, rows_b))
    return relation(name, [(f"{n}_{name}", t) for _, n, t in items],
                    f"SELECT {shown} FROM {l_rows} l {kind} JOIN {r_rows} r ON {on}{padded}",
                    f"SELECT {shown} FROM {a.name} AS l {kind} JOIN {b.name} AS r ON l.k = r.k AND l.{a.time} BETWEEN {bounds}",
                    [a, b], final, f"SELECT {late}", count_errors((a, bad_a), (b, bad_b)))


# ---- OVER and Top-N -------------------------------------------------------------------------------

def make_over(rng, name, src):
    """EMIT CHANGES: the batch value over all accepted rows. EMIT FINAL: in (time, position) order, a row when
    the watermark has reached it; a row behind the watermark is late."""
    final = rng.random() < 0.6
    x, x_type = random_column(rng, src)
    call, t = rng.choice([("COUNT(*)", BIGINT), ("MAX(b)", BIGINT), ("SUM(b % 100)", BIGINT), ("AVG(b % 100)", DOUBLE),
                          ("ROW_NUMBER()", BIGINT), ("LAG(b)", BIGINT)])
    frame = rng.choice(["", " ROWS BETWEEN 2 PRECEDING AND CURRENT ROW", " ROWS UNBOUNDED PRECEDING"])
    rows, bad = rows_of(src, ["k", x] + ["b"] * ("b" in call))
    walks = call in ("ROW_NUMBER()", "LAG(b)")
    frame = "" if walks else frame
    ties = ", _n" if frame or walks else ""
    part = rng.choice(["PARTITION BY k ", ""])
    taken = f" WHERE NOT {BEHIND} AND _t <= :w_{src.name}" if final else ""
    items = f"k AS k_{name}, {x} AS x_{name}, {src.time} AS t_{name}"
    return relation(name, [(f"k_{name}", TEXT), (f"x_{name}", x_type), (f"t_{name}", dict(src.columns)[src.time]), (f"o_{name}", t)],
                    f"SELECT {items}, {call} OVER ({part}ORDER BY _t{ties}{frame}) AS o_{name} FROM ({rows}){taken}",
                    f"SELECT {items}, {call} OVER ({part}ORDER BY {src.time}{frame}) AS o_{name} FROM {src.name}", [src], final,
                    f"SELECT COUNT(*) FROM ({rows}) WHERE {BEHIND}" if final else "SELECT 0", count_errors((src, bad)))


def make_first(rng, name, src):
    """The first row of each key by event time."""
    final = rng.random() < 0.6
    x, x_type = random_column(rng, src)
    rows, bad = rows_of(src, ["k", x])
    taken = f" WHERE NOT {BEHIND} AND _t <= :w_{src.name}" if final else ""
    items = f"k AS k_{name}, {x} AS x_{name}, {src.time} AS t_{name}"
    shown = f"k_{name}, x_{name}, t_{name}"
    return relation(name, [(f"k_{name}", TEXT), (f"x_{name}", x_type), (f"t_{name}", dict(src.columns)[src.time])],
                    f"SELECT {shown} FROM (SELECT {items}, ROW_NUMBER() OVER (PARTITION BY k ORDER BY _t, _n) AS i FROM ({rows}){taken})"
                    f" WHERE i = 1",
                    f"SELECT {shown} FROM (SELECT {items}, ROW_NUMBER() OVER (PARTITION BY k ORDER BY {src.time}) AS i"
                    f" FROM {src.name}) AS d WHERE i = 1", [src], final,
                    f"SELECT COUNT(*) FROM ({rows}) WHERE {BEHIND}" if final else "SELECT 0", count_errors((src, bad)))


def make_window_top(rng, name, src):
    """The first rows of each window, or its distinct keys."""
    w, final = fixed_window(rng, src), rng.random() < 0.6
    x, x_type = random_column(rng, src)
    rows, bad = rows_of(src, ["k", x, "b"])
    pairs = windows.fixed(w, rows, [], src.tick)
    closed = f" AND closes <= :w_{src.name}" if final else ""
    taken, table = f"(SELECT * FROM ({pairs}) WHERE NOT late{closed})", w.table_function(src.name, src.time)
    when = dict(src.columns)[src.time]
    bounds = f"window_start AS s_{name}, window_end AS e_{name}"
    columns = [(f"s_{name}", when), (f"e_{name}", when), (f"k_{name}", TEXT)]
    late, errors = f"SELECT {late_for_all(pairs)}", count_errors((src, bad), w=w)
    if rng.random() < 0.3:
        rows, bad = rows_of(src, ["k"])
        pairs = windows.fixed(w, rows, [], src.tick)
        query = f"SELECT DISTINCT {bounds}, k AS k_{name} FROM "
        return relation(name, columns, f"{query}(SELECT * FROM ({pairs}) WHERE NOT late{closed})", query + table, [src], final,
                        f"SELECT {late_for_all(pairs)}", count_errors((src, bad), w=w), windows.series_needed(w))
    n, by = rng.randint(1, 3), rng.choice(["b", "b DESC", "k, b DESC"])
    part = "PARTITION BY window_start, window_end" + rng.choice(["", ", k"])
    items = f"{bounds}, k AS k_{name}, {x} AS x_{name}"
    shown = f"s_{name}, e_{name}, k_{name}, x_{name}, i_{name}"
    inner = "(SELECT {}, ROW_NUMBER() OVER ({} ORDER BY {}) AS i_{} FROM {})"
    return relation(name, columns + [(f"x_{name}", x_type), (f"i_{name}", BIGINT)],
                    f"SELECT {shown} FROM {inner.format(items, part, by + ', _n', name, taken)} WHERE i_{name} <= {n}",
                    f"SELECT {shown} FROM {inner.format(items, part, by, name, table)} AS d WHERE i_{name} <= {n}",
                    [src], final, late, errors, windows.series_needed(w))


def make_timed(rng, name, streams):
    """One of them; streams of one precision can meet."""
    src = rng.choice(streams)
    if rng.random() < 0.5:
        return rng.choice([make_over, make_first, make_window_top])(rng, name, src)
    other = rng.choice([s for s in streams if s.tick == src.tick])
    return rng.choice([make_window_join, make_interval_join])(rng, name, src, other)
