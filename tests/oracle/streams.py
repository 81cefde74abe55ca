"""Random streams: schema, records as JSON, which of them are accepted, and the judgement J of each.

J of a row is the watermark made by the rows accepted before it: max(event time) - delay. It is
computed here from the input alone.
"""
import json
from dataclasses import dataclass, field

from .sqltypes import BIGINT, BOOLEAN, DOUBLE, HUGE, TEXT, decimal, decimal_text, interval, time_text, timestamp

SECOND = 1_000_000
WORDS = ["a", "b", "c", "aa", "B", "", "zebra", "ünïcode", "twelve chars", "thirteen char", "it's", "ab%", "日本語", "🦫"]
BASES = [0, -10 * 86400 * SECOND, 1_700_000_000 * SECOND, -1, 951_782_400 * SECOND, -2_208_988_800 * SECOND]


BAD = object()  # the value of a column whose text does not fit its type
BAD_VALUES = {
    "bigint": ['"abc"', "true", "1.5", "99999999999999999999", '"7"', "[1]", "{}"],
    "double": ['"abc"', "false", "1e999", '"1.5"'],
    "boolean": ['"yes"', "[true]"],
    "decimal": ['"abc"', "true", "1" + 38 * "0", "{}"],
    "timestamp": ['"noon"', '"2024-13-01T00:00:00Z"', '"2024-02-30T00:00:00Z"', "true"],
}


@dataclass
class Record:
    """One line of input. `values` is None where the line is no acceptable row."""
    line: str
    values: tuple = None


@dataclass
class Stream:
    name: str
    columns: list          # (name, Type); the last one is event time
    delay: int             # microseconds
    unit: int              # typical distance of event times
    has_bad_lines: bool = False
    has_bad_values: bool = False   # columns whose text does not fit their type
    records: list = field(default_factory=list)

    @property
    def time_type(self):
        return self.columns[-1][1]

    @property
    def time_name(self):
        return self.columns[-1][0]

    def ddl(self, path=None):
        cols = ", ".join(f"{n} {t.sql}" for n, t in self.columns)
        bound = f" AS {self.time_name} - {interval(self.delay)}" if self.delay else ""
        bound = f" AS {self.time_name}" if not bound and len(self.columns) % 4 else bound
        mark = f"WATERMARK FOR {self.time_name}{bound}"
        options = f" WITH (connector = 'file', path = '{path}', format = 'json')" if path else ""
        return f"CREATE STREAM {self.name} ({cols}, {mark}){options};"


def random_schema(rng, precision):
    """k is a skewed key, the others whatever comes; always one of each simple type."""
    cols = [("k", TEXT), ("b", BIGINT), ("d", DOUBLE), ("f", BOOLEAN)]
    if rng.random() < 0.7:
        cols.append(("m", rng.choice([decimal(10, 2), decimal(18, 4), decimal(5, 0), decimal(30, 10)])))
    if rng.random() < 0.4:
        cols.append(("g", HUGE))  # may be huge: sums overflow
    if rng.random() < 0.4:
        cols.append(("u", timestamp(rng.choice([0, 3, 6]))))
    cols.append(("ts", timestamp(precision)))
    return cols


def random_stream(rng, name, columns=None, unit=None):
    precision = columns[-1][1].precision if columns else rng.choice([0, 3, 3, 6, 6])
    columns = columns or random_schema(rng, precision)
    unit = unit or rng.choice([SECOND, SECOND, 7 * SECOND, 60 * SECOND])
    delay = rng.choice([0, 0, unit, 5 * unit, 20 * unit])
    return Stream(name, columns, delay, unit, has_bad_lines=rng.random() < 0.2,
                  has_bad_values=rng.random() < 0.25)


def random_double(rng):
    kind = rng.randrange(6)
    if kind == 0:
        return float(rng.randint(-5, 5)) or 0.0
    if kind == 1:
        return rng.choice([0.1, 0.2, 0.3, -0.1, 1e16, 1.0, 1e-7, 3.5, 2.5e-8])
    if kind == 2:
        return rng.uniform(-1, 1) * 10.0 ** rng.randint(-300, 300)
    return round(rng.uniform(-1000, 1000), 2) or 0.0


