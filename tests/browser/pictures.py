"""The screenshots of the README, taken of a demo city of their own: `make pictures`."""

import asyncio
import io
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from tests.browser.conftest import CHROMIUM, DESK, FLAGS, PHONE
from tests.browser.serving import PASSWORD

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = Path(__file__).resolve().parent / "pictures"
MOST = 120_000
"""Bytes of one picture: the README is read on slow lines too."""


@dataclass(frozen=True)
class Shot:
    """`who` opens `path`, follows the link `pick` and chooses the first answers of `choose`."""

    name: str
    who: str
    path: str
    size: ViewportSize
    pick: str = ""
    choose: str = ""


SHOTS = (
    Shot("today", "baoan", "/today", PHONE),
    Shot("point", "shiyan", "/demo", PHONE, "a.label:has-text('化学实验室一')", ".seg .ok input"),
    Shot("report", "", "/demo", PHONE, "a.label:has-text('正门门卫室')"),
    Shot("findings", "anban", "/findings", DESK),
    Shot("tickets", "houqin", "/tickets", PHONE),
    Shot("ticket", "houqin", "/tickets", PHONE, "main a[href^='/findings/']"),
    Shot("plan", "anban", "/coverage/plan", DESK),
    Shot("heat", "anban", "/coverage/points", DESK),
    Shot("map", "shiju", "/map", DESK),
    Shot("round", "baoan", "/today", PHONE, "main a[href^='/rounds/']"),
    Shot("finding", "anban", "/findings?state=waiting", PHONE, "main .rows a[href^='/findings/']"),
)


@contextmanager
def demo() -> Iterator[str]:
    """The address of a server with the demo city in a folder that is thrown away afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    kept = {name: text for name, text in os.environ.items() if not name.startswith("XUNAN_")}
    with tempfile.TemporaryDirectory(prefix="xunan-pictures-") as data:
        words = {"XUNAN_DATA": data, "XUNAN_PORT": str(port), "XUNAN_DEMO": "1"}
        command = [sys.executable, "-m", "backend.command", "serve"]
        server = subprocess.Popen(command, cwd=ROOT, env=kept | words, stdout=subprocess.DEVNULL)
        try:
            _wait(f"http://127.0.0.1:{port}/healthz", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(60)


def _wait(url: str, server: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 600  # the year of history is written first
    while time.monotonic() < end:
        if server.poll() is not None:
            raise SystemExit("the demo server ended before it answered")
        try:
            if urllib.request.urlopen(url, timeout=2).status == 200:
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise TimeoutError(url)


async def take(browser: Browser, base: str, shot: Shot) -> bytes:
    """The picture as the screen shows it, two device pixels to each."""
    context = await browser.new_context(
        base_url=base,
        viewport=shot.size,
        device_scale_factor=2,
        locale="zh-CN",
        color_scheme="light",
        service_workers="block",
        is_mobile=shot.size is PHONE,
        has_touch=shot.size is PHONE,
    )
    try:
        page = await context.new_page()
        await _open(page, shot)
        return await page.screenshot(animations="disabled")
    finally:
        await context.close()


async def _open(page: Page, shot: Shot) -> None:
    if shot.who:
        form = {"username": shot.who, "password": PASSWORD, "next": "/me"}
        await page.request.post("/sign-in", form=form, headers={"sec-fetch-site": "same-origin"})
    await page.goto(shot.path)
    if shot.pick:
        await page.locator(shot.pick).first.click()
    await page.wait_for_load_state("networkidle")
    if shot.choose:
        await page.evaluate(
            "(which) => [...document.querySelectorAll(which)].slice(0, 2).forEach((it) => it.click())", shot.choose
        )
    await page.evaluate("document.querySelector('.demo')?.remove()")  # the line about invented people says nothing here


def small(picture: bytes) -> bytes:
    """As PNG of at most MOST bytes: fewer colours first, then fewer dots."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for share in (1.0, 0.85, 0.75, 0.625, 0.5):
        sized = image.resize((round(image.width * share), round(image.height * share)), Image.Resampling.LANCZOS)
        for colours in (256, 128, 64):
            out = io.BytesIO()
            sized.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
            if out.tell() <= MOST:
                return out.getvalue()
    raise SystemExit(f"a picture cannot be made smaller than {MOST} bytes")


async def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with demo() as base:
        async with async_playwright() as running:
            browser = await running.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            for shot in SHOTS:
                content = small(await take(browser, base, shot))
                (FOLDER / f"{shot.name}.png").write_bytes(content)
                print(f"{shot.name}.png {len(content)} bytes")
            await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
