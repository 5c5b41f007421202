"""Labels over HTTP: made, printed, bound, moved, revoked, replaced, claimed; and the PDF says what it should."""

import io
import re
from typing import Any
from uuid import UUID

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from backend import settings
from backend.database import DB, Scope, reading, row, rows, value
from backend.points import commands, printing, queries
from backend.row import uuid7
from qr.sheets import write_sheet
from tests.conftest import Browser
from tests.world import World


def read_pdf(content: bytes) -> set[str]:
    """Every code on every page, read from a picture of 150 dots an inch by a library that did not draw it."""
    found: set[str] = set()
    for page in pypdfium2.PdfDocument(content):
        picture = page.render(scale=150 / 72).to_pil()
        found |= {code.text for code in zxingcpp.read_barcodes(picture)}
    return found


def address(code: str) -> str:
    return f"{settings.settings().public_url}/P/{code}"


async def label(world: World, where: str, *values: object, school: str = "one") -> dict[str, Any]:
    async with reading(Scope(school=world.bodies[school])):
        found = await row(f"SELECT * FROM label WHERE {where}", *values)
    assert found is not None
    return found


async def blank(browser: Browser, world: World) -> dict[str, Any]:
    async with browser("manager") as client:
        assert (await client.post("/labels/blank", data={"count": "1"})).status_code == 303
    return await label(world, "point IS NULL AND revoked_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 1")


async def events(world: World, label_id: UUID) -> list[str]:
    async with reading(Scope(school=world.bodies["one"])):
        found = await rows("SELECT verb FROM label_event WHERE label = $1 ORDER BY created_at, id", label_id)
    return [event["verb"] for event in found]


async def point_of(browser: Browser, number: str) -> str:
    async with browser("manager") as client:
        answer = await client.post("/points", data={"number": number, "name": f"点{number}", "kind": "lab"})
    return answer.headers["location"].partition("?")[0].rpartition("/")[2]


async def test_a_printed_sheet_leads_to_its_points(browser: Browser, world: World) -> None:
    chosen = [await label(world, "code = $1", world.codes[name]) for name in ("lab", "gate", "exit")]
    form = {
        "which": "chosen",
        "label": [str(it["id"]) for it in chosen],
        "stock": "70x37",
        "start": "23",
        "words": "en",
    }
    async with browser("manager") as client:
        answer = await client.post("/labels/print", data=form)
    assert answer.headers["content-type"] == "application/pdf"
    assert len(pypdfium2.PdfDocument(answer.content)) == 2
    assert read_pdf(answer.content) == {address(it["code"]) for it in chosen}
    after = await label(world, "id = $1", chosen[0]["id"])
    assert (after["printed_at"] is not None, after["stock"]) == (True, "70x37")
    assert (await events(world, chosen[0]["id"]))[-1] == "print"


async def test_all_that_the_list_shows_is_printed_but_nothing_revoked(browser: Browser, world: World) -> None:
    mine = await blank(browser, world)
    async with browser("manager") as client:
        await client.post(f"/labels/{mine['id']}/revoke", data={"why": "torn"})
        answer = await client.post("/labels/print", data={"which": "all", "stock": "a4-cut", "calibration": "1"})
        refused = await client.post("/labels/print", data={"label": str(mine["id"])})
    assert refused.status_code == 409
    printed = read_pdf(answer.content)
    assert address(world.codes["lab"]) in printed
    assert address(mine["code"]) not in printed
    assert address(world.codes["lab_two"]) not in printed


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({}, "choose at least one"),
        ({"which": "all", "stock": "papyrus"}, "choose a stock"),
        ({"which": "all", "start": "25"}, "from 1 to 24"),
        ({"which": "all", "start": "0"}, "from 1 to 24"),
        ({"which": "all", "start": "1.5"}, "give a number"),
        ({"which": "all", "dx": "99"}, "at most 20"),
        ({"which": "all", "scale": "nan", "dy": "x"}, "give a number"),
        ({"which": "all", "scale": "2"}, "from 0.9 to 1.1"),
    ],
)
async def test_a_sheet_that_cannot_be_printed_is_told(browser: Browser, form: dict[str, str], why: str) -> None:
    async with browser("manager") as client:
        answer = await client.post("/labels/print", data=form)
    assert answer.status_code == 422
    assert why in answer.text


async def test_the_calibration_page_is_refused_like_a_sheet(browser: Browser) -> None:
    async with browser("manager") as client:
        page = await client.get("/labels/calibration.pdf?stock=60mm&dx=1.5")
        assert page.headers["content-type"] == "application/pdf"
        wrong = await client.get("/labels/calibration.pdf?stock=60mm&start=99&label=x")
    assert wrong.status_code == 422
    assert "from 1 to 8" in wrong.text


