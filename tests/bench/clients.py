"""A handful of HTTP/1.1 clients over plain sockets; the measured server shares two cores with them."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Tally:
    done: int = 0
    failed: int = 0
    seconds: float = 0
    times: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.done / self.seconds if self.seconds else 0

    def p(self, share: float) -> float:
        """Milliseconds below which this share of the requests stayed."""
        return sorted(self.times)[int(len(self.times) * share)] * 1000 if self.times else 0


async def drive(port: int, clients: int, seconds: float, request: Callable[[], bytes], good: tuple[int, ...]) -> Tally:
    """`clients` connections that each send one request after the other until the time is over."""
    tally, end = Tally(), time.monotonic() + seconds

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while time.monotonic() < end:
                begun = time.monotonic()
                writer.write(request())
                status = await answer(reader)
                tally.times.append(time.monotonic() - begun)
                tally.done += status in good
                tally.failed += status not in good
        finally:
            writer.close()

    begun = time.monotonic()
    await asyncio.gather(*(one() for _ in range(clients)))
    tally.seconds = time.monotonic() - begun
    return tally


async def answer(reader: asyncio.StreamReader) -> int:
    """The status of an answer, its body read to the end."""
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    status = int(head[9:12])
    if b"transfer-encoding: chunked" in lower:
        while (size := int((await reader.readline()).strip(), 16)) > 0:
            await reader.readexactly(size + 2)
        await reader.readline()
    else:
        at = lower.find(b"content-length:")
        await reader.readexactly(int(lower[at + 15 : lower.index(b"\r\n", at)]) if at >= 0 else 0)
    return status


def put(path: str, cookie: str, body: bytes) -> bytes:
    head = f"PUT {path} HTTP/1.1\r\nHost: bench\r\nCookie: xunan={cookie}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def get(path: str, cookie: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\nCookie: xunan={cookie}\r\nAccept-Encoding: br\r\n\r\n".encode()
