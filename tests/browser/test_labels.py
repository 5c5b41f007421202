"""Labels: a printed sheet whose codes lead to their points, and a blank label claimed with a phone at its point."""

from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
import pytest
import zxingcpp
from playwright.async_api import expect

from tests.browser.conftest import DESK, NAMES, Ask, Open, words_of
from tests.browser.serving import City, Server


def decoded(pdf: Path) -> list[str]:
    """Every code on every page, read from a picture of it at 100 dpi."""
    document = pypdfium2.PdfDocument(pdf)
    pictures = [page.render(scale=100 / 72).to_pil() for page in document]
    return [code.text for picture in pictures for code in zxingcpp.read_barcodes(picture) if code.valid]


async def test_a_printed_sheet_leads_to_its_points(phone: Open, city: City, site: Server, tmp_path: Path) -> None:
    page = await phone("manager", viewport=DESK)
    await page.goto("/labels?state=bound")
    await page.locator("input[name=which][value=all]").check(force=True)
    async with page.expect_download() as waiting:
        await page.locator("#sheet button").first.click()
    file = tmp_path / "labels.pdf"
    await (await waiting.value).save_as(file)
    bound = {row["code"] for row in city.rows("SELECT code FROM label WHERE point IS NOT NULL AND revoked_at IS NULL")}
    found = decoded(file)
    assert {address.rpartition("/")[2] for address in found} == bound
    assert len(found) == len(bound)
    code = "P6XHTHBYQ9JM"
    address = next(text for text in found if text.endswith(code))
    assert address.startswith(site.url + "/P/")
    patrol = await phone("patrol")
    await patrol.goto(address)
    await expect(patrol.get_by_role("heading", level=1)).to_contain_text("校门门卫室")
    assert (
        city.value("SELECT count(*) FROM label WHERE point IS NOT NULL AND revoked_at IS NULL AND printed_at IS NULL")
        == 0
    )


async def test_a_blank_label_is_claimed_with_a_phone(phone: Open, city: City) -> None:
    for language, code in (("zh-CN", "V78NASTBPJAJ"), ("en", "A0WQB8KTW3C6")):
        _ = words_of(language)
        name = f"新装的消火栓 {NAMES[language]}"
        city.point("hydrant", name, labelled=False)
        page = await phone("manager", language)
        await page.goto(f"/p/{code}")
        await page.get_by_role("link", name=_("Claim this label")).tap()
        await page.get_by_role("searchbox").fill(name)
        await page.get_by_role("button", name=_("Search"), exact=True).tap()
        await page.locator("label.line", has_text=name).first.tap()
        await page.get_by_role("button", name=_("This is the point")).tap()
        await page.wait_for_url("**/points/*")
        patrol = await phone("patrol", language)
        await patrol.goto(f"/p/{code.lower().replace('0', 'o')}")
        await expect(patrol.get_by_role("heading", level=1)).to_contain_text(name)


async def test_a_blank_label_tells_others_what_to_do(phone: Open) -> None:
    page = await phone("patrol")
    await page.goto("/p/NHAZYKNY4SKD")
    await expect(page.get_by_role("link", name=words_of("zh-CN")("Report a hazard"))).to_be_visible()


async def test_an_old_label_still_helps(phone: Open) -> None:
    """A revoked label opens its point for a patroller and takes reports of strangers."""
    patrol = await phone("patrol")
    await patrol.goto("/p/719NTVSQKCC8")
    await expect(patrol.locator(".notice.warn").first).to_be_visible()
    stranger = await phone()
    await stranger.goto("/p/719NTVSQKCC8")
    await expect(stranger.locator("#report")).to_be_visible()


async def test_a_photo_of_a_label_is_decoded_on_the_phone(phone: Open, city: City, ask: Ask, tmp_path: Path) -> None:
    """The scanner compiles its WebAssembly under the page's own policy and opens the point."""
    label = city.value("SELECT id FROM label WHERE code = '5AEBV4V5R7NF'")
    picture = tmp_path / "label.png"
    picture.write_bytes(ask("manager").get(f"/labels/{label}.png").content)
    page = await phone("patrol")
    await page.goto("/scan")
    await page.locator("[data-scan-photo]").set_input_files(picture)
    await page.wait_for_url("**/p/5AEBV4V5R7NF?how=photo")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("科学实验室")


@pytest.mark.parametrize("scripts", [True, False])
async def test_the_short_code_can_be_typed(phone: Open, city: City, scripts: bool) -> None:
    """What stands below the symbol; a slip of one character is noticed."""
    short = str(city.value("SELECT short FROM label WHERE code = '5AEBV4V5R7NF'"))
    page = await phone("patrol", java_script_enabled=scripts)
    await page.goto("/scan")
    await page.get_by_role("textbox").fill(short[:-1] + ("2" if short[-1] != "2" else "3"))
    await page.keyboard.press("Enter")
    await expect(page.locator("#code-error")).to_be_visible()
    await page.get_by_role("textbox").fill(f" {short[:4].lower()}-{short[4:].lower()}")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/p/*")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("科学实验室")
