"""Verbs on channels and choices. What was sealed leaves this file only towards its receiver."""

import json
from collections.abc import Collection, Mapping
from datetime import timedelta
from uuid import UUID

from backend import clock, database
from backend.access import Member
from backend.accounts.throttle import spend
from backend.database import reading, writing
from backend.language import N_
from backend.notices.actions_carry import Carrier, carry
from backend.notices.rules import ChannelKind, Event, Reply, is_mail
from backend.notices.rules_addresses import Inside, address_fault, shown
from backend.notices.rules_words import KIND_NAMES
from backend.notices.seal import seal
from backend.row import uuid7
from backend.settings import settings
from backend.trouble import Invalid, Missing, Refused

MOST_CHANNELS = 10
SIGNED = {ChannelKind.DINGTALK.value, ChannelKind.FEISHU.value, ChannelKind.WEBHOOK.value}


async def add_channel(kind: str, name: str, address: str, secret: str, kinds: Collection[str], by: Member) -> UUID:
    """A new way out of the school. Raises Invalid with the field that cannot be used."""
    faults = _faults(name, kinds)
    if kind not in {one.value for one in ChannelKind}:
        raise Missing()
    if fault := address_fault(kind, address, Inside.of(settings().outgoing_private)):
        faults["address"] = fault
    if fault := _secret_fault(kind, secret):
        faults["secret"] = fault
    if faults:
        raise Invalid(faults)
    channel = uuid7()
    async with writing(by.scope):
        await database.run("SELECT pg_advisory_xact_lock(hashtext($1))", f"channels {by.school}")
        there = "SELECT count(*) FROM notice_channel WHERE school = $1 AND ended_at IS NULL"
        if await database.value(there, by.school) >= MOST_CHANNELS:
            raise Invalid({"name": N_("A school has at most ten channels; end one first.")})
        await database.run(
            """INSERT INTO notice_channel (id, school, kind, name, address, secret, shown, kinds, by)
               VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)""",
            *(channel, by.school, kind, name, seal(address, channel)),
            *(seal(secret if kind in SIGNED else "", channel), shown(kind, address), _listed(kinds), by.user),
        )
    return channel


async def change_channel(channel: UUID, name: str, kinds: Collection[str], by: Member) -> None:
    """Name and kinds; another address is another channel. Raises Missing, Invalid, and Refused when it has ended."""
    if faults := _faults(name, kinds):
        raise Invalid(faults)
    await _change(channel, "UPDATE notice_channel SET name = $3, kinds = $4", by, name, _listed(kinds))


async def end_channel(channel: UUID, by: Member) -> None:
    """It stays in the list as ended; what still waits for it is given up by the sender."""
    await _change(channel, "UPDATE notice_channel SET ended_at = now(), active = false", by)


async def _change(channel: UUID, update: str, by: Member, *values: object) -> None:
    async with writing(by.scope):
        where = "WHERE school = $1 AND id = $2"
        if not await database.value(f"SELECT true FROM notice_channel {where}", by.school, channel):
            raise Missing()
        done = await database.run(f"{update} {where} AND ended_at IS NULL", by.school, channel, *values)
    if done == "UPDATE 0":
        raise Refused(N_("This channel has ended."))


async def test_channel(channel: UUID, by: Member) -> Reply:
    """Send one message now and note what the receiver said. No transaction is open meanwhile."""
    async with reading(by.scope):
        row = await database.row(
            """SELECT c.id, c.kind, c.address, c.secret, c.ended_at, c.pause_until, u.language FROM notice_channel c
               LEFT JOIN app_user u ON u.id = c.by WHERE c.school = $1 AND c.id = $2""",
            *(by.school, channel),
        )
    if row is None:
        raise Missing()
    if row["ended_at"] is not None:
        raise Refused(N_("This channel has ended."))
    await spend(f"channel test {channel}", 5, first=timedelta(minutes=1), longest=timedelta(minutes=10))
    paused = row["pause_until"] is not None and row["pause_until"] > clock.now()
    reply = Reply("throttled") if paused else await carry(Carrier.of(row), [_test(channel, by)])
    async with writing(by.scope):
        await database.run(
            """UPDATE notice_channel SET last_sent_at = CASE WHEN $3 = '' THEN now() ELSE last_sent_at END,
                 last_error = $3 WHERE school = $1 AND id = $2""",
            *(by.school, channel, reply.code),
        )
    return reply


def _test(channel: UUID, by: Member) -> Event:
    facts = {"who": by.name, "who_en": by.name_en}
    return Event(
        uuid7(), "channel_test", channel, facts, False, clock.local(clock.now()), by.body_name, by.body_name_en
    )


def _faults(name: str, kinds: Collection[str]) -> dict[str, str]:
    faults = {}
    if not name or len(name) > 60:
        faults["name"] = N_("Give it a name of up to 60 signs.")
    if not set(kinds) & set(KIND_NAMES):
        faults["kinds"] = N_("Choose at least one kind of notice.")
    return faults


def _secret_fault(kind: str, secret: str) -> str:
    if len(secret) > 200 or not secret.isascii():
        return N_("The secret is up to 200 letters, digits and signs.")
    if kind == ChannelKind.WEBHOOK.value and len(secret) < 16:
        return N_("A webhook needs a secret of at least 16 signs; the receiver checks the signature with it.")
    return ""


def _listed(kinds: Collection[str]) -> str:
    return json.dumps([kind for kind in KIND_NAMES if kind in kinds])


async def choose(email: str | None, chosen: Mapping[str, bool], by: Member) -> None:
    """His mail address (empty = none, None = as it is) and his word on each kind; what is not in `chosen` stays."""
    if email and not is_mail(email):
        raise Invalid({"email": N_("This is not a mail address.")})
    kept = {kind: mail for kind, mail in chosen.items() if kind in KIND_NAMES}
    async with writing(by.scope):
        if email is not None:
            await database.run("UPDATE app_user SET email = $2 WHERE id = $1", by.user, email or None)
        await database.run(
            """INSERT INTO notice_choice ("user", kind, mail) SELECT $1, * FROM unnest($2::text[], $3::boolean[])
               ON CONFLICT ("user", kind) DO UPDATE SET mail = EXCLUDED.mail""",
            *(by.user, list(kept), list(kept.values())),
        )
