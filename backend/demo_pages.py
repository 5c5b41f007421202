"""In demo mode: a wall of labels to scan from the screen, and a button for each invented person."""

from typing import Any

from litestar import Request, Response, Router, get

from backend import database
from backend.access import POSTS, Do, may
from backend.accounts.rules import POST_NAMES
from backend.bodies.rules import DEMO_CITY
from backend.database import Scope, reading
from backend.forms import as_uuid
from backend.language import say
from backend.page import language_of, page
from backend.settings import settings
from backend.trouble import Missing
from qr import codes, pictures

R = Request[Any, Any, Any]
FIRST_SCHOOL = "YC0201"
"""The school of the sign-ins that the start prints."""
PASSWORD = "xunan-demo"  # noqa: S105 - printed on every page of the demo

_SCHOOLS = """
SELECT id, name, name_en, number, kind FROM body ORDER BY kind = 'school', number, name
"""
_PEOPLE = """
SELECT u.username, u.name, u.name_en, m.post, min(m.created_at) AS since FROM member m
  JOIN app_user u ON u.id = m."user"
WHERE m.body = $1 AND m.active AND u.password_hash IS NOT NULL AND u.disabled_at IS NULL
GROUP BY u.id, m.post ORDER BY since, u.username
"""
_LABELS = """
SELECT l.code, l.short, p.name, p.name_en, p.kind, p.number, floor.name AS floor, floor.name_en AS floor_en,
  house.name AS house, house.name_en AS house_en
FROM label l JOIN point p ON p.id = l.point LEFT JOIN place floor ON floor.id = p.place
  LEFT JOIN place house ON house.id = floor.parent
WHERE l.school = $1 AND l.revoked_at IS NULL AND p.state = 'active'
ORDER BY house.position NULLS LAST, house.name, floor.position NULLS LAST, floor.name, p.number, l.created_at
"""


@get("/demo", guards=[may(Do.PUBLIC)])
async def demo(request: R) -> Response[str]:
    """Everything here is invented and its password is known; without demo mode there is no such page."""
    if not settings().demo:
        raise Missing()
    language = language_of(request)
    async with reading(Scope(body=DEMO_CITY)):
        bodies = await database.rows(_SCHOOLS)
        wished = as_uuid(request.query_params.get("school"))
        schools = [body for body in bodies if body["kind"] == "school"]
        school = next((body for body in schools if body["id"] == wished), None) or _first(schools)
        chosen = [body for body in ([school] if school else []) + bodies if body is school or body["kind"] != "school"]
        people = [
            (body, [p for p in await database.rows(_PEOPLE, body["id"]) if p["post"] in POSTS]) for body in chosen
        ]
        labels = await database.rows(_LABELS, school["id"]) if school else []
    for label in labels:
        label["picture"] = pictures.svg(codes.address(settings().public_url, label["code"]))
    for _, persons in people:
        for person in persons:
            post = person["post"]
            person["post_name"] = say(language, POST_NAMES[post])
    shown: dict[str, Any] = {"schools": schools, "school": school, "people": people, "labels": labels}
    return page(request, "demo/wall.html", password=PASSWORD, **shown)


def _first(schools: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The school of the printed sign-ins, else any."""
    return next((body for body in schools if body["number"] == FIRST_SCHOOL), None) or next(iter(schools), None)


router = Router("/", route_handlers=[demo])
