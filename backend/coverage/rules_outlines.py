"""Outlines of districts as the deployer supplies them: GeoJSON (RFC 7946) in WGS-84, polygons with a name.

A feature belongs to a district by `number` (the district's official number), else by `name`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MOST_FEATURES, MOST_POSITIONS = 300, 100_000
LARGEST = 8 << 20
"""Bytes of the file."""

Ring = tuple[tuple[float, float], ...]
"""(latitude, longitude) of each corner."""


@dataclass(frozen=True, slots=True)
class Outline:
    """`rings` of all its polygons: outer borders and holes alike, to be filled by the even-odd rule."""

    name: str
    name_en: str
    number: str
    rings: tuple[Ring, ...]


class BadOutlines(ValueError):
    """Why a file cannot be used, in both languages, as the end of a sentence."""

    def __init__(self, english: str, chinese: str) -> None:
        super().__init__(english)
        self.english, self.chinese = english, chinese


def outlines(text: str) -> tuple[Outline, ...]:
    """The polygons of a FeatureCollection or of one Feature. Raises BadOutlines; a feature without any area (a point,
    a line) is passed over as long as there is one with an area."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise BadOutlines("is not JSON", "不是 JSON 文件") from None
    features = _features(told)
    if len(features) > MOST_FEATURES:
        raise BadOutlines(f"holds more than {MOST_FEATURES} features", f"要素超过 {MOST_FEATURES} 个")
    left = [MOST_POSITIONS]
    found = [_outline(feature, number, left) for number, feature in enumerate(features, start=1)]
    drawn = tuple(one for one in found if one)
    if not drawn:
        raise BadOutlines("holds no polygon", "没有面（Polygon）要素")
    return drawn


def _features(told: Any) -> list[Any]:
    kind = told.get("type") if isinstance(told, dict) else None
    if kind == "Feature":
        return [told]
    if kind != "FeatureCollection" or not isinstance(told.get("features"), list):
        raise BadOutlines("is not a GeoJSON FeatureCollection", "不是 GeoJSON 的 FeatureCollection")
    return list(told["features"])


def _outline(feature: Any, number: int, left: list[int]) -> Outline | None:
    """None for a feature without an area. `left` holds how many positions may still come."""
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    facts = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(geometry, dict) or geometry.get("type") not in {"Polygon", "MultiPolygon"}:
        return None
    polygons: Any = geometry.get("coordinates")
    try:
        nested = [polygons] if geometry["type"] == "Polygon" else list(polygons)
        rings = tuple(_ring(ring, left) for polygon in nested for ring in polygon)
    except BadOutlines:
        raise
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        rings = ()
    if not rings:
        raise BadOutlines(
            f"has a feature (No. {number}) whose coordinates cannot be read: first longitude, then latitude",
            f"第 {number} 个要素的坐标无法读取：应为先经度后纬度，单位为度",
        )
    told = facts if isinstance(facts, dict) else {}
    name, name_en, code = (str(told.get(key) or "").strip()[:100] for key in ("name", "name_en", "number"))
    return Outline(name, name_en, code, rings)


def _ring(ring: Any, left: list[int]) -> Ring:
    found = tuple(_positions(ring))
    left[0] -= len(found)
    if left[0] < 0:
        raise BadOutlines(f"holds more than {MOST_POSITIONS} positions", f"坐标点超过 {MOST_POSITIONS} 个")
    if len(found) < 3:
        raise ValueError
    return found


def _positions(ring: Any) -> Iterator[tuple[float, float]]:
    for position in ring:
        longitude, latitude = position[0], position[1]
        if isinstance(longitude, bool) or isinstance(latitude, bool):
            raise TypeError
        if not (math.isfinite(longitude) and abs(longitude) <= 180 and math.isfinite(latitude) and abs(latitude) <= 90):
            raise ValueError
        yield float(latitude), float(longitude)
