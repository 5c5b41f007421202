"""What the pages of this slice share: whose school is meant, the words of the reference content, what was just done."""

from collections.abc import Mapping
from typing import Any

from litestar import Request

from backend.access import Member
from backend.checklists import queries, queries_content
from backend.checklists.rules_items import FIELDS
from backend.forms import as_uuid
from backend.language import say
from backend.page import language_of
from backend.trouble import Invalid, Missing

R = Request[Any, Any, Any]


async def school_of(request: R, me: Member) -> dict[str, Any] | None:
    """His own school, or the one below him that the address names; None when it names none. Raises Missing."""
    asked = request.query_params.get("school", "")
    if me.school is None and not asked:
        return None
    wanted = me.school or as_uuid(asked)
    found = next((one for one in await queries.schools(me) if one["id"] == wanted), None)
    if found is None:
        raise Missing()
    return found


def rest(me: Member, school: dict[str, Any] | None) -> str:
    """What an officer's addresses carry on."""
    return f"?school={school['id']}" if school and me.school is None else ""


def shown() -> dict[str, Any]:
    """The reference content for a template."""
    return {
        "sources": queries_content.sources(),
        "checks": queries_content.checks(),
        "posts": queries_content.posts(),
        "fields": FIELDS,
    }


def flash(request: R, words: Mapping[str, str]) -> list[dict[str, str]]:
    said = words.get(request.query_params.get("done", ""))
    return [{"tone": "ok", "text": say(language_of(request), said)}] if said else []


def told(request: R, wrong: Invalid) -> dict[str, str]:
    """Faults in the reader's language, by field."""
    return {name: say(language_of(request), text, **wrong.facts) for name, text in wrong.fields.items()}
