"""Children that do not outlive their parent, however it ends."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PR_SET_PDEATHSIG = 1


def die_with_parent(sign: signal.Signals) -> Callable[[], None]:
    """For Popen(preexec_fn=...), which runs it after the change of user: that change clears what is asked for here.

    The signal follows the *thread* that forked, so start children from a main thread.
    """
    parent = os.getpid()
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def ask() -> None:
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, int(sign), 0, 0, 0)
            if os.getppid() != parent:  # it died between the fork and the line above
                os._exit(1)

    return ask


def follow_parent(sign: signal.Signals) -> None:
    """The same for a process that is running already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(sign), 0, 0, 0)


@dataclass
class Child:
    """A process that is started again whenever it ends, more slowly each time."""

    name: str
    words: list[str]
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    born: float = 0.0

    def start(self) -> None:
        self.born = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - our own programs
            self.words,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            process_group=0,  # Ctrl-C in the terminal is ours to pass on, in the right order
            preexec_fn=die_with_parent(signal.SIGKILL),
        )

    @property
    def lives(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def tend(self) -> bool:
        """True if it had to be started again."""
        if self.process is None or self.lives:
            return False
        self.sweep()
        lived = time.monotonic() - self.born
        if lived > 60:
            self.failures = 0
        if lived < min(30, 2**self.failures):
            return False
        self.failures += 1
        self.start()
        return True

    def ask_to_end(self) -> None:
        if self.process is not None and self.lives:
            self.process.terminate()

    def sweep(self) -> None:
        """Whatever is left of its process group."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


def web() -> Any:
    """The application for granian's worker, which after a kill of granian would otherwise live on and hold the port."""
    follow_parent(signal.SIGKILL)
    from backend.app import create

    return create()
