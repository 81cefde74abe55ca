"""What the queries of a run held: which constructs met which others in one view."""
from collections import Counter
from itertools import combinations

from .nodes import Agg, Asof, Base, Derived, Join, Select, SetOp, Sub, Tvf, Values, With, has_aggregate, nodes_in

RANKS = {"row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile"}
WALKS = {"lag", "lead", "first_value", "last_value", "nth_value"}


def of_select(q):
    yield from [name for name, there in (
        ("where", q.where), ("group", q.group and q.sets is None), ("sets", q.sets is not None), ("having", q.having),
        ("global", has_aggregate(q) and not q.group), ("qualify", q.qualify), ("distinct", q.distinct),
        ("distinct on", q.distinct_on), ("limit", q.limit is not None and not q.ties), ("ties", q.ties)) if there]


def of_aggregate(a):
    if a.over is None:
        yield "agg distinct" if a.distinct else "agg filter" if a.filter else "agg"
    else:
        yield "over rank" if a.tag in RANKS else "over walk" if a.tag in WALKS else "over agg"
        if a.over.frame:
            yield f"frame {a.over.frame[0].lower()}"


def constructs(view, views):
    """Names of what a view is made of, with what it reads."""
    out = set()
    for x in nodes_in(view.query):
        if isinstance(x, Select):
            out |= set(of_select(x))
        elif isinstance(x, Agg):
            out |= set(of_aggregate(x))
        elif isinstance(x, Join):
            out.add("join natural" if x.natural else "join using" if x.using else f"join {x.kind}")
        elif isinstance(x, Asof):
            out.add("join asof")
        elif isinstance(x, SetOp):
            out.add(f"{x.op.lower()}{' all' if x.all else ''}")
        elif isinstance(x, Sub):
            out.add(f"not {x.form}" if x.negated else x.form)
        elif isinstance(x, Derived):
            out.add("lateral" if x.lateral else "derived")
        elif isinstance(x, (Tvf, With, Values)):
            out.add({Tvf: "window", With: "with", Values: "values"}[type(x)])
        elif isinstance(x, Base) and x.name in views:
            out |= {"view"} | views[x.name]
    return out


class Coverage:
    def __init__(self):
        self.seen, self.together = Counter(), Counter()
        self.pairs = self.filled = self.retracting = 0

    def add(self, made_of, dumps):
        """One view that was compared: `dumps` are its rows at each commit."""
        self.pairs += 1
        self.filled += bool(dumps and dumps[-1])
        self.retracting += any(set(a) - set(b) for a, b in zip(dumps, dumps[1:]))
        self.seen.update(made_of)
        self.together.update(combinations(sorted(made_of), 2))

    def lack(self, made_of, wanted):
        """How much a view brings together of what has not met so often; what has met least counts most."""
        return sum(max(0, wanted - self.together[pair]) ** 2 for pair in combinations(sorted(made_of), 2)) / wanted ** 2

    def seldom(self, wanted):
        """The pairs of constructs that have met less often than that, rarest first: [(times, a, b)]."""
        return sorted((self.together[pair], *pair) for pair in combinations(sorted(self.seen), 2) if self.together[pair] < wanted)

    def totals(self):
        n = max(1, self.pairs)
        return (f"{self.pairs} pairs compared, {100 * self.filled // n} % with rows at the end,"
                f" {100 * self.retracting // n} % with rows that went")

    def table(self):
        names = [n for n, _ in self.seen.most_common()]
        wide = max([len(n) for n in names] + [1])
        lines = []
        for i, a in enumerate(names):
            cells = [self.together[tuple(sorted((a, b)))] for b in names[:i]]
            lines.append(f"{a:>{wide}} {self.seen[a]:6} " + " ".join(f"{c:4}" for c in cells))
        return "\n".join(lines)
