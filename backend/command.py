"""`xunan`, the command line. A command reads its arguments, calls the verb of a slice and says what came of it; what a
person can mend is one sentence, never a traceback."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table

from backend.postgres_roles import Dsns
from backend.settings import TABLE, Settings, SettingsError, UserError, settings
from backend.trouble import Trouble

__all__ = ["SettingsError", "UserError", "cli", "main", "with_database"]

T = TypeVar("T")
USER_ERROR, INTERRUPTED = 2, 130

screen = Console(highlight=False)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="xunan")
def cli() -> None:
    """Xun'an 巡安: school safety patrols by label.

    Settings come from the environment: `xunan settings` lists them.
    """


def with_database(work: Callable[[Dsns], Coroutine[Any, Any, T]]) -> T:
    """The result of `work`, with the database started, shared or reached for as long as it takes."""
    from backend.local_postgres import running

    with running(settings()) as dsns:
        return asyncio.run(work(dsns))


@cli.command()
@click.option("--migrate/--no-migrate", "migrating", default=True, help="Bring the tables up to date first.")
def serve(migrating: bool) -> None:
    """Start everything: database, migrations, web server and worker. Ctrl-C stops it."""
    from backend.serve import Supervisor

    it = settings()
    steps = [["migrate"]] if migrating else []
    if it.demo and "demo" in cli.commands:
        steps.append(["demo", "--if-empty"])
    beside = [["worker"]] if "worker" in cli.commands else []
    Supervisor(it, steps, beside, _sign_ins).run()


@cli.command()
def migrate() -> None:
    """Bring the tables and the built-in checklists of the database up to date."""
    from backend.upkeep import bring_up_to_date

    tables, pack = with_database(bring_up_to_date)
    news = "，检查表有新版本 · new checklists" if pack else ""
    screen.print(f"[green]✓[/] 数据表已是最新 · Tables are up to date ({tables} new){news}")


@cli.command()
@click.option("--size", type=click.Choice(["small", "medium", "large"]), default="medium", show_default=True)
@click.option("--if-empty", is_flag=True, help="Do nothing when the database holds anything already.")
def demo(size: str, if_empty: bool) -> None:
    """Fill an empty database with the demo city: small (one school), medium, large (a busy year; minutes)."""
    from backend.demo_command import load

    with Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}")) as bars:
        done = with_database(lambda dsns: load(dsns, settings(), size, if_empty, Bars(bars)))
    if done:
        screen.print(f"[green]✓[/] 演示城市已就绪 · The demo city is ready ({done})")


@cli.command()
def worker() -> None:
    """Do the recurring work of backend/worker.py until stopped."""
    from backend.worker import run

    async def work(dsns: Dsns) -> None:
        stop = asyncio.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sign, stop.set)
        await run(dsns.owner, stop)

    with_database(work)


@cli.command()
@click.option("--school", metavar="NUMBER", help="Only this school, by its number.")
@click.option("--file", "file", type=click.File("r", encoding="utf-8"), help="An exported record (JSON lines) instead.")
@click.option("--id", "school_id", help="With --file: the id of the school it belongs to.")
def verify(school: str | None, file: Any, school_id: str | None) -> None:
    """Check the chained record of every school: nothing altered, missing or slipped in. Exit code 1 when it is."""
    from backend.record.verify import of_database, of_file

    if file and not school_id:
        raise UserError(
            "--file needs --id, the school the record belongs to.", "使用 --file 时必须用 --id 指明学校编号。"
        )
    broken = of_file(file, school_id or "") if file else with_database(lambda dsns: of_database(dsns.owner, school))
    for name, entries, faults in broken:
        screen.print(f"{'[red]✗' if faults else '[green]✓'}[/] {escape(name)}: {entries} 条记录 · entries")
        for fault in faults[:20]:
            screen.print(f"    [red]{fault.seq}: {fault.what}[/]")
    if any(faults for _, _, faults in broken):
        sys.exit(1)


@cli.command()
@click.option("--repair", is_flag=True, help="Set the counts to what the stops say.")
def recount(repair: bool) -> None:
    """Check that the counts of coverage agree with the stops of all rounds. Exit code 1 when they do not."""
    from backend.rounds.actions_recount import of_database

    if not (found := with_database(lambda dsns: of_database(dsns.owner, repair=repair))):
        screen.print("[green]✓[/] 覆盖率计数与应到点一致 · The counts of coverage agree with the stops")
    for one in found:
        screen.print(f"{'[green]✓' if repair else '[red]✗'}[/] {escape(one.school_name)}: {escape(one.words)}")
    sys.exit(1 if found and not repair else 0)


@cli.command()
@click.argument("out", metavar="OUT.pdf", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--school", metavar="ID", help="Only this school, by its number or id; without it every label there is.")
@click.option("--stock", default="70x37", show_default=True, help="Sticker stock, such as 24, L7160, 60mm, a4, plate.")
@click.option("--start", default=1, show_default=True, help="First free label on the first sheet.")
@click.option("--dx", default=0.0, help="Correction of the printer to the right, in millimetres.")
@click.option("--dy", default=0.0, help="Correction of the printer downwards, in millimetres.")
@click.option("--english", is_flag=True, help="English large and Chinese small.")
def labels(out: Path, school: str | None, stock: str, start: int, dx: float, dy: float, english: bool) -> None:
    """Print labels into a PDF and mark them as printed."""
    from backend.points.commands import print_labels
    from backend.points.printing import Setup

    how = Setup(stock, start, dx, dy, words="en" if english else "zh")
    with Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}")) as shown:
        bars = Bars(shown)
        done = with_database(
            lambda dsns: print_labels(dsns.owner, out, school, how, lambda n, of: bars("labels", n, of))
        )
    screen.print(f"[green]✓[/] {escape(str(out))}: {done.labels} 枚标签 · labels, {done.pages} 页 · pages")


@cli.command(name="import")
@click.argument("file", type=click.File("rb"))
@click.option("--school", metavar="NUMBER", required=True, help="The school the points belong to, by its number or id.")
@click.option("--check", "only_check", is_flag=True, help="Only say what it would do.")
def import_(file: Any, school: str, only_check: bool) -> None:
    """Take in points from an Excel (.xlsx) or CSV sheet, all or nothing."""
    from backend.points.commands import take_in, told

    content = file.read()
    plan = with_database(lambda dsns: take_in(dsns.owner, content, school, only_check=only_check))
    for row, column, chinese, english in told(plan)[:200]:
        errors.print(f"[red]第 {row} 行 · row {row}, {column}[/]: {escape(chinese)} {escape(english)}")
    if plan.wrong:
        raise UserError(f"Nothing was written: {len(plan.wrong)} errors.", f"没有写入：共 {len(plan.wrong)} 处错误。")
    counts = f"新增 {len(plan.new)} new, 修改 {len(plan.changed)} changed, 未变 {plan.unchanged} unchanged"
    screen.print(f"[green]✓[/] {'仅检查 · only checked: ' if only_check else ''}{counts}")


@cli.command()
@click.argument("username")
@click.option("--name", required=True, help="The person's name.")
@click.option("--post", default="auditor", show_default=True, help="Post, such as auditor, safety_director, guard.")
@click.option("--body", metavar="NUMBER", required=True, help="Number of the school or bureau.")
@click.option("--phone", default="", help="Phone number; also works for signing in.")
@click.option("--city", metavar="NAME", help="Create the city of this name first, when no body has this number.")
def member(username: str, name: str, post: str, body: str, phone: str, city: str | None) -> None:
    """Invite a person: the first administrator, or somebody who lost his password and has nobody to ask."""
    from backend import database
    from backend.accounts.actions import add_member
    from backend.bodies.actions import ensure_city

    async def work(dsns: Dsns) -> str:
        await database.migrate(dsns.owner, dsns.app_role)
        await database.DB.open(dsns.owner, size=2)
        try:
            if city:
                await ensure_city(body, city)
            return await add_member(username, name, post, body, phone)
        finally:
            await database.DB.close()

    link = with_database(work)
    screen.print(
        "[green]✓[/] 请本人打开链接设置密码，七天内有效，只能用一次 · open once within seven days to set a password:"
    )
    click.echo(link)


class Bars:
    """One progress bar for each thing that takes long."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.tasks: dict[str, TaskID] = {}

    def __call__(self, what: str, done: int, of: int) -> None:
        if what not in self.tasks:
            self.tasks[what] = self.progress.add_task(WORDS.get(what, what), total=of)
        self.progress.update(self.tasks[what], completed=done, total=max(of, done))


