"""What is proposed to a school now: routes that it has not got, who could walk them, and why."""

from dataclasses import dataclass
from uuid import UUID

from backend import clock, database
from backend.access import MAY, POSTS, Do, Member
from backend.checklists.queries_content import sources
from backend.database import reading
from backend.rounds.queries_norms import Row, kinds_of, planned_of, rounds_of, school_of, spots_of
from backend.rounds.rules import Moved, RouteState
from backend.rounds.rules_norm_list import NORMS, Norm, norms_for, own_norm
from backend.rounds.rules_norms import Planned, uncovered, unmet
from backend.rounds.rules_proposal import ProposedRoute, Spot, missing, proposal
from backend.rounds.rules_when import Plan
from backend.row import uuid7

WALKERS = tuple(post for post, role in POSTS.items() if Do.VISIT in MAY[role])
"""Posts whose holders may walk a round."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A proposed route with the kinds of its points [{"code", "zh", "en", "n"}], the norms it is there for, whether the
    school once had it and ended it, and whether it adds anything to the routes that the school has."""

    route: ProposedRoute
    kinds: list[Row]
    norms: list[Norm]
    ended: bool
    adds: bool


async def offers(member: Member, school: UUID) -> list[Offer]:
    """Routes that the school could have and has not got, the most frequent first."""
    found, kinds, spots = (
        await school_of(member, school),
        await kinds_of(member, school),
        await spots_of(member, school),
    )
    if found is None:
        return []
    there, boarding = await keys(member, school), bool(found["boarding"])
    marks = [Spot(row["id"], row["kind"], row["house"]) for row in spots.values()]
    qualities = {one["id"]: one["quality"] for one in sources().values()}
    bases = [(kind, row["basis"], row["basis_en"]) for kind, row in kinds]
    own = {kind.code: own_norm(kind, basis, basis_en, qualities) for kind, basis, basis_en in bases}
    rows = {row["code"]: row for _, row in kinds}
    proposed = missing(proposal([kind for kind, _ in kinds], marks, boarding=boarding), _in_use(there))
    adds = await _what_adds(member, school, proposed, marks, norms_for(bases, qualities, boarding=boarding))
    return [
        Offer(one, _counted(one, rows, spots), _why(one, own), one.key in there, one.key in adds) for one in proposed
    ]


async def _what_adds(
    member: Member, school: UUID, proposed: list[ProposedRoute], marks: list[Spot], norms: list[Norm]
) -> set[str]:
    """Keys of the routes that, added to those in use, would cover another point or meet a norm at another point."""
    planned, weeks, calendar = await planned_of(member, school)
    if not planned:
        return {one.key for one in proposed}

    def gaps(plans: list[Planned]) -> int:
        return len(uncovered(marks, plans)) + sum(len(one.points) for one in unmet(norms, marks, plans, weeks))

    def with_it(one: ProposedRoute) -> list[Planned]:
        plan = Plan(one.span, "", one.days, Moved.SKIP, one.windows, one.grace, clock.today())
        return [*planned, rounds_of(uuid7(), plan, one.points, calendar, weeks)]

    now = gaps(planned)
    return {one.key for one in proposed if gaps(with_it(one)) < now}


async def keys(member: Member, school: UUID) -> dict[str, bool]:
    """Key of every route that came from a proposal -> whether one of it is in use (active or paused)."""
    async with reading(member.scope):
        found = await database.rows(
            """SELECT proposed, bool_or(state <> $2) AS used FROM route
               WHERE school = $1 AND proposed <> '' GROUP BY proposed""",
            *(school, RouteState.ENDED.value),
        )
    return {row["proposed"]: row["used"] for row in found}


def _in_use(there: dict[str, bool]) -> set[str]:
    return {key for key, used in there.items() if used}


def _counted(one: ProposedRoute, kinds: dict[str, Row], spots: dict[UUID, Row]) -> list[Row]:
    """Kinds with points on the route, and how many."""
    counts: dict[str, int] = {}
    for point in one.points:
        counts[spots[point]["kind"]] = counts.get(spots[point]["kind"], 0) + 1
    return [{"code": code, "zh": kinds[code]["zh"], "en": kinds[code]["en"], "n": counts[code]} for code in counts]


def _why(one: ProposedRoute, own: dict[str, Norm | None]) -> list[Norm]:
    """The norms that the route is there for; without one, what its kinds' own frequencies rest on, each once."""
    named = [norm for norm in NORMS if norm.id in one.norms]
    by_basis = {norm.basis: norm for code in one.kinds if (norm := own[code])}
    return named or list(by_basis.values())


async def holders(member: Member, school: UUID) -> dict[str, int]:
    """How many active people hold each post of the school that may walk a round."""
    async with reading(member.scope):
        found = await database.rows(
            """SELECT m.post, count(DISTINCT m."user") AS n FROM member m
                 JOIN app_user u ON u.id = m."user" AND u.disabled_at IS NULL
               WHERE m.body = $1 AND m.active AND m.post = ANY ($2) GROUP BY m.post""",
            *(school, list(WALKERS)),
        )
    return {row["post"]: int(row["n"]) for row in found}
