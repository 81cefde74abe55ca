#!/usr/bin/env python3
"""What the clock decides about a stream's time, at random: rulings_random.py WEIR_STREAM [SEED [CASES]]

Files of one stream grow, appear, fall silent and come back while a virtual clock runs; the engine is
restarted, and views are made later. After each piece every view is compared with what a few lines of
Python make of all rows and of the recorded rulings: each row's judgement J, late rows (and where they go), windows that
have closed. Half of the cases move in steps of one thing at a time; there the rulings are foretold too."""
import contextlib
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta

NEVER = -10**12
SIZE, HOP, SLIDE, GAP = 10, 15, 6, 4
VIEWS = {
    "c": f"SELECT window_end, sum(v) AS total, count(*) AS n FROM s WINDOW TUMBLING (SIZE {SIZE} SECONDS)",
    "f": f"SELECT window_end, sum(v) AS total, count(*) AS n FROM s WINDOW TUMBLING (SIZE {SIZE} SECONDS) EMIT FINAL",
    "h": f"SELECT window_end, sum(v) AS total, count(*) AS n FROM s WINDOW HOPPING (SIZE {HOP} SECONDS, ADVANCE BY {SLIDE} SECONDS) EMIT FINAL",
    "e": f"SELECT window_end, sum(v) AS total, count(*) AS n FROM s WINDOW SESSION (GAP {GAP} SECONDS) EMIT FINAL",
}