WORDS = {
    "plans": "平面图 · floor plans",
    "points": "巡查点 · points",
    "labels": "标签 · labels",
    "photos": "照片 · photos",
    "visits": "巡查记录 · visits",
}


@cli.command(name="settings")
@click.option("--markdown", is_flag=True, help="As the table of the README, with defaults only.")
@click.option("--chinese", is_flag=True, help="Meanings in Chinese.")
def show_settings(markdown: bool, chinese: bool) -> None:
    """List the settings, what each means and what it is now."""
    meanings = [(row.name, row.default, row.chinese if chinese else row.meaning) for row in TABLE]
    if markdown:
        headings = ("名称", "默认值", "含义") if chinese else ("Name", "Default", "Meaning")
        for cells in (headings, ("---", "---", "---"), *meanings):
            click.echo(f"| {' | '.join(cells)} |")
        return
    table = Table("名称" if chinese else "Name", "现值" if chinese else "Now", "含义" if chinese else "Meaning")
    for name, _, meaning in meanings:
        table.add_row(name, escape(_shown(settings(), name)), meaning)
    screen.print(table)


def _shown(it: Settings, name: str) -> str:
    value = getattr(it, name.removeprefix("XUNAN_").lower())
    if name.endswith("DATABASE_URL"):
        return "(set, hidden)" if value else "-"
    if isinstance(value, bool):
        return str(int(value))
    return ", ".join(value) if isinstance(value, tuple) else str(value or "-")


def _sign_ins() -> list[tuple[str, str, str]]:
    """Role, user name and password of the people of the demo."""
    from backend.demo_command import sign_ins

    return sign_ins()


def main() -> NoReturn:
    """Exit codes: 0 done, 1 a fault of ours, 2 something the person can mend, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without Chinese is no reason to fail
    try:
        code = cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except UserError as error:
        code = _sentence(error.english, error.chinese)
    except Trouble as error:
        code = _trouble(error)
    except subprocess.CalledProcessError as error:
        code = error.returncode  # that command has said why
    except (KeyboardInterrupt, click.Abort):
        code = INTERRUPTED
    except BrokenPipeError:  # `xunan ... | head`
        sys.stderr.close()
        code = 0
    sys.exit(code if isinstance(code, int) else 0)


def _trouble(error: Trouble) -> int:
    from backend.language import CHINESE, ENGLISH, say

    texts = [error.reason, *getattr(error, "fields", {}).values()]
    english, chinese = (
        " ".join(say(language, text, **error.facts) for text in texts if text) for language in (ENGLISH, CHINESE)
    )
    return _sentence(english or error.code, chinese)


def _sentence(english: str, chinese: str) -> int:
    for text in dict.fromkeys((chinese, english)):
        if text:
            errors.print(f"[red]{escape(text)}")
    return USER_ERROR


if __name__ == "__main__":
    main()
