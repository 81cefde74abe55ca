"""Random expressions, each as texts: weir's SQL, the SQL of the oracle's SQLite, and SQL that says
whether the value is an error.

Three-valued logic, comparison by bytes and integer remainder mean the same in both. An error of a
column c is the column _e_c, its value is NULL then; false AND error is false, true OR error true.
"""
from dataclasses import dataclass

from .sqltypes import BIGINT, BOOLEAN, DOUBLE, HUGE, TEXT, Type, literal, negative_safe
from .streams import random_value

COMPARE = ["=", "<>", "<", "<=", ">", ">="]


@dataclass(frozen=True)
class Expr:
    weir: str
    lite: str
    type: Type
    err: str = "0"


def column(name, t):
    return Expr(name, name, t, f"_e_{name}")


def constant(rng, t):
    weir, lite = literal(random_value(rng, t), t)
    return Expr(negative_safe(weir), negative_safe(lite), t)


def filled(template, t, *parts):
    """A text in both languages; an error in any part is one of the whole."""
    errors = [p.err for p in parts if p.err != "0"]
    return Expr(template.format(*[p.weir for p in parts]), template.format(*[p.lite for p in parts]), t,
                f"({' OR '.join(errors)})" if errors else "0")


def random_comparison(rng, columns):
    name, t = rng.choice(columns)
    c = column(name, t)
    kind = rng.randrange(8)
    if kind == 0:
        return filled("{} IS NULL", BOOLEAN, c)
    if kind == 1:
        return filled("{} IS NOT NULL", BOOLEAN, c)
    if t.kind == "boolean":
        return filled(rng.choice(["{}", "NOT {}", "{} IS TRUE", "{} IS NOT FALSE"]), BOOLEAN, c)
    if kind == 2:
        return filled("{} BETWEEN {} AND {}", BOOLEAN, c, constant(rng, t), constant(rng, t))
    if kind == 3:
        return filled("{} IN ({}, {}, {})", BOOLEAN, c, *[constant(rng, t) for _ in range(3)])
    if kind == 4:
        e = filled("{} IS DISTINCT FROM {}", BOOLEAN, c, constant(rng, t))
        return Expr(e.weir, e.lite.replace("IS DISTINCT FROM", "IS NOT"), BOOLEAN, e.err)
    return filled("{} " + rng.choice(COMPARE) + " {}", BOOLEAN, c, constant(rng, t))


def logic(template, a, b, a_decides, b_decides):
    """A connective: an error of one side counts unless the other side has the value that decides."""
    e = filled(template, BOOLEAN, a, b)
    err = (f"(({a.err}) AND (({b.err}) OR ({b.lite}) IS NOT {b_decides})"
           f" OR ({b.err}) AND ({a.lite}) IS NOT {a_decides})")
    return Expr(e.weir, e.lite, BOOLEAN, err)


def random_predicate(rng, columns, depth=2):
    if depth == 0 or rng.random() < 0.5:
        return random_comparison(rng, columns)
    a, b = (random_predicate(rng, columns, depth - 1) for _ in range(2))
    return rng.choice([lambda: logic("({} AND {})", a, b, 0, 0), lambda: logic("({} OR {})", a, b, 1, 1),
                       lambda: logic("({} OR NOT ({}))", a, b, 1, 0)])()


def may_overflow(rng, c):
    """Arithmetic that leaves 64 bits: an error below the first stateful operator, NULL above."""
    sql, call = rng.choice([("({} + 1)", "add_int({}, 1)"), ("({} * 2)", "mul_int({}, 2)"), ("({} - 5)", "add_int({}, -5)")])
    lite = call.format(c.lite)
    return Expr(sql.format(c.weir), lite, HUGE, f"({c.err} OR ({c.lite} IS NOT NULL AND {lite} IS NULL))")


def random_scalar(rng, columns):
    """A column, or something made of one."""
    name, t = rng.choice(columns)
    c = column(name, t)
    if rng.random() < 0.6:
        return c
    if t == HUGE:
        return may_overflow(rng, c)
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
    return filled(template, t, c)


def streams_of(relation):
    """Of the streams' names, each as often as the relation reads it."""
    return [name for name, _ in relation.marks]


def rows_of(relation):
    """What to count of a relation so that a record which it holds twice counts once; NULL: that cannot be told."""
    streams = streams_of(relation)
    return "COUNT(*)" if len(set(streams)) == len(streams) else "COUNT(DISTINCT _n)" if len(set(streams)) == 1 else "NULL"


def count_erring(sides):
    """How many rows err: `sides` are (relation, condition of a row in error). A row that a query reads twice has
    one letter."""
    bad = {}
    for relation, condition in sides:
        bad.setdefault(relation.name, (relation, []))[1].append(condition)
    streams = [s for relation, _ in bad.values() for s in set(streams_of(relation))]
    if len(set(streams)) < len(streams):
        return "NULL"
    return " + ".join(f"(SELECT {rows_of(r)} FROM {r.name} WHERE {' OR '.join(conditions)})" for r, conditions in bad.values())
