"""The real server in processes of its own: on the run's PostgreSQL, with the small demo city in its own database."""

import http.client
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from backend.local_postgres import blocking
from backend.postgres_roles import Dsns
from backend.row import uuid7
from backend.settings import child_environment
from qr import codes

SCHOOL = "songjian"
"""The school of the small demo city."""

PEOPLE = {
    "": "",
    "patrol": "sj-baoan",
    "crew": "sj-houqin",
    "manager": "sj-anban",
    "principal": "sj-xiaozhang",
    "district": "qingping",
    "city": "shiju",
    "inspector": "dudao",
    "administrator": "guanli",
}
"""Who plays which role; "" is somebody without an account."""

PASSWORD = "xunan-demo"


@dataclass
class Server:
    """One granian worker, which a test may end and start again at the same address."""

    environment: dict[str, str]
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = int(free.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        words = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--loop", "uvloop", "--no-ws"]
        words += ["--port", str(self.port), "--log-level", "warning", "backend.processes:web"]
        self.process = subprocess.Popen(words, env=self.environment | {"XUNAN_PUBLIC_URL": self.url})
        deadline = time.monotonic() + 60
        while not self._answers():
            assert self.process.poll() is None, "the server has ended"
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.1)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(40)
            self.process = None


@dataclass
class City:
    """The demo city in a database of its own, and what a test may ask or add behind the application's back."""

    dsns: Dsns
    data: Path
    numbers: list[int] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        changes = {"XUNAN_DATABASE_URL": "", "XUNAN_APP_DATABASE_URL": self.dsns.app}
        return child_environment(changes | {"XUNAN_DATA": str(self.data), "XUNAN_DEMO": "1", "XUNAN_PORT": "8000"})

    def rows(self, sql: str, *values: object) -> list[asyncpg.Record]:
        async def ask() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.dsns.owner)
            try:
                return list(await connection.fetch(sql, *values))
            finally:
                await connection.close()

        return blocking(ask())

    def value(self, sql: str, *values: object) -> object:
        return self.rows(sql, *values)[0][0]

    def point(self, kind: str, name: str, name_en: str = "", *, labelled: bool = True) -> str:
        """A point that nobody has visited yet; the code of its label."""
        self.numbers.append(len(self.numbers) + 1)
        school = self.value("SELECT id FROM body WHERE kind = 'school'")
        point, code, number = uuid7(), codes.new_code(), f"T{len(self.numbers):03}"
        self.rows(
            "INSERT INTO point (id, school, kind, number, name, name_en) VALUES ($1, $2, $3, $4, $5, $6)",
            *(point, school, kind, number, name, name_en or name),
        )
        if not labelled:
            return ""
        self.rows(
            "INSERT INTO label (school, point, code, short, bound_at) VALUES ($1, $2, $3, $4, now())",
            *(school, point, code, codes.new_short()),
        )
        return code


def build(dsns: Dsns, data: Path) -> City:
    """A database next to the one of the other tests, filled by the command that people use."""

    async def make() -> None:
        connection = await asyncpg.connect(dsns.owner)
        try:
            await connection.execute("CREATE DATABASE browser")
        finally:
            await connection.close()

    blocking(make())
    own = Dsns(_renamed(dsns.owner), _renamed(dsns.app))
    words = [sys.executable, "-m", "backend.command", "demo", "--size", "small"]
    changes = {"XUNAN_DATABASE_URL": own.owner, "XUNAN_APP_DATABASE_URL": own.app, "XUNAN_DATA": str(data)}
    done = subprocess.run(
        words, env={**os.environ, **changes, "XUNAN_DEMO": "1"}, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return City(own, data)


def _renamed(dsn: str) -> str:
    return urlsplit(dsn)._replace(path="/browser").geturl()
