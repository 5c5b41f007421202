"""Owns the life of the embedded PostgreSQL: one server per data folder, a direct child that dies with us and comes back
at once after any crash.

A lock that the server inherits tells who is alive: it is free only when neither an owner nor any process of the server
is left.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from backend import postgres_home
from backend.postgres_home import Home, PostgresError
from backend.postgres_roles import AWAY, Dsns, embedded_dsns, ensure_app_role, ensure_embedded
from backend.processes import die_with_parent
from backend.settings import Settings

__all__ = ["Dsns", "LocalPostgres", "PostgresError", "blocking", "running", "temporary_server"]

T = TypeVar("T")
PATIENCE = 60
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
DURABLE = ("fsync=on", "full_page_writes=on", "synchronous_commit=on")


@dataclass
class LocalPostgres:
    """One process's hold on the server of a folder: it owns it, or shares it and inherits it when the owner goes."""

    home: Home
    _lock: int | None = None
    _server: subprocess.Popen[bytes] | None = None
    _failures: int = 0
    _again_at: float = 0.0

    @property
    def owns(self) -> bool:
        return self._lock is not None

    @property
    def pid(self) -> int | None:
        return self._server.pid if self._server else None

    def start(self) -> Dsns:
        """Own the server or find it running. For the main thread only: the death signal follows the thread that forks.

        Raises PostgresError.
        """
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self._take_lock():
                return self._launch_or_let_go()
            if self._shared():
                time.sleep(0.2)  # the server of an owner killed a moment ago is about to go
                if dsns := self._shared():
                    return dsns
            time.sleep(0.1)
        raise PostgresError(
            f"Another process holds the database in {self.home.folder} but it does not answer; end that process first.",
            f"另一个进程占用了 {self.home.folder} 中的数据库却没有响应，请先结束该进程。",
        )

    def tend(self) -> bool:
        """Call it every second or so: a dead server is started again, one whose owner is gone is taken over.

        True if a server was started; raises PostgresError when it could not be, and the next call tries again.
        """
        if self._server is not None and self._server.poll() is None:
            self._failures = 0
            return False
        if time.monotonic() < self._again_at or not (self.owns or self._take_lock()):
            return False
        try:
            self._launch()
        except PostgresError:
            self._failures += 1
            self._again_at = time.monotonic() + min(30, 2**self._failures)
            raise
        return True

    def stop(self) -> None:
        """A fast shutdown: open transactions are rolled back, everything committed is on disk."""
        server, self._server = self._server, None
        for sign, seconds in ((signal.SIGINT, PATIENCE), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
            if server is not None and server.poll() is None:
                with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                    server.send_signal(sign)
                    server.wait(seconds)
        if self._lock is not None:
            postgres_home.tidy_socket_folder(self.home)
            os.close(self._lock)
            self._lock = None

    def _take_lock(self) -> bool:
        descriptor = os.open(self.home.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        return True

    def _shared(self) -> Dsns | None:
        """The connections of another process's server, once it answers; the server wrote where its socket is."""
        with contextlib.suppress(OSError, IndexError, ValueError, asyncpg.InvalidPasswordError):
            socket = Path((self.home.cluster / "postmaster.pid").read_text().splitlines()[4])
            dsns = embedded_dsns(socket, postgres_home.passwords(self.home.folder, ("owner", "app")))
            if blocking(_answers(dsns.app)):
                return dsns
        return None

    def _launch_or_let_go(self) -> Dsns:
        try:
            return self._launch()
        except BaseException:
            self.stop()
            raise

    def _launch(self) -> Dsns:
        home = self.home
        if home.cluster.exists() and not (home.folder / "passwords.json").exists():
            raise PostgresError(
                f"{home.folder / 'passwords.json'} is missing, without it the database cannot be opened; put it back.",
                f"缺少 {home.folder / 'passwords.json'}，没有它无法打开数据库，请恢复该文件。",
            )
        secret = postgres_home.passwords(home.folder, ("owner", "app"))
        if not home.cluster.exists():
            _initialise(home, secret["owner"])
        socket = postgres_home.socket_folder(home)
        _sweep(home, socket)
        dsns, maintenance = embedded_dsns(socket, secret), embedded_dsns(socket, secret, "postgres").owner
        deadline = time.monotonic() + PATIENCE
        while not self._up(socket, maintenance):
            if time.monotonic() > deadline:
                raise PostgresError(
                    f"PostgreSQL does not start; it says: {_last_line(home.log)}",
                    f"PostgreSQL 无法启动，它的提示：{_last_line(home.log)}",
                )
            time.sleep(0.5)  # processes of a killed server may still be letting go of its memory
        blocking(ensure_embedded(maintenance, dsns))
        return dsns

    def _up(self, socket: Path, dsn: str) -> bool:
        """Start it and wait while it lives: recovery after a crash takes as long as it takes. False if it ended."""
        words = [str(self.home.programs / "postgres"), "-D", str(self.home.cluster), "-c", "listen_addresses="]
        words += ["-c", f"unix_socket_directories={socket}", "-c", "unix_socket_permissions=0700", "-c", "port=5432"]
        for setting in (*DURABLE, "timezone=UTC", "log_timezone=UTC", "logging_collector=off", "ssl=off"):
            words += ["-c", setting]
        _shorten(self.home.log)
        with open(os.open(self.home.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as log:
            self._server = subprocess.Popen(  # type: ignore[call-overload]  # noqa: S603 - our own programs
                words,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=ENVIRONMENT,
                pass_fds=[self._lock],
                process_group=0,
                preexec_fn=die_with_parent(signal.SIGINT),
                **self.home.person.dropping,
            )
        while self._server.poll() is None:
            try:
                if blocking(_answers(dsn)):
                    return True
            except asyncpg.InvalidPasswordError:
                raise PostgresError(
                    f"The passwords in {self.home.folder / 'passwords.json'} are not those of this database.",
                    f"{self.home.folder / 'passwords.json'} 中的密码与此数据库不符。",
                ) from None
            time.sleep(0.03)
        return False


@contextlib.contextmanager
def running(settings: Settings) -> Iterator[Dsns]:
    """The connections to use, for as long as the block lasts: of the external server, or of the embedded one, which is
    started or shared. Raises PostgresError."""
    if settings.database_url:
        try:
            dsns = blocking(ensure_app_role(settings.database_url, settings.data, settings.app_database_url))
        except AWAY as error:
            raise PostgresError(
                f"The database of XUNAN_DATABASE_URL cannot be reached ({error}).",
                f"无法连接 XUNAN_DATABASE_URL 指定的数据库（{error}）。",
            ) from error
        yield dsns
        return
    server = LocalPostgres(postgres_home.find(settings.data, settings.pg_bin))
    try:
        yield server.start()
    finally:
        server.stop()


@contextlib.contextmanager
def temporary_server(path: Path) -> Iterator[Dsns]:
    """A server of its own below `path`, for tests; files that had to go elsewhere are gone afterwards."""
    server = LocalPostgres(postgres_home.find(path))
    try:
        yield server.start()
    finally:
        server.stop()
        if path not in server.home.folder.parents:
            shutil.rmtree(server.home.folder, ignore_errors=True)


def blocking(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, also where an event loop is running already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _answers(dsn: str) -> bool:
    """Whether we get in; raises InvalidPasswordError."""
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except asyncpg.InvalidPasswordError:
        raise
    except (*AWAY, asyncpg.PostgresError):
        return False
    await connection.close()
    return True


def _initialise(home: Home, password: str) -> None:
    """A cluster is made aside and takes its name when it is whole: an interrupted first start leaves nothing half."""
    draft, secret = home.folder / "cluster.new", home.folder / "cluster.password"
    shutil.rmtree(draft, ignore_errors=True)
    postgres_home.make_folder(draft, 0o700, home.person)
    secret.unlink(missing_ok=True)
    with open(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(password + "\n")
        if home.person.dropping:
            os.fchown(file.fileno(), home.person.uid, home.person.gid)
    words = [str(home.programs / "initdb"), "-D", str(draft), "-U", "xunan", "--pwfile", str(secret)]
    words += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums"]
    done: subprocess.CompletedProcess[str] = subprocess.run(  # type: ignore[call-overload]  # noqa: S603
        words, cwd="/", check=False, capture_output=True, text=True, env=ENVIRONMENT, **home.person.dropping
    )
    secret.unlink()
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise PostgresError(f"The database could not be made: {said}", f"无法创建数据库：{said}")
    draft.rename(home.cluster)


def _sweep(home: Home, socket: Path) -> None:
    """Clear what a dead server left. The lock is ours, so only a server started by hand could still be alive."""
    pid_file = home.cluster / "postmaster.pid"
    with contextlib.suppress(OSError, IndexError, ValueError):
        pid = int(pid_file.read_text().splitlines()[0])
        if Path(
            f"/proc/{pid}"
        ).exists():  # a dead pid PostgreSQL understands itself, and checks its shared memory by it
            with contextlib.suppress(OSError):
                if Path(os.readlink(f"/proc/{pid}/cwd")) == home.cluster.resolve():
                    raise PostgresError(
                        f"A PostgreSQL started by hand (pid {pid}) uses {home.cluster}; stop it first.",
                        f"有一个手工启动的 PostgreSQL（进程 {pid}）正在使用 {home.cluster}，请先停止它。",
                    )
            pid_file.unlink()
    for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
        (socket / name).unlink(missing_ok=True)


def _shorten(log: Path, limit: int = 10_000_000) -> None:
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > limit:
            log.replace(log.with_suffix(".log.old"))


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return next((line for line in reversed(lines) if "FATAL" in line), lines[-1] if lines else "?")
