"""The patroller's round: the page, its verbs by plain form and by JSON, and what a visit says of its round."""

import re
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from backend import clock, database
from backend.database import reading
from tests.conftest import Browser
from tests.findings.people import picture
from tests.rounds.walking import Walk, round_row, stop_row, walk
from tests.world import World


def visit_body(made: Walk, at: int = 0, **others: Any) -> dict[str, Any]:
    now = clock.now().isoformat()
    return {"point": str(made.spots[at].point), "how": "scan", "saved_at": now, "answers": [], **others}


async def visited(client: httpx.AsyncClient, made: Walk, at: int = 0, **others: Any) -> str:
    visit = str(uuid4())
    answer = await client.put(f"/api/visits/{visit}", json=visit_body(made, at, **others))
    assert answer.status_code == 201, answer.text
    return visit


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_today_shows_my_rounds_only(browser: Browser, world: World, language: str) -> None:
    mine = await walk(world, 2, users=("guard",))
    post = await walk(world, 2, post="guard")
    given = await walk(world, 2, users=("keeper",), holder="guard")
    taken = await walk(world, 2, users=("guard",), holder="keeper")
    over = await walk(world, 2, users=("guard",), minutes=(-900, -800, -700))
    async with browser("guard", language=language) as guard:
        text = (await guard.get("/today")).text
    assert {mine.address, post.address, given.address} <= set(re.findall(r'href="(/rounds/[^"]+)"', text))
    assert taken.address not in text
    assert over.address not in text
    assert ("开始巡查" if language == "zh-CN" else "Start the round") in text
    assert "0/2" in text


async def test_the_page_shows_the_next_stop_and_what_is_left(browser: Browser, world: World) -> None:
    made = await walk(world, 3, users=("guard",))
    async with browser("guard") as guard:
        answer = await guard.get(made.address)
        assert answer.status_code == 200
        assert answer.headers["x-offline-page"] == str(world.users["guard"])
        assert "0/3" in answer.text
        assert "Next point" in answer.text
        assert f"/points/{made.spots[0].point}/visit" in answer.text.split("data-round-open")[0]
        await visited(guard, made)
        text = (await guard.get(made.address)).text
    assert "1/3" in text
    card = text[text.index("data-round-next") : text.index("data-round-left")]
    assert str(made.spots[1].point) in card
    assert str(made.spots[0].point) not in card


async def test_who_reads_the_school_sees_it_and_nobody_else(browser: Browser, world: World) -> None:
    made = await walk(world, 2, users=("guard",))
    for who, status in {
        **{"guard": 200, "keeper": 200, "crew": 200, "manager": 200, "principal": 200, "district": 200, "city": 200},
        **{"neighbour": 404, "neighbour_manager": 404, "other_district": 404, "inspector": 404, "admin": 404},
    }.items():
        async with browser(who) as client:
            for address in (made.address, f"{made.address}/plan"):
                assert (await client.get(address)).status_code == status, (who, address)
    async with browser("district") as officer:
        text = (await officer.get(made.address)).text
        assert "<form" not in text.split("data-round=")[1].split("</main>")[0]
        assert (await officer.post(f"{made.address}/unreachable")).status_code == 403
    async with browser("principal") as principal:
        text = (await principal.get(made.address)).text.split("data-round=")[1].split("</main>")[0]
        assert "<form" not in text
    async with browser("guard") as guard:
        assert "Excuse the ticked points" not in (await guard.get(made.address)).text
        assert (await guard.post(f"{made.address}/excuse")).status_code == 403
    async with browser("neighbour") as neighbour:
        for verb in ("unreachable", "finish", "hand_over"):
            data = {"stop": str(made.stops[0]), "to": str(world.users["guard"]), "words": "x"}
            assert (await neighbour.post(f"{made.address}/{verb}", data=data)).status_code == 404


async def test_a_locked_door_needs_a_reason_and_keeps_what_was_typed(browser: Browser, world: World) -> None:
    made = await walk(world, 2, users=("guard",))
    async with browser("guard") as guard:
        data = {"stop": str(made.stops[1]), "reason": "", "words": ""}
        answer = await guard.post(f"{made.address}/unreachable", data=data)
        assert answer.status_code == 422
        assert "Say why this point could not be reached" in answer.text
        assert re.search(rf'value="{made.stops[1]}" selected', answer.text)
        data |= {"reason": "The door is locked", "words": "key is with logistics"}
        assert (await guard.post(f"{made.address}/unreachable", data=data)).status_code == 303
        text = (await guard.get(made.address)).text
    row = await stop_row(world, made.stops[1])
    assert (row["state"], row["why"]) == ("unreachable", "The door is locked；key is with logistics")
    assert "Not reachable" in text
    assert "key is with logistics" in text


