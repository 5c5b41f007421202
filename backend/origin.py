"""Refuses cross-site writes by what browsers say about themselves, so that no token stands in a cached page or a
queued body. Browsers send Sec-Fetch-Site (or at least Origin) with every POST and PUT; programs that send neither
carry no ambient cookie of somebody else's browser."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from litestar.datastructures import Headers

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HOST = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?")


def names_a_host(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the request says well-formed whom it means, if it says so at all; every address is built from that."""
    hosts = [HOST.fullmatch(value) for name, value in headers if name.lower() == b"host"]
    return len(hosts) < 2 and all(found is not None and int(found[1] or 0) < 65_536 for found in hosts)


def is_foreign(method: str, headers: Headers, hosts: frozenset[str]) -> bool:
    """Whether this is a write that another site made a browser send. `hosts`: names this application answers to."""
    if method in SAFE:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    if origin is None:
        return False
    return urlsplit(origin).netloc.lower() not in {headers.get("host", "").lower(), *hosts}
