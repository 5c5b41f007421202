"""The wall of the demo: there in demo mode only, and calm while the city is not loaded."""

from dataclasses import replace

import pytest

from backend import demo_pages
from backend.settings import settings
from tests.conftest import Browser


async def test_without_the_demo_there_is_no_such_page(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_pages, "settings", lambda: replace(settings(), demo=False))
    async with browser() as stranger:
        assert (await stranger.get("/demo")).status_code == 404


async def test_an_empty_wall_says_what_to_do(browser: Browser) -> None:
    for language, words in (("zh-CN", "演示城市尚未载入"), ("en", "The demo city is not loaded")):
        async with browser(language=language) as stranger:
            shown = await stranger.get("/demo?school=nonsense")
        assert shown.status_code == 200
        assert words in shown.text
