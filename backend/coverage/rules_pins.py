"""Draws the pins of a floor plan as text: one pass over the points, because a plan of 1,000 of them must stay quick.

A pin is a link with the symbol of its mark (templates/coverage/_pins.html holds the symbols) at fractions of the
plan, so that it keeps its size however large the plan is drawn.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from html import escape
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Pin:
    """One point as the plan and the list beside it show it. `ring`: quarters of the ring, None for none; `moments` as
    rules_plan.packed, with `first_visit` in minutes ("" for never)."""

    id: UUID
    number: str
    name: str
    kind: str
    position: str
    x: float | None
    y: float | None
    mark: str
    seen: int
    due: int
    ring: int | None = None
    open: int = 0
    major: bool = False
    label: bool = False
    moments: str = ""
    first_visit: str = ""

    def shows(self, word: str) -> bool:
        """Whether it belongs to a count of the legend: a mark, or one of the flags."""
        flags = {"major": self.major, "open": bool(self.open) and not self.major, "label": self.label}
        return flags.get(word, self.mark == word)


def drawn(pins: Iterable[Pin], marks: dict[str, str], flags: dict[str, str], show: str, *, moving: bool) -> str:
    """The links of all points that have a pin. `marks` and `flags`: names in the reader's language; what is not shown
    stands back; `moving`: with their moments."""
    parts: list[str] = []
    add = parts.append
    for pin in pins:
        if pin.x is None or pin.y is None:
            continue
        at = f'x="{pin.x * 100:.2f}%" y="{pin.y * 100:.2f}%"'
        back = " back" if show and not pin.shows(show) else ""
        told = f' data-m="{pin.moments}" data-f="{pin.first_visit}"' if moving else ""
        add(f'<a class="{pin.mark}{back}" href="/coverage/points/{pin.id}"{told}><title>')
        add(escape(said(pin, marks, flags), quote=False))
        ring = f'<use href="#q{pin.ring}" {at}/>' if pin.ring is not None else ""
        add(f'</title>{ring}<use href="#{pin.mark}" {at}/>{_signs(pin, at)}</a>')
    return "".join(parts)


def _signs(pin: Pin, at: str) -> str:
    finding = f'<use href="#major" {at}/>' if pin.major else f'<use href="#open" {at}/>' if pin.open else ""
    return finding + (f'<use href="#label" {at}/>' if pin.label else "")


def said(pin: Pin, marks: dict[str, str], flags: dict[str, str]) -> str:
    """ "Missed 1/3 · F012 Switch room · Open finding"; js/plan_time.js changes what stands before the first dot."""
    words = [f"{marks[pin.mark]} {pin.seen}/{pin.due}" if pin.due else marks[pin.mark], f"{pin.number} {pin.name}"]
    words += [flags["major"]] if pin.major else [flags["open"]] if pin.open else []
    return " · ".join([*words, flags["label"]] if pin.label else words)


def counted(pins: Collection[Pin], words: Iterable[str]) -> list[tuple[str, int]]:
    """How many points each word of the legend has."""
    return [(word, sum(pin.shows(word) for pin in pins)) for word in words]


def worst_first(pins: Iterable[Pin], order: str) -> list[Pin]:
    """The list beside the plan: an open major hazard first, then by mark in the order given, then by share seen."""
    place: Callable[[Pin], tuple[bool, int, float, str]] = lambda pin: (
        not pin.major,
        order.index(pin.mark),
        pin.seen / pin.due if pin.due else 1.0,
        pin.number,
    )
    return sorted(pins, key=place)
