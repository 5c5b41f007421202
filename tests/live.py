"""The application behind a real port, for tests that drive Chromium; it uses the database of the run."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.postgres_roles import Dsns

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(dsns: Dsns, **settings: str) -> Iterator[str]:
    """The address of a server of its own; ends with the block."""
    port = free_port()
    environment = {**os.environ, "XUNAN_APP_DATABASE_URL": dsns.app, "XUNAN_PORT": str(port), **settings}
    words = ["granian", "--interface", "asgi", "--factory", "--no-ws", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(
        [sys.executable, "-m", *words, "--runtime-mode", "st", "--loop", "uvloop", "backend.processes:web"],
        cwd=ROOT,
        env=environment,
    )
    try:
        _wait(f"http://127.0.0.1:{port}/healthz", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def _wait(url: str, server: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert server.poll() is None, "the server ended"
        try:
            if urllib.request.urlopen(url, timeout=2).status == 200:
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise TimeoutError(url)
