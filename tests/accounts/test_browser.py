"""Signing in, joining and changing the person, as they look in Chromium at phone size, in both languages."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from backend.postgres_roles import Dsns
from tests.accounts.people import PASSWORD, owner, somebody
from tests.live import served
from tests.world import World

pytestmark = pytest.mark.browser
CHROMIUM = "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None
FRONT = {"zh-CN": "登录", "en": "Sign in"}
WRONG = {"zh-CN": "用户名或密码不正确", "en": "The user name or password is not right"}
PIN = "274915"


@pytest.fixture(scope="module")
def address(dsns: Dsns, world: World) -> Iterator[str]:
    with served(dsns) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


async def phone(chromium: Browser, address: str, language: str, **more: bool) -> BrowserContext:
    context = await chromium.new_context(
        base_url=address, viewport={"width": 390, "height": 844}, locale=language, service_workers="block", **more
    )
    context.set_default_timeout(15_000)
    return context


async def without_fault(page: Page) -> None:
    """No axe violation, nothing to scroll sideways."""
    found = (await Axe().run(page)).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


async def sign_in(page: Page, username: str, password: str) -> None:
    await page.goto("/sign-in?next=/me")
    await page.fill("#username", username)
    await page.fill("#password", password)
    await page.press("#password", "Enter")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_sign_in(chromium: Browser, address: str, dsns: Dsns, world: World, language: str) -> None:
    username, _ = await somebody(dsns, world, ("one", "guard"))
    context = await phone(chromium, address, language)
    page = await context.new_page()
    heard: list[str] = []
    page.on("console", lambda one: heard.append(one.text) if one.type == "error" else None)
    await sign_in(page, username, "wrong")
    await page.wait_for_selector(".notice.bad")
    assert WRONG[language] in await page.inner_text("main")
    assert await page.inner_text("h1") == FRONT[language]
    assert await page.input_value("#username") == username
    await without_fault(page)
    await sign_in(page, username, PASSWORD)
    await page.wait_for_url("**/me")
    await without_fault(page)
    assert [text for text in heard if "401" not in text] == []
    await context.close()


@pytest.mark.parametrize("scripts", [True, False])
async def test_from_the_invitation_to_the_shared_phone(
    chromium: Browser, address: str, dsns: Dsns, world: World, scripts: bool
) -> None:
    boss, _ = await somebody(dsns, world, ("one", "safety_director"))
    colleague, _ = await somebody(dsns, world, ("one", "guard"))
    desk = await phone(chromium, address, "en", java_script_enabled=scripts)
    page = await desk.new_page()
    await sign_in(page, boss, PASSWORD)
    await page.wait_for_url("**/me")
    await page.goto("/people/new")
    await page.fill("#name", "李小红")
    await page.fill("#username", f"{boss}.new")
    await page.check("input[value=guard]")
    await page.click("form.card button.btn")
    link = await page.input_value("#link")
    assert await page.locator("article.label svg").count() == 1
    await desk.close()

    shared = await phone(chromium, address, "zh-CN", java_script_enabled=scripts)
    page = await shared.new_page()
    await sign_in(page, colleague, PASSWORD)
    await page.wait_for_url("**/me")
    await page.goto("/join/" + link.rsplit("/", 1)[1])
    if scripts:
        await without_fault(page)
    await page.fill("#password", PASSWORD)
    await page.click("main button.btn")
    await page.wait_for_url("**/today")
    await page.goto("/me")
    await page.fill("#pin", PIN)
    await page.fill("#pin_password", PASSWORD)
    await page.press("#pin_password", "Enter")
    await page.wait_for_url("**/me?done=pin")
    await sign_in(page, colleague, PASSWORD)
    await page.wait_for_url("**/me")
    await page.goto("/switch")
    if scripts:
        await without_fault(page)
    await page.click("a.line:has-text('李小红')")
    await page.fill("#pin", PIN)
    await page.click("main button.btn")
    await page.wait_for_url("**/today")
    rows = await owner(dsns, "SELECT name FROM app_user WHERE username = $1", f"{boss}.new")
    assert rows[0]["name"] == "李小红"
    await page.goto("/me")
    assert "李小红" in await page.inner_text("h1")
    await shared.close()
