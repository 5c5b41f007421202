"""Troubles as they are shown: facts in their texts, the ways on of the pages, the patience of the log."""

import asyncio
import logging
from html import unescape
from typing import Any

import msgspec
import pytest
from litestar import Litestar, get, post
from litestar.testing import TestClient

from backend import app, errors
from backend.database import DB
from backend.notices.queries import unread
from backend.points.printing import REASONS
from backend.trouble import Invalid, Missing, Refused, Trouble
from tests.conftest import Browser
from tests.world import World


@get("/raised/{name:str}")
async def raised(name: str) -> None:
    where, text = REASONS["scale_outside"]
    raise {"invalid": Invalid({where: text}, least=0.9, most=1.1), "gone": Missing(), "taken": Refused()}[name]


@post("/raised/{name:str}")
async def taken(name: str) -> None:
    raise Refused()


@pytest.fixture
def client() -> Any:
    handlers: Any = {Trouble: errors.of_trouble, Exception: errors.of_anything}
    with TestClient(Litestar([raised, taken], exception_handlers=handlers, openapi_config=None)) as found:
        yield found


def test_the_facts_stand_in_the_texts_of_the_fields(client: Any) -> None:
    answer = client.get("/raised/invalid", headers={"accept": "application/json", "accept-language": "en"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert msgspec.json.decode(answer.content)["fields"] == {"scale": "The scale is from 0.9 to 1.1."}
    assert "0.9" in client.get("/raised/invalid", headers={"accept-language": "zh-CN"}).text


def test_only_what_can_be_read_again_is_offered_again(client: Any) -> None:
    assert 'href="/raised/taken"' in unescape(client.get("/raised/taken").text)
    answer = client.post("/raised/taken")
    shown = unescape(answer.text)
    assert answer.status_code == 409
    assert "/raised/taken" not in shown
    assert 'href="/"' in shown
    assert 'href="/scan"' in unescape(client.get("/raised/gone").text)


async def test_waiting_for_the_database_is_said_once_in_a_while(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries = []

    async def open_(_: str) -> None:
        tries.append(1)
        if len(tries) < 4:
            raise ConnectionRefusedError

    async def at_once(_: float) -> None:
        return None

    monkeypatch.setattr(DB, "open", open_)
    monkeypatch.setattr(asyncio, "sleep", at_once)
    with caplog.at_level(logging.WARNING, "xunan"):
        await app._open("postgresql://nowhere")
    assert len(tries) == 4
    assert [record.message for record in caplog.records] == ["waiting for the database: ConnectionRefusedError"]


async def test_the_bell_shows_what_is_unread(browser: Browser, world: World) -> None:
    client, member = browser("manager"), await world.member("manager")
    page = (await client.get("/me", headers={"accept": "text/html"})).text
    assert 'href="/notices"' in page
    assert (f">{count}<span" in page) if (count := await unread(member)) else ("条未读" not in page)
    assert "/notices" not in (await browser("guard").get("/me", headers={"accept": "text/html"})).text