async def test_a_foreign_label_is_not_there(browser: Browser, world: World) -> None:
    foreign = await label(world, "code = $1", world.codes["lab_two"], school="two")
    async with browser("manager") as client:
        printed = await client.post("/labels/print", data={"label": str(foreign["id"])})
        assert printed.status_code == 422
        for one in (foreign["id"], uuid7()):
            assert (await client.get(f"/labels/{one}")).status_code == 404
            assert (await client.get(f"/labels/{one}.png")).status_code == 404
            for verb in ("bind", "revoke", "replace"):
                form = {"why": "w", "point": str(world.points["lab"])}
                assert (await client.post(f"/labels/{one}/{verb}", data=form)).status_code == 404
        assert (await client.get(f"/labels/claim/{foreign['code']}")).status_code == 404
        own = await blank(browser, world)
        form = {"point": str(world.points["lab_two"])}
        assert (await client.post(f"/labels/{own['id']}/bind", data=form)).status_code == 404
        assert "Nothing found" in (await client.get(f"/labels?q={foreign['short']}")).text
    assert await label(world, "id = $1", foreign["id"], school="two") == foreign


async def test_the_life_of_a_label(browser: Browser, world: World) -> None:
    it = await blank(browser, world)
    first, second = await point_of(browser, "L-1"), await point_of(browser, "L-2")
    async with browser("manager") as client:
        assert (await client.post(f"/labels/{it['id']}/bind", data={"point": ""})).status_code == 422
        assert (await client.post(f"/labels/{it['id']}/replace", data={"why": "w"})).status_code == 409
        for point in (first, first, second):
            assert (await client.post(f"/labels/{it['id']}/bind", data={"point": point})).status_code == 303
        assert (await client.post(f"/labels/{it['id']}/revoke", data={"why": ""})).status_code == 422
        replaced = await client.post(f"/labels/{it['id']}/replace", data={"why": "褪色"})
        new = replaced.headers["location"].partition("?")[0].rpartition("/")[2]
        for verb in ("bind", "revoke", "replace"):
            again = await client.post(f"/labels/{it['id']}/{verb}", data={"why": "w", "point": first})
            assert again.status_code == 409, verb
        shown = (await client.get(f"/labels/{it['id']}")).text
        assert "褪色" in shown
        assert new in shown
        assert "点L-2" in (await client.get(f"/labels/{new}")).text
    old, fresh = await label(world, "id = $1", it["id"]), await label(world, "id = $1", UUID(new))
    assert (str(old["point"]), str(fresh["point"]), old["replaced_by"]) == (second, second, fresh["id"])
    assert old["code"] != fresh["code"]
    assert await events(world, it["id"]) == ["bind", "bind", "replace"]
    assert await events(world, fresh["id"]) == ["bind"]


async def test_a_label_is_not_bound_to_a_retired_point(browser: Browser, world: World) -> None:
    it, point = await blank(browser, world), await point_of(browser, "L-3")
    async with browser("manager") as client:
        await client.post(f"/points/{point}/retire", data={"why": "w"})
        assert (await client.post(f"/labels/{it['id']}/bind", data={"point": point})).status_code == 409


async def test_a_blank_label_is_claimed_once(browser: Browser, world: World) -> None:
    it, point = await blank(browser, world), await point_of(browser, "L-4")
    async with browser("manager") as client:
        shown = await client.get(f"/labels/claim/{it['code'].lower()}")
        assert shown.status_code == 200
        assert shown.text.index("点L-4") < shown.text.index("Points that have a label")
        empty = await client.post(f"/labels/{it['id']}/bind", data={"claim": "1"})
        assert empty.status_code == 422
        form = {"claim": "1", "point": point}
        assert (await client.post(f"/labels/{it['id']}/bind", data=form)).headers["location"].startswith("/points/")
        assert (await client.get(f"/labels/claim/{it['code']}")).status_code == 303
        late = {"claim": "1", "point": str(world.points["gate"])}
        assert (await client.post(f"/labels/{it['id']}/bind", data=late)).status_code == 409
        await client.post(f"/labels/{it['id']}/revoke", data={"why": "w"})
        assert (await client.get(f"/labels/claim/{it['code']}")).status_code == 409


