"""Windows as SQL over the accepted rows.

Each function takes the SQL of rows that carry _t (event time), _j (judgement, NULL: none), _n
(arrival) and the group's columns, and gives SQL of (row × window) pairs: all columns of the row,
window_start, window_end, late (1: the row is late for this window), and `closes`, the watermark
from which on the window is closed.
"""
from dataclasses import dataclass

from .sqltypes import duration, interval


@dataclass(frozen=True)
class Window:
    kind: str           # tumbling hopping cumulating session sliding count global
    size: int           # microseconds, or rows
    slide: int = 0      # ADVANCE BY, STEP; rows for count
    offset: int = 0
    grace: int = 0

    def clause(self):
        """As weir's WINDOW clause says it."""
        parts = {
            "tumbling": [f"SIZE {duration(self.size)}"],
            "hopping": [f"SIZE {duration(self.size)}", f"ADVANCE BY {duration(self.slide)}"] if self.kind == "hopping" else [],
            "cumulating": [f"SIZE {duration(self.size)}", f"STEP {duration(self.slide)}"] if self.kind == "cumulating" else [],
            "session": [f"GAP {duration(self.size)}"],
            "sliding": [f"SIZE {duration(self.size)}"],
            "count": [f"SIZE {self.size} ROWS"] + ([f"ADVANCE BY {self.slide} ROWS"] if self.slide != self.size else []),
            "global": [f"TRIGGER EVERY {self.size} ROWS"],
        }[self.kind]
        if self.offset:
            parts.append(f"OFFSET {duration(self.offset)}")
        if self.grace:
            parts.append(f"GRACE PERIOD {duration(self.grace)}")
        return f"WINDOW {self.kind.upper()} ({', '.join(parts)})"

    def table_function(self, table, time, partition=()):
        by = f" PARTITION BY {partition[0] if len(partition) == 1 else '(' + ', '.join(partition) + ')'}" if partition else ""
        head = f"TABLE {table}{by}, DESCRIPTOR({time})"
        sizes = {"tumbling": ("TUMBLE", [self.size]), "hopping": ("HOP", [self.slide, self.size]),
                 "cumulating": ("CUMULATE", [self.slide, self.size]), "session": ("SESSION", [self.size])}
        name, lengths = sizes[self.kind]
        if self.offset:
            lengths = lengths + [self.offset]
        return f"TABLE({name}({head}, {', '.join(map(interval, lengths))}))"

    def group_function(self, time):
        name, lengths = {"tumbling": ("TUMBLE", [self.size]), "hopping": ("HOP", [self.slide, self.size]),
                         "session": ("SESSION", [self.size])}[self.kind]
        return name, f"({time}, {', '.join(map(interval, lengths))})"

    @property
    def is_fixed(self):
        return self.kind in ("tumbling", "hopping", "cumulating")

    @property
    def has_gaps(self):
        """A row may be in no window: whether an error withholds it is not settled."""
        return self.kind == "hopping" and self.slide > self.size

    @property
    def has_time(self):
        """Whether the result has event time: window_time."""
        return self.kind not in ("count", "global")


def late(window_end, tick, grace):
    return f"(_j IS NOT NULL AND _j >= {window_end} - {tick} + {grace})"


def fixed_bounds(w, rows):
    """Adds window_start, window_end of each window that holds the row. The series counts up to any
    number of windows that a row can be in."""
    if w.kind == "tumbling":
        start = f"fdiv(_t - {w.offset}, {w.size}) * {w.size} + {w.offset}"
        return f"SELECT *, {start} AS window_start, {start} + {w.size} AS window_end FROM ({rows})"
    if w.kind == "hopping":
        last = f"fdiv(_t - {w.offset}, {w.slide}) * {w.slide} + {w.offset}"
        return (f"SELECT r.*, {last} - i * {w.slide} AS window_start, {last} - i * {w.slide} + {w.size} AS window_end"
                f" FROM ({rows}) r JOIN series WHERE i * {w.slide} < {w.size} AND {last} - i * {w.slide} + {w.size} > _t")
    day = f"fdiv(_t - {w.offset}, {w.size}) * {w.size} + {w.offset}"
    return (f"SELECT r.*, {day} AS window_start, {day} + (i + 1) * {w.slide} AS window_end"
            f" FROM ({rows}) r JOIN series WHERE (i + 1) * {w.slide} <= {w.size} AND {day} + (i + 1) * {w.slide} > _t")


