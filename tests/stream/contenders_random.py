#!/usr/bin/env python3
"""Joins with the MAX or MIN of a window over the same stream, and their naive twin: contenders_random.py WEIR_STREAM [SEED [CASES]]

Rows come in disorder, some late, many on the boundary of a window, with ties, NULLs and values that cannot be read; after
each commit the view is compared with what a few lines of Python make of all rows so far, and late rows and errors with
what the engine counts where every row comes to the join. Batches are cut anywhere and the engine is restarted."""
import json
import random
from datetime import datetime, timedelta, timezone

from random_cases import main, views_shown

DELAY = 3000
BASE = datetime(2024, 1, 1, tzinfo=timezone.utc)
BAD = "no number"


def time_text(ms):
    return (BASE + timedelta(milliseconds=ms)).strftime("%Y-%m-%d %H:%M:%S.") + f"{ms % 1000:03d}"


class Query:
    """A join of s with the extremes of its windows: SQL, and what it means."""
    def __init__(self, rng):
        self.size = rng.choice([4000, 5000, 10000])
        self.slide = rng.choice([self.size, self.size, 1000, 2000, self.size + 1000])
        self.grace = rng.choice([0, 0, 2000])
        self.least, self.keyed, self.double = rng.random() < 0.4, rng.random() < 0.5, rng.random() < 0.3
        self.own_windows, self.final = rng.random() < 0.4, rng.random() < 0.5
        self.in_list = self.own_windows and not self.final and rng.random() < 0.3
        if self.own_windows:
            self.grace = 0  # of the join's windows there is none
        self.final = self.final and self.own_windows
        self.filtered, self.filtered_too = rng.random() < 0.3, rng.random() < 0.2
        # window_end - row's time, both ends inclusive
        self.low, self.high = rng.choice([(0, self.size), (1, self.size), (-self.slide, self.size), (0, 2 * self.size),
                                          (-self.size, -1), (0, 0), (-1000, 3000)])

    def window(self):
        kind = "TUMBLING (SIZE {0}" if self.slide == self.size else "HOPPING (SIZE {0}, ADVANCE BY {1}"
        grace = ", GRACE PERIOD {2}" if self.grace else ""
        return (kind + grace + ")").format(*(f"{x // 1000} SECONDS" for x in (self.size, self.slide, self.grace)))

    def table(self):
        if self.slide == self.size:
            return f"TABLE(TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '{self.size // 1000}' SECOND))"
        return f"TABLE(HOP(TABLE s, DESCRIPTOR(ts), INTERVAL '{self.slide // 1000}' SECOND, INTERVAL '{self.size // 1000}' SECOND))"

    def sql(self):
        call, where = "min(x)" if self.least else "max(x)", " WHERE k > 1" if self.filtered else ""
        if self.grace:
            inner = f"SELECT {'k, ' if self.keyed else '0 AS zero, '}{call} AS best, window_start, window_end FROM s WINDOW {self.window()}{where}"
            inner += " GROUP BY k" if self.keyed else ""
        else:
            inner = f"SELECT {'k, ' if self.keyed else ''}{call} AS best, window_start, window_end FROM {self.table()}{where} GROUP BY "
            inner += ("k, " if self.keyed else "") + "window_start, window_end"
        asks = ["b.x = m.best"] + ["b.k = m.k"] * self.keyed + ["b.k > 1"] * (self.filtered or self.filtered_too)
        source = "s"
        if self.in_list:
            asks = [a for a in asks if "m." not in a]
            keys, theirs = ("b.x, b.window_start, b.window_end", "best, window_start, window_end")
            keys, theirs = (keys + ", b.k", theirs + ", k") if self.keyed else (keys, theirs)
            where = " AND ".join([*asks, f"({keys}) IN (SELECT {theirs} FROM ({inner}))"])
            return f"SELECT b.id, b.x, b.note FROM {self.table()} b WHERE {where}"
        if self.own_windows:
            source = self.table()
            asks += ["b.window_start = m.window_start", "b.window_end = m.window_end"]
        else:
            low, high = (f"INTERVAL '{x / 1000}' SECOND" for x in (self.low, self.high))
            asks += [f"b.ts >= m.window_end - {high}", f"b.ts <= m.window_end - {low}"]
        return f"SELECT b.id, b.x, b.note FROM {source} b JOIN ({inner}) m ON {' AND '.join(asks)}{' EMIT FINAL' if self.final else ''}"

    def ends(self, t):
        """Of the windows that hold t."""
        first = (t - self.size) // self.slide + 1
        return [k * self.slide + self.size for k in range(first, t // self.slide + 1)]

    def answer(self, rows, watermark):
        best = {}
        for r in rows:
            if r["x"] == BAD or (self.filtered and not (r["k"] or 0) > 1):
                continue
            for end in self.ends(r["t"]):
                if r["x"] is not None and not r["j"] >= end - 1 + self.grace:
                    at = (end, r["k"] if self.keyed else 0)
                    pick = min if self.least else max
                    best[at] = pick(best.get(at, r["x"]), r["x"])
        out = []
        for r in rows:
            if BAD in (r["x"], r["note"]) or r["x"] is None or ((self.filtered or self.filtered_too) and not (r["k"] or 0) > 1):
                continue
            if self.keyed and r["k"] is None:
                continue
            if self.own_windows:
                met = [end for end in self.ends(r["t"]) if r["j"] < end - 1]
                met = [end for end in met if not self.final or watermark >= end - 1]
            else:
                met = [end for end, _ in best if self.low <= end - r["t"] <= self.high]
                met = sorted(set(met))
            for end in met:
                if best.get((end, r["k"] if self.keyed else 0)) == r["x"]:
                    out.append([r["id"], r["x"], r["note"]])
        return sorted(out)


def value(rng, query, spread):
    x = rng.choice([None, BAD, *[rng.randint(-spread, spread)] * 18])
    if not query.double or x in (None, BAD):
        return x
    return x / 2 if x else rng.choice([0.0, -0.0])


def case(rng, program):
    query, spread = Query(rng), rng.choice([2, 10, 1000])
    text = [f"""sql
CREATE STREAM s (id BIGINT, ts TIMESTAMP(3), k BIGINT, x {'DOUBLE' if query.double else 'BIGINT'}, note BIGINT,
  WATERMARK FOR ts AS ts - INTERVAL '{DELAY // 1000}' SECOND);
CREATE MATERIALIZED VIEW v AS {query.sql()};
end
"""]
    rows, watermark, wanted, now = [], -10**12, [], 0
    for _ in range(rng.randint(6, 14)):
        if rng.random() < 0.2:
            text.append("restart\n")
        for _ in range(rng.randint(0, 12)):
            now += rng.choice([0, 0, 1, 500, 1000])
            t = now - rng.choice([0, 0, 0, 1, 1000, 2000, 7000])
            t = t // 1000 * 1000 if rng.random() < 0.5 else t
            t = t // query.slide * query.slide if rng.random() < 0.2 else t
            t = t + 3 * query.size if rng.random() < 0.01 else t
            r = {"id": len(rows), "t": t, "k": rng.choice([None, 1, 2, 3]), "x": value(rng, query, spread),
                 "note": BAD if rng.random() < 0.05 else 7, "j": watermark}
            rows.append(r)
            watermark = max(watermark, t - DELAY)
            text.append("push s " + json.dumps({"id": r["id"], "ts": time_text(t), "k": r["k"], "x": r["x"], "note": r["note"]}) + "\n")
        text.append("commit\nview v\nquery SELECT late_rows, errors FROM weir_views WHERE name = 'v'\n")
        wanted.append(query.answer(rows, watermark))
    script = "".join(text)
    blocks, error = views_shown(rng, program, script)
    if error:
        return error
    whole, error = views_shown(rng, program, script, ["--rules-off", "contenders"])
    if error:
        return error
    for i, want in enumerate(wanted):
        got = sorted(map(json.loads, blocks[2 * i]))
        if got != want:
            return f"commit {i}: wanted {want}\ngot {got}\n{script}"
        # (a row in no window that cannot be read is told by an aggregate with a window of its own, and not behind a table function)
        if query.slide <= query.size and blocks[2 * i + 1] != whole[2 * i + 1]:
            return f"commit {i}: late rows and errors {blocks[2 * i + 1]}, of all rows {whole[2 * i + 1]}\n{script}"
    return None


main(case)