def text(seconds):
    return (datetime(1970, 1, 1) + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S")


class Part:
    def __init__(self, name):
        self.name, self.rows, self.size = name, [], 0
        # what the foretelling knows
        self.made, self.floor, self.idle, self.taken = NEVER, NEVER, False, 0

    def now(self):
        return max(self.made, self.floor)


def judged(part, rulings, delay):
    """(time, value, J) of each row, and the partition's watermark: from rows and recorded rulings."""
    raises = sorted((offset, value) for name, kind, offset, value in rulings
                    if name == part.name and kind != "idle")
    made, floor, at, out = NEVER, NEVER, 0, []
    for offset, t, v in part.rows:
        while at < len(raises) and raises[at][0] <= offset:
            floor = max(floor, raises[at][1])
            at += 1
        out.append((t, v, max(made, floor)))
        made = max(made, t - delay)
    return out, max([made, floor] + [value for _, value in raises[at:]])


def stream_watermark(parts, rulings, delay):
    marks, idle, reached = {p.name: judged(p, rulings, delay)[1] for p in parts}, set(), NEVER
    for name, kind, _, value in rulings:
        if kind == "idle":
            idle.add(name)
        elif kind in ("returned", "appeared"):
            idle.discard(name)
        if kind in ("idle", "closed"):
            reached = max(reached, value)
    active = [w for name, w in marks.items() if name not in idle]
    return min(active) if active else reached


def windows(t, size, slide):
    start = t // slide * slide
    while start > t - size:
        yield start + size
        start -= slide


def sessions(times):
    out = []
    for t, v in sorted(times):
        if out and t - out[-1][0] <= GAP:
            out[-1][0] = t
            out[-1][1].append(v)
        else:
            out.append([t, [v]])
    return out


def expected(parts, rulings, delay):
    rows = [row for p in parts for row in judged(p, rulings, delay)[0]]
    watermark, out, late = stream_watermark(parts, rulings, delay), {}, {}
    for view, size, slide in (("c", SIZE, SIZE), ("f", SIZE, SIZE), ("h", HOP, SLIDE)):
        held, late[view] = {}, []
        for t, v, j in rows:
            on_time = [end for end in windows(t, size, slide) if j < end - 1]
            if not on_time:
                late[view].append([v, text(max(windows(t, size, slide))), text(j)])
            for end in on_time:
                held.setdefault(end, []).append(v)
        out[view] = [[text(end), sum(vs), len(vs)] for end, vs in held.items()
                     if view == "c" or watermark >= end - 1]
    kept = [(t, v) for t, v, j in rows if t > j]
    late["e"] = [[v, text(t + GAP), text(j)] for t, v, j in rows if t <= j]
    out["e"] = [[text(last + GAP), sum(vs), len(vs)] for last, vs in sessions(kept) if watermark >= last + GAP]
    return out, late


class Foretold:
    """The rulings of a case that moves one thing at a time."""
    def __init__(self, idle, close, delay):
        self.idle, self.close, self.delay = idle, close, delay
        self.parts, self.rulings, self.reached, self.taken, self.closings = [], [], NEVER, 0, 0

    def watermark(self):
        active = [p.now() for p in self.parts if not p.idle]
        return min(active) if active else self.reached

    def rule(self, part, kind, offset, value):
        if kind == "closed":
            self.rulings = [r for r in self.rulings if r[:3] != (part.name, kind, offset)]
        self.rulings.append((part.name, kind, offset, value))

    def restarted(self, now):
        self.taken, self.closings = now, 0
        for p in self.parts:
            p.taken = now

    def met_first(self, parts, now):
        self.parts += parts
        for part in parts:
            part.taken = now

    def meet(self, part, now):
        if self.watermark() != NEVER:
            part.floor = self.watermark()
            self.rule(part, "appeared", 0, part.floor)
        self.parts.append(part)
        part.taken = now

    def is_due(self, now):
        gone = any(not p.idle and now - p.taken >= self.idle for p in self.parts) if self.idle else False
        return gone or bool(self.close) and (now - self.taken) // self.close > self.closings

    def took(self, part, rows, now):
        if part.idle:
            part.floor, part.idle = max(part.floor, self.watermark()), False
            self.rule(part, "returned", rows[0][0], part.now())
        part.taken = self.taken = now
        self.closings = 0
        part.made = max([part.made] + [t - self.delay for _, t, _ in rows])

    def silent(self, now):
        before = self.watermark()
        gone = [p for p in self.parts if not p.idle and now - p.taken >= self.idle] if self.idle else []
        for p in gone:
            p.idle = True
        if gone:
            self.reached = max(self.reached, before)
            self.reached = max(self.reached, self.watermark())
        for p in gone:
            self.rule(p, "idle", p.size, self.watermark())
        made = max((p.made for p in self.parts), default=NEVER)
        due = (now - self.taken) // self.close if self.close else 0
        if due > self.closings and made != NEVER:
            self.closings = due
            for p in self.parts:
                if p.now() < made + due * self.close:
                    p.floor = made + due * self.close
                    self.rule(p, "closed", p.size, p.floor)
            self.reached = max(self.reached, made + due * self.close)


class Driver:
    def __init__(self, program, folder, rng):
        args = [program, "--print", "--db", os.path.join(folder, "x.db"), "--batch", str(rng.choice([1, 3, 100])),
                "--epoch-rows", str(rng.choice([1, 4, 1000])), "-"]
        self.p = subprocess.Popen(args, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(self, line):
        self.p.stdin.write(line + "\n")
        self.p.stdin.flush()

    def rows(self, query):
        self.do(f"query {query}")
        out = []
        while (line := self.p.stdout.readline()) not in (".\n", ""):
            out.append(json.loads(line))
        return out


class Case:
    def __init__(self, program, seed, folder):
        self.rng = rng = random.Random(seed)
        self.idle, self.close, self.delay = rng.choice([0, 5, 9]), rng.choice([0, 0, 4]), rng.choice([0, 3])
        self.is_stepwise = rng.random() < 0.5
        self.base, self.now, self.parts, self.views = rng.choice([-40, 100]), 0.0, [], []
        self.folder = os.path.join(folder, "in")
        self.told = Foretold(self.idle, self.close, self.delay)
        os.mkdir(self.folder)
        self.driver = Driver(program, folder, rng)

    def begin(self):
        for _ in range(self.rng.randint(1, 3)):
            self.new_part()
        options = f", idle_timeout = '{self.idle} SECONDS'" if self.idle else ""
        options += self.rng.choice(["", ", max_drift = '2 SECONDS'"])
        silence = f" CLOSE AFTER IDLE INTERVAL '{self.close}' SECOND" if self.close else ""
        self.driver.do(f"clock 0\nsql\nCREATE STREAM s (ts TIMESTAMP(0), v BIGINT, WATERMARK FOR ts AS ts - INTERVAL '{self.delay}' SECOND{silence})"
                       f" WITH (connector = 'file', path = 'in/*', format = 'json', follow = true, timestamp_format = 'epoch_s',"
                       f" max_future = 'OFF'{options});\nend")
        for text_of in VIEWS:
            self.make_view(text_of, text_of)
        self.driver.do("run")
        self.told.met_first(self.parts, self.now)

    def new_part(self):
        self.parts.append(Part("bdacfe"[len(self.parts)]))
        open(os.path.join(self.folder, self.parts[-1].name), "w", encoding="utf8").close()
        return self.parts[-1]

    def make_view(self, name, text_of):
        self.views.append((name, text_of))
        self.driver.do(f"sql\nCREATE STREAM late_{name} (v BIGINT, window_end TIMESTAMP(0), watermark TIMESTAMP(0));\n"
                       f"CREATE MATERIALIZED VIEW seen_{name} AS SELECT v, window_end, watermark FROM late_{name};\n"
                       f"CREATE MATERIALIZED VIEW {name} WITH (late_into = 'late_{name}') AS {VIEWS[text_of]};\nend")

    def clock(self, seconds):
        self.now = round(self.now + seconds, 3)
        self.driver.do(f"clock {self.now}")

    def add(self, part):
        rows = []
        with open(os.path.join(self.folder, part.name), "a", encoding="utf8") as f:
            for _ in range(self.rng.choice([1, 1, 2, 5])):
                t, v = self.base + int(self.now) + self.rng.randint(-12, 6), self.rng.randint(1, 1000)
                line = json.dumps({"ts": t, "v": v}) + "\n"
                rows.append((part.size, t, v))
                part.size += len(line)
                f.write(line)
        part.rows += rows
        return rows

    def one_thing(self):
        what = self.rng.choice(["rows", "rows", "rows", "clock", "clock", "new", "restart"])
        if what == "clock":
            self.clock(self.rng.choice([1, 2, 5, 9]))
            self.told.silent(self.now)
        elif what == "rows":
            part = self.rng.choice(self.parts)
            self.told.took(part, self.add(part), self.now)
        elif what == "restart":
            self.driver.do("restart\nrun")
            self.told.restarted(self.now)
        elif len(self.parts) < 6 and not self.told.is_due(self.now + 0.201):
            self.clock(0.201)
            part = self.new_part()
            rows = self.add(part)
            self.told.meet(part, self.now)
            self.told.took(part, rows, self.now)

    def many_things(self):
        self.clock(self.rng.choice([0, 1, 2, 5, 9]))
        if len(self.parts) < 6 and self.rng.random() < 0.2:
            self.new_part()
            self.clock(1)  # a folder is looked at five times a second
        for part in self.parts:
            if self.rng.random() < 0.4:
                self.add(part)
        if self.rng.random() < 0.2:
            self.driver.do("run\n" * self.rng.randint(0, 1) + "restart")

    def rulings(self):
        """In the order in which they were made."""
        with contextlib.closing(sqlite3.connect(os.path.join(self.folder, "..", "x.db"))) as db:
            rows = db.execute("SELECT part, kind, offset, value FROM _weir_rulings ORDER BY rowid").fetchall()
        return [(part[3:], kind, offset, max(NEVER, value / 10**6)) for part, kind, offset, value in rows]

    def problem(self):
        """None: every view holds what the rows and the rulings say."""
        self.driver.do("run")
        got_late = dict(self.driver.rows("SELECT name, late_rows FROM weir_views"))
        rulings = self.rulings()
        want, late = expected(self.parts, rulings, self.delay)
        for name, text_of in self.views:
            got = self.driver.rows(f"SELECT * FROM {name}")
            if sorted(got) != sorted(want[text_of]):
                return f"view {name}: want {sorted(want[text_of])}, got {sorted(got)}, rulings {rulings}"
            seen = self.driver.rows(f"SELECT v, window_end, watermark FROM seen_{name}")
            if got_late[name] != len(late[text_of]) or sorted(seen) != sorted(late[text_of]):
                return f"late rows of {name}: want {sorted(late[text_of])}, got {got_late[name]}, {sorted(seen)}, rulings {rulings}"
        if self.is_stepwise and sorted(self.told.rulings) != sorted(rulings):
            return f"rulings: want {self.told.rulings}, got {rulings}"
        return None

    def run(self):
        self.begin()
        for number in range(14):
            problem = self.problem()
            if problem:
                return f"step {number}: {problem}"
            self.one_thing() if self.is_stepwise else self.many_things()
            if number == 5 or self.rng.random() < 0.05:
                text_of = self.rng.choice(list(VIEWS))
                self.make_view(f"{text_of}{number}", text_of)
        problem = self.problem()
        self.driver.p.stdin.close()
        return problem or ("the driver failed" if self.driver.p.wait() else None)


def case(program, seed):
    with tempfile.TemporaryDirectory() as folder:
        return Case(program, seed, folder).run()


def main():
    program, seed, cases = sys.argv[1], int((sys.argv[2:] or ["1"])[0]), int((sys.argv[3:] or ["20"])[0])
    program = os.path.abspath(program)
    for i in range(seed, seed + cases):
        problem = case(program, i)
        if problem:
            print(f"seed {i}: {problem}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
