#!/usr/bin/env python3
"""Statistics of pairs and moments, and their naive twin: statistics_random.py WEIR_STREAM [SEED [CASES]]

Rows come, change and go in a table; after each commit the aggregates of every group are compared with what the rows that
are left give, worked out with fractions. Values are NULL, alike, far apart in size; batches are cut anywhere and the
engine is restarted."""
import json
import math
from collections import Counter
from fractions import Fraction

from random_cases import changed_in_steps, main, views_shown

PAIRS = ["covar_pop", "covar_samp", "corr", "regr_slope", "regr_intercept", "regr_r2", "regr_sxx", "regr_syy", "regr_sxy",
         "regr_avgx", "regr_avgy", "regr_count", "weighted_avg"]
SINGLE = ["skewness", "skewness_pop", "kurtosis", "kurtosis_pop", "product", "entropy", "var_pop", "var_samp", "stddev_pop",
          "stddev_samp"]


def quotient(a, b):
    return None if b == 0 else a / b


def root(x):
    return None if x is None else math.sqrt(x)


def of_pairs(rows):
    pairs = [(Fraction(y), Fraction(x)) for y, x in rows if y is not None and x is not None]
    n = len(pairs)
    if n == 0:
        return [None] * 11 + [0, None]
    my, mx = sum(y for y, _ in pairs) / n, sum(x for _, x in pairs) / n
    sxx, syy = sum((x - mx) ** 2 for _, x in pairs), sum((y - my) ** 2 for y, _ in pairs)
    sxy = sum((x - mx) * (y - my) for y, x in pairs)
    slope = quotient(sxy, sxx)
    r2 = None if sxx == 0 else 1 if syy == 0 else sxy * sxy / (sxx * syy)
    corr = None if sxx == 0 or syy == 0 else math.copysign(math.sqrt(sxy * sxy / (sxx * syy)), sxy)
    return [sxy / n, quotient(sxy, n - 1), corr, slope, None if slope is None else my - slope * mx, r2, sxx, syy, sxy, mx, my,
            n, quotient(sum(y * x for y, x in pairs), sum(x for _, x in pairs))]


def of_values(rows):
    values = [Fraction(y) for y, _ in rows if y is not None]
    n = len(values)
    if n == 0:
        return [None] * 10
    mean = sum(values) / n
    s2, s3, s4 = (sum((v - mean) ** k for v in values) for k in (2, 3, 4))
    skew = None if s2 == 0 else float(s3 / n) / float(s2 / n) ** 1.5
    flat = None if s2 == 0 else n * s4 / (s2 * s2) - 3
    return [None if skew is None or n < 3 else skew * math.sqrt(n * (n - 1)) / (n - 2), skew,
            None if flat is None or n < 4 else ((n + 1) * flat + 6) * (n - 1) / ((n - 2) * (n - 3)), flat, math.prod(values),
            -sum(c / n * math.log2(c / n) for c in Counter(values).values()), s2 / n, quotient(s2, n - 1), root(s2 / n),
            root(quotient(s2, n - 1))]


def twin(table):
    groups = {}
    for i in sorted(table):
        groups.setdefault(table[i][0], []).append(table[i][1:])
    return {k: of_pairs(rows) + of_values(rows) + [len({y for y, _ in rows if y is not None})] for k, rows in groups.items()}


def differs(got, want):
    """Double arithmetic over few values of like size: what is lost is far below."""
    if got is None or want is None:
        return got is not want
    return abs(got - float(want)) > 1e-7 * max(1, abs(float(want)))


SCRIPT = f"""sql
CREATE TABLE t (id BIGINT PRIMARY KEY, k BIGINT, y DOUBLE, x DOUBLE);
CREATE MATERIALIZED VIEW v AS SELECT k, {", ".join(f"{f}(y, x) AS {f}" for f in PAIRS)},
  {", ".join(f"{f}(y) AS {f}" for f in SINGLE)}, count(DISTINCT y) AS different FROM t GROUP BY k;
end
"""


def text_of(x):
    return "NULL" if x is None else repr(float(x)) if isinstance(x, float) else str(x)


def value(rng):
    return None if rng.random() < 0.2 else float(rng.choice([0, 1, 1, 2, -3, 0.5, rng.randint(-40, 40) / 4]))


def change(rng, table):
    """A statement; the table is changed likewise."""
    if not table or rng.random() < 0.5:
        rows = {max(table, default=0) + i: (rng.randint(1, 3), value(rng), value(rng)) for i in range(1, rng.randint(2, 5))}
        table.update(rows)
        return "INSERT INTO t VALUES " + ", ".join(f"({i}, {', '.join(map(text_of, r))})" for i, r in rows.items())
    i = rng.choice(list(table))
    k, y, x = table.pop(i)
    if rng.random() < 0.5:
        return f"DELETE FROM t WHERE id = {i}"
    table[i] = (k, value(rng), x) if rng.random() < 0.5 else (rng.randint(1, 3), y, value(rng))
    return f"UPDATE t SET k = {table[i][0]}, y = {text_of(table[i][1])}, x = {text_of(table[i][2])} WHERE id = {i}"


def case(rng, program):
    text, wanted = changed_in_steps(rng, SCRIPT, rng.randint(8, 16), 0.3, change, twin)
    blocks, error = views_shown(rng, program, text)
    if error:
        return error
    for block, want in zip(blocks, wanted, strict=True):
        got = {row[0]: row[1:] for row in map(json.loads, block)}
        wrong = [(k, name, g, w) for k in want for name, g, w in zip([*PAIRS, *SINGLE, "different"], got.get(k, []), want[k])
                 if differs(g, w)]
        if wrong or set(got) != set(want):
            return f"(group, function, got, wanted): {wrong}\n" + text
    return None


main(case)
