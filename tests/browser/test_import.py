"""Points come from a sheet: every error with its row and column, nothing half, then the mended sheet is taken in."""

import csv
from pathlib import Path

import pytest
from playwright.async_api import expect

from fixtures.packs import read
from tests.browser.conftest import DESK, LANGUAGES, NAMES, Open, words_of
from tests.browser.eyes import flawless
from tests.browser.serving import City

HEADINGS = ["点位编号", "点位名称", "点位类型", "楼栋（区域）", "楼层", "责任人"]


def sheet(file: Path, rows: list[list[str]]) -> Path:
    with file.open("w", newline="", encoding="utf-8-sig") as out:
        csv.writer(out).writerows([HEADINGS, *rows])
    return file


@pytest.mark.parametrize("language", LANGUAGES)
async def test_errors_by_row_then_mended(phone: Open, city: City, tmp_path: Path, language: str) -> None:
    _ = words_of(language)
    mark = "Z" if language == "en" else "Y"
    kind = next(kind["zh"] for kind in read("kinds") if kind["id"] == "hydrant")
    good = [f"{mark}01", f"图书角 {NAMES[language]}", kind, "实验楼", "3", "陶静宜"]
    wrong = [good, [f"{mark}02", "", kind, "", "", ""], [f"{mark}03", "没有这种", "飞碟", "", "", ""], good]
    page = await phone("manager", language, viewport=DESK)
    await page.goto("/points/import")
    await page.get_by_label(_("Excel (.xlsx) or CSV")).set_input_files(sheet(tmp_path / "wrong.csv", wrong))
    await page.get_by_role("button", name=_("Show the preview")).click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await flawless(page)
    for row in (3, 4, 5):
        await expect(page.get_by_role("row", name=_("Row %(n)s", n=row))).to_have_count(1)
    assert city.value("SELECT count(*) FROM point WHERE number LIKE $1", f"{mark}0%") == 0
    mended = [good, [f"{mark}02", "配电室门口", kind, "", "", ""]]
    await page.goto("/points/import")
    await page.get_by_label(_("Excel (.xlsx) or CSV")).set_input_files(sheet(tmp_path / "mended.csv", mended))
    await page.get_by_role("button", name=_("Show the preview")).click()
    await expect(page.get_by_role("alert")).to_have_count(0)
    await flawless(page)
    await page.get_by_role("button", name=_("Take in %(n)s rows", n=2)).click()
    await page.wait_for_url("**/points?done=imported*")
    await expect(page.get_by_role("main")).to_contain_text(f"图书角 {NAMES[language]}")
    assert city.value("SELECT count(*) FROM point WHERE number LIKE $1", f"{mark}0%") == 2


async def test_what_is_no_sheet_is_said(phone: Open, tmp_path: Path) -> None:
    page = await phone("manager", viewport=DESK)
    file = tmp_path / "points.xlsx"
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(300))
    await page.goto("/points/import")
    await page.locator("input[type=file]").set_input_files(file)
    await page.get_by_role("button", name=words_of("zh-CN")("Show the preview")).click()
    await expect(page.locator(".error").first).to_be_visible()
