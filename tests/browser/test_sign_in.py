"""Coming in and going out: by user name, with the wrong password, by keyboard alone, without scripts."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import LANGUAGES, Open, words_of
from tests.browser.eyes import flawless
from tests.browser.serving import PASSWORD, PEOPLE


@pytest.mark.parametrize("language", LANGUAGES)
async def test_sign_in_and_out(phone: Open, language: str) -> None:
    _ = words_of(language)
    page = await phone(language=language)
    await page.goto("/")
    assert "/sign-in" in page.url
    await page.get_by_label(_("User name or phone number")).fill(PEOPLE["patrol"])
    await page.get_by_label(_("Password"), exact=True).fill("not this one")
    await page.get_by_role("button", name=_("Sign in"), exact=True).click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await flawless(page)
    await expect(page.get_by_label(_("User name or phone number"))).to_have_value(PEOPLE["patrol"])
    await page.get_by_label(_("Password"), exact=True).fill(PASSWORD)
    await page.get_by_role("button", name=_("Sign in"), exact=True).click()
    await page.wait_for_url("**/today")
    await page.goto("/me")
    await page.get_by_role("button", name=_("Sign out"), exact=True).first.click()
    await page.wait_for_url("**/sign-in*")
    await page.goto("/today")
    assert "/sign-in" in page.url


async def test_a_label_leads_on_after_signing_in(phone: Open) -> None:
    page = await phone()
    await page.goto("/me/sessions")
    await page.get_by_label("用户名").fill(PEOPLE["crew"])
    await page.get_by_label("密码", exact=True).fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/me/sessions")


async def test_without_scripts(phone: Open) -> None:
    page = await phone(java_script_enabled=False)
    await page.goto("/sign-in")
    await page.get_by_label("用户名").fill(PEOPLE["patrol"])
    await page.get_by_label("密码", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="登录", exact=True).click()
    await page.wait_for_url("**/today")


async def test_by_keyboard_alone(phone: Open) -> None:
    """Tab to the field, type, Enter: nothing else; the first stop of every page is the way past its head."""
    page = await phone(has_touch=False)
    await page.goto("/sign-in")
    for _ in range(15):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.name") == "username":
            break
    await page.keyboard.type(PEOPLE["patrol"])
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/today")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.hash") == "#main"


@pytest.mark.parametrize("scripts", [True, False])
async def test_the_language_is_one_tap_away(phone: Open, scripts: bool) -> None:
    """On the same page, and kept when he comes back."""
    page = await phone(java_script_enabled=scripts)
    await page.goto("/report?code=1")
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Report a hazard")
    assert "/report?code=1" in page.url
    await page.goto("/sign-in")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    await page.get_by_role("button", name="中文").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("登录")
