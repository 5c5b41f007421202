"""Small charts as SVG, drawn on the server: shapes with classes only, colours and dark mode come from css/charts.css.

A chart is a picture with a name; the numbers themselves stand in a table beside it. Series differ in form as well as in
colour (full and framed bars), so that a black-and-white print can be read.
"""

import math
from collections.abc import Sequence
from html import escape

LEFT, RIGHT, TOP, BOTTOM = 38, 8, 10, 24
"""Room around the drawing for the numbers of the axis and the days below it."""
HEIGHT = 190
LETTER = 7
"""About the width of a letter of the axis."""
BAR = 120


def pairs(name: str, labels: Sequence[str], full: Sequence[int], framed: Sequence[int], width: int) -> str:
    """Two bars for each step of time, side by side."""
    top, lines = _scale(max([*full, *framed, 1]))
    step = (width - LEFT - RIGHT) / max(len(labels), 1)
    bar = max(1.5, min(18.0, step * 0.38))
    drawn = []
    for i, (one, two) in enumerate(zip(full, framed, strict=True)):
        middle = LEFT + (i + 0.5) * step
        drawn.append(_bar("full", middle - bar - 0.5, bar, one, top))
        drawn.append(_bar("framed", middle + 0.5, bar, two, top))
    return _chart(name, width, _grid(lines, top, width) + "".join(drawn) + _days(labels, step))


def filled(name: str, labels: Sequence[str], parts: Sequence[int], wholes: Sequence[int], width: int) -> str:
    """A framed bar for each step of time, filled as far as its part goes."""
    top, lines = _scale(max([*wholes, 1]))
    step = (width - LEFT - RIGHT) / max(len(labels), 1)
    wide = max(2.5, min(30.0, step * 0.72))
    drawn = []
    for i, (part, whole) in enumerate(zip(parts, wholes, strict=True)):
        left = LEFT + (i + 0.5) * step - wide / 2
        drawn.append(_bar("framed", left, wide, whole, top))
        drawn.append(_bar("full", left, wide, part, top))
    return _chart(name, width, _grid(lines, top, width) + "".join(drawn) + _days(labels, step))


def line(name: str, labels: Sequence[str], numbers: Sequence[int], width: int) -> str:
    """One line over the steps of time, with a dot at each."""
    top, lines = _scale(max([*numbers, 1]))
    step = (width - LEFT - RIGHT) / max(len(labels), 1)
    at = [(LEFT + (i + 0.5) * step, _y(number, top)) for i, number in enumerate(numbers)]
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    dots = "".join(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="2.6"/>' for x, y in at)
    below = (
        f'<polygon class="below" points="{at[0][0]:.1f},{_y(0, top)} {way} {at[-1][0]:.1f},{_y(0, top)}"/>'
        if at
        else ""
    )
    drawn = f'{below}<polyline class="way" points="{way}"/>{dots}'
    return _chart(name, width, _grid(lines, top, width) + drawn + _days(labels, step))


def bar(part: int, whole: int, tone: str = "") -> str:
    """A bar for a line of a list, as long as its share of the longest; only an ornament of the number beside it."""
    long = BAR * part / whole if whole else 0
    shape = f'<rect class="full" width="{max(long, 2):.1f}" height="10" rx="2"/>' if part else ""
    return (
        f'<svg class="chart bar {escape(tone)}" viewBox="0 0 {BAR} 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="rail" width="{BAR}" height="10" rx="2"/>{shape}</svg>'
    )


def _chart(name: str, width: int, drawn: str) -> str:
    return f'<svg class="chart" viewBox="0 0 {width} {HEIGHT}" role="img" aria-label="{escape(name)}">{drawn}</svg>'


def _y(number: float, top: int) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * number / top, 1)


def _bar(kind: str, x: float, width: float, number: int, top: int) -> str:
    if not number:
        return ""
    y, inset = _y(number, top), 0.5 if kind == "framed" else 0
    high = HEIGHT - BOTTOM - y
    return (
        f'<rect class="{kind}" x="{x + inset:.1f}" y="{y + inset:.1f}" width="{width - 2 * inset:.1f}"'
        f' height="{max(high - inset, 1):.1f}"/>'
    )


def _scale(most: int) -> tuple[int, list[int]]:
    """The top of the axis and its lines: at most four, at whole and round numbers."""
    rough = most / 4
    power = 10 ** math.floor(math.log10(rough)) if rough > 1 else 1
    step = next(int(power * n) for n in (1, 2, 5, 10) if power * n >= rough)
    top = step * math.ceil(most / step)
    return top, list(range(0, top + 1, step))


def _grid(lines: Sequence[int], top: int, width: int) -> str:
    return "".join(
        f'<line class="grid" x1="{LEFT}" x2="{width - RIGHT}" y1="{_y(n, top)}" y2="{_y(n, top)}"/>'
        f'<text class="scale" x="{LEFT - 6}" y="{_y(n, top) + 4}">{n}</text>'
        for n in lines
    )


def _days(labels: Sequence[str], step: float) -> str:
    """As many of the labels as have room, from the last one back."""
    longest = max((sum(2 if ord(letter) > 255 else 1 for letter in label) for label in labels), default=1)
    each = max(1, math.ceil(longest * LETTER * 1.2 / step))
    shown = [i for i in range(len(labels)) if (len(labels) - 1 - i) % each == 0]
    shown = [i for i in shown if (i + 0.5) * step + LEFT > longest * LETTER / 2]
    edge = len(labels) * step + LEFT + RIGHT - longest * LETTER / 2
    return "".join(
        f'<text class="day" x="{min(LEFT + (i + 0.5) * step, edge):.1f}" y="{HEIGHT - 7}">{escape(labels[i])}</text>'
        for i in shown
    )
