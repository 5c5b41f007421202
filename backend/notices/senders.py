"""The way out: one request or one mail at a time, to receivers that schools name and nobody here trusts.

A name is resolved, its addresses are checked, one of the checked is connected to, and the socket is asked whom it
reached: a name that changes its address in between gains nothing. No redirects, no proxies of the environment, ten
seconds in all, and no more than 64 KB of an answer.
"""

import asyncio
import hashlib
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib
import httpcore

from backend.notices.rules import Reply
from backend.notices.rules_addresses import Inside, refused, split
from backend.notices.rules_answers import judge
from backend.notices.rules_messages import Message

SECONDS = 10.0
MOST_ANSWER = 64 * 1024
Resolve = Callable[[str, int], Awaitable[list[str]]]


class _Private(Exception):
    """The name leads to an address that nobody may be connected to."""


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, IPv4 first. Raises socket.gaierror."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found.sort(key=lambda one: one[0] != socket.AF_INET)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class Guarded(httpcore.AsyncNetworkBackend):
    """Connects to checked addresses only; one bad address among several makes the whole name bad."""

    def __init__(self, inside: Inside, resolver: Resolve = resolve) -> None:
        self._inside, self._resolve, self._real = inside, resolver, httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface is given
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        named = host in self._inside.names
        addresses = await self._resolve(host, port)
        if not addresses or (not named and any(refused(one, self._inside) for one in addresses)):
            raise _Private(host)
        stream = await self._connected(addresses, port, timeout, socket_options)
        peer = stream.get_extra_info("server_addr")
        if not named and (not peer or refused(str(peer[0]), self._inside)):
            await stream.aclose()
            raise _Private(host)
        return stream

    async def _connected(
        self, addresses: list[str], port: int, wait: float | None, options: Iterable[Any] | None
    ) -> httpcore.AsyncNetworkStream:
        """The first of up to three addresses that answers."""
        *others, last = addresses[:3]
        for address in others:
            try:
                return await self._real.connect_tcp(address, port, 3, None, options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._real.connect_tcp(last, port, wait, None, options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface is given
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise _Private(path)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def post(kind: str, message: Message, inside: Inside, resolver: Resolve = resolve) -> Reply:
    """Send the message to a channel of this kind and judge the answer. Never raises for what a receiver can do."""
    if split(message.address) is None:
        return Reply("broken")
    try:
        async with asyncio.timeout(SECONDS):
            status, text = await _posted(message, Guarded(inside, resolver))
    except _Private:
        return Reply("refused")
    except (TimeoutError, httpcore.TimeoutException):
        return Reply("slow")
    except socket.gaierror:
        return Reply("unknown_host")
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        trust = isinstance(error.__cause__, ssl.SSLCertVerificationError) or "CERTIFICATE" in str(error)
        return Reply("certificate" if trust else "unreachable")
    except (ValueError, httpcore.UnsupportedProtocol):
        return Reply("broken")
    return judge(kind, status, text)


async def _posted(message: Message, backend: Guarded) -> tuple[int, str]:
    wait = dict.fromkeys(("connect", "read", "write", "pool"), SECONDS)
    headers: dict[bytes | str, bytes | str] = {
        "User-Agent": "Xunan",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
    }
    headers.update(message.headers)
    async with (
        httpcore.AsyncConnectionPool(network_backend=backend, max_connections=1, max_keepalive_connections=0) as pool,
        pool.stream(
            "POST", message.address, headers=headers, content=message.body, extensions={"timeout": wait}
        ) as answer,
    ):
        said = b""
        async for piece in answer.aiter_stream():
            said += piece
            if len(said) > MOST_ANSWER:
                break
    return answer.status, said[:MOST_ANSWER].decode("utf-8", "replace")


async def mail(server: str | None, sender: str, to: str, subject: str, text: str, key: str) -> Reply:
    """One mail by the server of the settings. `key` is the same for the same content, so that a repetition is known by
    its Message-ID."""
    if not server:
        return Reply("mail_off")
    parts = urlsplit(server)
    try:
        async with asyncio.timeout(3 * SECONDS):
            await aiosmtplib.send(
                _mail(sender, to, subject, text, key),
                sender=sender,
                recipients=[to],
                hostname=parts.hostname,
                port=parts.port,
                username=unquote(parts.username) if parts.username else None,
                password=unquote(parts.password) if parts.password else None,
                use_tls=parts.scheme == "smtps",
                start_tls=parts.query == "starttls",
                timeout=SECONDS,
                local_hostname=sender.rpartition("@")[2],
            )
    except (TimeoutError, aiosmtplib.SMTPTimeoutError):
        return Reply("slow")
    except aiosmtplib.SMTPConnectError:
        return Reply("unreachable")
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        return Reply(f"mail {' '.join(str(error).split())[:120]}")
    return Reply()


def _mail(sender: str, to: str, subject: str, text: str, key: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"Xun'an <{sender}>", to, subject
    message["Message-ID"] = f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message
