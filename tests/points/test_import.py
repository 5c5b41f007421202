"""A sheet over HTTP: preview, errors by row, all or nothing, again without doubling, out and in again unchanged."""

import io
import json
import re
from html import unescape
from typing import Any

import httpx
import openpyxl

from backend.database import Scope, reading, rows
from tests.conftest import Browser
from tests.world import World

HEAD = "点位编号,点位名称,点位类型,楼栋,楼层,具体位置,责任人,联系电话,经度,纬度,备注"
LAB = "I-1,导入实验室,实验室,导入楼,1层,101,周敏,13800000000,120.1,30.2,无"
HOSE = "I-2,导入消火栓,hydrant,导入楼,2层,楼梯口,外聘张师傅,,,,"
BUS = "I-3,浙A12345校车,校车,,,,,,,,"


async def upload(client: httpx.AsyncClient, *lines: str, content: bytes = b"") -> httpx.Response:
    content = content or "\n".join([HEAD, *lines]).encode("gbk")
    return await client.post("/points/import", files={"sheet": ("点位.csv", content)})


def carried(shown: str) -> str:
    found = re.search(r'name="rows" value="([^"]*)"', shown)
    assert found is not None, shown
    return unescape(found[1])


async def confirm(client: httpx.AsyncClient, shown: str) -> httpx.Response:
    return await client.post("/points/import/confirm", data={"rows": carried(shown)}, files={"none": b""})


async def points(world: World, school: str = "one") -> dict[str, dict[str, Any]]:
    async with reading(Scope(school=world.bodies[school])):
        found = await rows(
            "SELECT p.*, pl.name AS floor, up.name AS building FROM point p LEFT JOIN place pl ON pl.id = p.place"
            " LEFT JOIN place up ON up.id = pl.parent WHERE p.school = $1",
            world.bodies[school],
        )
    return {point["number"]: point for point in found}


async def test_a_sheet_is_previewed_confirmed_and_taken_in_once(browser: Browser, world: World) -> None:
    async with browser("manager", language="zh-CN") as client:
        preview = await upload(client, LAB, HOSE, BUS)
        assert preview.status_code == 200
        assert "I-1" not in await points(world)
        assert "导入楼 1层" in preview.text
        done = await confirm(client, preview.text)
        assert done.headers["location"] == "/points?done=imported&n=3"
        after = await points(world)
        assert after["I-1"]["responsible"] == world.users["keeper"]
        assert (after["I-1"]["building"], after["I-1"]["floor"], after["I-1"]["longitude"]) == ("导入楼", "1层", 120.1)
        assert (after["I-2"]["kind"], after["I-2"]["responsible_name"]) == ("hydrant", "外聘张师傅")
        assert after["I-3"]["place"] is None
        again = await confirm(client, preview.text)
        assert again.headers["location"] == "/points?done=imported&n=0"
        assert 'name="rows"' not in (await upload(client, LAB, HOSE, BUS)).text
        assert await points(world) == after


async def test_a_changed_row_is_shown_before_and_after(browser: Browser, world: World) -> None:
    async with browser("manager") as client:
        await confirm(client, (await upload(client, "I-20,旧名,实验室,,,,,,,,")).text)
        before = await points(world)
        preview = (await upload(client, "I-20,新名,实验室,换的楼,,,,110,,,")).text
        assert "<del>旧名</del>" in preview
        assert "<ins>换的楼</ins>" in preview
        await confirm(client, preview)
        after = await points(world)
        assert after["I-20"]["id"] == before["I-20"]["id"]
        assert after["I-20"]["phone"] == "110"
        narrow = await client.post(
            "/points/import", files={"sheet": ("a.csv", "编号,名称,类型\nI-20,新名,实验室".encode())}
        )
        assert 'name="rows"' not in narrow.text  # columns that are missing leave things as they are


