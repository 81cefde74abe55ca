"""What the oracle's SQLite lacks, as functions of its own. Sums are exact and rounded once."""
import math
import statistics
from fractions import Fraction

from ..aggregates import nearest


class Values:
    """The values that are not NULL; of none the answer is NULL."""
    def __init__(self):
        self.values = []

    def step(self, value):
        if value is not None:
            self.values.append(value)

    def finalize(self):
        return self.of(self.values) if self.values else None


class SumExact(Values):
    def of(self, values):
        return nearest(sum(map(Fraction, values)))


class AvgExact(Values):
    def of(self, values):
        return nearest(sum(map(Fraction, values)) / len(values))


class TextList(Values):
    def of(self, values):
        return ",".join(sorted(values, key=lambda v: v.encode()))


class Median(Values):
    def of(self, values):
        return float(statistics.median(values))


def moments(values):
    """n, and n Σx² - (Σx)², rounded once."""
    exact = [Fraction(v) for v in values]
    return len(exact), nearest(len(exact) * sum(x * x for x in exact) - sum(exact) ** 2)


class VarPop(Values):
    def of(self, values):
        n, m = moments(values)
        return m / n / n


class VarSamp(Values):
    def of(self, values):
        n, m = moments(values)
        return None if n < 2 else m / n / (n - 1)


class StddevSamp(Values):
    def of(self, values):
        n, m = moments(values)
        return None if n < 2 else math.sqrt(m / n / (n - 1))


def sort_key(value):
    """SQLite's own order: NULL, numbers, text by bytes."""
    if value is None:
        return (0, 0)
    return (2, value.encode()) if isinstance(value, str) else (1, value)


class ByPosition:
    """Calls of (value, [by,] position…); position may be several columns."""
    def __init__(self):
        self.rows = []

    def step(self, *args):
        self.rows.append(args)

    def at(self, first):
        return sorted(self.rows, key=lambda r: [sort_key(v) for v in r[first:]])


class FirstValue(ByPosition):
    def finalize(self):
        return self.at(1)[0][0] if self.rows else None


class LastValue(ByPosition):
    def finalize(self):
        return self.at(1)[-1][0] if self.rows else None


class ArgMin(ByPosition):
    def finalize(self):
        rows = [r for r in self.at(2) if r[1] is not None]
        return min(rows, key=lambda r: sort_key(r[1]))[0] if rows else None


class ArgMax(ByPosition):
    def finalize(self):
        rows = [r for r in self.at(2) if r[1] is not None]
        return max(rows, key=lambda r: sort_key(r[1]))[0] if rows else None


def register(db):
    db.create_function("fdiv", 2, lambda a, b: None if a is None else a // b, deterministic=True)
    for name, n, cls in [("text_list", 1, TextList), ("sum_exact", 1, SumExact), ("avg_exact", 1, AvgExact),
                         ("median", 1, Median), ("var_pop", 1, VarPop), ("var_samp", 1, VarSamp),
                         ("stddev_samp", 1, StddevSamp), ("first_value_at", -1, FirstValue), ("last_value_at", -1, LastValue),
                         ("arg_min_at", -1, ArgMin), ("arg_max_at", -1, ArgMax)]:
        db.create_aggregate(name, n, cls)
