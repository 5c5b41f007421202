"""One real PostgreSQL for the run, migrated once; the small part of the demo city in it; the application over ASGI."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from backend.local_postgres import temporary_server
from backend.postgres_roles import Dsns
from backend.settings import settings
from tests.world import World, build


@pytest.fixture(scope="session")
def dsns() -> Iterator[Dsns]:
    """The connections of a server of this run's own; its data folder also holds photos and static files."""
    folder = Path(tempfile.mkdtemp(prefix="xunan-tests-"))
    folder.chmod(0o755)  # as root the server runs as somebody else, who must reach its files
    try:
        with temporary_server(folder / "pg") as found:
            os.environ["XUNAN_DATA"] = str(folder)
            os.environ["XUNAN_DEMO"] = "1"
            settings.cache_clear()
            yield found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(dsns: Dsns) -> World:
    return await build(dsns)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def app(dsns: Dsns, world: World) -> AsyncIterator[object]:
    """The application with its pool open, as the role that owns nothing."""
    from backend.app import create
    from backend.database import DB

    application = create(dsns.app)
    await DB.open(dsns.app)
    yield application
    await DB.close()


Browser = Callable[..., httpx.AsyncClient]


@pytest.fixture
def browser(app: object, world: World) -> Browser:
    """`browser("guard")` is a client with a session of that person of the world; `browser()` is a stranger."""

    def make(who: str = "", *, language: str = "en") -> httpx.AsyncClient:
        cookies = {"xunan": world.sessions[who]} if who else {}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),  # type: ignore[arg-type]
            base_url="http://xunan.test",
            cookies=cookies,
            headers={"accept-language": language, "sec-fetch-site": "same-origin", "accept": "text/html"},
        )

    return make


@pytest.fixture(scope="session")
def data(dsns: Dsns) -> Path:
    return Path(os.environ["XUNAN_DATA"])
