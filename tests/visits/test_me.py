"""What is held about a person: the numbers, and the file with his own rows and nobody else's."""

import json

import pytest

from backend.row import uuid7
from tests.conftest import Browser
from tests.visits.test_pages import put
from tests.world import World


@pytest.mark.parametrize(("language", "words"), [("zh-CN", "系统里关于我的信息"), ("en", "What is held about me")])
async def test_the_numbers_are_told_in_both_languages(browser: Browser, language: str, words: str) -> None:
    for who in ("guard", "manager", "inspector"):
        async with browser(who, language=language) as someone:
            shown = await someone.get("/me/data")
        assert shown.status_code == 200
        assert words in shown.text


async def test_the_file_holds_my_rows_alone(browser: Browser, world: World) -> None:
    mine, other = str(uuid7()), str(uuid7())
    body = {"point": str(world.points["gate_two"]), "position": {"latitude": 31.8, "longitude": 119.9, "accuracy": 5}}
    async with browser("neighbour") as guard:
        assert (await put(guard, mine, body)).status_code == 201
    async with browser("neighbour_manager") as manager:
        assert (await put(manager, other, {"point": str(world.points["gate_two"])})).status_code == 201
    async with browser("neighbour") as guard:
        answer = await guard.get("/me/data.json")
    assert answer.headers["content-disposition"].startswith("attachment")
    told = json.loads(answer.text)
    ids = {visit["id"] for visit in told["visits"]}
    assert mine in ids
    assert other not in ids
    kept = next(visit for visit in told["visits"] if visit["id"] == mine)
    assert (kept["latitude"], kept["accuracy"]) == (31.8, 5)
    assert told["person"][0]["username"] == "neighbour"
    assert told["sessions"]
    assert "password_hash" not in answer.text
    assert "token_hash" not in answer.text


async def test_a_stranger_has_no_file(browser: Browser) -> None:
    async with browser() as stranger:
        assert (await stranger.get("/me/data.json", headers={"accept": "application/json"})).status_code == 401