async def test_finishing_early_needs_a_reason_and_a_finished_round_says_so(browser: Browser, world: World) -> None:
    made = await walk(world, 2, users=("guard",))
    async with browser("guard") as guard:
        assert (await guard.post(f"{made.address}/finish", data={"words": " "})).status_code == 422
        assert (await guard.post(f"{made.address}/finish", data={"reason": "Taken ill"})).status_code == 303
        text = (await guard.get(made.address)).text
        assert "Finished early" in text
        assert "Taken ill" in text
        again = await guard.post(f"{made.address}/finish", data={"reason": "Taken ill"})
        assert again.status_code == 409
        assert "This round was finished already." in again.text
    assert (await round_row(world, made))["finish_why"] == "Taken ill"


async def test_when_everything_is_visited_it_finishes_by_itself(browser: Browser, world: World) -> None:
    made = await walk(world, 2, users=("guard",))
    async with browser("guard") as guard:
        await visited(guard, made, 0)
        last = await visited(guard, made, 1)
        text = (await guard.get(made.address)).text
        assert "Round done" in text
        assert "2/2" in text
        receipt = (await guard.get(f"/visits/{last}")).text
    assert "Round done" in receipt
    assert (await round_row(world, made))["finished_at"] is not None


async def test_the_receipt_leads_to_the_next_stop_of_the_round(browser: Browser, world: World) -> None:
    made = await walk(world, 3, users=("guard",))
    async with browser("guard") as guard:
        visit = await visited(guard, made, 1)
        text = (await guard.get(f"/visits/{visit}")).text
    assert f'href="{made.address}"' in text
    assert f'href="/points/{made.spots[0].point}/visit"' in text


async def test_a_colleague_goes_on(browser: Browser, world: World) -> None:
    made = await walk(world, 2, users=("guard",))
    async with browser("guard") as guard:
        assert (await guard.post(f"{made.address}/hand_over", data={"words": "x"})).status_code == 422
        stranger = {"to": str(world.users["neighbour"])}
        assert (await guard.post(f"{made.address}/hand_over", data=stranger)).status_code == 422
        data = {"to": str(world.users["keeper"]), "words": "交给周敏"}
        assert (await guard.post(f"{made.address}/hand_over", data=data)).status_code == 303
        assert made.address not in (await guard.get("/today")).text
        assert "周敏" in (await guard.get(made.address)).text
    async with browser("keeper") as keeper:
        assert made.address in (await keeper.get("/today")).text


async def test_the_manager_excuses_stops(browser: Browser, world: World) -> None:
    made = await walk(world, 3, users=("guard",))
    async with browser("manager") as manager:
        assert "Excuse the ticked points" in (await manager.get(made.address)).text
        assert (await manager.post(f"{made.address}/excuse", data={"words": "停课"})).status_code == 422
        ticked = {"stop": [str(made.stops[0]), str(made.stops[2])]}
        wrong = await manager.post(f"{made.address}/excuse", data=ticked)
        assert wrong.status_code == 422
        assert len(re.findall(r'type="checkbox" name="stop" value="[^"]+" checked', wrong.text)) == 2
        assert (await manager.post(f"{made.address}/excuse", data={**ticked, "words": "停课"})).status_code == 303
    assert [(await stop_row(world, stop))["state"] for stop in made.stops] == ["excused", "due", "excused"]


