"""Who is really asking when a proxy stands before the server: X-Forwarded-For is believed from trusted peers only, from
the right, up to the first address that is not trusted itself. Locks and flood limits count by this address."""

import ipaddress
from collections.abc import Sequence

from litestar.types import ASGIApp, Receive, Scope, Send

Networks = Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]


def networks(names: Sequence[str]) -> Networks:
    return [ipaddress.ip_network(name, strict=False) for name in names]


def real_address(peer: str, forwarded: str, trusted: Networks) -> str:
    """The nearest address that is not a trusted proxy; `forwarded` is X-Forwarded-For as it came."""
    hops = [*(hop.strip() for hop in forwarded.split(",")[-20:] if hop.strip()), peer]
    nearest = peer
    for hop in reversed(hops):
        try:
            address = ipaddress.ip_address(hop)
        except ValueError:
            break
        nearest = hop
        if not any(address in network for network in trusted):
            break
    return nearest


def behind(app: ASGIApp, names: Sequence[str]) -> ASGIApp:
    """The application with the real client in its scope; unchanged where no proxy is trusted."""
    trusted = networks(names)
    if not trusted:
        return app

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        peer = scope.get("client")
        if peer:
            told = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
            scope["client"] = (real_address(peer[0], ",".join(told), trusted), peer[1])
        await app(scope, receive, send)

    return middleware
