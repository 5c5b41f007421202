"""A few warm, limited processes that decode pictures, asked from threads so that no event loop is blocked.

A process that crashes, is killed or takes too long costs the one picture it had; the next picture gets a new process.
"""

import queue
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated, Literal

import msgspec

PROGRAM = Path(__file__).with_name("photo_worker.py")
PICTURES = 100  # of one process, then a fresh one: memory that leaked or was tampered with does not last
PATIENCE = 30.0  # seconds by the clock for one picture; the limit of CPU is the worker's own and shorter
LARGEST_REPLY = 32 << 20

Job = Literal[b"F", b"P"]
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
PHOTO: Job = b"F"
PLAN: Job = b"P"
Side = Annotated[int, msgspec.Meta(ge=0, le=3000)]
Size = Annotated[int, msgspec.Meta(gt=0, le=LARGEST_REPLY)]


def kind_of(data: bytes) -> bytes | None:
    """The letter of the worker's decoder for these first bytes, or None: what a file calls itself is never asked."""
    if data.startswith(b"\xff\xd8\xff"):
        return b"J"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return b"P"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return b"W"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC:
        return b"H"
    return None


class Failed(Exception):
    """The process did not answer, or not sensibly. Says nothing about the picture."""


class Made(msgspec.Struct, forbid_unknown_fields=True):
    """What the process says about a picture; checked, because who broke the process would be the one who answers."""

    sizes: Annotated[list[Size], msgspec.Meta(max_length=3)]
    code: Literal["", "not_a_picture", "too_many_pixels"] = ""
    detail: str = ""
    width: Side = 0
    height: Side = 0
    phash: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] = 0
    taken_at: datetime | None = None
    has_gps: bool = False


class Process:
    """One limited process and its two pipes."""

    def __init__(self) -> None:
        self.asked = 0
        self.child = subprocess.Popen(  # noqa: S603 - a program of ours, nothing of the upload on its command line
            [sys.executable, "-I", "-B", str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"MALLOC_ARENA_MAX": "1"},  # nothing of ours: no passwords, no addresses
            start_new_session=True,
        )
        try:
            with self._deadline():
                self._read(1)
        except Failed:
            self.end()
            raise

    def ask(self, job: Job, kind: bytes, data: bytes) -> tuple[Made, list[bytes]]:
        """The answer and its files. Raises `Failed`, after which the process must be ended."""
        self.asked += 1
        with self._deadline():
            try:
                self._pipe(self.child.stdin).write(struct.pack("!ccI", job, kind, len(data)))
                self._pipe(self.child.stdin).write(data)
                self._pipe(self.child.stdin).flush()
                made = msgspec.json.decode(self._read(struct.unpack("!I", self._read(4))[0]), type=Made)
            except (OSError, msgspec.MsgspecError) as error:
                raise Failed(f"the picture process: {error}") from error
            return made, [self._read(size) for size in made.sizes]

    def end(self) -> None:
        """Kills it if it lives, and leaves neither a zombie nor an open pipe."""
        self.child.kill()
        self.child.wait()
        for pipe in (self.child.stdin, self.child.stdout):
            with suppress(OSError):
                self._pipe(pipe).close()

    def _deadline(self) -> "_Deadline":
        return _Deadline(self.child)

    def _read(self, size: int) -> bytes:
        data = self._pipe(self.child.stdout).read(size) if size <= LARGEST_REPLY else b""
        if len(data) != size:
            raise Failed(f"the picture process ended in the middle, exit code {self.child.poll()}")
        return data

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe


class _Deadline:
    """Kills the process when the block takes too long, which its reader sees as the end of the pipe."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self.timer = threading.Timer(PATIENCE, child.kill)
        self.timer.daemon = True

    def __enter__(self) -> None:
        self.timer.start()

    def __exit__(self, *_: object) -> None:
        self.timer.cancel()


class Pool:
    """At most `size` processes, started when first needed. `ask` blocks: call it from a thread."""

    def __init__(self, size: int = 2) -> None:
        self.idle: queue.LifoQueue[Process | None] = queue.LifoQueue()
        self.size = size
        for _ in range(size):
            self.idle.put(None)

    def ask(self, job: Job, kind: bytes, data: bytes) -> tuple[Made, list[bytes]]:
        """Lends a process for one picture. Raises `Failed`; the process that failed is replaced at the next picture."""
        process = self.idle.get()
        keep = False
        try:
            if process is None or process.child.poll() is not None:
                process = self._renewed(process)
            answer = process.ask(job, kind, data)
            keep = process.asked < PICTURES
            return answer
        finally:
            if process is not None and not keep:
                process.end()
            self.idle.put(process if keep else None)

    @staticmethod
    def _renewed(dead: Process | None) -> Process:
        if dead is not None:
            dead.end()
        try:
            return Process()
        except OSError as error:
            raise Failed(f"no process for pictures: {error}") from error

    def close(self) -> None:
        """Ends every process, each after the picture it has in hand. The pool stays usable."""
        lent = [self.idle.get() for _ in range(self.size)]
        for process in lent:
            if process is not None:
                process.end()
            self.idle.put(None)