async def test_the_same_event_again_is_answered_alike_and_another_body_refused(browser: Browser, world: World) -> None:
    made = await walk(world, 2, users=("guard",))
    address = f"/api{made.address}/events/{uuid4()}"
    body = {
        "verb": "unreachable",
        "words": "锁门",
        "fields": {"stop": str(made.stops[0])},
        "at": clock.now().isoformat(),
    }
    async with browser("guard") as guard:
        first = await guard.put(address, json=body)
        assert first.status_code == 201, first.text
        assert first.json()["state"] == "unreachable"
        assert first.json()["round"] == str(made.round)
        again = await guard.put(address, json=body)
        assert again.status_code == 200
        assert again.json() == first.json() | {"replayed": True}
        other = await guard.put(address, json=body | {"words": "别的"})
        assert (other.status_code, other.json()["code"]) == (409, "other_body")
    async with browser("neighbour") as neighbour:
        answer = await neighbour.put(address, json=body)
        assert answer.status_code in {404, 409}
        assert (await neighbour.put(f"/api{made.address}/events/{uuid4()}", json=body)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"verb": "excuse", "words": "x"},
        {"verb": ["finish"]},
        {"verb": "finish", "words": 3},
        {"verb": "finish", "words": ""},
        {"verb": "unreachable", "words": "x", "fields": 7},
        {"verb": "unreachable", "words": "x", "fields": {"stop": "x"}},
        {"verb": "hand_over", "words": "x"},
    ],
)
async def test_a_program_is_told_what_is_wrong(browser: Browser, world: World, body: Any) -> None:
    made = await walk(world, 1, users=("guard",))
    async with browser("guard") as guard:
        answer = await guard.put(f"/api{made.address}/events/{uuid4()}", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"]


async def test_a_word_of_somebody_else_stays_on_the_phone(browser: Browser, world: World) -> None:
    made = await walk(world, 1, users=("guard",))
    async with browser("guard") as guard:
        answer = await guard.put(
            f"/api{made.address}/events/{uuid4()}",
            json={"verb": "finish", "words": "x"},
            headers={"x-xunan-user": str(world.users["keeper"])},
        )
    assert (answer.status_code, answer.json()["code"]) == (403, "other_user")


async def photos_of(world: World, visit: str) -> list[tuple[str, str]]:
    member = await world.member("guard")
    async with reading(member.scope):
        found = await database.rows("SELECT role, state FROM photo WHERE visit = $1", UUID(visit))
    return [(row["role"], row["state"]) for row in found]


async def annotations(world: World, visit: str) -> str:
    member = await world.member("guard")
    async with reading(member.scope):
        return str(await database.value("SELECT annotations::text FROM visit WHERE id = $1", UUID(visit)))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_challenge_is_asked_and_its_photo_kept_without_scripts(
    browser: Browser, world: World, language: str
) -> None:
    made = await walk(world, 2, users=("guard",), challenge="exit_light")
    async with browser("guard", language=language) as guard:
        text = (await guard.get(f"/p/{made.spots[0].code}")).text
        assert ("请拍一张：疏散指示灯" if language == "zh-CN" else "Please photograph: a lit exit sign") in text
        assert "challenge_stop" not in (await guard.get(f"/p/{made.spots[1].code}")).text
        visit = str(uuid4())
        items = re.findall(r'data-item="([^"]+)" data-required', text)
        data = {"id": visit, "point": str(made.spots[0].point), "how": "scan", "challenge_stop": str(made.stops[0])}
        data |= {f"result.{item}": "unchecked" for item in items} | {f"reason.{item}": "黑" for item in items}
        files = {"challenge": ("a.jpg", picture(), "image/jpeg")}
        assert (await guard.post("/visits", data=data, files=files)).status_code == 303
    assert await photos_of(world, visit) == [("challenge", "kept")]
    assert "no challenge photo" not in await annotations(world, visit)
    assert (await stop_row(world, made.stops[0]))["state"] == "kept"


async def test_a_challenge_without_a_photo_refuses_nothing(browser: Browser, world: World) -> None:
    made = await walk(world, 1, users=("guard",), challenge="exit_light")
    async with browser("guard") as guard:
        visit = await visited(guard, made, challenge={"stop": str(made.stops[0]), "photos": []})
        assert "the thing that was to be photographed was not" in (await guard.get(f"/visits/{visit}")).text
        told = {"stop": str(made.stops[0]), "photos": ["a" * 64]}
        other = await visited(guard, made, challenge=told, photos=[{"sha256": "a" * 64}])
    assert "no challenge photo" in await annotations(world, visit)
    assert await photos_of(world, other) == [("challenge", "awaited")]


async def troubles(world: World, made: Walk) -> list[str]:
    member = await world.member("guard")
    async with reading(member.scope):
        found = await database.rows(
            "SELECT kind, words, label IS NOT NULL AS labelled FROM label_trouble WHERE point = $1", made.spots[0].point
        )
    return [f"{row['kind']} {row['words']} {row['labelled']}" for row in found]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"how": "list", "how_reason": "missing"}, ["missing  True"]),
        ({"how": "list", "how_reason": "unread"}, ["unread  True"]),
        ({"how": "list", "how_reason": "camera"}, []),
        ({"label_trouble": {"kind": "damaged", "words": "撕了一角"}}, ["damaged 撕了一角 True"]),
        ({"label_trouble": {"kind": "eaten"}}, []),
        ({"label_trouble": "damaged"}, []),
    ],
)
async def test_a_label_that_cannot_be_read_is_told_to_label_health(
    browser: Browser, world: World, said: dict[str, Any], told: list[str]
) -> None:
    made = await walk(world, 1, users=("guard",))
    async with browser("guard") as guard:
        await visited(guard, made, **said)
    assert await troubles(world, made) == told


async def test_the_page_costs_few_questions(browser: Browser, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncpg

    made = await walk(world, 6, users=("guard",))
    asked: list[str] = []
    for name in ("fetch", "fetchrow", "fetchval"):
        real = getattr(asyncpg.Connection, name)

        def counted(self: Any, query: str, *values: Any, _real: Any = real, **options: Any) -> Any:
            asked.append(query)
            return _real(self, query, *values, **options)

        monkeypatch.setattr(asyncpg.Connection, name, counted)
    async with browser("guard") as guard:
        assert (await guard.get(made.address)).status_code == 200
    assert len(asked) <= 5, asked  # who is it, the round, its stops, what is due there, colleagues
