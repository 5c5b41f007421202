"""Verbs on contractors' links, and what is done through one. Who made a link answers for the work: the machine counts
him as the mender, so he cannot accept it."""

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import Member, hashed
from backend.database import Scope, writing
from backend.findings.actions_moves import Doer, Done, Told, do
from backend.findings.actions_report import address_hash
from backend.findings.queries_links import FRESH, ended
from backend.findings.queries_moves import lock, school_of, worn
from backend.findings.rules import LinkUse, Verb
from backend.findings.rules_links import MOST_AT_ONCE, USES, End, Invitation, called
from backend.findings.rules_machine import Hat
from backend.language import CHINESE, N_, say
from backend.notices.actions import tell
from backend.row import uuid7
from backend.settings import settings
from backend.trouble import Forbidden, Missing, Refused

Row = dict[str, Any]


class LinkEnded(Refused):
    """A link that was good once opens nothing any more (410)."""

    status = 410
    code = "link_ended"

    def __init__(self, end: End) -> None:
        super().__init__()
        self.end = end


def address(token: str) -> str:
    """Where a link leads."""
    return f"{settings().public_url}/c/{token}"


async def invite(finding: UUID, invitation: Invitation, event: UUID, by: Member) -> str:
    """A link for a contractor; its secret is returned now and kept nowhere. Raises like a move; `invitation` is sound.

    The same event again is refused, because its secret cannot be shown a second time."""
    scope = replace(by.scope, school=await school_of(by, finding))
    token = secrets.token_urlsafe(32)
    async with writing(scope):
        row = await lock(finding)
        ends = clock.now() + timedelta(days=invitation.days)
        words = f"{invitation.called} → {clock.local(ends):%Y-%m-%d %H:%M}"
        done = await do(row, Verb.INVITE, Told(words=words, event=event), _doer(row, by, scope))
        if done.replayed:
            raise Refused(N_("This link was made already, and its address is shown only once. Make another one."))
        if await _open_ones(finding) >= MOST_AT_ONCE:
            raise Refused(N_("There are ten open links already. Withdraw one that is not needed."))
        await database.run(
            """INSERT INTO contractor_link (id, school, finding, token_hash, name, firm, phone, made_by, expires_at)
               VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)""",
            *(uuid7(), row["school"], finding, hashed(token), invitation.name, invitation.firm, invitation.phone),
            *(by.user, ends),
        )
    return token


async def _open_ones(finding: UUID) -> int:
    sql = "SELECT count(*) FROM contractor_link WHERE finding = $1 AND withdrawn_at IS NULL AND expires_at > $2"
    return int(await database.value(sql, finding, clock.now()))


def _doer(row: Row, by: Member, scope: Scope) -> Doer:
    return Doer(by.user, scope, worn(by, row), by.body, by.name, by.name_en)


async def withdraw(finding: UUID, link: UUID, by: Member) -> None:
    """The link opens nothing from now on; twice is once. Raises Missing, Forbidden, Refused (the finding has ended)."""
    scope = replace(by.scope, school=await school_of(by, finding))
    async with writing(scope):
        row = await lock(finding)
        known = await database.row(
            "SELECT name, firm, withdrawn_at FROM contractor_link WHERE id = $1 AND finding = $2", link, finding
        )
        if known is None:
            raise Missing()
        if known["withdrawn_at"] is not None:
            return
        words = called(known["name"], known["firm"])
        await do(row, Verb.WITHDRAW, Told(words=words), _doer(row, by, scope))
        await database.run(
            "UPDATE contractor_link SET withdrawn_at = $2, withdrawn_by = $3 WHERE id = $1", link, clock.now(), by.user
        )


# Through the link. `link` is a row of the door.

_PICTURES = N_("Photos added")


async def act(link: Row, verb: Verb, told: Told, sender: str) -> Done:
    """Do `verb` as the contractor who holds the link; `sender` is his address. Raises LinkEnded, Invalid, Refused.

    The finding's lock is the link's too: a withdrawal in the same moment is either before or after."""
    try:
        async with writing(Scope(school=link["school"])):
            row = await lock(link["finding"])
            await _still_open(link)
            return await _done(row, link, verb, told, sender)
    except (Refused, Forbidden):
        await used(link, LinkUse.REFUSED, sender)
        raise


async def _still_open(link: Row) -> None:
    fresh = await database.row(FRESH, link["link"])
    if fresh is None:
        raise Missing()
    if end := ended(fresh):
        raise LinkEnded(end)


async def _done(row: Row, link: Row, verb: Verb, told: Told, sender: str) -> Done:
    name = called(link["name"], link["firm"])
    doer = Doer(
        link["made_by"], Scope(school=link["school"]), frozenset({Hat.CONTRACTOR}), name=name, link=link["link"]
    )
    if verb is Verb.NOTE and not told.words and any(shot.kept for shot in told.photos):
        told = replace(told, words=say(CHINESE, _PICTURES))
    done = await do(row, verb, replace(told, version=None), doer)
    if not done.replayed:
        await _use(link, USES[verb], sender)
        await _tell(row, link, verb, told, name)
    return done


async def _tell(row: Row, link: Row, verb: Verb, told: Told, name: str) -> None:
    """Who made the link and who is responsible hear of it; the machine tells the safety office itself."""
    people = {person for person in (link["made_by"], row["assigned_to"]) if person}
    facts = {key: row[key] for key in ("number", "title", "title_en", "severity")}
    facts |= {"grade": row["grade"] or row["grade_proposed"], "words": told.words, "who": name, "who_en": name}
    if verb is Verb.MEND:
        await tell(row["school"], people, "contractor_mended", row["id"], facts)
    elif verb is not Verb.START:
        await tell(row["school"], [link["made_by"]], "finding_noted", row["id"], facts)


async def used(link: Row, what: LinkUse, sender: str) -> None:
    """Note a use that changes nothing: opening, or something that was refused; each at most once an hour."""
    async with writing(Scope(school=link["school"])):
        recent = await database.value(
            "SELECT 1 FROM contractor_use WHERE link = $1 AND what = $2 AND created_at > now() - interval '1 hour'",
            *(link["link"], what.value),
        )
        if recent is None:
            await _use(link, what, sender)


async def _use(link: Row, what: LinkUse, sender: str) -> None:
    await database.run(
        "INSERT INTO contractor_use (school, link, what, address_hash) VALUES ($1,$2,$3,$4)",
        *(link["school"], link["link"], what.value, address_hash(sender)),
    )
