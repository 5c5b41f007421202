"""Routes of the demo city and their rounds since its daily patrols began: opened, matched with the visits and closed by
the same verbs as every day; then a few excuses, locked doors and early ends. Runs as the owner of the database."""

import json
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

from backend import clock, database
from backend.access import Member
from backend.database import DB
from backend.demo import Loaded, Progress
from backend.rounds.actions_close import close
from backend.rounds.actions_open import open_school
from backend.rounds.rules import Span
from backend.visits.actions import Sending, submit
from backend.visits.rules import understand
from fixtures.chance import seeded
from fixtures.cities import HERE, City

DAYS = 14
"""As many days as the history tells daily."""
SEED = 7
Row = dict[str, Any]


async def load_rounds(city: City, loaded: Loaded, progress: Progress) -> int:
    """How many rounds there are afterwards."""
    chance, routes = seeded(SEED, "rounds"), read_routes()
    await _terms(city, loaded)
    schools = city.schools()
    for done, school in enumerate(schools, start=1):
        key = loaded.bodies[school.key]
        async with DB.transaction():
            roster = await _roster(city, school.key, loaded)
            for route in routes:
                if school.key in route.get("schools", [school.key]):
                    await _route(route, key, roster)
        await _nights(city, school.key, loaded, chance)
        await open_school(key, loaded.now)
        await _backdate(key)
        await _incidents(key, loaded, chance)
        await _close(key, loaded.now)
        progress("rounds", done, len(schools))
    async with DB.transaction():
        return int(await database.value("SELECT count(*) FROM round"))


def read_routes() -> list[Row]:
    return list(json.loads((HERE / "routes.json").read_text(encoding="utf-8")))


async def _terms(city: City, loaded: Loaded) -> None:
    """The city's terms, from the school year before this one to the one after it."""
    today = clock.local(loaded.now).date()
    top = next(loaded.bodies[body.key] for body in city.bodies if body.kind == "city")
    async with DB.transaction():
        for year in (today.year - 1, today.year, today.year + 1):
            for term in city.terms:
                starts, ends = (date.fromisoformat(f"{year}-{term[end]}") for end in ("from", "to"))
                ends = ends if ends > starts else ends.replace(year=year + 1)
                await database.run(
                    "INSERT INTO term (body, name, name_en, starts, ends) VALUES ($1,$2,$3,$4,$5)",
                    *(top, f"{year}年{term['zh']}", f"{term['en']} {year}", starts, ends),
                )


async def _roster(city: City, school: str, loaded: Loaded) -> UUID | None:
    """The guards take turns by day; a guard who is alone takes them with teachers."""
    guards = city.with_post(school, "guard")
    if len(guards) < 2:
        guards = city.with_post(school, "guard", "class_teacher", "duty_leader")
    if not guards:
        return None
    key, start = loaded.bodies[school], clock.local(loaded.now).date() - timedelta(days=DAYS)
    roster: UUID = await database.value(
        """INSERT INTO roster (school, name, name_en, shifts, days, turn, starts_on)
           VALUES ($1, '门卫值班', 'Gate duty', $2, 'every', 'day', $3) RETURNING id""",
        *(key, json.dumps([{"name": "白班", "name_en": "day", "start": 360, "end": 1080}]), start),
    )
    people = [loaded.users[guard] for guard in guards]
    for position, user in enumerate(people):
        await database.run(
            'INSERT INTO roster_person (school, roster, "user", position) VALUES ($1,$2,$3,$4)',
            *(key, roster, user, position),
        )
    for day in range(DAYS + 28):
        await database.run(
            'INSERT INTO duty (school, roster, day, shift, "user") VALUES ($1,$2,$3,0,$4)',
            *(key, roster, start + timedelta(days=day), people[day % len(people)]),
        )
    return roster


_POINTS = """SELECT count(*) FROM point WHERE school = $1 AND state = 'active' AND kind = ANY ($2::text[])"""


async def _route(route: Row, school: UUID, roster: UUID | None) -> None:
    """Nothing where the school has no such points."""
    if not await database.value(_POINTS, school, route["kinds"]):
        return
    span, today = Span(route.get("span", "window")), clock.today()
    since = today - timedelta(days=route.get("since", DAYS))
    begin = today.replace(day=1) if span is Span.MONTH else since
    by_roster = bool(route.get("roster") and roster)
    await database.run(
        """INSERT INTO route (school, name, name_en, chooses, kinds, ordering, who, post, roster, span, days, windows,
             grace, challenge, starts_on, opened_until, next_at)
           VALUES ($1,$2,$3,'rule',$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$15)""",
        *(school, route["name"], route["name_en"], route["kinds"], route.get("ordering", "free")),
        *("roster" if by_roster else "post", "" if by_roster else route["post"], roster if by_roster else None),
        *(span.value, route.get("days", "school"), json.dumps([_window(one) for one in route.get("windows", [])])),
        *(route["grace"], route.get("challenge", 0), begin, clock.midnight(begin)),
    )


