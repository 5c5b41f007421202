"""Addresses and secrets of channels are sealed with a key that this installation keeps in its data folder: whoever
reads the database alone (a copy, a dump) can write to nobody's group."""

import base64
import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backend.findings.secret import sealed


def _box() -> AESGCM:
    return AESGCM(sealed("notice channels", ""))


def seal(text: str, channel: UUID) -> str:
    """Bound to its row: sealed text that is moved to another channel does not open there."""
    if not text:
        return ""
    nonce = os.urandom(12)
    return base64.urlsafe_b64encode(nonce + _box().encrypt(nonce, text.encode(), channel.bytes)).decode()


def unseal(text: str, channel: UUID) -> str | None:
    """None when the key of the data folder is not the one it was sealed with."""
    if not text:
        return ""
    try:
        raw = base64.urlsafe_b64decode(text)
        return _box().decrypt(raw[:12], raw[12:], channel.bytes).decode()
    except (InvalidTag, ValueError):
        return None
