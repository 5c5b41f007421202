"""Which points a route leads to, in their order: named by hand, or every active point of its kinds and places."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any
from uuid import UUID

from backend import database

Rows = list[dict[str, Any]]

_POINTS = """
SELECT r.id AS route, p.id, p.kind, k.area, p.number, p.name, p.name_en, p.place, p.pin_x, p.pin_y,
  house.id AS house, n.position AS hand
FROM route r
  JOIN point p ON p.school = r.school AND p.state = 'active'
  JOIN point_kind k ON k.code = p.kind
  LEFT JOIN place floor ON floor.id = p.place LEFT JOIN place house ON house.id = floor.parent
  LEFT JOIN route_point n ON n.route = r.id AND n.point = p.id AND n.dropped_at IS NULL
WHERE r.school = $1 AND r.id = ANY ($2::uuid[]) AND CASE r.chooses WHEN 'hand' THEN n.point IS NOT NULL
  ELSE (r.kinds = '{}' OR p.kind = ANY (r.kinds)) AND (r.places = '{}' OR p.place = ANY (r.places)
    OR house.id = ANY (r.places)) AND (r.kinds <> '{}' OR r.places <> '{}') END
ORDER BY r.id, n.position NULLS LAST, house.position NULLS FIRST, house.name, floor.position, floor.name, p.number, p.id
"""


async def points_of_routes(school: UUID, routes: Collection[UUID]) -> dict[UUID, Rows]:
    """Points by route, inside the current transaction; a route without points is not in the answer."""
    found: dict[UUID, Rows] = defaultdict(list)
    for row in await database.rows(_POINTS, school, list(routes)):
        found[row["route"]].append(row)
    return dict(found)
