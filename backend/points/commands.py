"""What `xunan labels` and `xunan import` do, as the owner of the database; the command line only reads and says."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from backend import database
from backend.database import DB, Scope
from backend.language import CHINESE, say
from backend.points import actions, actions_sheet, printing, queries, rules_sheet, sheets
from backend.points.printing import Setup
from backend.points.rules_sheet import SheetTrouble
from backend.settings import UserError
from qr.labels import Label
from qr.sheets import MOST, Printed


async def printable(school: UUID | None = None) -> list[tuple[UUID, Label]]:
    """Every label that is not revoked, of one school or of all, as it is printed; needs the owner's connection."""
    return [(row["id"], printing.printed(row)) for row in await queries.every_label(school)]


async def print_labels(
    owner_dsn: str, out: Path, school: str | None, how: Setup, progress: Callable[[int, int], None]
) -> Printed:
    """Writes the labels of one school (its number or id), or all there are, to `out` and marks them as printed."""
    await DB.open(owner_dsn, size=2)
    try:
        rows = await queries.every_label(await _school(school) if school else None)
        if not rows:
            raise UserError("There are no labels to print yet.", "还没有可以打印的标签。")
        done = await printing.sheet(
            rows, how, out, progress=lambda count: progress(count, len(rows)), most=max(MOST, len(rows))
        )
        await actions.mark_printed([row["id"] for row in rows], printing.stock_name(how), None)
        return done
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror}.", f"无法写入 {out}：{error.strerror}。") from error
    finally:
        await DB.close()


async def take_in(owner_dsn: str, content: bytes, school: str, *, only_check: bool) -> actions_sheet.Plan:
    """Takes a sheet of points into a school, all or nothing; with `only_check` only says what it would do."""
    try:
        sheet = await asyncio.to_thread(lambda: rules_sheet.read(sheets.grid(content)))
    except SheetTrouble as bad:
        raise UserError(bad.reason % bad.facts, say(CHINESE, bad.reason, **bad.facts)) from bad
    await DB.open(owner_dsn, size=2)
    try:
        found = await _school(school)
        act = actions_sheet.plan_import if only_check else actions_sheet.take_in
        return await act(found, sheet, Scope(school=found))
    finally:
        await DB.close()


def told(plan: actions_sheet.Plan) -> list[tuple[int, str, str, str]]:
    """(row, column, Chinese, English) of everything that is wrong."""
    return [
        (it.row, rules_sheet.heading(it.column), say(CHINESE, it.reason, **it.facts), it.reason % dict(it.facts))
        for it in plan.wrong
    ]


async def _school(wanted: str) -> UUID:
    async with DB.transaction():
        found: list[dict[str, Any]] = await database.rows(
            "SELECT id FROM body WHERE kind = 'school' AND (number = $1 OR id::text = lower($1))", wanted.strip()
        )
    if not found:
        raise UserError(f"There is no school with the number or id {wanted}.", f"没有编号或 id 为 {wanted} 的学校。")
    return UUID(str(found[0]["id"]))
