"""Making the routes that a school chose from its proposal, all in one transaction, none of them twice."""

from collections.abc import Mapping
from datetime import date

from backend import clock, database
from backend.access import Member
from backend.database import writing
from backend.language import N_
from backend.rounds.actions_routes import make
from backend.rounds.queries_proposal import WALKERS
from backend.rounds.rules import Chooses, RouteState, Who
from backend.rounds.rules_proposal import ProposedRoute, free_name
from backend.rounds.rules_routes import RouteFacts
from backend.trouble import Forbidden, Invalid

NO_POST = N_("Please choose a post from the list.")


async def make_proposed(chosen: Mapping[str, str], offered: Mapping[str, ProposedRoute], by: Member) -> int:
    """Makes the offered routes whose keys were chosen, each with the post that was chosen for it. Returns how many.

    What the school has already, or what is offered no more, is passed over: sent twice, it is made once.
    Raises Invalid, naming the key, for a post that walks no rounds.
    """
    if by.school is None:
        raise Forbidden()
    wrong = {f"post-{key}": NO_POST for key, post in chosen.items() if post not in WALKERS}
    if wrong:
        raise Invalid(wrong)
    made = 0
    async with writing(by.scope):
        await database.run("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"proposal {by.school}")
        rows = await database.rows(
            "SELECT name, proposed FROM route WHERE school = $1 AND state <> $2", by.school, RouteState.ENDED.value
        )
        names, there = {row["name"] for row in rows}, {row["proposed"] for row in rows}
        for key, post in chosen.items():
            if key in there or key not in offered:
                continue
            name = free_name(offered[key].name, names)
            await make(facts_of(offered[key], name, post, clock.today()), by, proposed=key)
            names.add(name)
            made += 1
    return made


def facts_of(one: ProposedRoute, name: str, post: str, today: date) -> RouteFacts:
    """The route as a form would have told it."""
    return RouteFacts(
        name=name,
        name_en=one.name_en,
        span=one.span,
        starts_on=today,
        chooses=Chooses.RULE,
        kinds=one.kinds,
        places=one.places,
        ordering=one.ordering,
        who=Who.POST,
        post=post,
        days=one.days,
        windows=one.windows,
        grace=one.grace,
        challenge=one.challenge,
    )
