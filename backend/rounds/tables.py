"""Routes (the plan), rounds (one dated pass) and stops (one point due in it); duty; the counts of coverage."""

from piccolo.columns import JSONB, Array, Boolean, Date, Integer, SmallInt, Text, Timestamptz
from piccolo.columns import UUID as UUIDColumn
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from backend.accounts.tables import User
from backend.bodies.tables import belongs_to_school
from backend.rounds.rules import (
    Chooses,
    Days,
    DutyVerb,
    Moved,
    Order,
    RoundVerb,
    RouteState,
    RouteVerb,
    Span,
    StopState,
    SwapState,
    Turn,
    Who,
)
from backend.row import Row, belongs_to, one_of


class Roster(Row, Table):
    """Whose turn it is: people who take turns by day or week in named shifts. `shifts`: [{name, name_en, start, end}]
    in minutes of the day, the end beyond 1440 when it lies in the next one."""

    school = belongs_to_school(index=True)
    name = Text(default=None)
    name_en = Text()
    shifts = JSONB(default="[]")
    days = Text(default="school")
    turn = Text(default="day")
    starts_on = Date(default=None)
    ended_at = Timestamptz(null=True, default=None)

    roster_in_school = Unique(["school", "id"])
    roster_name_given = Check("name <> ''")
    roster_days_known = one_of("days", Days)
    roster_turn_known = one_of("turn", Turn)


class RosterPerson(Row, Table):
    school = belongs_to_school()
    roster = UUIDColumn(default=None)
    user = belongs_to(User, index=True)
    position = SmallInt(default=0)
    dropped_at = Timestamptz(null=True, default=None)

    roster_person_once = Unique([roster, user])


class Duty(Row, Table):
    """Somebody is on duty in one shift of one day. Who was taken off stays in the table, ended."""

    school = belongs_to_school()
    roster = UUIDColumn(default=None)
    day = Date(default=None)
    shift = SmallInt(default=0)
    user = belongs_to(User, index=True)
    ended_at = Timestamptz(null=True, default=None)

    duty_once = Unique([roster, day, shift, user])
    duty_in_school = Unique(["school", "id"])


class DutyEvent(Row, Table):
    """How a duty came about and changed; `other` is who stepped in, or with whom it was swapped."""

    school = belongs_to_school()
    duty = UUIDColumn(default=None, index=True)
    verb = Text(default=None)
    by = belongs_to(User, null=True)
    other = belongs_to(User, null=True)
    words = Text()

    duty_verb_known = one_of("verb", DutyVerb)


class DutySwap(Row, Table):
    """He who holds `duty` asks him who holds `other` to take turns; nothing changes before the answer."""

    school = belongs_to_school()
    duty = UUIDColumn(default=None, index=True)
    other = UUIDColumn(default=None, index=True)
    by = belongs_to(User)
    asked = belongs_to(User, index=True)
    words = Text()
    state = Text(default="asked")
    answered_at = Timestamptz(null=True, default=None)

    swap_state_known = one_of("state", SwapState)
    swap_answered = Check("(state = 'asked') = (answered_at IS NULL)")


