"""Random values and conditions over columns in scope. None of them can fail, whatever the row."""
from ..sqltypes import BIGINT, BOOLEAN, DOUBLE, TEXT, timestamp
from .nodes import Agg, Call, Lit

TIME = timestamp(6)
SECOND = 1_000_000
BASE = 1_700_000_000 * SECOND
LETTERS = ["a", "b", "c", "d", "e", "ab", "B", ""]
COMPARISONS = ["=", "<>", "<", "<=", ">", ">="]


def random_value(rng, t):
    if t == BIGINT:
        return min(int(rng.expovariate(0.25)), 30) if rng.random() < 0.8 else -rng.randint(1, 9)
    if t == DOUBLE:
        return rng.randint(-20, 40) / 4
    if t == TEXT:
        return LETTERS[min(int(rng.expovariate(0.5)), len(LETTERS) - 1)]
    if t == BOOLEAN:
        return rng.randint(0, 1)
    return BASE + rng.randint(0, 40) * SECOND // 2


def literal(rng, t):
    return Lit(random_value(rng, t), t)


def of_type(cols, t):
    return [c for c in cols if c.type == t]


def pick(rng, cols, t):
    found = of_type(cols, t)
    return rng.choice(found) if found and rng.random() < 0.9 else literal(rng, t)


def case_of(rng, cols, t):
    p = predicate(rng, cols, 0)
    a, b = pick(rng, cols, t), pick(rng, cols, t)
    if rng.random() < 0.3:
        return Call("CASE WHEN {} THEN {} END", (p, a), t)
    return Call("CASE WHEN {} THEN {} ELSE {} END", (p, a, b), t)


def choice_of(rng, cols, t):
    """CASE, COALESCE and NULLIF of any type."""
    form = rng.randrange(3)
    if form == 0:
        return case_of(rng, cols, t)
    a, b = pick(rng, cols, t), pick(rng, cols, t)
    return Call("COALESCE({}, {})", (a, b), t) if form == 1 else Call("NULLIF({}, {})", (a, b), t)


def bigint(rng, cols, depth):
    a = value(rng, cols, BIGINT, depth - 1)
    form = rng.randrange(6)
    if form < 2:
        return Call(f"({{}} {'+-'[form]} {{}})", (a, pick(rng, cols, BIGINT)), BIGINT)
    if form == 2:
        return Call("({} * {})", (a, Lit(rng.randint(-2, 3), BIGINT)), BIGINT)
    if form == 3:
        return Call(f"({{}} {rng.choice('%/')} {{}})", (a, Lit(rng.choice([0, 2, 3, 5, -3]), BIGINT)), BIGINT)
    if form == 4:
        return Call("abs({})", (a,), BIGINT)
    return Call("length({})", (pick(rng, cols, TEXT),), BIGINT)


def double(rng, cols, depth):
    form = rng.randrange(3)
    if form == 0:
        return Call("({} + {})", (value(rng, cols, DOUBLE, depth - 1), pick(rng, cols, DOUBLE)), DOUBLE)
    if form == 1:
        return Call("CAST({} AS DOUBLE)", (value(rng, cols, BIGINT, depth - 1),), DOUBLE, "CAST({} AS REAL)")
    return Call("({} * {})", (pick(rng, cols, DOUBLE), Lit(rng.choice([2.0, 0.5, -1.0]), DOUBLE)), DOUBLE)


def text(rng, cols, depth):
    form = rng.randrange(4)
    if form == 0:
        return Call("({} || {})", (value(rng, cols, TEXT, depth - 1), pick(rng, cols, TEXT)), TEXT)
    if form == 1:
        return Call(f"{rng.choice(['upper', 'lower'])}({{}})", (pick(rng, cols, TEXT),), TEXT)
    if form == 2:
        return Call("CAST({} AS TEXT)", (pick(rng, cols, BIGINT),), TEXT)
    return Call("substr({}, {}, {})", (pick(rng, cols, TEXT), Lit(1, BIGINT), Lit(1, BIGINT)), TEXT)


def value(rng, cols, t, depth=1):
    """Mostly a column."""
    if depth <= 0 or rng.random() < 0.55:
        return pick(rng, cols, t)
    if t == BOOLEAN:
        return predicate(rng, cols, 0)
    if rng.random() < 0.3 or t == TIME:
        return choice_of(rng, cols, t)
    return {BIGINT: bigint, DOUBLE: double, TEXT: text}[t](rng, cols, depth)


def some_type(rng, cols):
    return rng.choice(cols).type if cols else BIGINT


def compared(rng, cols, t):
    a = pick(rng, cols, t)
    b = literal(rng, t) if rng.random() < 0.6 else pick(rng, cols, t)
    return Call(f"({{}} {rng.choice(COMPARISONS)} {{}})", (a, b), BOOLEAN)


