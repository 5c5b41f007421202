"""The reference content that ships with the product and is never edited here: the plan's checks and obligations, the
titles of sources, the names of posts. Read once."""

from functools import cache
from typing import Any

from fixtures.packs import read


@cache
def sources() -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in read("sources")}


@cache
def posts() -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in read("roles")}


@cache
def checks() -> dict[str, dict[str, Any]]:
    """The 50 checks of the plan by their id, in the plan's order."""
    return {one["id"]: one for one in read("plan_checks")}


@cache
def obligations() -> list[dict[str, Any]]:
    return list(read("obligations"))


@cache
def areas() -> list[dict[str, Any]]:
    return list(read("areas"))
