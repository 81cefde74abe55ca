"""Aggregates: exact ones as functions of the oracle's SQLite, and random calls of them.

Sums of doubles are exact rational sums, rounded once; integers do not overflow on the way; the
values of decimals are scaled integers.
"""
from dataclasses import dataclass
from fractions import Fraction

from .exprs import Expr, random_predicate
from .sqltypes import BIGINT, BOOLEAN, DOUBLE, HUGE, TEXT, Type, decimal


def nearest(x):
    """A Fraction as a double, to nearest even; beyond the range infinite."""
    try:
        return x.numerator / x.denominator
    except OverflowError:
        return float("inf") if x > 0 else float("-inf")


def half_away(x):
    """A Fraction as an integer, half away from zero."""
    whole = (2 * abs(x.numerator) + x.denominator) // (2 * x.denominator)
    return whole if x >= 0 else -whole


def in_64_bits(n):
    return n if -(2**63) <= n < 2**63 else None


class Collect:
    def __init__(self):
        self.values = []

    def step(self, *value):
        self.values.append(value[0] if len(value) == 1 else value)

    def finalize(self):
        values = [v for v in self.values if v is not None]
        return self.of(values) if values else None


class SumInt(Collect):
    def of(self, values):
        return in_64_bits(sum(values))  # NULL: uncomputable


class SumDouble(Collect):
    def of(self, values):
        return nearest(sum(map(Fraction, values), Fraction(0)))


class AvgNumber(Collect):
    def of(self, values):
        return nearest(sum(map(Fraction, values), Fraction(0)) / len(values))


class SumDecimal(Collect):
    def of(self, values):
        return sum(values)


def avg_decimal(scale):
    class AvgDecimal(Collect):
        def of(self, values):
            return half_away(Fraction(sum(values)) * 10 ** (max(6, scale) - scale) / len(values))
    return AvgDecimal


class Pick(Collect):
    """Of (time, position, value): the value of the least or greatest."""
    def of(self, values):
        return self.best(values, key=lambda v: v[:2])[2]


class First(Pick):
    best = staticmethod(min)


class Last(Pick):
    best = staticmethod(max)


class PickBy(Collect):
    """Of (time, position, value, key): the value where the key is least or greatest; of equals the
    first by time, then position."""
    def of(self, values):
        values = sorted((v for v in values if v[3] is not None), key=lambda v: v[:2])
        return self.best(values, key=lambda v: v[3])[2] if values else None


class ArgMin(PickBy):
    best = staticmethod(min)


class ArgMax(PickBy):
    best = staticmethod(max)  # the first of equals, as max() gives it


class StringAgg(Collect):
    def of(self, values):
        parts = [v[2] for v in sorted(values, key=lambda v: v[:2]) if v[2] is not None]
        return ",".join(parts) if parts else None