def simple(rng, cols):
    t = some_type(rng, cols)
    a = pick(rng, cols, t)
    form = rng.randrange(9)
    if form == 0:
        return Call(f"({{}} IS {rng.choice(['NOT ', ''])}NULL)", (a,), BOOLEAN)
    if form == 1:
        no = rng.choice(["NOT ", ""])
        return Call(f"({{}} IS {no}DISTINCT FROM {{}})", (a, pick(rng, cols, t)), BOOLEAN)
    if form == 2:
        return Call(f"({{}} {rng.choice(['NOT ', ''])}IN ({{}}, {{}}, {{}}))",
                    (a, *[literal(rng, t) for _ in range(3)]), BOOLEAN)
    if form == 3 and t != BOOLEAN:
        low, high = sorted([random_value(rng, t), random_value(rng, t)])
        return Call(f"({{}} {rng.choice(['NOT ', ''])}BETWEEN {{}} AND {{}})", (a, Lit(low, t), Lit(high, t)), BOOLEAN)
    if form == 4 and t == TEXT:
        return Call("({} LIKE {})", (a, Lit(rng.choice(["a%", "%b", "_", "%"]), TEXT)), BOOLEAN)
    if form == 5 and of_type(cols, BOOLEAN):
        b = rng.choice(of_type(cols, BOOLEAN))
        return b if rng.random() < 0.5 else Call(f"({{}} IS {rng.choice(['NOT ', ''])}TRUE)", (b,), BOOLEAN)
    return compared(rng, cols, t)


def predicate(rng, cols, depth=1):
    if depth <= 0 or rng.random() < 0.6:
        return simple(rng, cols)
    if rng.random() < 0.25:
        return Call("(NOT {})", (predicate(rng, cols, depth - 1),), BOOLEAN)
    op = rng.choice(["AND", "OR"])
    return Call(f"({{}} {op} {{}})", (predicate(rng, cols, depth - 1), predicate(rng, cols, depth - 1)), BOOLEAN)


def conjunction(parts):
    parts = [p for p in parts if p is not None]
    if not parts:
        return None
    out = parts[0]
    for p in parts[1:]:
        out = Call("({} AND {})", (out, p), BOOLEAN)
    return out


# ---- aggregates -----------------------------------------------------------------------------------

COUNT_STAR = Agg("count", "COUNT(*)", (), BIGINT)


def sums(rng, cols):
    t = rng.choice([BIGINT, DOUBLE])
    a = value(rng, cols, t)
    if rng.random() < 0.5:
        return Agg("sum", "SUM({})", (a,), t, "sum_exact({})" if t == DOUBLE else None)
    return Agg("avg", "AVG({})", (a,), DOUBLE, "avg_exact({})" if t == DOUBLE else None)


def extremes(rng, cols):
    t = some_type(rng, cols)
    t = BIGINT if t == BOOLEAN else t
    name = rng.choice(["MIN", "MAX"])
    return Agg(name.lower(), f"{name}({{}})", (value(rng, cols, t),), t)


def counts(rng, cols):
    if rng.random() < 0.5:
        return COUNT_STAR
    return Agg("count", "COUNT({})", (value(rng, cols, some_type(rng, cols)),), BIGINT)


def bools(rng, cols):
    name, lite = rng.choice([("bool_and", "MIN"), ("bool_or", "MAX")])
    return Agg(name, f"{name}({{}})", (value(rng, cols, BOOLEAN),), BOOLEAN, f"{lite}({{}})")


def ordered(rng, cols):
    """Those whose own order is total but for equal values, or that go by position."""
    form = rng.randrange(4)
    t = some_type(rng, cols)
    if form == 0:
        a = value(rng, cols, TEXT)
        return Agg("string_agg", "string_agg({0}, ',' ORDER BY {0})", (a,), TEXT, "text_list({0})")
    if form == 1:
        return Agg("median", "median({})", (value(rng, cols, rng.choice([BIGINT, DOUBLE])),), DOUBLE)
    if form == 2:
        best = rng.choice(["min", "max"])
        by = value(rng, cols, rng.choice([BIGINT, TEXT, DOUBLE]))
        return Agg(f"arg_{best}", f"arg_{best}({{0}}, {{1}})", (pick(rng, cols, t), by), t,
                   f"arg_{best}_at({{0}}, {{1}}{{2}})", ordered=True)
    name = rng.choice(["first_value", "last_value"])
    return Agg(name, f"{name}({{}})", (pick(rng, cols, t),), t, f"{name}_at({{0}}{{1}})", ordered=True)


def statistics(rng, cols):
    t = rng.choice([BIGINT, DOUBLE])
    name = rng.choice(["var_pop", "stddev_samp", "var_samp"])
    return Agg(name, f"{name}({{}})", (pick(rng, cols, t),), DOUBLE)


def aggregate(rng, cols, has_position):
    """An aggregate call over rows with these columns. `has_position`: their total order is settled."""
    roll = rng.random()
    make = counts if roll < 0.3 else sums if roll < 0.55 else extremes if roll < 0.75 else bools if roll < 0.8 else (
        statistics if roll < 0.85 else ordered)
    a = make(rng, cols)
    if a.ordered and not has_position:
        a = extremes(rng, cols)
    changes = {}
    if a.args and a.tag in ("count", "sum", "avg", "min", "max", "string_agg") and rng.random() < 0.25:
        changes["distinct"] = True
    if rng.random() < 0.2:
        changes["filter"] = simple(rng, cols)
    return Agg(**{**a.__dict__, **changes})
