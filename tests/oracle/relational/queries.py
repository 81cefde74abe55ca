"""Random queries over the relations of a case.

A `Scope` is what a SELECT's expressions may use; a `Maker` makes queries of one view. What depends on
ties is only asked where the total order of rows is settled (lite_sql.order_of); elsewhere the order
is completed by all columns, so that tied rows are equal.
"""
from dataclasses import replace

from ..sqltypes import BIGINT, BOOLEAN, DOUBLE, TEXT
from . import exprs
from .exprs import TIME, aggregate, conjunction, literal, pick, predicate, simple, value
from .lite_sql import order_of
from .nodes import (Agg, Asof, Base, Call, Col, Derived, Join, Key, Lit, Select, SetOp, Sub, Tvf, Values, Window, With,
                    cols_from, columns_of, nodes_in, star_of)

SECOND = exprs.SECOND
KEYS = (BIGINT, TEXT)


def naming_columns(make):
    """Of the conditions made the first that names a column: SQLite lets a constant of ON decide for a FULL JOIN above;
    over nothing but constants there is none."""
    for _ in range(20):
        found = make()
        if any(True for _ in nodes_in(found, Col)):
            break
    return found


class Maker:
    def __init__(self, rng, sources, view, joins=4):
        self.rng, self.sources, self.view, self.joins = rng, list(sources), view, joins
        self.count = 0
        self.inputs = 0      # how many relations stand in FROM so far

    def fresh(self, prefix):
        self.count += 1
        return f"{prefix}{self.count}"

    def chance(self, p):
        return self.rng.random() < p

    # ---- FROM --------------------------------------------------------------------------------------

    def base(self, source=None):
        s = source or self.rng.choice(self.sources)
        self.inputs += 1
        return Base(s.name, self.fresh("a"), s.columns, s.order)

    def input(self, depth):
        roll = self.rng.random()
        if depth > 0 and roll < 0.2:
            return Derived(self.query(depth - 1), self.fresh("d"))
        if roll < 0.25:
            return Derived(self.values(), self.fresh("d"))
        timed = [s for s in self.sources if s.time]
        if timed and roll < 0.33:
            return self.tvf(self.rng.choice(timed))
        return self.base()

    def tvf(self, source):
        size = self.rng.choice([2, 5, 10]) * SECOND
        slide = self.rng.choice([size, size, size // 2, 3 * SECOND])
        return Tvf(self.base(source), source.time, size, min(slide, size))

    def values(self):
        types = [self.rng.choice([BIGINT, TEXT])] + [self.rng.choice([BIGINT, TEXT, DOUBLE]) for _ in range(self.rng.randint(0, 1))]
        rows = tuple(tuple(literal(self.rng, t) for t in types) for _ in range(self.rng.randint(1, 4)))
        return Values(tuple(self.fresh("v") for _ in types), tuple(types), rows)

    def equality(self, left, right):
        """left.x = right.y, by a type that both have; None where there is none."""
        pairs = [(a, b) for a in left for b in right if a.type == b.type and a.type != BOOLEAN]
        keys = [(a, b) for a, b in pairs if a.type in KEYS]
        same = [(a, b) for a, b in keys if a.name == b.name]
        if not pairs:
            return None
        a, b = self.rng.choice(same if same and self.chance(0.5) else keys or pairs)
        return Call("({} = {})", (a, b) if self.chance(0.5) else (b, a), BOOLEAN)

    def condition(self, left, right):
        roll = self.rng.random()
        if roll < 0.06:
            t = self.rng.choice([BIGINT, DOUBLE, TEXT])
            compared = naming_columns(lambda: Call(f"({{}} {self.rng.choice(['<', '>', '<>', '>='])} {{}})",
                                                   (pick(self.rng, left, t), pick(self.rng, right, t)), BOOLEAN))
            return conjunction([compared, naming_columns(lambda: simple(self.rng, right))])
        parts = [self.equality(left, right)]
        if self.chance(0.2):
            parts.append(self.equality(left, right))
        if self.chance(0.3):
            parts.append(naming_columns(lambda: simple(self.rng, left + right)))
        if self.chance(0.04) and parts[0]:
            a = parts[0].args
            parts[0] = Call("({} IS NOT DISTINCT FROM {})", a, BOOLEAN)
        return conjunction(parts) or naming_columns(lambda: simple(self.rng, left + right))

    def join(self, left, right):
        kind = self.rng.choice(["inner", "inner", "inner", "left", "left", "right", "full"])
        a, b = star_of(left), star_of(right)
        names_a, names_b = [c.name for c in a], [c.name for c in b]
        shared = [n for n in names_a if n in names_b and names_a.count(n) == 1 and names_b.count(n) == 1
                  and next(c.type for c in a if c.name == n) == next(c.type for c in b if c.name == n)]
        alike = all(next(c.type for c in b if c.name == n) == next(c.type for c in a if c.name == n)
                    for n in names_a if n in names_b) and len(shared) == len(set(names_a) & set(names_b))
        if shared and alike and len(shared) <= 2 and self.chance(0.25):
            return Join(kind, left, right, using=tuple(n for n in names_a if n in shared), natural=True)
        if shared and self.chance(0.25):
            using = self.rng.sample(shared, 1)
            return Join(kind, left, right, using=tuple(using))
        if self.chance(0.05):
            return Join(self.rng.choice(["cross", "comma"]), left, right)
        a, b = self.sides(left, right)
        on = self.condition(a, b)
        if self.inputs < self.joins and self.chance(0.08):
            on = conjunction([on, self.subquery_condition(a + b if self.chance(0.5) else self.rng.choice([a, b]), 0)])
        return Join(kind, left, right, on=on)

    def asof_here(self):
        return self.inputs + 2 <= self.joins and any(t == TIME and s.order == ("_p",) for s in self.sources for _, t in s.columns)

    def sides(self, left, right):
        """The columns of each side that a condition can name."""
        both = cols_from(Join("cross", left, right))
        a, b = cols_from(left), cols_from(right)
        return [c for c in a if c in both], [c for c in b if c in both]

    def source(self, depth, most=None):
        """What stands in FROM: joins of up to four inputs in all."""
        n = min(self.rng.choice([1, 1, 1, 2, 2, 2, 3, 4]), most or 9)
        if self.chance(0.03) and self.asof_here():
            return self.asof()
        out = self.input(depth)
        for _ in range(n - 1):
            if self.inputs >= self.joins:
                break
            right = self.input(0 if self.inputs > 1 else depth)
            if self.chance(0.15) and isinstance(out, Join):
                out = self.join(right, out)
            else:
                out = self.join(out, right)
        return self.plain_comma(out)

    def plain_comma(self, f):
        """A comma binds less tightly than JOIN: only at the top, with brackets elsewhere."""
        if not isinstance(f, Join):
            return f
        nested = any(j.kind == "comma" for j in nodes_in(f.left, Join)) or any(j.kind == "comma" for j in nodes_in(f.right, Join))
        if nested:
            fix = lambda x: replace(x, kind="cross") if isinstance(x, Join) and x.kind == "comma" else x
            from .nodes import mapped
            return replace(f, left=mapped(f.left, fix), right=mapped(f.right, fix))
        return f

    # ---- WHERE and subqueries as values --------------------------------------------------------------

    def where(self, cols, depth, chance=0.5):
        parts = []
        if self.chance(chance):
            parts.append(predicate(self.rng, cols))
        if depth > 0 and self.inputs < self.joins and self.chance(0.25):
            parts.append(self.subquery_condition(cols, depth))
        out = conjunction(parts)
        if len(parts) == 2 and self.chance(0.15):
            out = Call("({} OR {})", tuple(parts), BOOLEAN)
        return out

    def correlation(self, outer, inner):
        """A condition between the columns of a subquery and those around it."""
        if self.chance(0.8):
            eq = self.equality(inner, outer)
            if eq:
                return eq
        t = self.rng.choice([BIGINT, DOUBLE])
        return Call(f"({{}} {self.rng.choice(['<', '>', '>='])} {{}})", (pick(self.rng, inner, t), pick(self.rng, outer, t)), BOOLEAN)

    def inner_select(self, outer, items_of, correlated=0.6):
        """SELECT items FROM … WHERE …, which may look at the columns around it."""
        outer = [c for c in outer if isinstance(c, Col)]   # a column of USING could mean the inner one
        f = self.base() if self.chance(0.85) or self.inputs >= self.joins - 1 else self.join(self.base(), self.base())
        cols = cols_from(f)
        parts = [self.correlation(outer, cols)] if outer and self.chance(correlated) else []
        if self.inputs < self.joins and self.chance(0.08):
            parts.append(self.subquery_condition(cols + outer if self.chance(0.3) else cols, 0))
        if self.chance(0.4):
            parts.append(simple(self.rng, cols))
        return Select(items_of(cols), f, conjunction(parts))

    def top_one(self, outer):
        """The first row of a total order; of its ties all are equal."""
        def items(cols):
            return ((self.rng.choice(cols), self.fresh("q")),)
        q = self.inner_select(outer, items)
        cols = cols_from(q.from_)
        q = replace(q, order=tuple(self.order_keys(cols, 1)) + tuple(Key(c) for c in cols), limit=1)
        return Sub("scalar", q, q.items[0][0].type)

    def scalar(self, outer):
        """One row by itself: an aggregate without GROUP BY, or the first of an order."""
        if self.chance(0.12):
            return self.top_one(outer)

        def items(cols):
            a = aggregate(self.rng, cols, False)
            if self.chance(0.2):
                a = Call("COALESCE({}, {})", (a, literal(self.rng, a.type)), a.type)
            return ((a, self.fresh("q")),)
        q = self.inner_select(outer, items)
        return Sub("scalar", q, q.items[0][0].type)

    def subquery_condition(self, cols, depth):
        form = self.rng.choice(["exists", "exists", "in", "in", "in", "scalar", "any", "all"])
        no = self.chance(0.45)
        if form == "exists":
            q = self.inner_select(cols, lambda c: ((Lit(1, BIGINT), self.fresh("q")),), 0.9)
            return Sub("exists", q, BOOLEAN, negated=no)
        if form == "scalar":
            s = self.scalar(cols)
            t = s.type
            op = self.rng.choice(exprs.COMPARISONS)
            return Call(f"({{}} {op} {{}})", (pick(self.rng, cols, t), s), BOOLEAN)
        t = self.rng.choice([BIGINT, BIGINT, TEXT, DOUBLE])
        left = (value(self.rng, cols, t),)
        if form == "in" and self.chance(0.15):
            left = left + (pick(self.rng, cols, BIGINT),)
        q = self.inner_select(cols, lambda c: tuple((pick(self.rng, c, e.type), self.fresh("q")) for e in left), 0.3)
        if self.chance(0.2):
            q = replace(q, distinct=True)
        elif self.chance(0.12) and all(isinstance(e, Col) and e in cols_from(q.from_) for e, _ in q.items):
            q = replace(q, group=tuple(dict.fromkeys(e for e, _ in q.items)), having=self.having(cols_from(q.from_)))
        if form == "in":
            return Sub("in", q, BOOLEAN, left, negated=no)
        op = self.rng.choice(exprs.COMPARISONS)
        return Sub(form, q, BOOLEAN, left[:1], op)

    # ---- select lists --------------------------------------------------------------------------------

    def named(self, expressions):
        """No name is used twice in a case: ORDER BY would take a bare one for the output's."""
        return tuple((e, f"{self.fresh('c')}_{self.view}") for e in expressions)

    def plain_items(self, cols, depth):
        n = self.rng.randint(1, 4)
        out = [value(self.rng, cols, exprs.some_type(self.rng, cols)) for _ in range(n)]
        if depth > 0 and self.inputs < self.joins and self.chance(0.1):
            out.append(self.scalar(cols))
        return self.named(out)

    def keys_of(self, cols, least=0, most=2):
        found = [c for c in cols if c.type in KEYS + (BOOLEAN, TIME)]
        n = self.rng.randint(least, most)
        keys = self.rng.sample(found, min(n, len(found)))
        return [k if self.chance(0.85) or k.type != BIGINT else Call("({} % {})", (k, Lit(3, BIGINT)), BIGINT) for k in keys]

    # ---- SELECTs -------------------------------------------------------------------------------------

    def plain(self, depth):
        f = self.source(depth)
        cols = cols_from(f)
        if self.chance(0.1) and len({c.name for c in star_of(f)}) == len(star_of(f)):
            return Select(tuple((c, c.name) for c in cols), f, self.where(cols, depth), star=True)
        return Select(self.plain_items(cols, depth), f, self.where(cols, depth))

    def is_settled(self, f, where):
        """Whether the total order of the rows that are left is: a subquery makes a join of a filter."""
        return order_of(f) is not None and not any(True for _ in nodes_in(where, Sub))

    def has_position(self, f, where):
        return self.is_settled(f, where) and not any(self.is_timed(b) for b in nodes_in(f, Base))

    def is_timed(self, base):
        return any(s.name == base.name and s.time for s in self.sources)

    def grouped(self, depth):
        f = self.source(depth)
        cols = cols_from(f)
        keys = self.keys_of(cols)
        windowed = isinstance(f, Tvf) and self.chance(0.8)
        if windowed:
            keys = [c for c in cols if c.name in ("window_start", "window_end")] + keys[:1]
        where = self.where(cols, depth)
        aggs = [aggregate(self.rng, cols, self.has_position(f, where)) for _ in range(self.rng.randint(1, 3))]
        if self.chance(0.15):
            a, t = aggs[0], aggs[0].type
            if t in (BIGINT, DOUBLE):
                aggs[0] = Call("({} + {})", (a, Lit(random_one(self.rng, t), t)), t)
        shown = [k for k in keys if windowed or self.chance(0.9)]
        q = Select(self.named(list(dict.fromkeys(shown)) + aggs), f, where, tuple(dict.fromkeys(keys)),
                   by_ordinal=self.chance(0.15))
        if self.chance(0.25):
            q = replace(q, having=self.having(cols))
        if len(q.group) > 1 and not windowed and self.chance(0.15):
            q = self.sets(q)
        return q

    def having(self, cols):
        """Now and then against a subquery."""
        if self.inputs < self.joins and self.chance(0.06):
            return Call(f"({{}} {self.rng.choice(['>', '<='])} {{}})", (exprs.COUNT_STAR, self.having_scalar()), BOOLEAN)
        n = self.rng.randint(0, 3)
        forms = [exprs.COUNT_STAR, Agg("count", "COUNT({})", (self.rng.choice(cols),), BIGINT),
                 Agg("sum", "SUM({})", (pick(self.rng, cols, BIGINT),), BIGINT)]
        return Call(f"({{}} {self.rng.choice(['>', '>=', '<>', '<'])} {{}})", (self.rng.choice(forms), Lit(n, BIGINT)), BOOLEAN)

    def having_scalar(self):
        f = self.base()
        call = Agg("count", "COUNT(DISTINCT {})", (self.rng.choice(cols_from(f)),), BIGINT)
        return Sub("scalar", Select(((call, self.fresh("q")),), f), BIGINT)

    def asof(self):
        """ASOF JOIN over two streams that have a time."""
        found = [(s, n) for s in self.sources for n, t in s.columns if t == TIME and s.order == ("_p",)]
        (a, t), (b, u) = self.rng.choice(found), self.rng.choice(found)
        left, right = self.base(a), self.base(b)
        key = self.equality([c for c in cols_from(left) if c.type in KEYS], [c for c in cols_from(right) if c.type in KEYS])
        x, y = key.args if key.args[0].table == left.alias else key.args[::-1]
        times = (Col(left.alias, t, TIME), Col(right.alias, u, TIME))
        return Asof(self.rng.choice(["inner", "left"]), left, right, (x, y), times, self.rng.choice([">=", ">=", ">", "<=", "<"]))

    def sets(self, q):
        everything = list(range(len(q.group)))
        form = self.rng.choice(["sets", "rollup", "cube"])
        if form == "rollup":
            sets = [tuple(everything[:n]) for n in range(len(everything), -1, -1)]
        elif form == "cube":
            sets = [tuple(i for i in everything if not mask >> i & 1) for mask in range(2 ** len(everything))]
        else:
            sets = [tuple(sorted(self.rng.sample(everything, self.rng.randint(0, len(everything)))))
                    for _ in range(self.rng.randint(1, 3))]
            missing = tuple(i for i in everything if not any(i in s for s in sets))
            sets += [missing] if missing else []
        items = q.items
        if self.chance(0.5):
            items += self.named([Agg("grouping", "GROUPING({})", (self.rng.choice(q.group),), BIGINT)])
        return replace(q, items=items, sets=tuple(sets), sets_as=form, by_ordinal=False)

    def distinct(self, depth):
        q = self.plain(depth)
        return replace(q, distinct=True, items=q.items[:3] if not q.star else q.items)

    # ---- order ---------------------------------------------------------------------------------------

    def order_keys(self, cols, most=2, least=1):
        n = self.rng.randint(least, most)
        picked = [value(self.rng, cols, exprs.some_type(self.rng, cols)) for _ in range(n)]
        picked = [p for p in picked if not isinstance(p, Lit)] or [self.rng.choice(cols)]
        return [self.order_key(p) for p in picked]

    def order_key(self, e):
        nulls = self.rng.choice(["FIRST", "LAST"]) if self.chance(0.2) else None
        return Key(e, self.chance(0.5), nulls)

    def completed(self, keys, cols, settled):
        """The keys, and all columns after them where ties would not be settled."""
        if settled and self.chance(0.6):
            return tuple(keys)
        rest = [c for c in cols if c not in [k.expr for k in keys]]
        return tuple(keys) + tuple(Key(c) for c in rest)

    def top(self, depth):
        """ORDER BY … LIMIT."""
        f = self.source(depth)
        cols = cols_from(f)
        n, offset = self.rng.randint(1, 6), self.rng.choice([0, 0, 0, 1, 2])
        where = self.where(cols, depth)
        q = Select(self.plain_items(cols, 0), f, where, limit=n, offset=offset)
        if self.chance(0.25):
            return replace(q, order=tuple(self.order_keys(cols)), ties=True,
                           offset=offset if self.is_settled(f, where) else 0)   # which of equal rows it leaves out
        return replace(q, order=self.completed(self.order_keys(cols), cols, self.is_settled(f, where)))

    def top_groups(self, depth):
        """ORDER BY an aggregate LIMIT: a Top-N over groups."""
        q = self.grouped(depth)
        if q.sets is not None or not q.group:
            return q
        keys = [self.order_key(e) for e, _ in q.items if e not in q.group][:1]
        return replace(q, order=tuple(keys) + tuple(Key(g) for g in q.group), limit=self.rng.randint(1, 5))

    def distinct_on(self, depth):
        f = self.source(depth)
        cols = cols_from(f)
        on = self.keys_of(cols, 1) or [self.rng.choice(cols)]
        keys = [self.order_key(k) for k in on] + self.order_keys(cols)
        where = self.where(cols, depth)
        return Select(self.plain_items(cols, 0), f, where, distinct_on=tuple(on),
                      order=self.completed(keys, cols, self.is_settled(f, where)))

    # ---- OVER ----------------------------------------------------------------------------------------

    def frame(self, order):
        roll = self.rng.random()
        if roll < 0.35:
            return None
        near = lambda: self.rng.choice([("CURRENT ROW", None), ("PRECEDING", self.rng.randint(1, 3)), ("FOLLOWING", self.rng.randint(1, 3))])
        start = self.rng.choice([("UNBOUNDED PRECEDING", None), near()])
        end = self.rng.choice([("UNBOUNDED FOLLOWING", None), ("CURRENT ROW", None), near()])
        rank = {"UNBOUNDED PRECEDING": 0, "PRECEDING": 1, "CURRENT ROW": 2, "FOLLOWING": 3, "UNBOUNDED FOLLOWING": 4}
        if rank[start[0]] > rank[end[0]]:
            start, end = ("UNBOUNDED PRECEDING", None), ("CURRENT ROW", None)
        unit = self.rng.choice(["ROWS", "ROWS", "GROUPS", "RANGE"])
        numbered = any(n is not None for _, n in (start, end))
        t = order[0].expr.type if order else None
        if unit == "RANGE" and numbered:
            if len(order) != 1 or t not in (BIGINT, DOUBLE, TIME):
                unit = "ROWS"
            elif t == TIME:
                start, end = [(k, n and n * 4 * SECOND) for k, n in (start, end)]
        if unit == "GROUPS" and not order:
            unit = "ROWS"
        exclude = self.rng.choice(["CURRENT ROW", "GROUP", "TIES"]) if self.chance(0.1) else None
        if unit == "ROWS" and exclude:   # peers are those of the text; SQLite gets an order made whole, which has none
            exclude = "CURRENT ROW"
        return (unit, start, end, exclude)

    def window(self, cols, settled, total=False):
        partition = tuple(self.keys_of(cols, 0, 2))
        order = [k for k in self.order_keys(cols, 2, 0 if self.chance(0.15) else 1)]
        if total or not settled:
            order = self.completed(order, cols, settled) if settled and not total else tuple(order) + tuple(
                Key(c) for c in cols if c not in [k.expr for k in order])
        return Window(partition, tuple(order))

    def ranking(self, cols, settled):
        name = self.rng.choice(["row_number", "row_number", "rank", "dense_rank"])
        w = self.window(cols, settled) if name == "row_number" else replace(self.window(cols, settled), order=tuple(self.order_keys(cols)))
        return Agg(name, f"{name.upper()}()", (), BIGINT, over=w, ordered=name == "row_number")

    def over_call(self, cols, settled, f):
        roll = self.rng.random()
        if roll < 0.3:
            return self.ranking(cols, settled)
        if roll < 0.55:
            return self.navigation(cols, settled)
        if roll < 0.62:
            name, t = self.rng.choice([("percent_rank()", DOUBLE), ("cume_dist()", DOUBLE), (f"ntile({self.rng.randint(1, 4)})", BIGINT)])
            tag = name.split("(")[0]
            w = self.window(cols, settled) if tag == "ntile" else replace(self.window(cols, settled), order=tuple(self.order_keys(cols)))
            return Agg(tag, name, (), t, over=w, ordered=tag == "ntile")
        return self.aggregate_over(cols, settled, f)

    def navigation(self, cols, settled):
        t = exprs.some_type(self.rng, cols)
        a = pick(self.rng, cols, t)
        name = self.rng.choice(["lag", "lead", "first_value", "last_value", "nth_value"])
        if name in ("lag", "lead"):
            n = self.rng.choice([None, 1, 2])
            extra = f", {n}" if n else ""
            args = (a, literal(self.rng, t)) if n and self.chance(0.3) else (a,)
            return Agg(name, f"{name}({{0}}{extra}{', {1}' if len(args) == 2 else ''})", args, t, over=self.window(cols, settled), ordered=True)
        extra = f", {self.rng.randint(1, 3)}" if name == "nth_value" else ""
        w = self.window(cols, settled)
        frame = self.frame(w.order)
        if name != "first_value" and (frame is None or frame[0] != "ROWS") or frame and (frame[0] != "ROWS" or frame[3]):
            w = self.window(cols, settled, total=True)
            frame = frame if frame and (frame[0] != "RANGE" or len(w.order) == 1 or not any(b[1] for b in frame[1:3])) else None
        return Agg(name, f"{name}({{0}}{extra})", (a,), t, over=replace(w, frame=frame),
                   ordered=frame[0] == "ROWS" if frame else name == "first_value")

    def aggregate_over(self, cols, settled, f):
        make = self.rng.choice([exprs.counts, exprs.sums, exprs.sums, exprs.extremes, exprs.bools])
        a = make(self.rng, cols)
        if a.lite and "_exact" in a.lite:   # SQLite's own sum: over rows whose sums it has exactly
            whole = not any(True for _ in nodes_in(f, Derived)) and all(b.order == ("_p",) for b in nodes_in(f, Base))
            a = replace(a, lite=None) if whole else exprs.counts(self.rng, cols)
        w = self.window(cols, settled)
        if self.chance(0.3) and not w.order:
            w = replace(w, order=tuple(self.order_keys(cols, 1)))
        if self.chance(0.2):
            w = replace(w, order=w.order[:1])
        frame = self.frame(w.order)
        if frame and make in (exprs.extremes, exprs.bools):
            frame = frame[:3] + (None,)   # SQLite's MIN and MAX are wrong in some frames with EXCLUDE
        if frame and frame[0] == "ROWS" and not settled:
            w = self.window(cols, settled, total=True)
        flt = simple(self.rng, cols) if self.chance(0.1) else None
        return replace(a, over=replace(w, frame=frame), ordered=bool(frame and frame[0] == "ROWS"), filter=flt)

    def over(self, depth):
        f = self.source(depth, 3)
        cols = cols_from(f)
        where = self.where(cols, depth)
        settled = self.is_settled(f, where)   # elsewhere nobody knows which of equal rows is first in both of two windows
        calls = [self.over_call(cols, settled, f) for _ in range(self.rng.choice([1, 1, 2, 3]) if settled else 1)]
        if len(calls) > 1 and self.chance(0.4):   # a shared window
            shared = replace(calls[0].over, name=self.fresh("w") if self.chance(0.6) else None)
            if not shared.frame or shared.frame[0] == "ROWS":
                calls = [replace(calls[0], over=shared)] + [
                    replace(c, over=shared, ordered=c.ordered) if self.can_share(c, calls[0]) else c for c in calls[1:]]
        items = [self.rng.choice(cols) for _ in range(self.rng.randint(1, 2))] + calls
        q = Select(self.named(items), f, where)
        if settled and self.chance(0.2):
            r = self.ranking(cols, settled)
            q = replace(q, qualify=Call(f"({{}} {self.rng.choice(['<=', '=', '>'])} {{}})", (r, Lit(self.rng.randint(1, 3), BIGINT)), BOOLEAN))
        return q

    def can_share(self, c, first):
        """Calls of one kind may stand over the same window: both are about ties, or none is."""
        return c.ordered == first.ordered and c.tag not in ("last_value", "nth_value", "rank", "dense_rank", "percent_rank", "cume_dist") and bool(
            c.over.order) and (c.over.frame is None) == (first.over.frame is None)

    def over_groups(self, depth):
        """A window function over the rows of a GROUP BY."""
        q = self.grouped(depth)
        if q.sets is not None or not q.group:
            return q
        agg = next(e for e, _ in q.items if e not in q.group)
        w = Window(q.group[:1] if len(q.group) > 1 else (), (Key(agg, self.chance(0.5)),) + tuple(Key(g) for g in q.group))
        call = Agg("row_number", "ROW_NUMBER()", (), BIGINT, over=w, ordered=False)
        if self.chance(0.4):
            call = Agg("sum", "SUM({})", (exprs.COUNT_STAR,), BIGINT, over=replace(w, order=()))
        return replace(q, items=q.items + self.named([call]))

    def top_per_group(self, depth):
        """SELECT … FROM (SELECT …, row_number() OVER … AS rn …) WHERE rn <= N."""
        f = self.source(depth, 2)
        cols = cols_from(f)
        where = self.where(cols, depth)
        r = self.ranking(cols, self.is_settled(f, where))
        kept = self.named([self.rng.choice(cols) for _ in range(self.rng.randint(1, 3))])
        rn = self.fresh("rn")
        inner = Select(kept + ((r, rn),), f, where)
        d = Derived(inner, self.fresh("d"))
        n = self.rng.choice([1, 1, 2, 3])
        within = Call(f"({{}} {self.rng.choice(['<=', '<=', '=', '<'])} {{}})", (Col(d.alias, rn, BIGINT), Lit(n, BIGINT)), BOOLEAN)
        shown = cols_from(d) if self.chance(0.5) else cols_from(d)[:-1]
        return Select(self.named(shown), d, within)

    # ---- sets, CTEs, LATERAL --------------------------------------------------------------------------

    def arm(self, types, depth):
        f = self.source(0, 2)
        cols = cols_from(f)
        q = Select(self.named([value(self.rng, cols, t) if self.chance(0.2) else pick(self.rng, cols, t) for t in types]), f,
                   self.where(cols, depth))
        if self.chance(0.12):
            keys = tuple(dict.fromkeys(e for e, _ in q.items if isinstance(e, Col)))
            if keys and all(isinstance(e, Col) for e, _ in q.items):
                q = replace(q, group=keys)
        return replace(q, distinct=self.chance(0.1) and not q.group)

    def set_operation(self, depth):
        types = [self.rng.choice([BIGINT, BIGINT, TEXT, BOOLEAN, DOUBLE]) for _ in range(self.rng.randint(1, 2))]
        out = self.arm(types, depth)
        for _ in range(self.rng.choice([1, 1, 1, 2])):
            op = self.rng.choice(["UNION", "UNION", "INTERSECT", "EXCEPT", "EXCEPT"])
            out = SetOp(op, self.chance(0.5), out, self.arm(types, depth))
        return out

    def with_ctes(self, depth):
        kept, ctes = list(self.sources), []
        for _ in range(self.rng.choice([1, 1, 2])):
            q = self.query(depth - 1)
            name = self.fresh(f"cte_{self.view}_")
            ctes.append((name, q))
            self.sources.append(Source(name, tuple(columns_of(q))))
        self.sources = self.sources[-len(ctes):] * 2 + kept
        body = self.query(depth - 1)
        self.sources = kept
        return With(tuple(ctes), body)

    def lateral(self, depth):
        left = self.base()
        outer = cols_from(left)
        roll = self.rng.random()
        if roll < 0.4:
            q = self.inner_select(outer, lambda c: self.named([aggregate(self.rng, c, False) for _ in range(2)]), 0.95)
        elif roll < 0.7:
            q = self.inner_select(outer, lambda c: self.named([self.rng.choice(c) for _ in range(2)]), 0.95)
            cols = cols_from(q.from_)
            q = replace(q, order=tuple(self.order_keys(cols, 1)) + tuple(Key(c) for c in cols), limit=self.rng.randint(1, 3))
        else:
            q = self.inner_select(outer, lambda c: self.named([value(self.rng, c, BIGINT), self.rng.choice(c)]), 0.95)
        d = Derived(q, self.fresh("d"), lateral=True)
        if self.chance(0.4):
            f = Join("left", left, d, on=Call("TRUE", (), BOOLEAN, "1"))
        else:
            f = Join(self.rng.choice(["cross", "comma"]), left, d)
        cols = outer + cols_from(d)
        return Select(self.named(self.rng.sample(cols, min(3, len(cols)))), f, self.where(cols, 0, 0.3))

    # ---- all -----------------------------------------------------------------------------------------

    def query(self, depth):
        if self.inputs >= self.joins:
            f = self.base()
            return Select(self.plain_items(cols_from(f), 0), f)
        forms = [(self.plain, 26), (self.grouped, 24), (self.over, 10), (self.top_per_group, 8), (self.top, 7), (self.set_operation, 9),
                 (self.distinct, 4), (self.distinct_on, 3), (self.top_groups, 3), (self.over_groups, 3)]
        forms += [(self.with_ctes, 4), (self.lateral, 3)] if depth > 0 else []
        make = self.rng.choices([m for m, _ in forms], [w for _, w in forms])[0]
        return make(depth)


class Source:
    """A relation that queries can name."""
    def __init__(self, name, columns, order=None, time=None):
        self.name, self.columns, self.order, self.time = name, columns, order, time


def random_one(rng, t):
    return exprs.random_value(rng, t)
