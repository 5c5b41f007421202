"""A label opened by each who may scan it; the plain form; the JSON interface."""

import hashlib
import io
import json
from typing import Any

import httpx
import pytest
from PIL import Image

from backend.database import reading, rows, value
from backend.row import uuid7
from backend.visits.queries import point_to_visit
from tests.conftest import Browser
from tests.world import World


def picture(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (320, 240), colour).save(out, "JPEG")
    return out.getvalue()


async def form_of(world: World, who: str, point: str) -> dict[str, str]:
    """Every due item of a point answered as a calm day would."""
    found = await point_to_visit(await world.member(who), world.points[point])
    fields = {"id": str(uuid7()), "point": str(world.points[point]), "label": world.codes[point], "how": "link"}
    for item in found.due:
        if item.answer == "number":
            fields[f"number.{item.id}"] = str(item.minimum if item.minimum is not None else item.maximum or 1)
        elif item.answer == "ok_notok_na":
            fields[f"result.{item.id}"] = "ok"
        else:
            fields[f"result.{item.id}"] = "unchecked"
        fields[f"reason.{item.id}"] = "locked"
    for finding in found.findings:
        fields[f"now.{finding['id']}"] = "still"
    return fields


async def test_a_scan_shows_the_items_due_in_both_languages(browser: Browser, world: World) -> None:
    for language, words in (("zh-CN", "有问题"), ("en", "Problem")):
        async with browser("neighbour", language=language) as guard:
            shown = await guard.get(f"/p/{world.codes['exit_two'].lower()}")
        assert shown.status_code == 200
        assert words in shown.text
        assert shown.headers["x-offline-page"] == str(world.users["neighbour"])
        assert " checked" not in shown.text


async def test_a_stranger_and_a_neighbour_are_sent_to_the_report_form(browser: Browser, world: World) -> None:
    for who in ("", "neighbour", "far_manager", "other_district"):
        async with browser(who) as someone:
            shown = await someone.get(f"/p/{world.codes['lab']}")
        assert shown.status_code == 303
        assert shown.headers["location"] == f"/report/{world.codes['lab']}"


async def test_an_officer_of_the_district_is_sent_to_the_point(browser: Browser, world: World) -> None:
    shown = await browser("district").get(f"/p/{world.codes['lab']}")
    assert shown.headers["location"] == f"/points/{world.points['lab']}"


async def test_an_unknown_code_is_told(browser: Browser) -> None:
    async with browser("guard") as guard:
        shown = await guard.get("/p/0000000000ZZ")
    assert shown.status_code == 404


async def test_the_plain_form_is_recorded_with_its_photo(browser: Browser, world: World) -> None:
    fields = await form_of(world, "neighbour", "exit_two")
    bad = next(name for name in fields if name.startswith("result."))
    item = bad.removeprefix("result.")
    fields[bad], fields[f"words.{item}"] = "bad", "楼道堆放课桌"
    async with browser("neighbour") as guard:
        sent = await guard.post("/visits", data=fields, files={f"photo.{item}": ("a.jpg", picture(), "image/jpeg")})
        assert sent.status_code == 303, sent.text
        shown = await guard.get(sent.headers["location"])
    assert shown.status_code == 200
    assert "楼道堆放课桌" in shown.text
    async with reading((await world.member("neighbour")).scope):
        photos = await rows("SELECT state, role, finding FROM photo WHERE visit = $1::uuid", fields["id"])
    assert [(p["state"], p["role"]) for p in photos] == [("kept", "problem")]
    assert photos[0]["finding"] is not None


async def test_what_is_missing_is_said_beside_the_item_and_nothing_typed_is_lost(
    browser: Browser, world: World
) -> None:
    fields = await form_of(world, "neighbour", "gate_two")
    first = next(name for name in fields if name.startswith("result."))
    fields[first] = "unchecked"
    fields[f"reason.{first.removeprefix('result.')}"] = ""
    fields["note"] = "风很大 <b>"
    async with browser("neighbour", language="zh-CN") as guard:
        sent = await guard.post("/visits", data=fields, files={"x": ("", b"")})
    assert sent.status_code == 422
    assert "风很大 &lt;b&gt;" in sent.text
    async with reading((await world.member("neighbour")).scope):
        assert await value("SELECT count(*) FROM visit WHERE id = $1::uuid", fields["id"]) == 0


async def put(client: httpx.AsyncClient, visit: object, body: dict[str, Any]) -> httpx.Response:
    return await client.put(f"/api/visits/{visit}", json=body, headers={"accept": "application/json"})


async def test_the_json_interface_gives_a_receipt_and_asks_for_its_photos(browser: Browser, world: World) -> None:
    found = await point_to_visit(await world.member("neighbour"), world.points["lab_two"])
    content = picture("blue")
    sha = hashlib.sha256(content).hexdigest()
    body = {
        "point": str(world.points["lab_two"]),
        "answers": [{"item": str(found.items[0].id), "result": "bad", "words": "x", "photos": [sha]}],
        "photos": [{"sha256": sha, "in_page": True}],
        "position": {"latitude": 31.8, "longitude": 119.9, "accuracy": 12},
    }
    visit = uuid7()
    async with browser("neighbour") as guard:
        first = await put(guard, visit, body)
        assert first.status_code == 201
        told = first.json()
        assert (told["id"], told["replayed"], told["missing"]) == (str(visit), False, [sha])
        assert (await guard.put(f"/api/photos/{sha}", content=b"not it")).status_code == 422
        assert (await guard.put(f"/api/photos/{sha}", content=content)).status_code == 201
        again = await put(guard, visit, body)
        assert again.status_code == 200
        assert {k: again.json()[k] for k in ("seq", "hash")} == {k: told[k] for k in ("seq", "hash")}
        assert again.json()["missing"] == []
        conflict = await put(guard, visit, {**body, "note": "other"})
        assert conflict.status_code == 409
        assert conflict.headers["content-type"].startswith("application/problem+json")
    async with browser("neighbour_manager") as manager:
        chain = await manager.get(f"/api/record/{world.bodies['two']}")
    lines = [json.loads(line) for line in chain.text.splitlines()]
    assert str(visit) in {line["id"] for line in lines}
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert "latitude" not in chain.text


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"point": 1}', b'{"point":"x"}', b"\xff\xfe", b'{"point":1e999}', b"[" * 100_000]
)
async def test_what_is_not_a_visit_is_refused_with_a_reason(browser: Browser, body: bytes) -> None:
    async with browser("guard") as guard:
        answer = await guard.put(f"/api/visits/{uuid7()}", content=body)
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"


async def test_who_is_not_signed_in_gets_401_as_a_problem(browser: Browser, world: World) -> None:
    async with browser() as stranger:
        answer = await put(stranger, uuid7(), {"point": str(world.points["lab"])})
    assert answer.status_code == 401
    assert answer.json()["code"] == "sign_in"


async def test_a_write_from_another_site_is_refused(browser: Browser) -> None:
    async with browser("guard") as guard:
        answer = await guard.put(f"/api/visits/{uuid7()}", json={}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
