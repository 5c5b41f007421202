"""Verbs on single duties: put somebody on, send somebody else, take off, swap by mutual word. Every change ends one row
and begins another, with an event on both; who is told was not asked."""

import json
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import Do, Member
from backend.database import writing
from backend.language import CHINESE, ENGLISH, N_, say
from backend.notices.actions import tell
from backend.rounds import actions as rounds
from backend.rounds.queries_duty import DUTY, WALKERS, parsed
from backend.rounds.rules import DutyVerb, SwapState
from backend.rounds.rules_duty import Shift, clock_text, overlaps, shifts_of
from backend.rounds.rules_roster import WORDS_LONG
from backend.rounds.rules_when import moment
from backend.row import uuid7
from backend.trouble import Forbidden, Invalid, Missing, Refused

Row = dict[str, Any]
CHANGED = N_("This duty has changed meanwhile. Look at the table again.")


async def assign(roster: UUID, day: date | None, shift: int, user: UUID | None, words: str, by: Member) -> UUID:
    """A manager puts somebody on duty in a shift of a day. Raises Missing, Invalid, Refused."""
    said = _reason(words)
    async with writing(by.scope):
        found = await database.row(
            "SELECT id, name, name_en, shifts::text AS shifts FROM roster"
            " WHERE id = $1 AND school = $2 AND ended_at IS NULL FOR UPDATE",
            *(roster, by.school),
        )
        if found is None:
            raise Missing()
        shifts = shifts_of(json.loads(found["shifts"]))
        if day is None or abs((day - clock.today()).days) > 400:
            raise Invalid({"day": N_("Please give a day, like 2026-10-01")})
        if not 0 <= shift < len(shifts) or shifts[shift].ended:
            raise Invalid({"shift": N_("Please choose")})
        duty: Row = {"id": None, "roster": roster, "day": day, "shift": shift, "times": shifts[shift]}
        duty |= {"roster_name": found["name"], "roster_name_en": found["name_en"], "user": by.user}
        if over(duty):
            raise Invalid({"day": N_("This shift is over")})
        new = await _put(duty, await _fit(user, by), by)
        await _event(new, DutyVerb.ASSIGN, said, by)
        await _tell(by, [user], duty, said)
        return new


async def substitute(duty: UUID, user: UUID | None, words: str, by: Member) -> UUID:
    """Somebody else does it: said by a manager, or by him whose duty it is. Raises Missing, Forbidden, Invalid,
    Refused."""
    said = _reason(words)
    async with writing(by.scope):
        found = (await _locked([duty], by))[duty]
        if found["user"] != by.user and not by.may(Do.ROUTES):
            raise Forbidden()
        _open(found)
        to = await _fit(user, by)
        if to == found["user"]:
            raise Invalid({"user": N_("He is on duty already")})
        new = await _give(found, to, by)
        await _event(duty, DutyVerb.SUBSTITUTE, said, by, to)
        await _event(new, DutyVerb.SUBSTITUTE, said, by, found["user"])
        await _rounds(found, to, said, by)
        await _tell(by, [to, found["user"]], found, said)
        return new


async def take_off(duty: UUID, words: str, by: Member) -> None:
    """A manager says that nobody stands there. Raises Missing, Invalid, Refused."""
    said = _reason(words)
    async with writing(by.scope):
        found = (await _locked([duty], by))[duty]
        _open(found)
        await _end(duty)
        await _event(duty, DutyVerb.TAKE_OFF, said, by)
        await _tell(by, [found["user"]], found, said)


async def ask(duty: UUID, other: UUID | None, words: str, by: Member) -> UUID:
    """He offers his duty for another's; nothing changes before the answer. Raises Missing, Invalid, Refused."""
    if other is None or other == duty:
        raise Invalid({"other": N_("Please choose whose duty you would take")})
    async with writing(by.scope):
        found = await _locked([duty, other], by)
        if found[duty]["user"] != by.user:
            raise Missing()
        for one in found.values():
            _open(one)
        asked = found[other]["user"]
        if asked == by.user or found[duty]["roster"] != found[other]["roster"]:
            raise Invalid({"other": N_("Please choose whose duty you would take")})
        if await database.value("SELECT 1 FROM duty_swap WHERE state = 'asked' AND (duty = $1 OR other = $1)", duty):
            raise Refused(N_("A swap of this duty waits for an answer already."))
        swap = uuid7()
        await database.run(
            'INSERT INTO duty_swap (id, school, duty, other, "by", asked, words) VALUES ($1,$2,$3,$4,$5,$6,$7)',
            *(swap, by.school, duty, other, by.user, asked, words.strip()[:WORDS_LONG]),
        )
        await _tell(by, [asked], found[other], words, kind="duty_swap_asked")
        return swap


