"""Argon2 off the event loop. A file of its own because it talks to a foreign library, and rules stay pure."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backend.accounts.rules import MOST, password_text

HASHER = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)
_threads = ThreadPoolExecutor(2, thread_name_prefix="argon2")
"""Two at a time: each takes 64 MiB, and a rush of sign-ins must not take the memory of everything else."""


@cache
def _nobody() -> str:
    """What is checked for an account that does not exist, so that the answer takes as long."""
    return HASHER.hash("nobody has this password")


def _verify(kept: str | None, typed: str) -> bool:
    try:
        HASHER.verify(kept or _nobody(), password_text(typed)[: MOST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


async def hash_secret(text: str) -> str:
    """A password or PIN as it is kept."""
    return await asyncio.get_running_loop().run_in_executor(_threads, HASHER.hash, password_text(text))


async def verify(kept: str | None, typed: str) -> bool:
    """Whether `typed` is the secret behind `kept`; as slow for None (no account, no password) as for a wrong one."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _verify, kept, typed)
