"""The figures of a page of statistics in people's words, each with the address of its rows: for page and CSV alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from backend import clock
from backend.findings import charts, rules
from backend.findings.queries_statistics import Figures
from backend.findings.rules import State
from backend.findings.rules_filters import ALL, Wanted
from backend.findings.rules_statistics import AGES, Asked, Span, ages, days, lasting, percent
from backend.language import CHINESE, N_, either, say

MOST_KINDS = 10
WIDE, NARROW = 500, 340
"""Widths of a chart's drawing: on a desk two stand side by side."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """A number of findings and where they are listed. `text` is what is told of them, if not their number; `of` what
    they are a part of."""

    n: int
    href: str
    text: str = ""
    of: int | None = None
    bar: str = ""

    @property
    def share(self) -> str:
        return percent(self.n, self.of) if self.of is not None else ""


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    cells: list[Cell]
    area: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    columns: list[str]
    lines: list[Line]


class _Words:
    """One page's figures, words and links."""

    def __init__(self, asked: Asked, found: Figures, language: str) -> None:
        self.asked, self.found, self.language = asked, found, language
        self.whole = found.whole
        self.span = {"start": asked.start, "end": asked.end}
        self.closed_span = {"closed_from": asked.start, "closed_until": asked.end}
        self.mended_span = {"mended_from": asked.start, "mended_until": asked.end}

    def say(self, text: str, /, **facts: object) -> str:
        return say(self.language, text, **facts)

    def href(self, **filters: Any) -> str:
        return "/findings" + Wanted(school=self.asked.school, district=self.asked.district).address(**filters)

    def every(self, **filters: Any) -> str:
        return self.href(state=ALL, **filters)

    def table(self, title: str, columns: Sequence[str], lines: list[Line]) -> Table:
        return Table(self.say(title), [self.say(column) for column in columns], lines)

    def now(self) -> Table:
        whole = self.whole
        lines = [
            self._line(N_("findings still open"), Cell(whole["open"], self.href())),
            self._line(N_("of them overdue"), Cell(whole["overdue"], self.href(overdue=True)), "bad"),
            self._line(N_("of them major or perhaps major"), Cell(whole["major"], self.href(grade="major")), "warn"),
            self._line(N_("of these not made safe"), Cell(whole["unsafe"], self.href(grade="major", safe="no")), "bad"),
        ]
        return self.table(N_("Now"), [N_("Findings")], lines)

    def period(self) -> Table:
        whole, all_found = self.whole, self.whole["found"]
        lines = [
            self._line(N_("found in this period"), Cell(all_found, self.every(**self.span))),
            self._line(
                N_("closed in this period, whenever found"), Cell(whole["closed"], self.every(**self.closed_span))
            ),
        ]
        parts = [
            (N_("of those found: closed by now"), "over", self.every(**self.span, closed_from=self.asked.start)),
            (N_("of those found: still open"), "still_open", self.href(**self.span)),
            (N_("of those found: not a hazard"), "rejected", self.href(**self.span, state=State.REJECTED.value)),
            (N_("of those found: merged into another one"), "merged", self.href(**self.span, state=State.MERGED.value)),
            (
                N_("of those found: came back after closing"),
                "recurred",
                self.every(**self.span, recurred=True),
            ),
            (N_("of those found: were given more time"), "extended", self.every(**self.span, extended=True)),
            (
                *(N_("of those found: more time is asked for now"), "asking"),
                self.href(**self.span, state=State.EXTENSION_REQUESTED.value),
            ),
            (N_("of those found: sent back at acceptance"), "sent_back", self.every(**self.span, sent_back=True)),
        ]
        lines += [self._line(name, Cell(whole[key], href, of=all_found)) for name, key, href in parts]
        return self.table(N_("In the period"), [N_("Findings")], lines)

    def _line(self, name: str, cell: Cell, tone: str = "") -> Line:
        return Line(self.say(name), [cell], tone=tone if cell.n else "")

    def groups(self) -> list[tuple[str, str, str, Row]]:
        """Filter, value, name and counts of both grades and every area; the unknown one only if it has something."""
        parts = self.found.parts
        unsure = parts["area"].get("none", {})
        areas = [*rules.AREA_NAMES, *(["none"] if any(unsure.get(n) for n in ("open", "found", "closed")) else [])]
        grades = [("grade", one, rules.GRADE_NAMES[one], parts["grade"].get(one, {})) for one in rules.GRADE_NAMES]
        unknown = N_("Not sure which area")
        named = [("area", one, rules.AREA_NAMES.get(one, unknown), parts["area"].get(one, {})) for one in areas]
        return [(part, one, self.say(name), row) for part, one, name, row in [*grades, *named]]

    def by_group(self) -> Table:
        """Counts and medians of all, of each grade, of each area."""
        took, groups = self.found.days, self.groups()
        most = max(row.get(key, 0) for part, _, _, row in groups for key in ("open", "found") if part == "area")
        lines = [
            Line(self.say(N_("All findings")), [*self._counts(self.whole, {}, 0), *self._took(self.found.took, {})])
        ]
        for part, one, name, row in groups:
            only, areas = {part: one}, part == "area"
            cells = self._counts(row, only, most if areas else 0) + self._took(took[part].get(one, {}), only)
            lines.append(Line(name, cells, area=one if areas else ""))
        columns = (N_("Open now"), N_("Overdue now"), N_("Found in the period"), N_("Closed in the period"))
        medians = (N_("From found to closed (median)"), N_("From assigned to mended (median)"))
        return self.table(N_("By grade and area, and how long it took"), [*columns, *medians], lines)

    def _counts(self, row: Row, only: dict[str, str], most: int) -> list[Cell]:
        drawn = [charts.bar(row.get(key, 0), most) if most else "" for key in ("open", "found")]
        return [
            Cell(row.get("open", 0), self.href(**only), bar=drawn[0]),
            Cell(row.get("overdue", 0), self.href(**only, overdue=True)),
            Cell(row.get("found", 0), self.every(**only, **self.span), bar=drawn[1]),
            Cell(row.get("closed", 0), self.every(**only, **self.closed_span)),
        ]

    def _took(self, row: Row, only: dict[str, str]) -> list[Cell]:
        return [
            Cell(row.get(n, 0), self.every(**only, **span), days(row.get(key), self.language))
            for n, key, span in (("closed", "to_close", self.closed_span), ("mended", "to_mend", self.mended_span))
        ]

    def made_safe(self) -> Table:
        safe, major = self.found.safe, {"grade": "major", **self.span}
        lines = [
            self._line(N_("major findings of the period"), Cell(safe.n, self.every(**major))),
            self._line(N_("of them made safe"), Cell(safe.safe, self.every(**major, safe="yes"), of=safe.n)),
            self._line(N_("not made safe"), Cell(safe.unsafe, self.every(**major, safe="no"), of=safe.n), "bad"),
            self._line(
                N_("median time until it was made safe"),
                Cell(safe.safe, self.every(**major, safe="yes"), lasting(safe.median, self.language)),
            ),
        ]
        return self.table(N_("Major hazards made safe"), [N_("Findings")], lines)

    def by_source(self) -> Table:
        rows = self.found.parts["source"]
        counted = [
            (word, self.say(name), rows.get(word, {}).get("found", 0)) for word, name in rules.SOURCE_NAMES.items()
        ]
        return self._bars(N_("Where they came from"), [(name, n, {"source": word}) for word, name, n in counted])

    def by_kind(self, kinds: Sequence[Row]) -> Table:
        rows = self.found.parts["kind"]
        counted = [(rows.get(kind["code"], {}).get("found", 0), kind) for kind in kinds]
        top = sorted((one for one in counted if one[0]), key=lambda one: -one[0])[:MOST_KINDS]
        named = [(either(self.language, kind["zh"], kind["en"]), n, {"kind": kind["code"]}) for n, kind in top]
        return self._bars(N_("Kinds of points with most findings"), named)

    def _bars(self, title: str, counted: Sequence[tuple[str, int, dict[str, str]]]) -> Table:
        most = max([n for _, n, _ in counted] or [0])
        lines = [
            Line(name, [Cell(n, self.every(**only, **self.span), bar=charts.bar(n, most))]) for name, n, only in counted
        ]
        return self.table(title, [N_("Found in the period")], lines)

    def by_age(self) -> Table:
        one, two, three = AGES
        names = [
            self.say(N_("up to %(n)s days"), n=one),
            self.say(N_("%(n)s to %(m)s days"), n=one + 1, m=two),
            self.say(N_("%(n)s to %(m)s days"), n=two + 1, m=three),
            self.say(N_("more than %(n)s days"), n=three),
        ]
        spans, counts = ages(clock.today()), self.found.ages
        most = max(counts)
        lines = [
            Line(name, [Cell(n, self.href(start=span.start, end=span.end), bar=charts.bar(n, most))])
            for name, n, span in zip(names, counts, spans, strict=True)
        ]
        return self.table(N_("How long the open ones have been open"), [N_("Open now")], lines)

    def weeks(self, steps: Sequence[Span]) -> Table:
        lines = []
        for step, n in zip(steps, self.found.weeks, strict=True):
            span = {"start": step.start, "end": step.end}
            cells = [
                Cell(n["found"], self.every(**span)),
                Cell(n["closed"], self.every(closed_from=step.start, closed_until=step.end)),
                Cell(n["open"], self.every(open_on=step.end)),
            ]
            lines.append(Line(_span(step, self.language), cells))
        return self.table(N_("Over time"), [N_("Found"), N_("Closed"), N_("Open at the end")], lines)

    def drawn(self, steps: Sequence[Span]) -> dict[str, list[str]]:
        """Both charts, each in the width of a desk and of a phone."""
        labels = [_day(step.start, self.language) for step in steps]
        found, closed, still = ([week[key] for week in self.found.weeks] for key in ("found", "closed", "open"))
        one, two = (
            self.say(N_("Chart: found and closed over time")),
            self.say(N_("Chart: open at the end of each step")),
        )
        return {
            "pairs": [charts.pairs(one, labels, found, closed, width) for width in (WIDE, NARROW)],
            "line": [charts.line(two, labels, still, width) for width in (WIDE, NARROW)],
        }


