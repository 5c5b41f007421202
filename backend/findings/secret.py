"""One random key of this installation, kept in the data folder: it signs puzzles, makes receipts repeatable and salts
what must not be guessed from its hash. Losing it loses no report: receipts are found by their own hash."""

import hashlib
import hmac
import os
import secrets
from functools import cache
from pathlib import Path

from backend.settings import settings


@cache
def _key(folder: Path) -> bytes:
    """Made once; whoever comes second in the same moment reads what the first one made."""
    file = folder / "reports.key"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"reports.key.{secrets.token_hex(8)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(secrets.token_bytes(32))
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(draft, file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_bytes()


def sealed(purpose: str, text: str) -> bytes:
    """32 bytes that only this installation can make of `text`; each purpose has its own."""
    return hmac.new(_key(settings().data), f"{purpose}\0{text}".encode(), hashlib.sha256).digest()
