"""What a label carries (12 random characters), what the eye reads (7 and a check), what address is printed."""

import re
import secrets
import unicodedata
from urllib.parse import urlsplit

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's 32 letters: no I, L, O (they look like 1, 1, 0) and no U."""

CODE_LENGTH = 12
SHORT_LENGTH = 8

_VALUE = {letter: value for value, letter in enumerate(ALPHABET)}
_FORGIVE = str.maketrans("OIL", "011")
_IN_ADDRESS = re.compile(r"/P/([^/?#]+)/?(?:[?#].*)?$")
_LONGEST = 500  # nobody types more; a longer text is not a code and not worth reading


class BadHost(ValueError):
    """The address of the site cannot be printed on a label; the message says what is wrong with it."""


def new_code() -> str:
    """12 random characters, 60 bits: what the symbol carries. It cannot be guessed."""
    return _random(CODE_LENGTH)


def normal(text: str) -> str | None:
    """The canonical code in `text`, or None. Forgives letter case, O/0, I/L/1, spaces, dashes, full-width letters,
    and takes the code out of a scanned address `https://HOST/P/CODE`. Whose host it was is the caller's question."""
    if len(text) > _LONGEST:
        return None
    found = _IN_ADDRESS.search(unicodedata.normalize("NFKC", text).strip().upper())
    return _letters(found.group(1) if found else text, CODE_LENGTH)


def new_short() -> str:
    """7 random characters and their check character: what people read aloud and type. Not a secret."""
    return with_check(_random(SHORT_LENGTH - 1))


def with_check(letters: str) -> str:
    """`letters` (canonical) followed by the check character."""
    return letters + ALPHABET[_checksum(letters)]


def check_short(text: str) -> str | None:
    """The canonical short code in `text` (as forgiving as `normal`), or None when a character is wrong or swapped."""
    if len(text) > _LONGEST:
        return None
    letters = _letters(text, SHORT_LENGTH)
    return letters if letters is not None and _checksum(letters) == 0 else None


def show_short(short: str) -> str:
    """`7K3M9QX2` as printed: `7K3M-9QX2`."""
    return f"{short[:4]}-{short[4:]}"


def address(host_url: str, code: str) -> str:
    """`https://HOST/P/CODE` for the site at `host_url`. The scheme stays lower case (some cameras take `HTTPS://` for
    plain text), the rest is upper case (the symbol then needs a size less). Raises BadHost, or ValueError for a code
    that is not canonical."""
    if len(code) != CODE_LENGTH or not _VALUE.keys() >= set(code):
        raise ValueError("not a canonical code")
    return f"{site(host_url)}/P/{code}"


def site(host_url: str) -> str:
    """`scheme://HOST[:PORT]` of a site's address, checked: http or https, no path, no sign-in, no query."""
    try:
        parts = urlsplit(host_url.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadHost(f"not a web address: {error}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise BadHost("must begin with http:// or https:// and name a host")
    if parts.username is not None or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise BadHost("must be a host and perhaps a port, without a path")
    return f"{parts.scheme}://{_plain_host(host)}{'' if port is None else f':{port}'}"


def _plain_host(host: str) -> str:
    if ":" in host:  # IPv6
        return f"[{host.upper()}]"
    try:
        plain = host.encode("idna").decode("ascii").upper()
    except UnicodeError:
        raise BadHost("the host name is not one") from None
    if not re.fullmatch(r"[A-Z0-9]([A-Z0-9_.-]*[A-Z0-9])?", plain):
        raise BadHost("the host name is not one")
    return plain


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _letters(text: str, length: int) -> str | None:
    plain = unicodedata.normalize("NFKC", text).upper()
    kept = "".join(
        c for c in plain if not c.isspace() and c not in "_−" and unicodedata.category(c) not in ("Pd", "Cf")
    )
    kept = kept.translate(_FORGIVE)
    return kept if len(kept) == length and _VALUE.keys() >= set(kept) else None


def _checksum(letters: str) -> int:
    """Damm's idea over GF(32), x^5 + x^2 + 1: c = 2 * (c ^ d). Every wrong letter and every swap of two letters
    changes the result, because 2 generates the whole field. Zero means right; the value is the check character."""
    state = 0
    for letter in letters:
        state = (state ^ _VALUE[letter]) << 1
        if state & 32:
            state ^= 0b100101
    return state