class Route(Row, Table):
    """A named set of points with who walks it and when.

    `rule` is an RRULE (RFC 5545) for the days of windows, empty where the span says it all. `windows`:
    [{name, name_en, start, end}] in minutes of the day on which they begin, start below 2880, so that the second half
    of a night belongs to the evening before. `grace` in minutes, `challenge` in per cent of the stops.
    `opened_until`: rounds that begin before it exist; `next_at`: when the next one begins, null when there is none.
    """

    school = belongs_to_school()
    name = Text(default=None)
    name_en = Text()
    chooses = Text(default="hand")
    kinds = Array(base_column=Text(), default=list)
    places = Array(base_column=UUIDColumn(), default=list)
    ordering = Text(default="free")
    who = Text(default="post")
    post = Text()
    roster = UUIDColumn(null=True, default=None)
    span = Text(default="window")
    rule = Text()
    days = Text(default="school")
    moved = Text(default="skip")
    windows = JSONB(default="[]")
    grace = Integer(default=30)
    challenge = SmallInt(default=0)
    starts_on = Date(default=None)
    ends_on = Date(null=True, default=None)
    proposed = Text()
    note = Text()
    state = Text(default="active")
    version = Integer(default=1)
    opened_until = Timestamptz(default=None)
    next_at = Timestamptz(null=True, default=None)

    route_in_school = Unique(["school", "id"])
    route_name_given = Check("name <> ''")
    route_chooses_known = one_of("chooses", Chooses)
    route_order_known = one_of("ordering", Order)
    route_who_known = one_of("who", Who)
    route_who_given = Check("(who <> 'post' OR post <> '') AND (who <> 'roster' OR roster IS NOT NULL)")
    route_span_known = one_of("span", Span)
    route_days_known = one_of("days", Days)
    route_moved_known = one_of("moved", Moved)
    route_state_known = one_of("state", RouteState)
    route_grace = Check("grace BETWEEN 0 AND 43200")
    route_challenge = Check("challenge BETWEEN 0 AND 20")
    route_dates = Check("ends_on >= starts_on")


class RoutePoint(Row, Table):
    """A point that a route names by hand; dropped, it stays for who asks what the route was."""

    school = belongs_to_school()
    route = UUIDColumn(default=None)
    point = UUIDColumn(default=None, index=True)
    position = SmallInt(default=0)
    dropped_at = Timestamptz(null=True, default=None)

    route_point_once = Unique([route, point])


class RoutePerson(Row, Table):
    school = belongs_to_school()
    route = UUIDColumn(default=None)
    user = belongs_to(User, index=True)
    dropped_at = Timestamptz(null=True, default=None)

    route_person_once = Unique([route, user])


class RouteEvent(Row, Table):
    """What was done to a route; `facts` holds it as it was before, so that every plan of the past can be read."""

    school = belongs_to_school()
    route = UUIDColumn(default=None, index=True)
    verb = Text(default=None)
    by = belongs_to(User, null=True)
    facts = JSONB(default="{}")

    route_verb_known = one_of("verb", RouteVerb)


class Round(Row, Table):
    """One dated pass of a route, as the route was when it opened: name, order, people and the number of stops stay.

    `day` is the day it belongs to (a night's second half: the day before). Whoever holds `post`, is in `users`, or has
    it by hand-over (`holder`) may walk it. `closed_at`: its last grace is over and what was left is missed.
    """

    school = belongs_to_school()
    route = UUIDColumn(default=None)
    day = Date(default=None)
    name = Text(default=None)
    name_en = Text()
    slot = Text()
    slot_en = Text()
    ordering = Text(default="free")
    span = Text(default="window")
    opens_at = Timestamptz(default=None)
    closes_at = Timestamptz(default=None)
    late_until = Timestamptz(default=None)
    night = Boolean(default=False)
    post = Text()
    users = Array(base_column=UUIDColumn(), default=list)
    holder = belongs_to(User, null=True)
    stops = Integer(default=0)
    cause = Text()
    opened_by = belongs_to(User, null=True)
    started_at = Timestamptz(null=True, default=None)
    started_by = belongs_to(User, null=True)
    finished_at = Timestamptz(null=True, default=None)
    finished_by = belongs_to(User, null=True)
    finish_why = Text()
    closed_at = Timestamptz(null=True, default=None)
    told_at = Timestamptz(null=True, default=None)

    round_once = Unique([route, opens_at])
    round_in_school = Unique(["school", "id"])
    round_ordering_known = one_of("ordering", Order)
    round_window = Check("closes_at > opens_at AND late_until >= closes_at")
    round_started = Check("(started_at IS NULL) = (started_by IS NULL)")
    round_finished = Check("(finished_at IS NULL) = (finished_by IS NULL)")