async def test_one_wrong_row_keeps_all_out_and_is_named(browser: Browser, world: World) -> None:
    before = await points(world)
    async with browser("manager", language="zh-CN") as client:
        bad = await upload(
            client, "I-30,好的,实验室,,,,,,,,", "I-31,坏的,没有这种,,,,,abc,,,", "I-30,重复,实验室,,,,,,,,"
        )
        assert bad.status_code == 422
        for told in ("第 3 行", "点位类型", "联系电话", "第 4 行"):
            assert told in bad.text
        assert 'name="rows"' not in bad.text
        forged = {"columns": ["number", "name", "kind"], "rows": {"2": {"number": "I-30", "name": "好", "kind": "lab"}}}
        forged["rows"]["3"] = {"number": "I-31", "name": "", "kind": "lab"}  # type: ignore[index]
        answer = await client.post("/points/import/confirm", data={"rows": json.dumps(forged)})
        assert answer.status_code == 422
    assert await points(world) == before


async def test_a_ground_has_no_floors(browser: Browser, world: World) -> None:
    async with browser("manager") as client:
        await client.post("/places", data={"kind": "ground", "name": "导入操场"})
        bad = await upload(client, "I-40,点,实验室,导入操场,2层,,,,,,")
        assert bad.status_code == 422
        assert "open ground" in bad.text
        good = await upload(client, "I-40,点,实验室,导入操场,,,,,,,")
        assert good.status_code == 200
    assert "I-40" not in await points(world)


async def test_files_and_pages_that_were_tampered_with(browser: Browser) -> None:
    async with browser("manager") as client:
        for content in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"a,b\n1,2", b"\0" * 100):
            assert (await upload(client, content=content)).status_code == 422
        assert (await client.post("/points/import")).status_code == 422
        for text in ("", "{}", "[]", "null", '{"columns":["number"],"rows":{"x":{}}}', "[" * 100_000, '{"columns":7}'):
            assert (await client.post("/points/import/confirm", data={"rows": text})).status_code == 422, text[:20]


async def test_what_goes_out_comes_in_again_unchanged(browser: Browser, world: World) -> None:
    async with browser("manager") as client:
        await confirm(client, (await upload(client, "I-50,=HYPERLINK(1),实验室,往返楼,3层,@x,+我,,-70.5,-30,-1")).text)
        await client.post(f"/points/{(await points(world))['I-50']['id']}/retire", data={"why": "w"})
        before = await points(world)
        for ending in ("xlsx", "csv"):
            exported = await client.get(f"/points/export.{ending}?state=all")
            assert exported.status_code == 200
            preview = await upload(client, content=exported.content)
            assert preview.status_code == 200, preview.text
            assert 'name="rows"' not in preview.text, re.findall("<del>.*?</ins>", preview.text)
        assert await points(world) == before


async def test_the_model_opens_and_lists_every_kind(browser: Browser) -> None:
    async with browser("manager") as client:
        book = openpyxl.load_workbook(io.BytesIO((await client.get("/points/import/model.xlsx")).content))
    kinds = {row[0].value for row in book.worksheets[1].iter_rows()}
    assert len(kinds - {None}) >= 33


async def test_five_thousand_rows_go_through(browser: Browser, world: World) -> None:
    async with browser("neighbour_manager") as client:
        lines = [f"N-{n},灭火器{n},灭火器设置点,主楼,{n % 20}层,走廊{n},,,,,备注{n}" for n in range(5000)]
        preview = await upload(client, content="\n".join([HEAD, *lines]).encode())
        done = await confirm(client, preview.text)
        assert done.headers["location"] == "/points?done=imported&n=5000"
        assert "N-4999" in (await client.get("/points?q=N-4999")).text
    assert len(await points(world, "two")) >= 5000
    assert "N-1" not in await points(world)


async def test_only_who_sets_up_the_school_may_import(browser: Browser) -> None:
    for who in ("principal", "district", "guard"):
        async with browser(who) as client:
            assert (await upload(client, LAB)).status_code == 403, who
            assert (await client.get("/points/import")).status_code == 403
