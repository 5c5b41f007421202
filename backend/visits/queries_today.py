"""What is due now, point by point: one statement over points, items in force and last answers."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import Member
from backend.bodies.queries_terms import BEGAN
from backend.checklists.rules import TERM_LASTS, Frequency, window_start
from backend.database import reading
from backend.findings.rules import ENDED
from backend.trouble import Missing

Rows = list[dict[str, Any]]
_ENDED = ", ".join(f"'{state.value}'" for state in ENDED)

_TERMS = BEGAN.format(path="(SELECT path FROM body WHERE id = $1)::uuid[]")
_DUE = f"""
WITH w AS (SELECT frequency, CASE frequency WHEN 'termly' THEN coalesce((SELECT max(x.starts) FROM ({_TERMS}) x
      WHERE x.starts BETWEEN $7::date - {TERM_LASTS.days} AND $7::date)::timestamp AT TIME ZONE $8, since)
    ELSE since END AS since FROM unnest($4::text[], $5::timestamptz[]) AS w(frequency, since)),
mine AS MATERIALIZED (
  SELECT p.id, p.kind, p.number, p.name, p.name_en, p.position, p.position_en, p.place, p.responsible, b.path,
    floor.name AS floor, floor.name_en AS floor_en, floor.position AS floor_order, house.id AS house_id,
    house.name AS house, house.name_en AS house_en, house.position AS house_order
  FROM point p JOIN point_kind k ON k.code = p.kind JOIN body b ON b.id = p.school
    LEFT JOIN place floor ON floor.id = p.place LEFT JOIN place house ON house.id = floor.parent
  WHERE p.school = $1 AND p.state = 'active' AND ($2::uuid IS NULL OR p.responsible = $2 OR k.usual_post = $3)
    AND ($6::uuid[] IS NULL OR p.id = ANY ($6))),
lists AS MATERIALIZED (
  SELECT k.kind, c.id FROM (SELECT DISTINCT kind, path FROM mine) k JOIN LATERAL (
    (SELECT id FROM checklist WHERE kind = k.kind AND (body IS NULL OR (body = ANY (k.path) AND body <> $1))
      ORDER BY body IS NULL, version DESC LIMIT 1)
    UNION ALL
    (SELECT id FROM checklist WHERE kind = k.kind AND body = $1 ORDER BY version DESC LIMIT 1)) c ON true),
asked AS MATERIALIZED (SELECT l.kind, i.code, w.since FROM lists l JOIN item i ON i.checklist = l.id
  JOIN w ON w.frequency = i.frequency)
SELECT mine.*, n.due, n.on_occasion, seen.visited_at,
  (SELECT count(*) FROM finding f WHERE f.point = mine.id AND f.school = $1 AND f.state NOT IN ({_ENDED})) AS open
FROM mine JOIN LATERAL (SELECT max(saved_at) AS visited_at FROM visit v WHERE v.point = mine.id) seen ON true
JOIN LATERAL (
  SELECT count(*) FILTER (WHERE a.since IS NULL) AS on_occasion,
    count(*) FILTER (WHERE a.since IS NOT NULL AND (seen.visited_at IS NULL OR seen.visited_at < a.since
      OR NOT EXISTS (SELECT 1 FROM answer x WHERE x.point = mine.id AND x.item_code = a.code
        AND x.result <> 'unchecked' AND x.saved_at >= a.since))) AS due
  FROM asked a WHERE a.kind = mine.kind) n ON true
ORDER BY mine.house_order NULLS LAST, mine.house, mine.floor_order NULLS LAST, mine.floor, mine.number, mine.id
"""
"""$1 school, $2 person (null: everybody's points), $3 his post, $4 frequencies and $5 since when an answer still counts
(null: asked at every visit), $6 only these points; $7 today, $8 the city's zone: what is
due once a term begins with the term that the calendar names. Where nobody was since then, no answer needs to be looked
for."""


async def points_due(
    member: Member,
    school: UUID,
    *,
    mine: bool = True,
    frequencies: Collection[Frequency] = tuple(Frequency),
    points: list[UUID] | None = None,
) -> Rows:
    """Active points with how many items are `due` by the clock, how many are asked `on_occasion`, and what is `open`.

    `mine`: only points he is responsible for, or whose kind his post usually visits; `points`: of these alone. In the
    order of the buildings.
    """
    now = clock.local(clock.now())
    words = [frequency.value for frequency in frequencies]
    since = [window_start(frequency, now) for frequency in frequencies]
    async with reading(member.scope):
        return await database.rows(
            *(_DUE, school, member.user if mine else None, member.post, words, since, points),
            *(now.date(), clock.zone().key),
        )


async def done_today(member: Member) -> Rows:
    """His own visits since midnight, newest first."""
    async with reading(member.scope):
        return await database.rows(
            """SELECT v.id, v.saved_at, v.bad, v.answered, p.kind, p.name, p.name_en FROM visit v
               JOIN point p ON p.id = v.point WHERE v.by = $1 AND v.saved_at >= $2
               ORDER BY v.saved_at DESC, v.id DESC""",
            *(member.user, clock.midnight(clock.today())),
        )


async def next_point(member: Member, after: UUID) -> dict[str, Any] | None:
    """Where he goes from a point: the next one due for him on its floor, else in its building, else anywhere."""
    if member.school is None:
        return None
    async with reading(member.scope):
        return nearest(await points_due(member, member.school), after, await _whereabouts(after))


async def _whereabouts(point: UUID) -> dict[str, Any]:
    """Floor and building of a point that need not be among his own."""
    found = await database.row(
        """SELECT p.place, floor.parent AS house_id FROM point p
           LEFT JOIN place floor ON floor.id = p.place WHERE p.id = $1""",
        point,
    )
    if found is None:
        raise Missing()
    return found


def nearest(points: Rows, after: UUID, here: dict[str, Any]) -> dict[str, Any] | None:
    """Of the points due: the one that follows on the same floor, in the same building, or at all, round the end."""
    places = [place for place, one in enumerate(points) if one["id"] == after]
    turn = places[0] + 1 if places else 0
    ordered = [one for one in points[turn:] + points[:turn] if one["due"] and one["id"] != after]
    near = [one for one in ordered if here["place"] and one["place"] == here["place"]]
    house = [one for one in ordered if here["house_id"] and one["house_id"] == here["house_id"]]
    return next(iter(near or house or ordered), None)


def by_place(points: Rows) -> list[tuple[dict[str, Any], Rows]]:
    """The points in groups of one building and floor, in their order."""
    groups: list[tuple[dict[str, Any], Rows]] = []
    for one in points:
        if not groups or groups[-1][0]["place"] != one["place"]:
            groups.append((one, []))
        groups[-1][1].append(one)
    return groups
