"""What is held about me: the numbers in plain words, and all of it as a file."""

from typing import Any

from litestar import Request, Response, get
from litestar.response import Stream

from backend import clock
from backend.access import Do, Member, may
from backend.page import page
from backend.visits.queries_me import exported, held

R = Request[Any, Any, Any]


@get("/me/data", guards=[may(Do.SIGNED_IN)])
async def about_me(request: R) -> Response[str]:
    member: Member = request.user
    at_desk = member.may(Do.SEE_SCHOOL) or not member.may(Do.VISIT)
    return page(
        request,
        "visits/me_data.html",
        layout="layouts/desk.html" if at_desk else "layouts/phone.html",
        held=await held(member),
    )


@get("/me/data.json", guards=[may(Do.SIGNED_IN)])
async def my_file(request: R) -> Stream:
    """Everything of the page before, row by row, for the person alone."""
    member: Member = request.user
    return Stream(
        exported(member),
        media_type="application/json",
        headers={
            "Content-Disposition": f'attachment; filename="xunan-{member.username}-{clock.today()}.json"',
            "Cache-Control": "no-store",
        },
    )


HANDLERS = [about_me, my_file]
