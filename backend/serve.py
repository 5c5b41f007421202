"""The supervisor: one process that owns the database, the web server and the worker, starts what falls and ends all.

It works in the main thread only: the signal that ends a child with its parent follows the thread that forked it.
"""

from __future__ import annotations

import contextlib
import http.client
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType

from rich.console import Console
from rich.table import Table

from backend import postgres_home
from backend.local_postgres import LocalPostgres, blocking
from backend.postgres_roles import AWAY, Dsns, ensure_app_role, external_dsns
from backend.preflight import check_port, check_space
from backend.processes import Child, die_with_parent
from backend.settings import WILDCARDS, Settings, UserError, child_environment, lan_addresses

DRAIN = 30
SignIns = Sequence[tuple[str, str, str]]

screen = Console(highlight=False)


class Stopped(BaseException):
    """Somebody wants us to end: Ctrl-C, SIGTERM, or the terminal is gone."""


@dataclass
class Supervisor:
    """`steps` are commands of ours to run before the first request, `beside` those to run next to the web server."""

    settings: Settings
    steps: Sequence[Sequence[str]]
    beside: Sequence[Sequence[str]]
    sign_ins: Callable[[], SignIns]
    server: LocalPostgres | None = None
    children: list[Child] = field(default_factory=list)
    step: subprocess.Popen[bytes] | None = None
    asked: int = 0
    ready: bool = False
    again_at: float = 0.0

    def run(self) -> None:
        """Until somebody ends it. Raises UserError when it cannot begin, CalledProcessError when a step failed."""
        check_space(self.settings.data)
        check_port(self.settings.host, self.settings.port)
        for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if sign != signal.SIGHUP or signal.getsignal(sign) != signal.SIG_IGN:  # nohup
                signal.signal(sign, self._asked)
        try:
            dsns = self._database()
            self._prepare(dsns, first=True)
            self._start_web(dsns)
            self._announce()
            while True:
                self._tend(dsns)
                time.sleep(0.5)
        except Stopped:
            say("\n正在停止 · Stopping …")
        finally:
            self._stop()
        say("已停止 · Stopped")

    def _database(self) -> Dsns:
        it = self.settings
        if it.database_url:
            return external_dsns(it.database_url, it.data, it.app_database_url)
        begun = time.monotonic()
        home = postgres_home.find(it.data, it.pg_bin)
        if home.notice:
            say(f"[yellow]{home.notice[1]}\n{home.notice[0]}")
        self.server = LocalPostgres(home)
        dsns = self.server.start()
        how = "已启动 · started" if self.server.owns else "与另一进程共用 · shared with another process"
        say(f"[green]✓[/] 数据库 Database: {home.folder} ({how}, {time.monotonic() - begun:.1f} s)")
        return dsns

    def _prepare(self, dsns: Dsns, *, first: bool = False) -> None:
        """Roles, migrations and the demo, as soon as the database is there; then the worker."""
        it = self.settings
        try:
            if it.database_url:
                blocking(ensure_app_role(it.database_url, it.data, it.app_database_url))
            for words in self.steps:
                self._run_step(words, dsns)
        except AWAY:
            self._later(first, "数据库暂不可达，等待中 · The database is away, waiting for it …")
            return
        except (UserError, subprocess.CalledProcessError) as error:
            if first:
                raise
            self._later(True, f"[red]{error}")
            return
        self.ready = True
        for words in self.beside:
            child = Child(words[0], _ours(words), child_environment(_inside(dsns)))
            self.children.append(child)
            child.start()

    def _later(self, aloud: bool, text: str) -> None:
        self.again_at = time.monotonic() + 2
        if aloud:
            say(f"[yellow]{text}")

    def _run_step(self, words: Sequence[str], dsns: Dsns) -> None:
        self.step = subprocess.Popen(  # noqa: S603 - our own program
            _ours(words),
            env=child_environment(_inside(dsns)),
            process_group=0,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        code = self.step.wait()
        self.step = None
        if code:
            raise subprocess.CalledProcessError(code, list(words))

    def _start_web(self, dsns: Dsns) -> None:
        it = self.settings
        words = [
            sys.executable,
            "-m",
            "granian",
            "--interface",
            "asgi",
            "--factory",
            "--no-ws",
            "--log-level",
            "warning",
        ]
        words += ["--host", it.host, "--port", str(it.port), "--workers", str(it.workers), "--loop", "uvloop"]
        words += ["--runtime-mode", "st", "--backpressure", "256", "--respawn-failed-workers"]
        words += ["--workers-kill-timeout", str(DRAIN), "backend.processes:web"]
        web = Child("web", words, _application(dsns))
        self.children.append(web)
        web.start()
        assert web.process
        while not _responds(it):
            if web.process.poll() is not None:
                raise UserError(
                    "The web server does not start; what it said is above.", "网页服务无法启动，原因见上方输出。"
                )
            time.sleep(0.05)

    def _tend(self, dsns: Dsns) -> None:
        if self.server is not None:
            try:
                if self.server.tend():
                    say("[yellow]数据库已重新启动 · The database was started again")
            except UserError as error:
                say(f"[red]{error.chinese}\n{error.english}")
        for child in self.children:
            if child.tend():
                say(f"[yellow]{child.name} 意外退出，已重启 · ended by itself and was started again")
        if not self.ready and time.monotonic() > self.again_at:
            self._prepare(dsns)

    def _announce(self) -> None:
        it = self.settings
        table = Table(title="巡安 Xun'an", show_header=False, title_justify="left")
        table.add_row("本机打开 On this machine", f"[bold]{it.local_url}[/]")
        if it.host in WILDCARDS:
            for address in lan_addresses():
                table.add_row("同一网络 In this network", f"http://{address}:{it.port}")
        table.add_row("标签网址 Labels print", it.public_url)
        table.add_row("数据 Data", str(it.data))
        say(table)
        if it.demo and (people := self.sign_ins()):
            table = Table(title="演示账号 Demo sign-ins", title_justify="left")
            for heading in ("角色 Role", "用户名 User name", "密码 Password"):
                table.add_column(heading)
            for person in people:
                table.add_row(*person)
            say(table)
        say("按 Ctrl-C 停止 · Ctrl-C stops everything")

    def _asked(self, _sign: int, _frame: FrameType | None) -> None:
        self.asked += 1
        if self.asked == 1:
            raise Stopped

    def _stop(self) -> None:
        """First those who use the database, then the database. Asked twice, nobody is waited for."""
        self.asked = max(1, self.asked)
        if self.step is not None:
            self.step.terminate()
        for child in self.children:
            child.ask_to_end()
        deadline = time.monotonic() + DRAIN + 5
        while self.asked < 2 and time.monotonic() < deadline and any(each.lives for each in self.children):
            time.sleep(0.05)
        for child in self.children:
            child.sweep()
        if self.server is not None:
            self.server.stop()


def _responds(it: Settings) -> bool:
    """Any HTTP answer will do: without its database the application says 503."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(it.host, it.host)  # noqa: S104 - the address to ask at
    connection = http.client.HTTPConnection(host, it.port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _ours(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "backend.command", *words]


def _inside(dsns: Dsns) -> dict[str, str]:
    """Those who work for every school at once and answer nobody outside: the steps and the worker, as the owner."""
    return {"XUNAN_DATABASE_URL": dsns.owner, "XUNAN_APP_DATABASE_URL": dsns.app}


def _application(dsns: Dsns) -> dict[str, str]:
    """Those who talk to the outside do not know the owner's password."""
    return child_environment({"XUNAN_DATABASE_URL": "", "XUNAN_APP_DATABASE_URL": dsns.app})


def say(what: str | Table) -> None:
    """Nobody reading any more is no reason to stop serving."""
    with contextlib.suppress(OSError, SystemExit):
        screen.print(what, soft_wrap=isinstance(what, str))
