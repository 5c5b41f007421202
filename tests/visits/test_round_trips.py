"""The point page asks the database three times: who is it, begin, and one query for everything."""

from typing import Any

import asyncpg
import pytest

from tests.conftest import Browser
from tests.world import World


async def test_a_point_page_waits_three_times_for_the_database(
    browser: Browser, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    for name in ("fetch", "fetchrow", "fetchval", "execute"):
        real = getattr(asyncpg.Connection, name)

        def counted(self: Any, query: str, *values: Any, _real: Any = real, **options: Any) -> Any:
            asked.append(query)
            return _real(self, query, *values, **options)

        monkeypatch.setattr(asyncpg.Connection, name, counted)
    async with browser("guard") as guard:
        for address in (f"/p/{world.codes['lab']}", f"/points/{world.points['lab']}/visit"):
            asked.clear()
            assert (await guard.get(address)).status_code == 200
            awaited = [query for query in asked if query not in {"COMMIT", "ROLLBACK"}]  # nobody waits for the end
            assert len(awaited) == 3, awaited
