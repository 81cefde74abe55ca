"""Tables: what INSERT, UPDATE and DELETE do to them, in both dialects.

A step of a table is ("dml", table, weir's text, SQLite's text): one statement, or a transaction of
several, which is in the views at one commit or not at all.
"""
from ..sqltypes import BIGINT, BOOLEAN, DOUBLE, TEXT, literal
from . import lite_sql, weir_sql
from .exprs import predicate, random_value, value
from .nodes import Col, Lit


def random_table(rng, name):
    """(columns, key): with a key of one or two columns, or a bag."""
    own = [(f"x_{name}", BIGINT), (f"d_{name}", DOUBLE), (f"t_{name}", TEXT), (f"b_{name}", BOOLEAN)]
    columns = [("k", BIGINT), ("g", TEXT)] + sorted(rng.sample(own, rng.randint(1, 3)))
    return tuple(columns), rng.choice([("k",), ("k",), ("k", "g"), ()])


class Writer:
    """Random statements for one table. Keys that an INSERT without ON CONFLICT takes are new."""
    def __init__(self, rng, name, columns, key):
        self.rng, self.name, self.columns, self.key = rng, name, columns, key
        self.types = dict(columns)
        self.used = set()

    def row(self):
        out = []
        for c, t in self.columns:
            is_null = c not in self.key and self.rng.random() < 0.2
            v = self.rng.randint(0, 14) if c == "k" and self.key == ("k",) else random_value(self.rng, t)
            out.append(Lit(None if is_null else v, t))
        return tuple(out)

    def key_of(self, row):
        return tuple(v.value for v, (c, _) in zip(row, self.columns) if c in self.key)

    def values(self, rows, language):
        def cell(v):
            return "NULL" if v.value is None else literal(v.value, v.type)[language]
        return ", ".join("(" + ", ".join(cell(v) for v in r) + ")" for r in rows)

    def both(self, make):
        """(weir's, SQLite's) of a text that make(language, expr) writes."""
        return make(0, weir_sql.expr), make(1, lite_sql.expr)

    def insert(self):
        rows = [self.row() for _ in range(self.rng.randint(1, 4))]
        on_conflict = ""
        if self.key:
            roll = self.rng.random()
            fresh = {}
            for r in rows:
                if self.key_of(r) not in self.used or roll < 0.6:
                    fresh[self.key_of(r)] = r   # one row a key: which of two would win is not what is asked
            rows = list(fresh.values())
            self.used |= set(fresh)
            if roll < 0.6:
                on_conflict = self.conflict(roll < 0.45)
        if not rows:
            return None
        names = ", ".join(c for c, _ in self.columns)
        return self.both(lambda language, _: f"INSERT INTO {self.name} ({names}) VALUES {self.values(rows, language)}{on_conflict}")

    def conflict(self, update):
        rest = [c for c, _ in self.columns if c not in self.key]
        head = f" ON CONFLICT ({', '.join(self.key)}) DO "
        if not update or not rest:
            return head + "NOTHING"
        return head + "UPDATE SET " + ", ".join(f"{c} = excluded.{c}" for c in rest)

    def where(self):
        return predicate(self.rng, [Col(self.name, c, t) for c, t in self.columns])

    def update(self):
        cols = [Col(self.name, c, t) for c, t in self.columns]
        free = [c for c in cols if c.name not in self.key]
        sets = [(c, value(self.rng, cols, c.type)) for c in self.rng.sample(free, self.rng.randint(1, min(2, len(free))))]
        where = self.where()
        return self.both(lambda _, expr: f"UPDATE {self.name} SET {', '.join(f'{c.name} = {expr(e)}' for c, e in sets)}"
                                         f" WHERE {expr(where)}")

    def delete(self):
        where = self.where()
        return self.both(lambda _, expr: f"DELETE FROM {self.name} WHERE {expr(where)}")

    def statement(self):
        roll = self.rng.random()
        made = self.insert() if roll < 0.55 else self.update() if roll < 0.8 else self.delete()
        return made or self.delete()

    def step(self):
        """One statement, or a transaction."""
        if self.rng.random() < 0.15:
            several = [self.statement() for _ in range(self.rng.randint(2, 3))]
            weir, lite = ("; ".join(["BEGIN", *texts, "COMMIT"]) for texts in zip(*several))
        else:
            weir, lite = self.statement()
        return ("dml", self.name, weir + ";", lite + ";")
