"""Figures of the findings of a school, a district or a city; every number opens its rows in the ledger."""

from typing import Any
from urllib.parse import quote

from litestar import Request, Response, Router, get

from backend import clock
from backend.access import Do, Member, may
from backend.findings import figures as told
from backend.findings.queries import choices, heading
from backend.findings.queries_statistics import figures
from backend.findings.rules_statistics import OWN, PERIOD_NAMES, Asked, asked, steps
from backend.language import N_, either, say
from backend.page import language_of, page
from backend.sheet_writer import as_lines
from backend.trouble import Missing

R = Request[Any, Any, Any]


async def _body(member: Member, wished: Asked) -> dict[str, Any]:
    """Whose figures they are. Raises Missing for a body that is not below him, or of another kind than was said."""
    found = await heading(member, wished.school or wished.district)
    if (wished.school and found["kind"] != "school") or (wished.district and found["kind"] != "district"):
        raise Missing()
    return found


@get("/findings/statistics", guards=[may(Do.SEE_SCHOOL)])
async def statistics(request: R) -> Response[str]:
    member: Member = request.user
    language = language_of(request)
    wished, errors = asked(request.query_params, clock.today())
    body, offered = await _body(member, wished), await choices(member)
    shown: dict[str, Any] = {}
    if not errors:
        cut = steps(wished.start, wished.end)
        shown = told.view(wished, await figures(member, wished, cut), cut, offered["kinds"], language)
    return page(
        request,
        "findings/statistics.html",
        status=422 if errors else 200,
        body=body,
        asked=wished,
        own=wished.word == OWN or bool(errors),
        typed={name: request.query_params.get(name, "")[:20] for name in ("start", "end")} if errors else None,
        errors={name: say(language, reason) for name, reason in errors.items()},
        periods=[(word, say(language, name), wished.address(word)) for word, name in PERIOD_NAMES.items()],
        choices=offered,
        query=wished.address(),
        **shown,
    )


@get("/findings/statistics.csv", guards=[may(Do.SEE_SCHOOL)])
async def statistics_csv(request: R) -> Response[bytes]:
    """The same figures, one a line, each with the address of its list. A period that is none leads to the page."""
    member: Member = request.user
    language = language_of(request)
    wished, _ = asked(request.query_params, clock.today())
    body, offered = await _body(member, wished), await choices(member)
    cut = steps(wished.start, wished.end)
    shown = told.view(wished, await figures(member, wished, cut), cut, offered["kinds"], language)
    as_of = say(language, N_("As of %(time)s"), time=f"{clock.local(clock.now()):%Y-%m-%d %H:%M}")
    head = [[either(language, body["name"], body["name_en"]), str(wished.start), str(wished.end)], [as_of]]
    name = say(language, N_("Statistics of findings"))
    return Response(
        b"\xef\xbb\xbf" + as_lines([*head, *told.lines(shown, language)]),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="statistics-{clock.today()}.csv";'
            f" filename*=UTF-8''{quote(name)}%20{clock.today()}.csv",
            "Cache-Control": "no-store",
        },
    )


router = Router("/", route_handlers=[statistics, statistics_csv])