class RoundEvent(Row, Table):
    """What somebody did to a round or to one of its stops; the id and `at` are the phone's."""

    school = belongs_to_school()
    round = UUIDColumn(default=None, index=True)
    stop = UUIDColumn(null=True, default=None)
    verb = Text(default=None)
    by = belongs_to(User, null=True)
    other = belongs_to(User, null=True)
    at = Timestamptz(default=None)
    words = Text()
    facts = JSONB(default="{}")
    body_hash = Text()

    round_verb_known = one_of("verb", RoundVerb)


class Stop(Row, Table):
    """One point due in one round. Its rows are made with the round and never more or fewer: the denominator is frozen.

    `kind` and `area` as they were then. `at` is the visit's own time, `recorded_at` when the server had it, `missed_at`
    when the stop was called missed; `sent_late`: kept after all, by a phone that came late. `by`, `why`, `said_at`: who
    excused it or could not reach it, why and since when that is known. `challenge` names a thing to be photographed.
    """

    school = belongs_to_school()
    round = UUIDColumn(default=None)
    route = UUIDColumn(default=None)
    point = UUIDColumn(default=None)
    kind = Text(default=None)
    area = Text(default=None)
    position = SmallInt(default=0)
    day = Date(default=None)
    opens_at = Timestamptz(default=None)
    closes_at = Timestamptz(default=None)
    late_until = Timestamptz(default=None)
    state = Text(default="due")
    visit = UUIDColumn(null=True, default=None)
    at = Timestamptz(null=True, default=None)
    recorded_at = Timestamptz(null=True, default=None)
    sent_late = Boolean(default=False)
    missed_at = Timestamptz(null=True, default=None)
    by = belongs_to(User, null=True)
    why = Text()
    said_at = Timestamptz(null=True, default=None)
    challenge = Text()

    stop_once = Unique(["round", "point"])
    stop_in_school = Unique(["school", "id"])
    stop_state_known = one_of("state", StopState)
    stop_kept = Check("(state IN ('kept', 'late')) = (visit IS NOT NULL) AND (visit IS NULL) = (at IS NULL)")
    stop_said = Check(
        "state NOT IN ('excused', 'unreachable') OR (by IS NOT NULL AND why <> '' AND said_at IS NOT NULL)"
    )
    stop_missed = Check("state <> 'missed' OR missed_at IS NOT NULL")


class CoverageDay(Row, Table):
    """Counts of a school's stops by day, route and kind; kept by the statement that changes the stops (a trigger)."""

    school = belongs_to_school()
    day = Date(default=None)
    route = UUIDColumn(default=None)
    kind = Text(default=None)
    area = Text(default=None)
    due = Integer(default=0)
    kept = Integer(default=0)
    late = Integer(default=0)
    missed = Integer(default=0)
    excused = Integer(default=0)
    unreachable = Integer(default=0)
    sent_late = Integer(default=0)

    coverage_day_once = Unique(["school", "day", "route", "kind"])


class CoverageWeek(Row, Table):
    """The same by week (its Monday) and area: what a city adds up."""

    school = belongs_to_school()
    week = Date(default=None)
    area = Text(default=None)
    due = Integer(default=0)
    kept = Integer(default=0)
    late = Integer(default=0)
    missed = Integer(default=0)
    excused = Integer(default=0)
    unreachable = Integer(default=0)
    sent_late = Integer(default=0)

    coverage_week_once = Unique(["week", "school", "area"])


class CalendarFeed(Row, Table):
    """The secret address of somebody's rounds and duties for a calendar program; withdrawn for good."""

    user = belongs_to(User, index=True)
    school = belongs_to_school()
    token_hash = Text(default=None, secret=True)
    used_at = Timestamptz(null=True, default=None)
    withdrawn_at = Timestamptz(null=True, default=None)

    feed_token_once = Unique([token_hash])
