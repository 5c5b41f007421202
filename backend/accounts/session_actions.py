"""Verbs of signing in and out: every way in makes a new session and ends the one the browser had."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from backend import clock, database
from backend.access import Member, hashed
from backend.accounts import hashing, queries, rules, throttle
from backend.database import Scope, writing
from backend.language import N_
from backend.row import uuid7
from backend.trouble import Invalid, Missing, Trouble

WRONG = N_("The user name or password is not right.")
PIN_USED_UP = N_("Too many wrong PINs. Sign in with your password.")


class WrongSignIn(Trouble):
    """No such account or another password: nobody learns which (401)."""

    status = 401
    code = "wrong_sign_in"


@dataclass(frozen=True, slots=True)
class Client:
    """The browser that asks: its device cookie (made when it had none), address and name."""

    device: str
    address: str
    agent: str
    old: Member | None = None


@dataclass(frozen=True, slots=True)
class Entered:
    """A new session: `token` is the cookie's value and is kept nowhere else."""

    token: str
    user: UUID
    member: UUID | None


async def sign_in(username: str, password: str, client: Client) -> Entered:
    """By user name or phone number. Raises WrongSignIn, or TooMany with the time of the next try."""
    account = rules.account(username)
    mine, all_here = f"sign-in:{hashed(account)[:32]}:{client.address}", f"sign-in:{client.address}"
    await throttle.spend(mine, rules.SIGN_IN_TRIES)
    await throttle.spend(all_here, rules.ADDRESS_TRIES, longest=rules.FIRST_LOCK)
    found = await _account(account)
    if not await hashing.verify(found["password_hash"] if found else None, password) or found is None:
        raise WrongSignIn(WRONG)
    await throttle.forgive(mine, f"pin:{found['user_id']}")
    await throttle.give_back(all_here)
    await _renew_hash(found, password)
    return await enter(found["user_id"], found["epoch"], client)


async def _account(account: str) -> dict[str, Any] | None:
    if not account or len(account) > 100:
        return None
    return await database.door("SELECT * FROM sign_in_door($1)", account)


async def _renew_hash(found: dict[str, Any], password: str) -> None:
    """A password kept with weaker settings is kept with today's from its next use on."""
    if not hashing.HASHER.check_needs_rehash(found["password_hash"]):
        return
    fresh = await hashing.hash_secret(password)
    async with writing(Scope(user=found["user_id"])):
        await database.run(
            "UPDATE app_user SET password_hash = $2 WHERE id = $1 AND password_hash = $3",
            *(found["user_id"], fresh, found["password_hash"]),
        )


async def switch(user: UUID, pin: str, password: str, client: Client) -> Entered:
    """Change the person of a shared phone by PIN, or by password. Only persons who signed in on it can be chosen."""
    persons = await queries.on_device(hashed(client.device))
    person = next((one for one in persons if one["user_id"] == user), None)
    if person is None:
        raise Missing()
    if password:
        return await sign_in(person["username"], password, client)
    key = f"pin:{user}"
    await throttle.spend(key, rules.PIN_TRIES, first=rules.PIN_LOCK, longest=rules.PIN_LOCK, reason=PIN_USED_UP)
    found = await _account(person["username"])
    if not await hashing.verify(found["pin_hash"] if found else None, pin) or found is None:
        raise WrongSignIn(N_("This PIN is not right."))
    await throttle.forgive(key)
    return await enter(user, found["epoch"], client)


