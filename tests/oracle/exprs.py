"""Random expressions, each as two texts: weir's SQL and the SQL of the oracle's SQLite.

Three-valued logic, comparison by bytes and integer remainder mean the same in both. What may fail
or round differently (overflow, division) is not generated.
"""
from dataclasses import dataclass

from .sqltypes import BIGINT, BOOLEAN, DOUBLE, TEXT, Type, literal, negative_safe
from .streams import random_value

COMPARE = ["=", "<>", "<", "<=", ">", ">="]


@dataclass(frozen=True)
class Expr:
    weir: str
    lite: str
    type: Type
    column: str = None  # where it is nothing but a column


def column(name, t):
    return Expr(name, name, t, name)


def constant(rng, t):
    weir, lite = literal(random_value(rng, t), t)
    return negative_safe(weir), negative_safe(lite)


def both(template, *parts):
    """A text in both languages: {} are Exprs or pairs."""
    pairs = [(p.weir, p.lite) if isinstance(p, Expr) else p for p in parts]
    return template.format(*[p[0] for p in pairs]), template.format(*[p[1] for p in pairs])


def random_comparison(rng, columns):
    name, t = rng.choice(columns)
    c = column(name, t)
    kind = rng.randrange(8)
    if kind == 0:
        return both("{} IS NULL", c)
    if kind == 1:
        return both("{} IS NOT NULL", c)
    if t.kind == "boolean":
        return both(rng.choice(["{}", "NOT {}", "{} IS TRUE", "{} IS NOT FALSE"]), c)
    if kind == 2:
        return both("{} BETWEEN {} AND {}", c, constant(rng, t), constant(rng, t))
    if kind == 3:
        return both("{} IN ({}, {}, {})", c, *[constant(rng, t) for _ in range(3)])
    if kind == 4:
        return both("{} IS DISTINCT FROM {}", c, constant(rng, t))
    return both("{} " + rng.choice(COMPARE) + " {}", c, constant(rng, t))


def random_predicate(rng, columns, depth=2):
    if depth == 0 or rng.random() < 0.5:
        weir, lite = random_comparison(rng, columns)
    else:
        parts = [random_predicate(rng, columns, depth - 1) for _ in range(2)]
        template = rng.choice(["({} AND {})", "({} OR {})", "({} OR NOT ({}))"])
        weir, lite = both(template, *parts)
    # IS DISTINCT FROM came to SQLite in 3.39; IS NOT is the same there
    return Expr(weir, lite.replace("IS DISTINCT FROM", "IS NOT"), BOOLEAN)


def random_scalar(rng, columns):
    """A column, or something made of one."""
    name, t = rng.choice(columns)
    c = column(name, t)
    if rng.random() < 0.6:
        return c
    if t == BIGINT:
        template = rng.choice(["({} + 7)", "({} * 3)", "(5 - {})", "({} % 5)", "COALESCE({}, -1)",
                               "CASE WHEN {0} > 0 THEN {0} ELSE 0 END", "ABS({})"])
    elif t == DOUBLE:
        template = rng.choice(["({} * 1.5e0)", "({} + 0.1e0)", "COALESCE({}, 0e0)", "(-{})"])
    elif t == TEXT:
        template = rng.choice(["({} || '!')", "COALESCE({}, 'none')", "CASE {0} WHEN 'a' THEN 'A' ELSE {0} END"])
    elif t == BOOLEAN:
        template = rng.choice(["(NOT {})", "COALESCE({}, FALSE)"])
    else:
        return c
    weir, lite = both(template, c)
    return Expr(weir, lite, t)
