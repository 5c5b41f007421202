"""What a school sets up for findings: its times, who is proposed to mend what, and who is told when nothing happens."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.response import Redirect

from backend.access import Do, Member, may
from backend.checklists.queries import kinds_in_use
from backend.findings import actions_settings as actions
from backend.findings import queries_settings as queries
from backend.findings import rules_routing as routing
from backend.findings.rules import AREA_NAMES, GRADE_NAMES, Grade
from backend.findings.rules_deadlines import (
    LADDER,
    REASON_NAMES,
    WHO_NAMES,
    Policy,
    Unit,
    policy_from,
    thresholds,
)
from backend.forms import typed
from backend.language import N_, either, say
from backend.page import language_of, page
from backend.trouble import Invalid, Missing

R = Request[Member, Any, Any]
HERE = "/findings/settings"
DONE = {
    "times": N_("The times are saved. Deadlines that were set stay as they are."),
    "added": N_("The rule is added."),
    "moved": N_("The order is changed."),
    "ended": N_("The rule is ended."),
}


@get(HERE, guards=[may(Do.SCHOOL_SETTINGS)])
async def settings(request: R) -> Response[str]:
    return await _shown(request)


@post(HERE, guards=[may(Do.SCHOOL_SETTINGS)])
async def change_times(request: R) -> Response[Any]:
    form = await typed(request)
    policy, faults = policy_from(form)
    if faults:
        return await _shown(request, times=dict(form), faults=faults)
    await actions.set_policy(policy, request.user)
    return Redirect(f"{HERE}?done=times", status_code=303)


@post(HERE + "/rules", guards=[may(Do.SCHOOL_SETTINGS)])
async def add_rule(request: R) -> Response[Any]:
    form = await typed(request)
    try:
        await actions.add_route(form, request.user)
    except Invalid as error:
        return await _shown(request, rule=dict(form), faults=error.fields)
    return Redirect(f"{HERE}?done=added#rules", status_code=303)


@post(HERE + "/rules/{rule:uuid}/up", guards=[may(Do.SCHOOL_SETTINGS)])
async def move_up(request: R, rule: UUID) -> Redirect:
    await actions.move_route(rule, True, request.user)
    return Redirect(f"{HERE}?done=moved#rules", status_code=303)


@post(HERE + "/rules/{rule:uuid}/down", guards=[may(Do.SCHOOL_SETTINGS)])
async def move_down(request: R, rule: UUID) -> Redirect:
    await actions.move_route(rule, False, request.user)
    return Redirect(f"{HERE}?done=moved#rules", status_code=303)


@post(HERE + "/rules/{rule:uuid}/end", guards=[may(Do.SCHOOL_SETTINGS)])
async def end_rule(request: R, rule: UUID) -> Redirect:
    await actions.end_route(rule, request.user)
    return Redirect(f"{HERE}?done=ended#rules", status_code=303)


async def _shown(
    request: R,
    *,
    times: dict[str, str] | None = None,
    rule: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
) -> Response[str]:
    member, language = request.user, language_of(request)
    if member.school is None:
        raise Missing()
    policy, untouched = await queries.policy(member)
    rules, kinds, people = await queries.routing(member), await kinds_in_use(member), await queries.people(member)
    routes = [row["route"] for row in rules]
    bare_areas, bare_kinds = routing.uncovered(routes, AREA_NAMES, {kind["code"]: kind["area"] for kind in kinds})
    told = DONE.get(request.query_params.get("done", ""))
    return page(
        request,
        "findings/settings/index.html",
        status=422 if faults else 200,
        times=times or asdict(policy),
        untouched=untouched,
        rules=[_rule(row, language) for row in rules],
        rule=rule or {},
        people=[_person(one, language) for one in people if one["hand"]],
        leaders=[_person(one, language) for one in people],
        kinds=[(kind["code"], either(language, kind["zh"], kind["en"])) for kind in kinds],
        areas=[(area, say(language, name)) for area, name in AREA_NAMES.items()],
        grades=[(grade, say(language, name)) for grade, name in GRADE_NAMES.items()],
        bare_areas=[say(language, AREA_NAMES[area]) for area in bare_areas],
        bare_kinds=[either(language, kind["zh"], kind["en"]) for kind in kinds if kind["code"] in bare_kinds],
        tried=_tried(request, rules, language),
        asked=dict(request.query_params),
        ladder=_ladder(policy, language),
        errors={field: say(language, fault) for field, fault in (faults or {}).items()},
        flash=[{"tone": "ok", "text": say(language, told)}] if told else [],
    )


def _person(one: dict[str, Any], language: str) -> tuple[str, str]:
    return str(one["id"]), either(language, one["name"], one["name_en"])


def _rule(row: dict[str, Any], language: str) -> dict[str, Any]:
    """A rule in words; `gone`: whom it proposes has left."""
    anything = say(language, N_("any"))
    area, grade = AREA_NAMES.get(row["area"], ""), GRADE_NAMES.get(row["grade"], "")
    return {
        "id": row["id"],
        "area": say(language, area) if area else anything,
        "kind": either(language, row["kind_zh"], row["kind_en"]) if row["kind"] else anything,
        "grade": say(language, grade) if grade else anything,
        "name": either(language, row["name"], row["name_en"]),
        "leader": either(language, row["leader_name"], row["leader_name_en"]),
        "gone": not row["route"].here,
        "leader_gone": not row["route"].leader_here,
    }


def _tried(request: R, rules: list[dict[str, Any]], language: str) -> dict[str, Any] | None:
    """What the rules answer for the finding that was made up; None when nothing was asked."""
    asked = request.query_params
    if "grade" not in asked:
        return None
    route = routing.first(
        (row["route"] for row in rules), asked.get("area") or None, asked.get("kind") or None, asked["grade"]
    )
    found = next((n for n, row in enumerate(rules) if route and row["id"] == route.id), None)
    return {"number": found + 1, **_rule(rules[found], language)} if found is not None else {"number": 0}


def _ladder(policy: Policy, language: str) -> list[dict[str, Any]]:
    """The ladder with the school's own times, as a table says it."""
    return [
        {
            "reason": say(language, REASON_NAMES[reason.value]),
            "grade": say(language, GRADE_NAMES[grade.value]),
            "major": grade is Grade.MAJOR,
            "steps": [
                {
                    "when": _when(ladder.unit, at, language),
                    "who": say(language, ", ").join(say(language, WHO_NAMES[who.value]) for who in step.to),
                }
                for step, at in zip(ladder.steps, thresholds(ladder, policy), strict=True)
            ],
        }
        for (reason, grade), ladder in LADDER.items()
    ]


def _when(unit: Unit, at: float, language: str) -> str:
    if at == 0:
        return say(language, N_("at once"))
    if unit is Unit.HOURS and at % 1:
        return say(language, N_("after %(n)s minutes"), n=round(at * 60))
    one = {Unit.DAYS: N_("after 1 day"), Unit.WORKING_DAYS: N_("after 1 working day")}
    if at == 1 and unit in one:
        return say(language, one[unit])
    words = {
        Unit.HOURS: N_("after %(n)s h"),
        Unit.DAYS: N_("after %(n)s days"),
        Unit.WORKING_DAYS: N_("after %(n)s working days"),
    }
    return say(language, words[unit], n=round(at))


HANDLERS = [settings, change_times, add_rule, move_up, move_down, end_rule]