async def enter(user: UUID, epoch: int, client: Client) -> Entered:
    """A new session of `user`; the one this browser had ends. An only membership is chosen, of several the last."""
    if client.old is not None:
        await sign_out(client.old)
    token, now = secrets.token_urlsafe(32), clock.now()
    async with writing(Scope(user=user)):
        member: UUID | None = await database.value(
            """SELECT coalesce(
                 (SELECT m.id FROM user_session s JOIN member m ON m.id = s.member
                    WHERE s."user" = $1 AND m."user" = $1 AND m.active ORDER BY s.created_at DESC LIMIT 1),
                 (SELECT (array_agg(id))[1] FROM member WHERE "user" = $1 AND active HAVING count(*) = 1))""",
            user,
        )
        await database.run(
            """INSERT INTO user_session
                 (id, "user", member, token_hash, device_hash, epoch, agent, address, seen_at, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
            *(uuid7(), user, member, hashed(token), hashed(client.device), epoch),
            *(client.agent[:300], client.address, now, now + rules.SESSION_LIFE),
        )
    return Entered(token, user, member)


async def sign_out(by: Member) -> None:
    """End the session that is asking."""
    async with writing(by.scope):
        await database.run(
            'UPDATE user_session SET ended_at = now() WHERE id = $1 AND "user" = $2 AND ended_at IS NULL',
            *(by.session, by.user),
        )


async def sign_out_everywhere(by: Member) -> None:
    """Every session of his ends with the next request, on whatever device."""
    async with writing(by.scope):
        await database.run("UPDATE app_user SET epoch = epoch + 1 WHERE id = $1", by.user)


async def end_session(session: UUID, by: Member) -> None:
    """End one of his own sessions. Raises Missing for somebody else's, unknown or ended ones."""
    async with writing(by.scope):
        done = await database.run(
            'UPDATE user_session SET ended_at = now() WHERE id = $1 AND "user" = $2 AND ended_at IS NULL',
            *(session, by.user),
        )
    if done != "UPDATE 1":
        raise Missing()


async def choose_body(member: UUID, by: Member) -> None:
    """Act for another of his memberships from now on, in this browser."""
    if member not in [one["id"] for one in await queries.memberships(by.user)]:
        raise Missing()
    async with writing(by.scope):
        await database.run("UPDATE user_session SET member = $2 WHERE id = $1", by.session, member)


async def touch(by: Member) -> None:
    """Note that he was here; called after writes only, and not more often than every ten minutes."""
    if by.seen_at is not None and clock.now() - by.seen_at < timedelta(minutes=10):
        return
    async with writing(by.scope):
        await database.run("UPDATE user_session SET seen_at = now() WHERE id = $1", by.session)


async def change_me(name: str, name_en: str, language: str, by: Member) -> None:
    name, name_en = name.strip(), name_en.strip()
    faults = {"name": rules.name_fault(name), "name_en": rules.name_fault(name_en) if name_en else ""}
    if any(faults.values()):
        raise Invalid({field: fault for field, fault in faults.items() if fault})
    async with writing(by.scope):
        await database.run(
            "UPDATE app_user SET name = $2, name_en = $3, language = $4 WHERE id = $1", by.user, name, name_en, language
        )


async def change_password(old: str, new: str, client: Client, by: Member) -> Entered:
    """Needs the old password; every other session ends and this browser gets a new one."""
    faults = {"password": fault} if (fault := rules.password_fault(new, by.username)) else {}
    if faults:
        raise Invalid(faults)
    await _ask_password(old, "old", client, by)
    kept = await hashing.hash_secret(new)
    async with writing(by.scope):
        epoch = await database.value(
            "UPDATE app_user SET password_hash = $2, epoch = epoch + 1 WHERE id = $1 RETURNING epoch", by.user, kept
        )
    return await enter(by.user, epoch, client)


async def set_pin(pin: str, password: str, client: Client, by: Member) -> None:
    """Six digits for the shared phone, or none when `pin` is empty. Needs the password."""
    if pin and (fault := rules.pin_fault(pin)):
        raise Invalid({"pin": fault})
    await _ask_password(password, "pin_password", client, by)
    kept = await hashing.hash_secret(pin) if pin else None
    async with writing(by.scope):
        await database.run("UPDATE app_user SET pin_hash = $2 WHERE id = $1", by.user, kept)
    await throttle.forgive(f"pin:{by.user}")


async def _ask_password(typed: str, field: str, client: Client, by: Member) -> None:
    key = f"sign-in:{hashed(by.username)[:32]}:{client.address}"
    await throttle.spend(key, rules.SIGN_IN_TRIES)
    found = await _account(by.username)
    if not await hashing.verify(found["password_hash"] if found else None, typed):
        raise Invalid({field: N_("This is not your password")})
    await throttle.forgive(key)
