"""Types: how a value is written as JSON and as a literal, how the oracle's SQLite holds it, how it
stands in a view.

Inside the oracle's SQLite a TIMESTAMP is an integer (microseconds), a DECIMAL an integer scaled by
10^s, a BOOLEAN 0 or 1; columns have no affinity.
"""
from dataclasses import dataclass
from datetime import datetime, timedelta

EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True)
class Type:
    kind: str           # text bigint double boolean decimal timestamp
    precision: int = 0  # decimal, timestamp; bigint: 1 where values may be huge
    scale: int = 0      # decimal

    @property
    def sql(self):
        if self.kind == "decimal":
            return f"DECIMAL({self.precision}, {self.scale})"
        if self.kind == "timestamp":
            return f"TIMESTAMP({self.precision})"
        return self.kind.upper()

    @property
    def tick(self):
        return 10 ** (6 - self.precision)


TEXT, BIGINT, DOUBLE, BOOLEAN = Type("text"), Type("bigint"), Type("double"), Type("boolean")
HUGE = Type("bigint", 1)  # arithmetic on it may overflow


def timestamp(precision):
    return Type("timestamp", precision)


def decimal(precision, scale):
    return Type("decimal", precision, scale)


def time_text(us, digits):
    """Fixed width, floor before 1970: digits 0, 3 or 6."""
    whole = (EPOCH + timedelta(seconds=us // 1_000_000)).isoformat(" ")
    fraction = us % 1_000_000
    return whole if digits == 0 else f"{whole}.{fraction:06d}"[: len(whole) + 1 + digits]


def decimal_text(scaled, scale):
    sign, digits = "-" if scaled < 0 else "", str(abs(scaled)).rjust(scale + 1, "0")
    return sign + (digits if scale == 0 else f"{digits[:-scale]}.{digits[-scale:]}")


def view_digits(precision):
    return 0 if precision == 0 else 3 if precision <= 3 else 6


def in_view(value, t):
    """The oracle's value as a view holds it (default options)."""
    if value is None:
        return None
    if t.kind == "timestamp":
        return time_text(int(value), view_digits(t.precision))
    if t.kind == "decimal":
        text = decimal_text(int(value), t.scale)
        return text if t.precision > 15 else float(text)
    if t.kind == "double":
        return float(value)
    return value if t.kind == "text" else int(value)


def literal(value, t):
    """(weir's SQL, the oracle's SQL) of a constant."""
    if value is None:
        return "NULL", "NULL"
    if t.kind == "text":
        quoted = "'" + value.replace("'", "''") + "'"
        return quoted, quoted
    if t.kind == "timestamp":
        return f"TIMESTAMP '{time_text(value, view_digits(t.precision))}'", str(value)
    if t.kind == "decimal":
        return decimal_text(value, t.scale), str(value)
    if t.kind == "double":
        text = repr(float(value))
        text = text if "e" in text else text + "e0"
        return text, text
    if t.kind == "boolean":
        return ("TRUE" if value else "FALSE"), str(int(value))
    return str(value), str(value)


def negative_safe(text):
    return f"({text})" if text.startswith("-") else text


def duration(us):
    """A length in the WINDOW clause."""
    for size, unit in ((3_600_000_000, "HOURS"), (60_000_000, "MINUTES"), (1_000_000, "SECONDS"), (1000, "MILLISECONDS")):
        if us % size == 0:
            return f"{us // size} {unit}"
    return f"{us} MICROSECONDS"


def interval(us):
    """The same as a SQL interval."""
    if us % 1_000_000 == 0:
        return f"INTERVAL '{us // 1_000_000}' SECOND"
    return f"INTERVAL '{us / 1_000_000:.6f}' SECOND"