def random_value(rng, t):
    if t.kind == "text":
        return WORDS[min(int(rng.expovariate(0.6)), len(WORDS) - 1)]
    if t.kind == "bigint":
        if t == HUGE and rng.random() < 0.3:
            return rng.choice([2**63 - 1, -(2**63), 2**62, -(2**62), 2**53 + 1])
        return rng.choice([rng.randint(-3, 3), rng.randint(-3, 3), rng.randint(-1000, 1000)])
    if t.kind == "double":
        return random_double(rng)
    if t.kind == "boolean":
        return rng.random() < 0.5
    if t.kind == "decimal":
        top = 10 ** rng.randint(1, min(t.precision, 13)) - 1  # sums, scaled, fit SQLite's integers
        return rng.randint(-top, top)
    return rng.choice(BASES) // t.tick * t.tick + rng.randint(-5, 5) * t.tick


def json_value(value, t, digits=None):
    """JSON text that reads back as exactly this value."""
    if value is None:
        return "null"
    if t.kind == "text":
        return json.dumps(value, ensure_ascii=len(value) % 2 == 0)
    if t.kind == "decimal":
        return decimal_text(value, t.scale)
    if t.kind == "timestamp":
        return json.dumps(time_text(value, 6 if digits is None else digits).replace(" ", "T") + "Z")
    if t.kind == "boolean":
        return "true" if value else "false"
    return repr(value)


def random_time(rng, stream, state):
    """Mostly rising, with disorder that often reaches behind the watermark. Many lie on multiples of
    the unit or a tick beside one, where windows begin, end and close."""
    unit, tick = stream.unit, stream.time_type.tick
    kind = rng.random()
    if rng.random() < 0.4:
        state["front"] = state["front"] // unit * unit + rng.choice([0, 0, -tick, tick, unit])
    if kind < 0.55:
        state["front"] += rng.randint(0, 2) * unit + rng.choice([0, 0, rng.randint(0, unit // tick) * tick])
        t = state["front"]
    elif kind < 0.75:
        t = state["front"] - rng.randint(0, 6) * unit
    elif kind < 0.92:
        t = state["front"] - stream.delay - rng.randint(-2, 25) * unit
    elif kind < 0.96 and state["seen"]:
        t = rng.choice(state["seen"])
    else:
        state["front"] += rng.randint(10, 60) * unit
        t = state["front"]
    t = t // tick * tick
    state["seen"].append(t)
    return t


def random_record(rng, stream, state):
    if stream.has_bad_lines and rng.random() < 0.06:
        return random_bad_line(rng, stream)
    if state["rows"] and rng.random() < 0.06:
        return rng.choice(state["rows"])  # an exact duplicate
    values, parts = [], []
    for name, t in stream.columns[:-1]:
        if stream.has_bad_values and t.kind in BAD_VALUES and rng.random() < 0.1:
            values.append(BAD)
            parts.append(f'"{name}":{rng.choice(BAD_VALUES[t.kind])}')
            continue
        value = None if rng.random() < 0.2 else random_value(rng, t)
        if value is None and rng.random() < 0.5:
            values.append(None)  # a missing field is NULL
            continue
        values.append(value)
        parts.append(f'"{name}":{json_value(value, t)}')
    when = random_time(rng, stream, state)
    values.append(when)
    extra = rng.randint(0, stream.time_type.tick - 1)  # digits beyond the precision are cut off
    parts.append(f'"{stream.time_name}":{json_value(when + extra, stream.time_type)}')
    if rng.random() < 0.3:
        rng.shuffle(parts)
    record = Record("{" + ",".join(parts) + "}", tuple(values))
    state["rows"].append(record)
    return record


def random_bad_line(rng, stream):
    name = stream.time_name
    return Record(rng.choice([
        '{"k":"a","b":1', f'{{"k":"a","{name}":null}}', '{"k":"a"}', f'{{"k":"a","{name}":"yesterday"}}', "[1,2", '{"k":"a",}',
    ]))


def fill(rng, stream, count, base=None):
    state = {"front": rng.choice(BASES) if base is None else base, "seen": [], "rows": []}
    state["front"] = state["front"] // stream.time_type.tick * stream.time_type.tick
    stream.records = [random_record(rng, stream, state) for _ in range(count)]
    return stream


def judged(stream, records):
    """(J, values) of each accepted row, in order; J None: no watermark yet."""
    greatest, out = None, []
    for record in records:
        if record.values is None:
            continue
        out.append((None if greatest is None else greatest - stream.delay, record.values))
        greatest = record.values[-1] if greatest is None else max(greatest, record.values[-1])
    return out


def watermark(accepted, stream):
    """After these rows (as judged() gives them); None: none yet."""
    return max(values[-1] for _, values in accepted) - stream.delay if accepted else None
