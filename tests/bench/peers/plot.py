"""Pictures of figures, as SVG, by hand: lines over a logarithmic axis, and bars that begin at a floor."""
from math import ceil, floor, log10
from xml.sax.saxutils import escape

STYLE = ('<style>text{font:12px sans-serif;fill:#333}.t{font-weight:bold;font-size:14px}.g{stroke:#ddd}.a{stroke:#888}'
         '.w{stroke:#0b6e99;fill:none;stroke-width:2}.d{stroke:#d9822b;fill:none;stroke-width:2}</style>')
COLOURS = {"weir": ("w", "#0b6e99"), "DuckDB": ("d", "#d9822b")}


def page(width, height, body):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">{STYLE}'
            f'<rect width="{width}" height="{height}" fill="#fff"/>\n' + "\n".join(body) + "\n</svg>\n")


def text(x, y, words, anchor="start", cls=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{f" class={chr(34)}{cls}{chr(34)}" if cls else ""}>{escape(words)}</text>'


def rule(x1, y1, x2, y2, cls):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{cls}"/>'


def short(n):
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if n >= size:
            return f"{n / size:g} {unit}"
    return f"{n:g}"


class Axis:
    """Of logarithms, from a power of ten to a power of ten."""

    def __init__(self, values, at, length):
        self.low, self.high = floor(log10(min(values))), ceil(log10(max(values)) + 1e-9)
        self.at, self.length = at, length

    def place(self, value):
        return self.at + self.length * (log10(value) - self.low) / max(1, self.high - self.low)

    def marks(self):
        return [10.0 ** p for p in range(self.low, self.high + 1)]


def lines(title, series, y_name):
    """`series`: {name: [(x, y), …]}."""
    width, height, left, top, bottom = 640, 340, 60, 40, 290
    x = Axis([p[0] for s in series.values() for p in s], left, width - left - 110)
    y = Axis([p[1] for s in series.values() for p in s], bottom, top - bottom)
    body = [text(left, 20, title, cls="t"), text(left, 35, y_name)]
    for m in y.marks():
        body += [rule(left, y.place(m), width - 110, y.place(m), "g"), text(left - 6, y.place(m) + 4, short(m), "end")]
    for m in sorted({p[0] for s in series.values() for p in s}):
        body += [rule(x.place(m), bottom, x.place(m), bottom + 5, "a"), text(x.place(m), bottom + 20, short(m), "middle")]
    body.append(rule(left, bottom, width - 110, bottom, "a"))
    for name, points in series.items():
        cls, colour = COLOURS[name]
        body.append(f'<polyline class="{cls}" points="' + " ".join(f"{x.place(a):.1f},{y.place(b):.1f}" for a, b in points) + '"/>')
        body += [f'<circle cx="{x.place(a):.1f}" cy="{y.place(b):.1f}" r="3" fill="{colour}"/>' for a, b in points]
        a, b = points[-1]
        body.append(text(x.place(a) + 8, y.place(b) + 4, name))
    return page(width, height, body)


def bars(title, rows):
    """`rows`: (part, name, value, aim), both as multiples of the floor; a bar goes from the floor to the value."""
    left, right, step, top = 400, 60, 16, 60
    parts = {r[0] for r in rows}
    height = top + step * (len(rows) + 2 * len(parts)) + 20
    width = 960
    x = Axis([0.1, 10] + [min(30, max(r[2], 0.03)) for r in rows], left, width - left - right)
    body = [text(10, 20, title, cls="t"), text(10, 38, "1: the floor; a mark: the aim")]
    for m in x.marks():
        body += [rule(x.place(m), top - 10, x.place(m), height - 20, "a" if m == 1 else "g"), text(x.place(m), top - 14, f"{m:g}", "middle")]
    y, part = top, None
    for r in rows:
        if r[0] != part:
            part, y = r[0], y + step * 2
            body.append(text(10, y - 6, part, cls="t"))
        value = min(30, max(r[2], 0.03))
        a, b = sorted((x.place(1), x.place(value)))
        body.append(text(left - 8, y + 11, r[1], "end"))
        body.append(f'<rect x="{a:.1f}" y="{y + 2}" width="{max(1, b - a):.1f}" height="{step - 5}" fill="{"#0b6e99" if r[2] >= 1 else "#c0392b"}"/>')
        body.append(rule(x.place(r[3]), y, x.place(r[3]), y + step - 1, "a"))
        y += step
    return page(width, height, body)
