"""Verbs on people: invite, join, give and end posts. Nothing is deleted: a post ends, an invitation is withdrawn."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from backend import clock, database
from backend.access import POSTS, Member, hashed
from backend.accounts import hashing, queries, rules
from backend.accounts.session_actions import Client, Entered, enter
from backend.database import Scope, writing
from backend.language import N_
from backend.row import uuid7
from backend.settings import UserError, settings
from backend.trouble import Forbidden, Invalid, Missing, Refused

TAKEN = {
    "user_username_once": ("username", N_("This user name is taken")),
    "user_phone_once": ("phone", N_("This phone number is already used by somebody")),
}
NO_POST = N_("This person has no post any more; give a post first.")


@dataclass(frozen=True, slots=True)
class Person:
    """What a manager types about a new person."""

    username: str
    name: str
    name_en: str
    phone: str
    posts: tuple[str, ...]
    title: str = ""

    @property
    def faults(self) -> dict[str, str]:
        found = {
            "name": rules.name_fault(self.name),
            "name_en": rules.name_fault(self.name_en) if self.name_en else "",
            "username": rules.username_fault(self.username),
            "phone": rules.phone_fault(self.phone),
            "posts": "" if self.posts else N_("Choose at least one post"),
            "title": N_("At most 60 characters") if len(self.title) > 60 else "",
        }
        return {field: fault for field, fault in found.items() if fault}


def link(token: str) -> str:
    """The address an invitation prints."""
    return f"{settings().public_url}/join/{token}"


async def invite(person: Person, body: UUID, by: Member) -> tuple[UUID, str]:
    """A new person with posts in `body`. Returns his id and the invitation's secret, which is shown once.

    Raises Missing for a body that is not his own or below, Invalid for posts he may not give and for names in use.
    """
    user, faults = uuid7(), person.faults
    try:
        async with writing(by.scope):
            kind = await _kind_of(body, by)
            if not set(person.posts) <= set(rules.grantable(by.post, kind)):
                faults["posts"] = N_("You cannot give this post here")
            if faults:
                raise Invalid(faults)
            await _add_user(user, person)
            for post in person.posts:
                await _add_member(user, body, post, person.title)
            return user, await _add_invitation(user, body, by.user)
    except asyncpg.UniqueViolationError as error:
        raise _taken(error) from None


async def reinvite(user: UUID, by: Member) -> str:
    """A new invitation, for a lost one or a lost password; earlier ones end. The old password holds until then."""
    await _may_renew(user, by)
    person = await queries.person(by, user)
    body = next((one["body"] for one in person["members"] if one["active"]), None)
    if body is None:
        raise Refused(NO_POST)
    async with writing(by.scope):
        await _withdraw_all(user)
        return await _add_invitation(user, body, by.user)


async def withdraw(user: UUID, invitation: UUID, by: Member) -> None:
    """Raises Missing for one that is unknown, used or withdrawn already."""
    await _managed(user, by)
    async with writing(by.scope):
        done = await database.run(
            'UPDATE invitation SET withdrawn_at = now() WHERE id = $1 AND "user" = $2'
            " AND used_at IS NULL AND withdrawn_at IS NULL",
            *(invitation, user),
        )
    if done != "UPDATE 1":
        raise Missing()


async def join(token: str, password: str, client: Client) -> Entered:
    """The invited person sets his password and is signed in; his older sessions and his PIN end. Works once."""
    key = hashed(token)
    found = await database.door("SELECT * FROM invitation_door($1)", key)
    if found is None:
        raise Missing()
    if fault := rules.password_fault(password, found["username"]):
        raise Invalid({"password": fault})
    kept = await hashing.hash_secret(password)
    async with writing(Scope(user=found["user_id"], key=key)):
        done = await database.run(
            "UPDATE invitation SET used_at = now() WHERE token_hash = $1 AND used_at IS NULL AND withdrawn_at IS NULL"
            " AND expires_at > now()",
            key,
        )
        if done != "UPDATE 1":
            raise Missing()
        epoch = await database.value(
            "UPDATE app_user SET password_hash = $2, pin_hash = NULL, epoch = epoch + 1 WHERE id = $1 RETURNING epoch",
            *(found["user_id"], kept),
        )
    return await enter(found["user_id"], epoch, client)


async def change_person(user: UUID, name: str, name_en: str, phone: str, by: Member) -> None:
    await _may_renew(user, by)
    faults = Person("any", name, name_en, phone, ("any",)).faults
    if faults:
        raise Invalid(faults)
    try:
        async with writing(by.scope):
            await database.run(
                "UPDATE app_user SET name = $2, name_en = $3, phone = $4 WHERE id = $1",
                user,
                name,
                name_en,
                phone or None,
            )
    except asyncpg.UniqueViolationError as error:
        raise _taken(error) from None


async def add_post(user: UUID, body: UUID, post: str, by: Member) -> None:
    """One more post; one that had ended begins again."""
    await _managed(user, by)
    async with writing(by.scope):
        if post not in rules.grantable(by.post, await _kind_of(body, by)):
            raise Invalid({"post": N_("You cannot give this post here")})
        await _add_member(user, body, post, "")


async def end_post(user: UUID, member: UUID, by: Member) -> None:
    """The person loses this post with his next request; what he did stays. Open invitations end with the last post."""
    person = await _managed(user, by)
    if member not in [one["id"] for one in person["members"]]:
        raise Missing()
    if member == by.member:
        raise Refused(N_("You cannot end your own post; ask another manager."))
    async with writing(by.scope):
        done = await database.run("UPDATE member SET active = false, ended_at = now() WHERE id = $1 AND active", member)
        if done != "UPDATE 1":
            raise Refused(N_("This post has ended already."))
        if not [one for one in person["members"] if one["active"] and one["id"] != member]:
            await _withdraw_all(user)


async def end_sessions(user: UUID, by: Member) -> None:
    """Signs a person out of every device, for a lost phone."""
    person = await _managed(user, by)
    if not any(one["active"] for one in person["members"]):
        raise Refused(NO_POST)
    async with writing(by.scope):
        await database.run("UPDATE app_user SET epoch = epoch + 1 WHERE id = $1", user)


async def _managed(user: UUID, by: Member) -> dict[str, Any]:
    """The person, if he holds no post above the asking one's. Raises Missing or Forbidden."""
    person = await queries.person(by, user)
    if not rules.may_manage(by.post, [one["post"] for one in person["members"] if one["active"]]):
        raise Forbidden(N_("This person's post is above yours."))
    return person


