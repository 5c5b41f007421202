"""The address of a tile server as the deployer writes it, and what follows from it: the hosts that the content policy
names, and what the browser's map is told.

`https://t{s}.tianditu.gov.cn/vec_w/wmts?...&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk={key}`: {s} stands for 0 to 7,
{1-4} for another range; both may stand in the host only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TEMPLATE = re.compile(r"(https?)://([a-z0-9.-]*(?:\{s\}|\{\d-\d\})?[a-z0-9.-]*(?::\d{1,5})?)(/[^\s\"'<>\\;]*)", re.I)
_RANGE = re.compile(r"\{(?:s|(\d)-(\d))\}")
_PLACES = frozenset({"x", "y", "z", "key"})
KEY = re.compile(r"[A-Za-z0-9_-]{1,200}")


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of tiles as Leaflet takes it: `hosts` are the signs that {s} stands for."""

    url: str
    hosts: str

    @property
    def origins(self) -> tuple[str, ...]:
        """Scheme and host of every server the tiles may come from."""
        base = "/".join(self.url.split("/", 3)[:3])
        return tuple(base.replace("{s}", sign) for sign in self.hosts) if "{s}" in base else (base,)

    def with_key(self, key: str) -> Layer:
        return Layer(self.url.replace("{key}", key), self.hosts)


def layer(template: str) -> Layer | None:
    """None for what is no address of tiles."""
    found = _TEMPLATE.fullmatch(template)
    if found is None or not re.match(r"[a-z0-9]", _RANGE.sub("0", found[2]), re.I):
        return None
    named = re.findall(r"\{([^{}]*)\}", found[3])
    plain = re.sub(r"\{[^{}]*\}", "", found[3])
    if not {"x", "y", "z"} <= set(named) or set(named) - _PLACES or "{" in plain or "}" in plain:
        return None
    span = _RANGE.search(found[2])
    first, last = (span[1] or "0", span[2] or "7") if span else ("0", "0")
    hosts = "".join(str(sign) for sign in range(int(first), int(last) + 1))
    return Layer(f"{found[1].lower()}://{_RANGE.sub('{s}', found[2]).lower()}{found[3]}", hosts) if hosts else None


def layers(templates: tuple[str, ...], key: str = "") -> list[Layer]:
    """The layers of a setting that was read already, from the lowest up, with the key in their addresses."""
    return [it.with_key(key) for it in map(layer, templates) if it]


def origins(templates: tuple[str, ...]) -> list[str]:
    """Every server of the layers once, for `img-src`."""
    return list(dict.fromkeys(origin for it in layers(templates) for origin in it.origins))
