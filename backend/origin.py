"""Refuses cross-site writes by what browsers say about themselves, so that no token stands in a cached page or a
queued body. Browsers send Sec-Fetch-Site (or at least Origin) with every POST and PUT; programs that send neither
carry no ambient cookie of somebody else's browser."""

from urllib.parse import urlsplit

from litestar.datastructures import Headers

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


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