async def agree(swap: UUID, words: str, by: Member) -> None:
    """Both change in one transaction, or nothing does. Raises Missing, Refused."""
    async with writing(by.scope):
        asked = await _swap(swap, by, "asked")
        found = await _locked([asked["duty"], asked["other"]], by)
        give, take = found[asked["duty"]], found[asked["other"]]
        if (give["user"], take["user"]) != (asked["by"], asked["asked"]) or give["ended_at"] or take["ended_at"]:
            raise Refused(CHANGED)
        _open(give)
        _open(take)
        said = words.strip()[:WORDS_LONG] or asked["words"]
        for one in (give, take):
            await _end(one["id"])
        for one, to in ((give, take["user"]), (take, give["user"])):
            await _free(one, to, but={give["id"], take["id"]})
            new = await _insert(one, to, by)
            await _event(one["id"], DutyVerb.SWAP, said, by, to)
            await _event(new, DutyVerb.SWAP, said, by, one["user"])
            await _rounds(one, to, said, by)
        await _answer(swap, SwapState.AGREED)
        await _forget_swaps([give["id"], take["id"]])
        await _tell(by, [asked["by"]], give, words, kind="duty_swap_answered", answer=N_("swap agreed"))


async def refuse(swap: UUID, words: str, by: Member) -> None:
    async with writing(by.scope):
        asked = await _swap(swap, by, "asked")
        await _answer(swap, SwapState.REFUSED)
        give = (await _locked([asked["duty"]], by))[asked["duty"]]
        await _tell(by, [asked["by"]], give, words, kind="duty_swap_answered", answer=N_("swap refused"))


async def withdraw(swap: UUID, words: str, by: Member) -> None:
    async with writing(by.scope):
        await _swap(swap, by, "by")
        await _answer(swap, SwapState.WITHDRAWN)


ANSWERS = {"agree": agree, "refuse": refuse, "withdraw": withdraw}


async def _swap(swap: UUID, by: Member, side: str) -> Row:
    """The swap, locked; Missing unless he is on that side of it, Refused when it was answered."""
    found = await database.row("SELECT * FROM duty_swap WHERE id = $1 AND school = $2 FOR UPDATE", swap, by.school)
    if found is None or found[side] != by.user:
        raise Missing()
    if found["state"] != SwapState.ASKED.value:
        raise Refused(N_("This swap has been answered already."))
    return found


async def _answer(swap: UUID, state: SwapState) -> None:
    await database.run("UPDATE duty_swap SET state = $2, answered_at = now() WHERE id = $1", swap, state.value)


async def _forget_swaps(duties: Iterable[UUID]) -> None:
    await database.run(
        """UPDATE duty_swap SET state = 'withdrawn', answered_at = now()
           WHERE state = 'asked' AND (duty = ANY ($1) OR other = ANY ($1))""",
        list(duties),
    )


async def _locked(duties: list[UUID], by: Member) -> dict[UUID, Row]:
    """These duties of his school, locked in one order for everybody. Raises Missing."""
    await database.rows("SELECT id FROM duty WHERE id = ANY ($1) ORDER BY id FOR UPDATE", duties)
    found = parsed(await database.rows(f"{DUTY} WHERE d.id = ANY ($1) AND d.school = $2", duties, by.school))
    if len(found) < len(set(duties)):
        raise Missing()
    return {row["id"]: row for row in found}


def _open(duty: Row) -> None:
    """Raises Refused for what nobody can change any more."""
    if duty["ended_at"] or duty["roster_ended"]:
        raise Refused(CHANGED)
    if over(duty):
        raise Refused(N_("This duty is over; what was cannot be changed."))


def over(duty: Row) -> bool:
    """Whether the shift has ended, on the wall clock of the city."""
    return moment(duty["day"], duty["times"].end, clock.zone()) <= clock.now()


def _reason(words: str) -> str:
    said = words.strip()[:WORDS_LONG]
    if not said:
        raise Invalid({"words": N_("Please say why")})
    return said


