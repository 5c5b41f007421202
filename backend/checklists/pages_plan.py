"""The plan as reference: its fifty checks with the items that serve each, and its obligations."""

from typing import Any

from litestar import Request, Response, get

from backend.access import Do, Member, may
from backend.checklists import queries, queries_content
from backend.language import N_
from backend.page import page

R = Request[Any, Any, Any]

ACTORS = {
    "all": N_("Everybody"),
    "school": N_("School"),
    "bureau": N_("City bureau"),
    "district": N_("District bureau"),
    "university": N_("University"),
    "directly-run schools": N_("Schools directly under the city"),
    "supervision committee": N_("Supervision committee"),
    "district supervision": N_("District supervision office"),
}
"""Who owes something, in the words of fixtures/pack/obligations.json."""


@get("/plan", guards=[may(Do.SEE_SCHOOL)])
async def checks(request: R) -> Response[str]:
    """The checks by area; each names the items in force that serve it."""
    me: Member = request.user
    serving: dict[str, list[dict[str, Any]]] = {}
    for item in await queries.serving(me, me.school):
        for check in item["serves"]:
            serving.setdefault(check, []).append(item)
    found = list(queries_content.checks().values())
    return page(
        request,
        "checklists/plan.html",
        areas=[(area, [one for one in found if one["area"] == area["id"]]) for area in queries_content.areas()],
        total=len(found),
        serving=serving,
        posts=queries_content.posts(),
    )


@get("/plan/obligations", guards=[may(Do.SEE_SCHOOL)])
async def obligations(request: R) -> Response[str]:
    found = [
        {**one, "actors": [ACTORS[name.strip()] for name in one["actor"].split(",")]}
        for one in queries_content.obligations()
    ]
    return page(request, "checklists/obligations.html", obligations=found)


HANDLERS = [checks, obligations]