def _window(said: list[str]) -> Row:
    name, name_en, start, end = said
    return {"name": name, "name_en": name_en, "start": _minutes(start), "end": _minutes(end)}


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


async def _nights(city: City, school: str, loaded: Loaded, chance: Random) -> None:
    """The wardens' walks at night: somebody saw that all was quiet; one phone found no signal until the morning."""
    night = next((r for r in read_routes() if r["key"] == "night" and school in r["schools"]), None)
    wardens = city.with_post(school, "dorm_manager")
    if night is None or not wardens:
        return
    today = clock.local(loaded.now).date()
    points = [loaded.points[p.key] for p in city.points if p.school == school and p.kind in night["kinds"]]
    for ago in range(night["since"], -1, -1):
        for start in (_minutes(window[2]) for window in night["windows"]):
            begin = clock.midnight(today - timedelta(days=ago)) + timedelta(minutes=start + chance.uniform(10, 70))
            offline = ago == 2 and start == _minutes("26:00")
            for turn, point in enumerate(chance.sample(points, len(points))):
                at = begin + timedelta(minutes=4 * turn + chance.uniform(0, 2))
                if at < loaded.now and chance.random() > 0.08:
                    sent = at + timedelta(hours=5 if offline else 0, seconds=20)
                    await _seen(point, at, sent, await _member(wardens[ago % len(wardens)], school, loaded))


async def _seen(point: UUID, at: datetime, received: datetime, by: Member) -> None:
    body = {"point": str(point), "how": "scan", "opened_at": at.isoformat(), "saved_at": at.isoformat()}
    key = uuid4()
    await submit(key, understand(body, clock.parse), Sending(body, received), by)
    async with DB.transaction():
        await database.run("UPDATE visit SET created_at = $2 WHERE id = $1", key, received)


async def _member(person: str, school: str, loaded: Loaded) -> Member:
    """The person acting for the school; the transactions of the owner see everything."""
    return Member(
        user=loaded.users[person],
        username=person,
        name="",
        name_en="",
        member=loaded.members[person, school],
        post="dorm_manager",
        role=None,
        body=loaded.bodies[school],
        body_kind="school",
        body_name="",
        body_name_en="",
        path=(loaded.bodies[school],),
    )


async def _backdate(school: UUID) -> None:
    """In the demo the worker was there all the time."""
    async with DB.transaction():
        await database.run(
            "UPDATE round SET created_at = least(created_at, opens_at - interval '2 hours') WHERE school = $1", school
        )


_SOME = """SELECT s.id, s.round, s.opens_at FROM stop s JOIN round r ON r.id = s.round
  WHERE s.school = $1 AND s.state = 'due' AND s.late_until < $2 AND NOT r.night ORDER BY s.opens_at, s.id"""
REASONS = (
    ("unreachable", "门锁着，钥匙在外出人员手上"),
    ("unreachable", "走廊正在打蜡，暂时封闭"),
    ("excused", "当天停课，场所未开放"),
)


async def _incidents(school: UUID, loaded: Loaded, chance: Random) -> None:
    """Some of what nobody visited has its reason."""
    async with DB.transaction():
        stops = await database.rows(_SOME, school, loaded.now)
        people = await database.rows(
            'SELECT "user", post FROM member WHERE body = $1 AND post = ANY ($2::text[]) ORDER BY post, id',
            *(school, ["guard", "safety_director"]),
        )
        hands = {row["post"]: row["user"] for row in people}
        for stop in stops:
            if chance.random() > 0.15 or len(hands) < 2:
                continue
            state, why = chance.choice(REASONS)
            by = hands["guard" if state == "unreachable" else "safety_director"]
            said = stop["opens_at"] + timedelta(minutes=chance.uniform(10, 50))
            await database.run(
                'UPDATE stop SET state = $2, "by" = $3, why = $4, said_at = $5 WHERE id = $1',
                *(stop["id"], state, by, why, said),
            )
            await database.run(
                """INSERT INTO round_event (school, round, stop, verb, by, at, words, created_at)
                   VALUES ($1,$2,$3,$4,$5,$6,$7,$6)""",
                *(school, stop["round"], stop["id"], "excuse" if state == "excused" else state, by, said, why),
            )


async def _close(school: UUID, now: datetime) -> None:
    async with DB.transaction():
        over = await database.rows(
            "SELECT id, late_until FROM round WHERE school = $1 AND late_until < $2 ORDER BY late_until", school, now
        )
    for row in over:
        await close(row["id"], row["late_until"] + timedelta(minutes=1), quietly=True)