async def _fit(user: UUID | None, by: Member) -> UUID:
    """Raises Invalid unless he works in the school and can be on duty."""
    sql = """SELECT 1 FROM member m JOIN app_user u ON u.id = m."user" AND u.disabled_at IS NULL
      WHERE m.body = $1 AND m."user" = $2 AND m.active AND m.post = ANY ($3::text[])"""
    if user is None or not await database.value(sql, by.school, user, WALKERS):
        raise Invalid({"user": N_("Choose somebody of this school")})
    return user


async def _give(duty: Row, to: UUID, by: Member) -> UUID:
    await _end(duty["id"])
    new = await _put(duty, to, by)
    await _forget_swaps([duty["id"]])
    return new


async def _put(duty: Row, to: UUID, by: Member) -> UUID:
    await _free(duty, to, but=set())
    return await _insert(duty, to, by)


async def _free(duty: Row, to: UUID, but: set[UUID]) -> None:
    """Raises Refused when he is on duty at that time already, in whichever roster."""
    around = (duty["day"] - timedelta(days=1), duty["day"] + timedelta(days=1))
    others = parsed(
        await database.rows(
            f"""{DUTY} WHERE d."user" = $1 AND d.day BETWEEN $2 AND $3 AND d.ended_at IS NULL AND r.ended_at IS NULL""",
            *(to, *around),
        )
    )
    here: tuple[date, Shift] = (duty["day"], duty["times"])
    if any(overlaps(here, (one["day"], one["times"])) for one in others if one["id"] not in but):
        raise Refused(N_("He is on duty at that time already."))


async def _insert(duty: Row, to: UUID, by: Member) -> UUID:
    new: UUID | None = await database.value(
        """INSERT INTO duty (id, school, roster, day, shift, "user") VALUES ($1,$2,$3,$4,$5,$6)
           ON CONFLICT (roster, day, shift, "user") DO UPDATE SET ended_at = NULL WHERE duty.ended_at IS NOT NULL
           RETURNING id""",
        *(uuid7(), by.school, duty["roster"], duty["day"], duty["shift"], to),
    )
    if new is None:
        raise Refused(N_("He is on duty at that time already."))
    return new


async def _end(duty: UUID) -> None:
    if await database.run("UPDATE duty SET ended_at = now() WHERE id = $1 AND ended_at IS NULL", duty) != "UPDATE 1":
        raise Refused(CHANGED)


async def _event(duty: UUID, verb: DutyVerb, words: str, by: Member, other: UUID | None = None) -> None:
    await database.run(
        'INSERT INTO duty_event (school, duty, verb, "by", other, words) VALUES ($1,$2,$3,$4,$5,$6)',
        *(by.school, duty, verb.value, by.user, other, words),
    )


async def _rounds(duty: Row, to: UUID, words: str, by: Member) -> None:
    """Rounds of this shift that are open already go over with the duty; those to come ask the table."""
    begins, ends = (moment(duty["day"], at, clock.zone()) for at in (duty["times"].start, duty["times"].end))
    running = await database.rows(
        """SELECT r.id FROM round r JOIN route t ON t.id = r.route AND t.roster = $1
           WHERE r.school = $2 AND r.closed_at IS NULL AND r.finished_at IS NULL AND r.opens_at >= $3
             AND r.opens_at < $4 AND $5 = ANY (r.users) AND coalesce(r.holder, $5) = $5 ORDER BY r.id""",
        *(duty["roster"], by.school, begins, ends, duty["user"]),
    )
    for row in running:
        await rounds.hand_over(row["id"], to, rounds.Told(words, uuid7(), clock.now()), by)


async def _tell(
    by: Member, users: Iterable[UUID | None], duty: Row, words: str, *, kind: str = "duty_changed", answer: str = ""
) -> None:
    """Those who did not do it themselves; the notice opens the duty or, where something is to be said, their page."""
    assert by.school is not None
    times, day = duty["times"], duty["day"]
    when = f"{day:%Y-%m-%d} {clock_text(times.start)}–{clock_text(times.end)}"
    said = [f"{say(language, answer)} · " if answer else "" for language in (CHINESE, ENGLISH)]
    facts = {
        "title": f"{said[0]}{when} {duty['roster_name']}",
        "title_en": f"{said[1]}{when} {duty['roster_name_en'] or duty['roster_name']}",
        **{"who": by.name, "who_en": by.name_en, "words": words.strip()[:WORDS_LONG]},
    }
    others = [user for user in users if user and user != by.user]
    if others:
        await tell(by.school, others, kind, duty["id"] or duty["roster"], facts)