def series_needed(w):
    return w.size // w.slide + 2 if w.kind in ("hopping", "cumulating") else 0


def same_group(keys, a, b):
    return "".join(f" AND {a}.{k} IS {b}.{k}" for k in keys)


def fixed(w, rows, keys, tick):
    return (f"SELECT *, {late('window_end', tick, w.grace)} AS late, window_end - {tick} + {w.grace} AS closes"
            f" FROM ({fixed_bounds(w, rows)})")


def sliding(w, rows, keys, tick):
    """One window per distinct event time u of the group, (u - size, u]. A row on time for its own
    window makes one; it counts in every window of the group that holds it and is not closed for
    it."""
    cols = "".join(f", {k}" for k in keys)
    times = f"SELECT DISTINCT _t AS _u{cols} FROM ({rows}) WHERE NOT {late(f'(_t + {tick})', tick, w.grace)}"
    return (f"SELECT r.*, _u - {w.size} + {tick} AS window_start, _u + {tick} AS window_end,"
            f" {late(f'(_u + {tick})', tick, w.grace)} AS late,  _u + {w.grace} AS closes"
            f" FROM ({rows}) r JOIN ({times}) _g ON _u >= _t AND _u < _t + {w.size}{same_group(keys, 'r', '_g')}")


def session(w, rows, keys, tick):
    """Chains of rows that are not late, each at most a gap from the one before. A late row is no
    part of any: it comes out alone, marked late."""
    part = f"PARTITION BY {', '.join(keys)}" if keys else ""
    is_late = f"(_j IS NOT NULL AND _t <= _j - {w.grace})"
    steps = (f"SELECT *, CASE WHEN _t - LAG(_t) OVER ({part} ORDER BY _t) <= {w.size} THEN 0 ELSE 1 END AS _begins"
             f" FROM ({rows}) WHERE NOT {is_late}")
    chains = (f"SELECT *, SUM(_begins) OVER ({part} ORDER BY _t ROWS UNBOUNDED PRECEDING) AS _chain FROM ({steps})")
    by_chain = f"PARTITION BY {', '.join(list(keys) + ['_chain'])}"
    bounds = (f"SELECT *, MIN(_t) OVER ({by_chain}) AS window_start, MAX(_t) OVER ({by_chain}) + {w.size} AS window_end"
              f" FROM ({chains})")
    return f"SELECT *, 0 AS late, window_end + {w.grace} AS closes FROM ({bounds})"


def late_for_all(w, tick):
    """Condition of a row (with _t, _j) that no window takes; fixed windows are counted by pairs."""
    if w.kind == "session":
        return f"(_j IS NOT NULL AND _t <= _j - {w.grace})"
    if w.kind == "sliding":
        return f"(_j IS NOT NULL AND _j >= _t + {w.size} - {tick} + {w.grace})"
    return "0"


def count(w, rows, keys, tick):
    """Window number n holds the rows (n-1)·advance + 1 … (n-1)·advance + size of the group, by
    arrival; the one that is to close next is open."""
    part = f"PARTITION BY {', '.join(keys)}" if keys else ""
    numbered = (f"SELECT *, ROW_NUMBER() OVER ({part} ORDER BY _n) AS _i, COUNT(*) OVER ({part}) AS _total FROM ({rows})")
    next_no = f"(CASE WHEN _total < {w.size} THEN 1 ELSE (_total - {w.size}) / {w.slide} + 2 END)"
    return (f"SELECT *, _no AS window_no, CASE WHEN _no < {next_no} THEN 1 ELSE 0 END AS closed"
            f" FROM (SELECT r.*, s.i + 1 AS _no FROM ({numbered}) r JOIN series s"
            f" WHERE r._i > s.i * {w.slide} AND r._i <= s.i * {w.slide} + {w.size} AND s.i + 1 <= {next_no})")


def global_(w, rows, keys, tick):
    """The rows up to the last multiple of n of the group."""
    part = f"PARTITION BY {', '.join(keys)}" if keys else ""
    numbered = f"SELECT *, ROW_NUMBER() OVER ({part} ORDER BY _n) AS _i, COUNT(*) OVER ({part}) AS _total FROM ({rows})"
    return f"SELECT *, 0 AS late FROM ({numbered}) WHERE _i <= _total / {w.size} * {w.size}"


PAIRS = {"tumbling": fixed, "hopping": fixed, "cumulating": fixed, "sliding": sliding, "session": session,
         "count": count, "global": global_}