async def test_a_new_point_can_be_made_for_the_label_in_hand(browser: Browser, world: World) -> None:
    it = await blank(browser, world)
    form = {"number": "L-5", "name": "新点", "kind": "lab", "label": it["code"]}
    async with browser("manager") as client:
        assert it["code"] in (await client.get(f"/points/new?label={it['code']}")).text
        assert (await client.post("/points", data={**form, "number": ""})).status_code == 422
        assert (await client.post("/points", data=form)).status_code == 303
        assert (await client.post("/points", data={**form, "number": "L-6"})).status_code == 409
        assert "L-6" not in (await client.get("/points?q=L-6")).text.partition("<main")[2].partition("empty")[2]
    assert (await label(world, "id = $1", it["id"]))["point"] is not None


async def test_labels_are_made_for_every_point_without_one(browser: Browser, world: World) -> None:
    await point_of(browser, "L-7")
    async with browser("manager") as client:
        made = await client.post("/labels/new")
        assert int(made.headers["location"].rpartition("=")[2]) >= 1
        again = await client.post("/labels/new")
        assert again.headers["location"].endswith("n=0")
        for count in ("0", "-1", "x", "10001", ""):
            assert (await client.post("/labels/blank", data={"count": count})).status_code == 422, count


async def test_the_picture_of_a_label_can_be_read(browser: Browser, world: World) -> None:
    it = await label(world, "code = $1", world.codes["lab"])
    async with browser("manager") as client:
        picture = await client.get(f"/labels/{it['id']}.png")
    assert picture.headers["content-type"] == "image/png"
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.content)).convert("L"))
    assert [code.text for code in found] == [address(it["code"])]


async def test_only_who_may_handle_labels_does(browser: Browser, world: World) -> None:
    it = await label(world, "code = $1", world.codes["lab"])
    for who in ("principal", "district", "guard"):
        async with browser(who) as client:
            assert (await client.get("/labels")).status_code == 403, who
            assert (await client.get(f"/labels/{it['id']}.png")).status_code == 403
            assert (await client.post("/labels/print", data={"which": "all"})).status_code == 403
            assert (await client.get(f"/labels/claim/{it['code']}")).status_code == 403


async def test_a_code_is_found_only_by_those_who_may_see_its_school(app: object, world: World) -> None:
    code = world.codes["lab"]
    spoken = code.lower().replace("0", "o")
    for who, sees in (("guard", True), ("district", True), ("neighbour", False), ("other_district", False)):
        found = await queries.label_by_code(await world.member(who), spoken)
        assert (found is not None) == sees, who
    found = await queries.label_by_code(await world.member("guard"), f"https://OTHER.CN/P/{code}")
    assert found is not None
    assert (found["now"], found["point"]) == ("bound", world.points["lab"])


async def test_the_command_line_prints_every_label_there_is(
    app: object, world: World, dsns: Any, tmp_path: Any
) -> None:
    pool, DB.pool = DB.pool, None
    try:
        await DB.open(dsns.owner, size=1)
        everything, one = await commands.printable(), await commands.printable(world.bodies["three"])
        assert await value_of_all() == len(everything)
    finally:
        await DB.close()
        DB.pool = pool
    codes = {label.code for _, label in everything}
    assert {world.codes["lab"], world.codes["lab_two"], world.codes["lab_three"]} <= codes
    own = {world.codes[f"{name}_three"] for name in ("lab", "gate", "extinguisher", "exit")}
    assert own <= {label.code for _, label in one} <= codes  # other tests may have made more
    assert not {label.code for _, label in one} & {world.codes["lab"], world.codes["lab_two"]}
    out = tmp_path / "labels.pdf"
    write_sheet(out, [label for _, label in one], "70x37")
    assert read_pdf(out.read_bytes()) == {label.url for _, label in one}


async def value_of_all() -> int:
    async with DB.transaction():
        return int(await value("SELECT count(*) FROM label WHERE revoked_at IS NULL"))


def test_the_templates_have_chinese_for_every_reason() -> None:
    """Rules hold their messages as plain texts: the catalogue must know each of them."""
    from backend.language import catalogue
    from backend.points import (
        actions,
        forms,
        pages,
        pages_labels,
        pages_places,
        pages_print,
        pages_sheet,
        rules,
        rules_sheet,
        sheets,
    )

    modules = (actions, forms, pages, pages_labels, pages_places, pages_print, pages_sheet, rules, rules_sheet, sheets)
    texts = {
        text for module in modules for name, text in vars(module).items() if isinstance(text, str) and name.isupper()
    }
    texts |= {text for module in modules for text in getattr(module, "DONE", {}).values()}
    texts |= {text for _, text in printing.REASONS.values()} | {printing.NOT_A_NUMBER, printing.BAD_HOST}
    sentences = {text for text in texts if re.match(r"[A-Z%].* .*[.!]", text)}
    assert len(sentences) > 50
    assert sorted(sentences - set(catalogue())) == []