def view(asked: Asked, found: Figures, steps: Sequence[Span], kinds: Sequence[Row], language: str) -> dict[str, Any]:
    """Everything a page of statistics shows; without any finding only `nothing`."""
    if not found.whole["every"]:
        return {"nothing": True, "tables": {}}
    words = _Words(asked, found, language)
    tables = {
        **{"now": words.now(), "period": words.period(), "weeks": words.weeks(steps), "groups": words.by_group()},
        **{"safe": words.made_safe(), "source": words.by_source()},
        **{"kind": words.by_kind(kinds), "age": words.by_age()},
    }
    return {
        "nothing": False,
        "tables": tables,
        "drawn": words.drawn(steps),
        "idle": not found.whole["found"] and not found.whole["closed"],
        "said": {"start": _day(asked.start, language), "end": _day(asked.end, language)},
        "safe": found.safe,
        "lasting": lasting(found.safe.slowest["minutes"], language) if found.safe.slowest else "",
    }


def lines(shown: dict[str, Any], language: str) -> Iterator[list[str]]:
    """The tables as lines of a file: table, line, figure, value, findings, of how many, share, their list."""
    heads = (N_("Table"), N_("Line"), N_("Figure"), N_("Value"), N_("Findings"), N_("Of"), N_("Share"), N_("List"))
    yield [say(language, head) for head in heads]
    for table in shown["tables"].values():
        for one in table.lines:
            for column, cell in zip(table.columns, one.cells, strict=True):
                of = "" if cell.of is None else str(cell.of)
                yield [table.title, one.name, column, cell.text or str(cell.n), str(cell.n), of, cell.share, cell.href]


def _day(day: date | None, language: str) -> str:
    if day is None:
        return ""
    short = f"{day.month}月{day.day}日" if language == CHINESE else f"{day:%b} {day.day}"
    if day.year == clock.today().year:
        return short
    return f"{day.year}年{short}" if language == CHINESE else f"{short}, {day.year}"


def _span(step: Span, language: str) -> str:
    first, last = _day(step.start, language), _day(step.end, language)
    return first if first == last else f"{first} – {last}"