def register(db):
    db.create_function("fdiv", 2, lambda a, b: a // b, deterministic=True)
    db.create_function("add_int", 2, lambda a, b: in_64_bits(a + b) if a is not None else None, deterministic=True)
    db.create_function("mul_int", 2, lambda a, b: in_64_bits(a * b) if a is not None else None, deterministic=True)
    for name, n, cls in [("sum_int", 1, SumInt), ("sum_double", 1, SumDouble), ("avg_number", 1, AvgNumber),
                         ("sum_decimal", 1, SumDecimal), ("first_of", 3, First), ("last_of", 3, Last),
                         ("arg_min_of", 4, ArgMin), ("arg_max_of", 4, ArgMax), ("string_of", 3, StringAgg)]:
        db.create_aggregate(name, n, cls)
    for scale in range(39):
        db.create_aggregate(f"avg_decimal_{scale}", 1, avg_decimal(scale))


@dataclass(frozen=True)
class AggSpec:
    weir: str    # "SUM({})"
    lite: str
    type: Type


def simple_specs(t):
    """Those of one argument of type t that depend on no order."""
    specs = [AggSpec("COUNT({d}{x})", "COUNT({d}{x})", BIGINT)]
    if t.kind != "boolean":
        specs += [AggSpec("MIN({x})", "MIN({x})", t), AggSpec("MAX({x})", "MAX({x})", t)]
    if t.kind == "bigint":
        specs += [AggSpec("SUM({d}{x})", "sum_int({d}{x})", HUGE), AggSpec("AVG({d}{x})", "avg_number({d}{x})", DOUBLE)]
    if t == DOUBLE:
        specs += [AggSpec("SUM({d}{x})", "sum_double({d}{x})", DOUBLE), AggSpec("AVG({d}{x})", "avg_number({d}{x})", DOUBLE)]
    if t.kind == "decimal":
        scale = max(6, t.scale)
        specs += [AggSpec("SUM({d}{x})", "sum_decimal({d}{x})", decimal(38, t.scale)),
                  AggSpec("AVG({d}{x})", f"avg_decimal_{t.scale}({{d}}{{x}})", decimal(38, scale))]
    if t == BOOLEAN:
        specs += [AggSpec("BOOL_AND({x})", "MIN({x})", BOOLEAN), AggSpec("BOOL_OR({x})", "MAX({x})", BOOLEAN)]
    return specs


def ordered_specs(name, t, other):
    """Those that go by event time, then position; over rows of one stream only."""
    specs = [AggSpec("FIRST_VALUE({x})", "first_of(_t, _n, {x})", t), AggSpec("LAST_VALUE({x})", "last_of(_t, _n, {x})", t)]
    specs += [AggSpec(f"ARG_MIN({{x}}, {other})", f"arg_min_of(_t, _n, {{x}}, {other})", t),
              AggSpec(f"ARG_MAX({{x}}, {other})", f"arg_max_of(_t, _n, {{x}}, {other})", t)]
    if t == TEXT:
        specs.append(AggSpec("STRING_AGG({x}, ',')", "string_of(_t, _n, {x})", TEXT))
    return specs


def random_call(rng, columns, has_order):
    """One aggregate call as an Expr. `has_order`: the input has _t and _n."""
    err = "0"
    if rng.random() < 0.2:
        weir = lite = "COUNT(*)"
        t = BIGINT
    else:
        name, of = rng.choice(columns)
        comparable = [n for n, c in columns if c.kind in ("bigint", "double", "text", "timestamp")]
        specs = simple_specs(of)
        if has_order and comparable and rng.random() < 0.25:
            other = rng.choice(comparable)
            specs = ordered_specs(name, of, other)
        spec = rng.choice(specs)
        distinct = "DISTINCT " if rng.random() < 0.2 else ""
        err = f"(_e_{name} OR _e_{other})" if spec.weir.startswith("ARG_") else f"_e_{name}"
        weir, lite, t = spec.weir.format(x=name, d=distinct), spec.lite.format(x=name, d=distinct), spec.type
    if rng.random() < 0.2:
        p = random_predicate(rng, columns, 1)
        weir, lite = f"{weir} FILTER (WHERE {p.weir})", f"{lite} FILTER (WHERE {p.lite})"
        err = f"({p.err} OR ({p.lite}) IS TRUE AND {err})"  # an argument is taken where the filter is true
    return Expr(weir, lite, t, err)


def random_having(rng, columns):
    name, of = rng.choice(columns)
    n = rng.randint(0, 3)
    pairs = [(f"COUNT(*) > {n}",) * 2, (f"COUNT({name}) <= {n}",) * 2, (f"MAX({name}) IS NOT NULL",) * 2]
    if of.kind == "boolean":
        pairs.pop()
    if of.kind == "bigint":
        pairs.append((f"SUM({name}) > {n}", f"sum_int({name}) > {n}"))
    weir, lite = rng.choice(pairs)
    return Expr(weir, lite, BOOLEAN, "0" if "*" in weir else f"_e_{name}")
