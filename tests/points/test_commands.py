"""`xunan labels` and `xunan import` as the owner of the database: one sentence for what a person can mend."""

from collections.abc import AsyncIterator
from pathlib import Path

import pypdfium2
import pytest

from backend.database import DB
from backend.points import commands
from backend.points.printing import Setup
from backend.postgres_roles import Dsns
from backend.settings import UserError
from backend.trouble import Invalid
from tests.world import World

SHEET = "点位编号,点位名称,点位类型\nC-1,命令行导入,实验室\n"


@pytest.fixture
async def owner(app: object, dsns: Dsns) -> AsyncIterator[str]:
    """The pool of the application stands aside, as it does for a command in a process of its own."""
    pool, DB.pool, config = DB.pool, None, DB.config
    yield dsns.owner
    DB.pool, DB.config = pool, config


async def test_labels_of_a_school_are_printed_and_marked(owner: str, world: World, tmp_path: Path) -> None:
    out, heard = tmp_path / "labels.pdf", list[tuple[int, int]]()
    await DB.open(owner, size=1)
    there = len(await commands.printable(world.bodies["three"]))  # other tests may have made some
    await DB.close()
    DB.pool = None
    done = await commands.print_labels(owner, out, "three", Setup("65"), lambda n, of: heard.append((n, of)))
    assert there >= 4
    assert (done.labels, done.pages, heard[-1]) == (there, -(-there // 65), (there, there))
    assert len(pypdfium2.PdfDocument(out)) == done.pages
    everything = await commands.print_labels(owner, out, None, Setup(), lambda n, of: None)
    assert everything.labels >= 12


@pytest.mark.parametrize("school", ["nowhere", "city", "00000000-0000-0000-0000-000000000000"])
async def test_an_unknown_school_is_told(owner: str, world: World, tmp_path: Path, school: str) -> None:
    with pytest.raises(UserError, match=school):
        await commands.print_labels(owner, tmp_path / "x.pdf", school, Setup(), lambda n, of: None)
    with pytest.raises(UserError, match=school):
        await commands.take_in(owner, SHEET.encode(), school, only_check=True)


async def test_what_cannot_be_printed_is_told(owner: str, world: World, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        await commands.print_labels(owner, tmp_path / "no" / "x.pdf", "three", Setup(), lambda n, of: None)
    with pytest.raises(Invalid):
        await commands.print_labels(owner, tmp_path / "x.pdf", "three", Setup("papyrus"), lambda n, of: None)
    assert not (tmp_path / "x.pdf").exists()


async def test_a_sheet_is_checked_taken_in_and_known_again(owner: str, world: World) -> None:
    async def counts(*, only_check: bool) -> tuple[int, int, int]:
        plan = await commands.take_in(owner, SHEET.encode("gbk"), str(world.bodies["three"]), only_check=only_check)
        return len(plan.new), len(plan.changed), plan.unchanged

    assert await counts(only_check=True) == (1, 0, 0)
    assert await counts(only_check=False) == (1, 0, 0)
    assert await counts(only_check=False) == (0, 0, 1)
    plan = await commands.take_in(owner, (SHEET + "C-2,,没有\n").encode(), "three", only_check=False)
    assert {(row, column) for row, column, *_ in commands.told(plan)} == {(3, "点位名称"), (3, "点位类型")}
    with pytest.raises(UserError, match="empty"):
        await commands.take_in(owner, b"", "three", only_check=False)
