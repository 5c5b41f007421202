"""Between WGS-84 (what we store, what satellites and Tianditu say) and GCJ-02 (what maps of Amap and Tencent say).

GCJ-02 moves every place in China by some hundred metres in a fixed but crooked way. The constants are those that all
public implementations share; the measured offsets of six cities stand in the tests.
"""

from __future__ import annotations

import math
from enum import Enum


class Datum(Enum):
    WGS84 = "wgs84"
    GCJ02 = "gcj02"


AXIS, FLATNESS = 6378245.0, 0.00669342162296594323
"""Krasovsky 1940: half of the long axis in metres, and the eccentricity squared."""
SOUTH, NORTH, WEST, EAST = 0.8293, 55.8271, 72.004, 137.8347
"""The rectangle in which maps are shifted; it is larger than China."""


def in_china(latitude: float, longitude: float) -> bool:
    return SOUTH <= latitude <= NORTH and WEST <= longitude <= EAST


def to_gcj02(latitude: float, longitude: float) -> tuple[float, float]:
    """WGS-84 degrees as GCJ-02 degrees; outside of the rectangle they are the same."""
    if not in_china(latitude, longitude):
        return latitude, longitude
    x, y = longitude - 105.0, latitude - 35.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + _waves(x, (6, 2), 20.0)
    north += _waves(y, (1, 1 / 3), 20.0, 40.0) + _waves(y, (1 / 12, 1 / 30), 160.0, 320.0)
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + _waves(x, (6, 2), 20.0)
    east += _waves(x, (1, 1 / 3), 20.0, 40.0) + _waves(x, (1 / 12, 1 / 30), 150.0, 300.0)
    radians = math.radians(latitude)
    bend = 1 - FLATNESS * math.sin(radians) ** 2
    return (
        latitude + math.degrees(north / (AXIS * (1 - FLATNESS) / (bend * math.sqrt(bend)))),
        longitude + math.degrees(east / (AXIS / math.sqrt(bend) * math.cos(radians))),
    )


def to_wgs84(latitude: float, longitude: float) -> tuple[float, float]:
    """GCJ-02 degrees as WGS-84 degrees, to less than a millimetre: the shift is found by coming nearer four times."""
    if not in_china(latitude, longitude):
        return latitude, longitude
    north, east = latitude, longitude
    for _ in range(4):
        shifted = to_gcj02(north, east)
        north, east = north + latitude - shifted[0], east + longitude - shifted[1]
    return north, east


def _waves(degrees: float, speeds: tuple[float, float], first: float, second: float = 20.0) -> float:
    """Two sines of the published formula, in metres before the common factor of two thirds."""
    fast, slow = (math.sin(degrees * speed * math.pi) for speed in speeds)
    return (first * fast + second * slow) * 2.0 / 3.0
