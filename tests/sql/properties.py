#!/usr/bin/env python3
"""Standing queries over random values, judged by Python: DECIMAL by Fraction, CAST by what the types
mean, windows on local days by zoneinfo, nested values by the form that docs/adr/0007 gives them.

    properties.py DRIVER [ROUNDS [SEED]]"""
import datetime, json, math, random, subprocess, sys, zoneinfo
from fractions import Fraction

UTC = datetime.timezone.utc
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 40
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 20240229
END = "@end"
failures = 0


class Engine:
    def __init__(self):
        self.process = subprocess.Popen([sys.argv[1], "--print", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)

    def ask(self, *lines):
        self.process.stdin.write("".join(l + "\n" for l in lines) + f"echo {END}\n")
        self.process.stdin.flush()
        out = []
        for line in self.process.stdout:
            if line.rstrip("\n") == END:
                return out
            out.append(line.rstrip("\n"))
        raise SystemExit(f"weir-stream died after {lines[:5]}: {out[-3:]}")

    def run(self, sql):
        said = self.ask("sql", sql, "end")
        assert not said, said

    def rows(self, view):
        return [json.loads(l) for l in self.ask(f"dump {view}") if l != "."]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def differs(what, want, got):
    global failures
    failures += 1
    if failures <= 20:
        print(f"seed {SEED}: {what}\n  want {want}\n  got  {got}")


# ---- DECIMAL ------------------------------------------------------------------------------------------

def half_away(x):
    whole = (2 * abs(x.numerator) + x.denominator) // (2 * x.denominator)
    return whole if x >= 0 else -whole


def in_type(x, p, s):
    """x as a DECIMAL(p, s): its digits as an integer, None: it does not fit."""
    digits = half_away(x * 10 ** s)
    return digits if abs(digits) < 10 ** p else None


def shown(digits, s):
    if digits is None:
        return None
    text = str(abs(digits)).rjust(s + 1, "0")
    return ("-" if digits < 0 else "") + (text[:-s] + "." + text[-s:] if s else text)


def bounded(p, s):
    return (p, s) if p <= 38 else (38, max(38 - (p - s), min(s, 6)))


def result_type(op, p1, s1, p2, s2):
    if op in "+-":
        s = max(s1, s2)
        return bounded(max(p1 - s1, p2 - s2) + s + 1, s)
    if op == "*":
        return bounded(p1 + p2 + 1, s1 + s2)
    if op == "/":
        s = max(6, s1 + p2 + 1)
        return bounded(p1 - s1 + s2 + s, s)
    return bounded(min(p1 - s1, p2 - s2) + max(s1, s2), max(s1, s2))


def compute(op, x, y):
    if op in "/%" and y == 0:
        return "null"
    if op == "/":
        return x / y
    if op == "%":
        q = abs(x) // abs(y)  # toward zero
        return x - y * (q if (x < 0) == (y < 0) else -q)
    return x + y if op == "+" else x - y if op == "-" else x * y


def random_digits(rng, p):
    kind = rng.randrange(6)
    if kind == 0:
        return rng.choice([0, 1, -1, 10 ** p - 1, 1 - 10 ** p, 5, -5])
    return rng.randrange(10 ** rng.randint(1, p)) * rng.choice([1, -1])


def decimals(rng, engine, n):
    p1, p2 = rng.randint(1, 38), rng.randint(1, 38)
    s1, s2 = rng.randint(0, p1), rng.randint(0, p2)
    p3 = rng.randint(1, 38)
    s3 = rng.randint(0, p3)
    engine.run(f"CREATE STREAM d{n} (id BIGINT, a DECIMAL({p1}, {s1}), b DECIMAL({p2}, {s2}));")
    exprs = {op: f"a {op} b" for op in "+-*/%"} | {"cast": f"TRY_CAST(a AS DECIMAL({p3}, {s3}))", "<": "a < b", "=": "a = b"}
    for i, (op, e) in enumerate(exprs.items()):
        engine.run(f"CREATE MATERIALIZED VIEW d{n}_{i} AS SELECT id, CAST({e} AS TEXT) AS v FROM d{n};")
    engine.run(f"CREATE MATERIALIZED VIEW d{n}_sums AS SELECT CAST(sum(a) AS TEXT) AS s, CAST(avg(a) AS TEXT) AS m FROM d{n};")
    rows = [(random_digits(rng, p1), random_digits(rng, p2)) for _ in range(25)]
    engine.ask(*[f'push d{n} {{"id":{i},"a":{shown(a, s1)},"b":{shown(b, s2)}}}' for i, (a, b) in enumerate(rows)], "commit")
    for k, op in enumerate(exprs):
        want = {}
        for i, (a, b) in enumerate(rows):
            x, y = Fraction(a, 10 ** s1), Fraction(b, 10 ** s2)
            if op in "<=":
                want[i] = str(x < y if op == "<" else x == y).lower()
            elif op == "cast":
                want[i] = shown(in_type(x, p3, s3), s3)
            else:
                p, s = result_type(op, p1, s1, p2, s2)
                v = compute(op, x, y)
                digits = None if v == "null" else in_type(v, p, s)
                if v == "null" or digits is not None:  # what does not fit is an error: no row
                    want[i] = shown(digits, s)
        got = {r[0]: r[1] for r in engine.rows(f"d{n}_{k}")}
        if got != want:
            bad = [(rows[i], want.get(i, "error"), got.get(i, "error")) for i in range(len(rows)) if want.get(i, 0) != got.get(i, 0)]
            differs(f"DECIMAL({p1}, {s1}) {op} DECIMAL({p2}, {s2}) [to DECIMAL({p3}, {s3})], digits {bad[0][0]}", bad[0][1], bad[0][2])
    total = sum(a for a, _ in rows)
    scale = max(6, s1)
    mean = in_type(Fraction(total, 10 ** s1) / len(rows), 38, scale)
    want = [[shown(total, s1) if abs(total) < 10 ** 38 else None, shown(mean, scale)]]
    if engine.rows(f"d{n}_sums") != want:
        differs(f"sum and avg of DECIMAL({p1}, {s1})", want, engine.rows(f"d{n}_sums"))


# ---- CAST ---------------------------------------------------------------------------------------------

INTS = {"TINYINT": 8, "SMALLINT": 16, "INT": 32, "BIGINT": 64}


def int_or_none(v, bits):
    return v if v is not None and -(2 ** (bits - 1)) <= v < 2 ** (bits - 1) else None


def random_double(rng):
    kind = rng.randrange(6)
    if kind == 0:
        return rng.choice([0.0, -0.0, 0.5, -0.5, 1.5, 2.0 ** 63, -(2.0 ** 63), 2.0 ** 53 + 2, 127.9, -128.9, 1e300, 5e-324])
    if kind == 1:
        return rng.randrange(-10 ** 6, 10 ** 6) / 1000
    if kind == 2:
        return float(rng.randrange(-(2 ** 62), 2 ** 62))
    return rng.uniform(-1, 1) * 10.0 ** rng.randint(-10, 25)


def casts(rng, engine, n):
    p, s = rng.randint(1, 38), 0
    s = rng.randint(0, p)
    targets = list(INTS) + ["BOOLEAN", "DOUBLE"]
    engine.run(f"CREATE STREAM c{n} (id BIGINT, i BIGINT, d DOUBLE, m DECIMAL({p}, {s}), t TEXT);")
    pairs = [(c, t) for c in "idmt" for t in targets]
    columns = ", ".join(f"TRY_CAST({c} AS {t}) AS v{k}" for k, (c, t) in enumerate(pairs))
    engine.run(f"CREATE MATERIALIZED VIEW c{n}v AS SELECT id, {columns}, CAST(CAST(i AS TEXT) AS BIGINT) AS back, "
               f"CAST(CAST(d AS TEXT) AS DOUBLE) AS dback, CAST(TRY_CAST(d AS DECIMAL({p}, {s})) AS TEXT) AS dm FROM c{n};")
    rows, lines = [], []
    for i in range(25):
        r = (rng.choice([0, 1, -1, 127, 128, -129, 32768, 2 ** 31, -(2 ** 63), 2 ** 63 - 1, rng.randrange(-(2 ** 63), 2 ** 63)]),
             random_double(rng), random_digits(rng, p), rng.choice(["7", " 7 ", "-129", "1.5", "x", "", "true", "no", "1e3", "0x1f", str(2 ** 63)]))
        rows.append(r)
        lines.append(f"push c{n} " + json.dumps({"id": i, "i": r[0], "d": r[1], "t": r[3]})[:-1] + f', "m": {shown(r[2], s)}}}')
    engine.ask(*lines, "commit")
    got = {r[0]: r[1:] for r in engine.rows(f"c{n}v")}
    words = {"true": 1, "no": 0}
    for i, (big, d, m, t) in enumerate(rows):
        x = Fraction(m, 10 ** s)
        text = t.strip()
        whole = int(text) if text.lstrip("-").isdigit() else None
        source = {"i": (big, big != 0, float(big)), "d": (int(d), d != 0, d),
                  "m": (int(x) if x >= 0 else -int(-x), m != 0, x.numerator / x.denominator),
                  "t": (whole, words.get(text), {"7": 7.0, "-129": -129.0, "1.5": 1.5, "1e3": 1e3, str(2 ** 63): 2.0 ** 63}.get(text))}
        want = []
        for c, target in pairs:
            v = source[c]
            want.append(int_or_none(v[0], INTS[target]) if target in INTS else (v[1] if v[1] is None else int(v[1])) if target == "BOOLEAN" else v[2])
        short = Fraction(repr(d))  # a double is read by its shortest text
        want += [big, d, shown(in_type(short, p, s), s)]
        for k, (w, g) in enumerate(zip(want, got.get(i, [None] * len(want)))):
            if w != g and not (c == "t" and target == "BOOLEAN"):
                name = pairs[k] if k < len(pairs) else k
                differs(f"cast {name} of {rows[i]}, DECIMAL({p}, {s})", w, g)


# ---- local days -----------------------------------------------------------------------------------------

ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Cairo", "UTC"]


def first_instant(zone, day):
    """The first second whose local date is `day` or later, seconds since 1970."""
    around = int(datetime.datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    date = lambda t: datetime.datetime.fromtimestamp(t, zone).date()
    low, high = around - 16 * 3600, around + 16 * 3600
    while high - low > 1:
        mid = (low + high) // 2
        low, high = (low, mid) if date(mid) >= day else (mid, high)
    return high


def local_days(rng, engine, n):
    name = rng.choice(ZONES)
    zone = zoneinfo.ZoneInfo(name)
    engine.run(f"SET time_zone = '{name}'; CREATE STREAM z{n} (id BIGINT, ts TIMESTAMP(0), WATERMARK FOR ts AS ts - INTERVAL '100000' DAY);"
               f"CREATE MATERIALIZED VIEW z{n}v AS SELECT window_start, window_end, min(id) AS id, count(*) AS n FROM z{n}"
               f" WINDOW TUMBLING (SIZE 1 DAY) GROUP BY id; SET time_zone = 'UTC';")
    year, times = rng.randint(1971, 2036), []
    for i in range(25):
        t = int(datetime.datetime(year, 1, 1, tzinfo=UTC).timestamp()) + rng.randrange(366 * 86400)
        if i % 2:  # near the change of the clock
            d = datetime.date(year, rng.choice([3, 4, 10, 11]), rng.randint(1, 28))
            t = first_instant(zone, d) + rng.choice([-1, 0, 1, 7200, 10800])
        times.append(t)
    stamp = lambda t: datetime.datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%d %H:%M:%S")
    engine.ask(*[f'push z{n} {{"id":{i},"ts":"{stamp(t)}Z"}}' for i, t in enumerate(times)], "commit")
    got = {r[2]: r[:2] for r in engine.rows(f"z{n}v")}
    for i, t in enumerate(times):
        day = datetime.datetime.fromtimestamp(t, zone).date()
        want = [stamp(first_instant(zone, day)), stamp(first_instant(zone, day + datetime.timedelta(days=1)))]
        if got.get(i) != want:
            differs(f"the local day of {stamp(t)} in {name}", want, got.get(i))


# ---- ARRAY, ROW, MAP ------------------------------------------------------------------------------------

MISFIT = object()


def random_type(rng, depth):
    kind = rng.randrange(8 if depth else 5)
    if kind == 5:
        return ("array", random_type(rng, depth - 1))
    if kind == 6:
        return ("row", [(f"f{i}" if rng.random() < 0.8 else f'"F {i}"', random_type(rng, depth - 1)) for i in range(rng.randint(1, 3))])
    if kind == 7:
        return ("map", rng.choice(["TEXT", "BIGINT"]), random_type(rng, depth - 1))
    return rng.choice(["BIGINT", "DOUBLE", "TEXT", "BOOLEAN", "DECIMAL(6, 2)"])


def type_text(t):
    if isinstance(t, str):
        return t
    if t[0] == "array":
        return f"ARRAY<{type_text(t[1])}>"
    if t[0] == "map":
        return f"MAP<{t[1]}, {type_text(t[2])}>"
    return "ROW<" + ", ".join(f"{n} {type_text(f)}" for n, f in t[1]) + ">"


def space(rng):
    return rng.choice(["", "", "", " ", "\t", "  "])


def quoted(s):
    return json.dumps(s, ensure_ascii=False)


def random_json(rng, t):
    """JSON text, and what it is in the one form; MISFIT where it is none of the type."""
    if rng.random() < 0.1:
        return "null", "null"
    if rng.random() < 0.03:
        return ('"deep"', MISFIT) if not isinstance(t, str) else ('[["deep"]]', MISFIT if t != "TEXT" else '"[[\\"deep\\"]]"')
    if t == "BIGINT":
        v = rng.choice([0, -1, 2 ** 63 - 1, -(2 ** 63), rng.randrange(-1000, 1000)])
        return rng.choice([(str(v), str(v)), (f'"{v}"', str(v)), ("1.5", MISFIT)] + [(str(v), str(v))] * 8)
    if t == "DOUBLE":
        v = rng.choice([0.5, -2.0, 1e300, 1e-7, 123456.789])
        shown_ = repr(v)
        return rng.choice([(repr(v), shown_), (f'"{v!r}"', shown_), ("7", "7.0"), ("-0.0", "0.0"), ('"Infinity"', '"Infinity"')])
    if t == "BOOLEAN":
        return rng.choice([("true", "true"), ("false", "false"), ('"yes"', "true"), ('"maybe"', MISFIT), ("true", "true")])
    if t == "DECIMAL(6, 2)":
        return rng.choice([("1.005", "1.01"), ("-3", "-3.00"), ('"12.5"', "12.50"), ("99999", MISFIT), ("0", "0.00"), ("7.25", "7.25")])
    if t == "TEXT":
        v = rng.choice(["", "a", 'q"uote', "back\\slash", "é", "line\nend", "tab\t"])
        return rng.choice([(quoted(v), quoted(v)), (json.dumps(v), quoted(v)), ("12", '"12"'), ("true", '"true"')])
    parts = []
    if t[0] == "array":
        parts = [random_json(rng, t[1]) for _ in range(rng.randrange(4))]
        text = "[" + ",".join(space(rng) + p[0] + space(rng) for p in parts) + "]"
        return text, MISFIT if any(p[1] is MISFIT for p in parts) else "[" + ",".join(p[1] for p in parts) + "]"
    if t[0] == "map":
        keys = ["a", "b", "Z", "é"] if t[1] == "TEXT" else ["1", "10", "9", "-3"]
        parts = [(rng.choice(keys), random_json(rng, t[2])) for _ in range(rng.randrange(5))]
        text = "{" + ",".join(f"{space(rng)}{quoted(k)}{space(rng)}:{v[0]}{space(rng)}" for k, v in parts) + "}"
        last = {k: v[1] for k, v in parts}
        bad = any(v is MISFIT for v in last.values())  # the last of equal keys counts
        return text, MISFIT if bad else "{" + ",".join(f"{quoted(k)}:{last[k]}" for k in sorted(last, key=lambda k: k.encode())) + "}"
    made = {n.strip('"'): random_json(rng, f) for n, f in t[1] if rng.random() < 0.85}
    order = list(made)
    rng.shuffle(order)
    members = [f"{space(rng)}{quoted(n)}:{made[n][0]}" for n in order] + (['"more":[1, 2]'] if rng.random() < 0.3 else [])
    bad = any(v[1] is MISFIT for v in made.values())
    form = "{" + ",".join(f"{quoted(n.strip(chr(34)))}:{made[n.strip(chr(34))][1] if n.strip(chr(34)) in made else 'null'}" for n, _ in t[1]) + "}"
    return "{" + ",".join(members) + "}", MISFIT if bad else form


def nested(rng, engine, n):
    t = rng.choice([("array", random_type(rng, 2)), ("map", "TEXT", random_type(rng, 2)), ("row", [("f0", random_type(rng, 2)), ("g", random_type(rng, 1))])])
    text = type_text(t)
    engine.run(f"CREATE STREAM n{n} (id BIGINT, j TEXT, c {text}) WITH (time_zone = 'UTC');"
               f"CREATE MATERIALIZED VIEW n{n}v AS SELECT id, CAST(TRY_CAST(j AS {text}) AS TEXT) AS v, CAST(TRY_CAST(CAST(j AS JSON) AS {text}) AS TEXT) AS w,"
               f" TRY_CAST(j AS {text}) = TRY_CAST(CAST(TRY_CAST(j AS {text}) AS TEXT) AS {text}) AS same FROM n{n};")
    rows = [random_json(rng, t) for _ in range(25)]
    engine.ask(*[f"push n{n} " + json.dumps({"id": i, "j": r[0]}) for i, r in enumerate(rows)], "commit")
    got = {r[0]: r[1:] for r in engine.rows(f"n{n}v")}
    for i, (source, form) in enumerate(rows):
        form = None if form is MISFIT or form == "null" else form
        want = [form, form, None if form is None else 1]
        if got.get(i) != want:
            differs(f"{source} as {text}", want, got.get(i))


def main():
    engine = Engine()
    for n in range(ROUNDS):
        rng = random.Random(SEED * 1000 + n)
        decimals(rng, engine, n)
        casts(rng, engine, n)
        local_days(rng, engine, n)
        nested(rng, engine, n)
        engine.close()
        engine = Engine()
    engine.close()
    if failures:
        raise SystemExit(f"{failures} differences")


main()