async def _may_renew(user: UUID, by: Member) -> None:
    """Whoever may set how a person signs in could act as him; so everything he acts for must be below."""
    await _managed(user, by)
    if await queries.elsewhere(by, user):
        raise Forbidden(N_("Only the administrator of the bureau above can change how this person signs in."))


async def _kind_of(body: UUID, by: Member) -> str:
    kind = await database.value("SELECT kind FROM body WHERE id = $1 AND $2 = ANY (path)", body, by.body)
    if kind is None:
        raise Missing()
    return str(kind)


async def _add_user(user: UUID, person: Person) -> None:
    await database.run(
        "INSERT INTO app_user (id, username, name, name_en, phone) VALUES ($1, $2, $3, $4, $5)",
        *(user, person.username, person.name, person.name_en, person.phone or None),
    )


async def _add_member(user: UUID, body: UUID, post: str, title: str) -> None:
    done = await database.run(
        'UPDATE member SET active = true, ended_at = NULL WHERE "user" = $1 AND body = $2 AND post = $3',
        *(user, body, post),
    )
    if done == "UPDATE 0":
        await database.run(
            'INSERT INTO member (id, "user", body, post, title) VALUES ($1, $2, $3, $4, $5)',
            *(uuid7(), user, body, post, title),
        )


async def _add_invitation(user: UUID, body: UUID, by: UUID) -> str:
    token = secrets.token_urlsafe(32)
    await database.run(
        'INSERT INTO invitation (id, body, "user", token_hash, invited_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6)',
        *(uuid7(), body, user, hashed(token), by, clock.now() + rules.INVITATION_LIFE),
    )
    return token


async def _withdraw_all(user: UUID) -> None:
    await database.run(
        'UPDATE invitation SET withdrawn_at = now() WHERE "user" = $1 AND used_at IS NULL AND withdrawn_at IS NULL',
        user,
    )


def _taken(error: asyncpg.UniqueViolationError) -> Exception:
    known = TAKEN.get(str(getattr(error, "constraint_name", "")))
    return Invalid(dict([known])) if known else error


async def add_member(username: str, name: str, post: str, body_number: str, phone: str = "") -> str:
    """The owner's command: a person (new, or one who lost his password) with a post. Returns his invitation's address.

    Needs the database as its owner; this is how the first administrator comes in. Raises UserError in one sentence.
    """
    username, phone = rules.account(username), rules.phone_number(phone)
    if post not in POSTS:
        raise UserError(f"Unknown post {post!r}; one of: {', '.join(POSTS)}.", f"没有“{post}”这个岗位。")
    try:
        async with writing(Scope()):
            body = await database.row("SELECT id, kind FROM body WHERE number = $1", body_number)
            if body is None:
                raise UserError(f"There is no body with number {body_number!r}.", f"没有编号为“{body_number}”的单位。")
            if post not in rules.POSTS_OF[body["kind"]]:
                raise UserError(f"A {body['kind']} has no post {post!r}.", f"该单位没有“{post}”这个岗位。")
            user = await _owner_user(Person(username, name.strip(), "", phone, (post,)))
            await _add_member(user, body["id"], post, "")
            await _withdraw_all(user)
            return link(await _add_invitation(user, body["id"], user))
    except asyncpg.UniqueViolationError:
        raise UserError("This phone number is already used by somebody.", "该手机号已被使用。") from None


async def _owner_user(person: Person) -> UUID:
    known: UUID | None = await database.value("SELECT id FROM app_user WHERE username = $1", person.username)
    if known is not None:
        return known
    faults: Sequence[str] = [f"{field}: {fault}" for field, fault in person.faults.items()]
    if faults:
        raise UserError("; ".join(faults) + ".", "；".join(faults) + "。")
    user = uuid7()
    await _add_user(user, person)
    return user
