"""The tree of a random query. Two dialects are written from it: weir's (weir_sql.py) and that of the
oracle's SQLite (lite_sql.py). Every column reference says which table it means, so nothing has to be
resolved twice.
"""
from dataclasses import dataclass, fields, replace

from ..sqltypes import Type


@dataclass(frozen=True)
class Node:
    """Fields are nodes, plain values, or tuples (of tuples) of them."""


# ---- values ---------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Col(Node):
    table: str
    name: str
    type: Type


@dataclass(frozen=True)
class Merged(Node):
    """A column of USING or NATURAL, which belongs to neither side."""
    name: str
    type: Type
    parts: tuple


@dataclass(frozen=True)
class Lit(Node):
    value: object
    type: Type


@dataclass(frozen=True)
class Call(Node):
    """An operator or function: a template, and another one where SQLite says it differently."""
    weir: str
    args: tuple
    type: Type
    lite: str = None


@dataclass(frozen=True)
class Agg(Node):
    """An aggregate, or with `over` a window function. `ordered`: what it gives depends on the order
    of rows, so that SQLite must be told how ties fall."""
    tag: str
    weir: str
    args: tuple
    type: Type
    lite: str = None
    distinct: bool = False
    filter: Node = None
    over: Node = None
    ordered: bool = False


@dataclass(frozen=True)
class Window(Node):
    """OVER (…). `frame` is (unit, start, end, exclude): start and end as (kind, number)."""
    partition: tuple = ()
    order: tuple = ()
    frame: tuple = None
    name: str = None        # written in the WINDOW clause under this name


@dataclass(frozen=True)
class Key(Node):
    """A term of ORDER BY."""
    expr: Node
    desc: bool = False
    nulls: str = None       # FIRST, LAST


@dataclass(frozen=True)
class Sub(Node):
    """A subquery as a value. form: scalar, exists, in, any, all."""
    form: str
    query: Node
    type: Type
    left: tuple = ()
    op: str = "="
    negated: bool = False


# ---- what stands in FROM --------------------------------------------------------------------------

@dataclass(frozen=True)
class Base(Node):
    """A stream, table, view or CTE. `order`: the columns that put its rows in the total order
    (SQLite's own names), None where it is not settled."""
    name: str
    alias: str
    columns: tuple
    order: tuple = None


@dataclass(frozen=True)
class Derived(Node):
    query: Node
    alias: str
    lateral: bool = False


@dataclass(frozen=True)
class Join(Node):
    kind: str               # inner left right full cross comma
    left: Node
    right: Node
    on: Node = None
    using: tuple = ()       # names
    natural: bool = False


@dataclass(frozen=True)
class Asof(Node):
    """ASOF JOIN with a stream: of the rows with an equal key, the nearest by `op`; kind inner or left."""
    kind: str
    left: Node
    right: Base
    key: tuple              # a column of each side
    time: tuple
    op: str


@dataclass(frozen=True)
class Tvf(Node):
    """A window table function over a stream; tumble or hop."""
    base: Base
    time: str
    size: int
    slide: int

    @property
    def alias(self):
        return self.base.alias


# ---- queries --------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Select(Node):
    items: tuple            # (expr, name)
    from_: Node = None
    where: Node = None
    group: tuple = ()
    sets: tuple = None      # GROUPING SETS: tuples of indexes into group
    sets_as: str = "sets"   # or rollup, cube
    having: Node = None
    qualify: Node = None
    distinct: bool = False
    distinct_on: tuple = ()
    order: tuple = ()
    limit: int = None
    offset: int = 0
    ties: bool = False
    star: bool = False      # the items are what * means
    by_ordinal: bool = False


@dataclass(frozen=True)
class SetOp(Node):
    op: str                 # UNION INTERSECT EXCEPT
    all: bool
    left: Node
    right: Node


@dataclass(frozen=True)
class Values(Node):
    names: tuple
    types: tuple
    rows: tuple             # tuples of Lit


@dataclass(frozen=True)
class With(Node):
    ctes: tuple             # (name, query)
    body: Node


def columns_of(q):
    """(name, Type) of what a query gives."""
    if isinstance(q, Select):
        return [(n, e.type) for e, n in q.items]
    if isinstance(q, SetOp):
        return columns_of(q.left)
    if isinstance(q, Values):
        return list(zip(q.names, q.types))
    return columns_of(q.body)


def cols_from(f):
    """The columns of a FROM item that can be named: of USING those whose name means nothing else."""
    found = star_of(f)
    names = [c.name for c in found]
    return [c for c in found if isinstance(c, Col) or names.count(c.name) == 1]


def star_of(f):
    """The columns that * means."""
    if isinstance(f, Base):
        return [Col(f.alias, n, t) for n, t in f.columns]
    if isinstance(f, Derived):
        return [Col(f.alias, n, t) for n, t in columns_of(f.query)]
    if isinstance(f, Tvf):
        when = dict(f.base.columns)[f.time]
        return star_of(f.base) + [Col(f.alias, n, when) for n in ("window_start", "window_end", "window_time")]
    left, right = star_of(f.left), star_of(f.right)
    if isinstance(f, Asof) or not f.using:
        return left + right
    merged = []
    for name in f.using:
        parts = tuple(next(c for c in side if c.name == name) for side in (left, right))
        merged.append(Merged(name, parts[0].type, parts))
    return merged + [c for c in left + right if c.name not in f.using]


# ---- walking --------------------------------------------------------------------------------------

def parts_of(x):
    if isinstance(x, Node):
        for f in fields(x):
            yield getattr(x, f.name)
    elif isinstance(x, tuple):
        yield from x


def nodes_in(x, kind=Node, stop=()):
    """All nodes of a kind below x, itself included; not below those of kinds `stop`."""
    if isinstance(x, kind):
        yield x
    if stop and isinstance(x, stop):
        return
    for p in parts_of(x):
        if isinstance(p, (Node, tuple)):
            yield from nodes_in(p, kind, stop)


def mapped(x, change):
    """x with every node below it (deepest first) replaced by change(node)."""
    if isinstance(x, tuple):
        return tuple(mapped(p, change) for p in x)
    if not isinstance(x, Node):
        return x
    new = {f.name: mapped(getattr(x, f.name), change) for f in fields(x)
           if isinstance(getattr(x, f.name), (Node, tuple)) and not isinstance(getattr(x, f.name), Type)}
    return change(replace(x, **new))


def has_aggregate(q):
    """Of this SELECT itself, not of a subquery."""
    own = [e for e, _ in q.items] + [q.having, q.qualify, *q.order]
    return any(a.over is None for e in own for a in nodes_in(e, Agg, stop=(Select, SetOp, Values, With)) if a.tag != "grouping")
