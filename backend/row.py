"""What every table has: a key minted before the row is sent, and the moment the database first held it."""

import os
import time
import uuid
from enum import Enum
from typing import Any

from piccolo.columns import UUID, ForeignKey, Timestamptz
from piccolo.columns.base import OnDelete
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.constraints import Check
from piccolo.table import Table


def uuid7(milliseconds: int | None = None) -> uuid.UUID:
    """A version 7 UUID (RFC 9562): sortable by time, random beyond it. `milliseconds` since 1970, now when absent."""
    stamp = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    value = (stamp & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    return uuid.UUID(int=value)


class Row:
    """Columns of every table; a mixin, because Piccolo copies the columns of its mixins into each table."""

    id = UUID(primary_key=True, default=uuid7)
    created_at = Timestamptz(default=TimestamptzNow())


def belongs_to(table: type[Table], *, null: bool = False, index: bool = False) -> ForeignKey[Any]:
    """A reference that can neither dangle nor take rows with it (Piccolo's own default is ON DELETE CASCADE)."""
    return ForeignKey(table, null=null, default=None, on_delete=OnDelete.restrict, index=index)


def one_of(column: str, words: type[Enum]) -> Check:
    """Let the database refuse a word that the enum does not know (`choices=` makes no constraint)."""
    known = ", ".join(f"'{word.value}'" for word in words)
    return Check(f'"{column}" IN ({known})')
