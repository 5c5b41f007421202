"""The machine of a finding as data: in which state what may be done, by whom, and what it needs.

States and transitions are those of fixtures/pack/hazard_states.json and hazard_moves.json. Added to them: notes and
other verbs that leave the state as it is, merging, and a re-check that fails (accepted -> not accepted), because an
honest "no" must lead somewhere. Buttons, refusals, tests and the drawing of the machine all come from MOVES.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from backend.findings.rules import ENDED, Grade, State, Verb
from backend.findings.rules_machine import BUREAU, FIVE, Bar, Case, Facts, Hat, Move, Need

S, V = State, Verb
MOVES: dict[tuple[State, Verb], tuple[Move, ...]] = {}


def _may(
    states: Iterable[State],
    verb: Verb,
    after: State | None,
    who: Iterable[Hat],
    *needs: Need,
    bars: tuple[Bar, ...] = (),
    case: Case = Case.ANY,
) -> None:
    for state in states:
        move = Move(after, frozenset(who), needs, bars, case)
        MOVES[state, verb] = (*MOVES.get((state, verb), ()), move)


H, N = Hat, Need
OPEN = tuple(state for state in State if state not in ENDED)
BEFORE_MENDING = (S.REPORTED, S.REGISTERED, S.GRADED, S.REOPENED)
AT_WORK = (S.ASSIGNED, S.RECTIFYING, S.ACCEPT_FAILED, S.EXTENSION_REQUESTED)
UP = (S.CONTROLLED, S.REPORTED_UP, S.GOV_REQUESTED, S.LISTED)
WORKED_ON = (*BEFORE_MENDING, *AT_WORK, *UP)
OFFICE = (H.MANAGER, H.PRINCIPAL)
HANDS = (H.ASSIGNEE, H.CONTRACTOR)
SCHOOL = (H.PATROL, H.CREW, H.ASSIGNEE, H.DUTY_LEADER, H.MANAGER, H.PRINCIPAL)

# Into the ledger.
_may([S.REPORTED], V.REJECT, S.REJECTED, [H.MANAGER], N.WORDS, case=Case.SCHOOLS)
_may([S.REPORTED], V.REJECT, S.REJECTED, BUREAU, N.WORDS, case=Case.BUREAUS)
_may([S.REPORTED, S.REOPENED], V.REGISTER, S.REGISTERED, [H.MANAGER], N.AREA)
_may([S.REGISTERED], V.GRADE, S.GRADED, [H.MANAGER, *BUREAU], N.GRADE)
_may([S.GRADED], V.GRADE, None, [H.MANAGER], N.GRADE, bars=(Bar.NO_RAISING,), case=Case.GENERAL)
_may([S.GRADED], V.GRADE, None, BUREAU, N.GRADE, N.WORDS, case=Case.MAJOR)
_may([*AT_WORK], V.GRADE, S.GRADED, [H.MANAGER, *BUREAU], N.GRADE, N.WORDS, bars=(Bar.NO_RAISING,), case=Case.GENERAL)
_may([S.GRADED, S.CONTROLLED], V.CONFIRM, None, [H.PRINCIPAL], case=Case.MAJOR)
_may(OPEN, V.MERGE, S.MERGED, [H.MANAGER], N.TARGET, N.WORDS)
_may(OPEN, V.SPLIT, None, [H.MANAGER], N.TITLE, N.WORDS)

# Who mends it, and how.
_may([S.GRADED], V.ASSIGN, S.ASSIGNED, OFFICE, *FIVE, case=Case.GENERAL)
_may([S.GRADED, *UP], V.ASSIGN, None, OFFICE, *FIVE, case=Case.MAJOR)
_may([S.ASSIGNED, S.RECTIFYING, S.ACCEPT_FAILED], V.ASSIGN, None, OFFICE, *FIVE)
_may([S.ASSIGNED, S.RECTIFYING, S.ACCEPT_FAILED], V.HAND_OVER, None, [H.ASSIGNEE], N.ASSIGNEE, N.WORDS)

# Made safe: at once, by whoever is there. A major hazard goes on only after it.
_may([S.GRADED], V.MAKE_SAFE, S.CONTROLLED, [*SCHOOL, H.CONTRACTOR], N.WORDS, N.PHOTO, case=Case.MAJOR)
_may(
    [state for state in WORKED_ON if state is not S.GRADED],
    V.MAKE_SAFE,
    None,
    [*SCHOOL, H.CONTRACTOR],
    *(N.WORDS, N.PHOTO),
)
_may([S.GRADED], V.MAKE_SAFE, None, [*SCHOOL, H.CONTRACTOR], N.WORDS, N.PHOTO, case=Case.GENERAL)
_may([S.CONTROLLED], V.REPORT_UP, S.REPORTED_UP, [H.PRINCIPAL], N.REPORT, case=Case.MAJOR)
_may([S.REPORTED_UP], V.REQUEST_GOV, S.GOV_REQUESTED, [H.PRINCIPAL, *BUREAU], N.WORDS, case=Case.MAJOR)
_may([S.REPORTED_UP, S.GOV_REQUESTED], V.LIST, S.LISTED, BUREAU, N.WORDS, N.DEADLINE, case=Case.MAJOR)

# Mending.
_may(
    [S.ASSIGNED, S.ACCEPT_FAILED, S.EXTENSION_REQUESTED],
    V.START,
    S.RECTIFYING,
    [*HANDS, H.MANAGER],
    bars=(Bar.SAFE_FIRST,),
)
_may(
    [S.REPORTED_UP, S.LISTED],
    V.START,
    S.RECTIFYING,
    [*HANDS, H.MANAGER],
    bars=(Bar.SAFE_FIRST, Bar.SETTLED),
    case=Case.MAJOR,
)
_may([S.ASSIGNED, S.RECTIFYING, S.ACCEPT_FAILED], V.WAIT, None, [H.ASSIGNEE], N.WORDS, N.UNTIL)
_may([*AT_WORK, S.SUBMITTED, S.ACCEPTED], V.COST, None, [H.ASSIGNEE, H.MANAGER], N.COST)
_may([S.ASSIGNED, S.RECTIFYING], V.REQUEST_EXTENSION, S.EXTENSION_REQUESTED, [H.ASSIGNEE], N.WORDS, N.WISH)
for _case, _who in ((Case.GENERAL, (H.DEPUTY, H.PRINCIPAL)), (Case.MAJOR, tuple(BUREAU))):
    _may([S.EXTENSION_REQUESTED], V.GRANT_EXTENSION, S.RECTIFYING, _who, bars=(Bar.NOT_ASSIGNEE,), case=_case)
    _may([S.EXTENSION_REQUESTED], V.REFUSE_EXTENSION, S.RECTIFYING, _who, N.WORDS, bars=(Bar.NOT_ASSIGNEE,), case=_case)
_may([S.RECTIFYING], V.MEND, S.SUBMITTED, HANDS, N.PHOTO, N.WORDS, bars=(Bar.SAFE_FIRST,))

# Accepting, re-checking, closing: never by who mended it.
_OTHER = (Bar.NOT_MENDER,)
_ACCEPTERS = (H.MANAGER, H.PRINCIPAL, H.DUTY_LEADER)
_may([S.SUBMITTED, S.FIXED_ON_SPOT], V.ACCEPT, S.ACCEPTED, _ACCEPTERS, bars=_OTHER, case=Case.GENERAL)
_may([S.SUBMITTED, S.FIXED_ON_SPOT], V.ACCEPT, S.ACCEPTED, [H.PRINCIPAL], bars=_OTHER, case=Case.MAJOR)
_may([S.SUBMITTED], V.SEND_BACK, S.ACCEPT_FAILED, [*_ACCEPTERS, *BUREAU], N.WORDS, N.PHOTO, bars=_OTHER)
_CHECKERS = (H.PATROL, H.CREW, H.DUTY_LEADER, H.MANAGER, H.PRINCIPAL, H.INSPECTOR, *BUREAU, H.SYSTEM)
_may([S.ACCEPTED], V.RECHECK, S.RECHECKED, _CHECKERS, N.WORDS, bars=_OTHER, case=Case.UNLISTED)
_may([S.ACCEPTED, S.RECHECKED], V.FAIL_RECHECK, S.ACCEPT_FAILED, _CHECKERS, N.WORDS)
_may([S.ACCEPTED], V.CLOSE, S.CLOSED, [H.MANAGER, H.PRINCIPAL], bars=_OTHER, case=Case.ON_SPOT)
_may([S.ACCEPTED], V.CLOSE, S.CLOSED, BUREAU, N.WORDS, case=Case.ON_SPOT_BUREAUS)
_may([S.RECHECKED], V.CLOSE, S.CLOSED, [H.MANAGER, H.PRINCIPAL, H.SYSTEM], bars=_OTHER, case=Case.SCHOOLS)
_may([S.RECHECKED], V.CLOSE, S.CLOSED, [*BUREAU, H.INSPECTOR], N.WORDS, case=Case.BUREAUS)
_may([S.ACCEPTED], V.REQUEST_DELISTING, S.DELIST_REQUESTED, [H.PRINCIPAL], N.WORDS, case=Case.LISTED)
_may([S.DELIST_REQUESTED], V.DELIST, S.DELISTED, BUREAU, N.WORDS, bars=(Bar.LISTER,))
_may([S.DELIST_REQUESTED], V.FAIL_RECHECK, S.ACCEPT_FAILED, BUREAU, N.WORDS)
_may([S.CLOSED, S.DELISTED], V.REOPEN, S.REOPENED, [H.SYSTEM, H.MANAGER, *BUREAU], N.WORDS)

# Words, at any time while it is open.
_may(OPEN, V.NOTE, None, [*SCHOOL, *BUREAU, H.INSPECTOR, H.CONTRACTOR], N.WORDS)
_may([S.ASSIGNED, S.RECTIFYING, S.ACCEPT_FAILED, *UP], V.INVITE, None, [H.ASSIGNEE, H.MANAGER])
_may(OPEN, V.WITHDRAW, None, [H.ASSIGNEE, H.MANAGER])
_may(OPEN, V.ESCALATE, None, [H.SYSTEM])

ADDING = frozenset({V.NOTE, V.COST, V.INVITE, V.WITHDRAW, V.ESCALATE})
"""Verbs that add a line and move nothing: they do not care which version somebody had seen."""

ON_THE_WAY: dict[tuple[State, Verb], tuple[Verb, ...]] = {
    **{(state, V.MEND): (V.START,) for state in (S.ASSIGNED, S.ACCEPT_FAILED, S.EXTENSION_REQUESTED)},
    **{(state, V.MEND): (V.START,) for state in (S.REPORTED_UP, S.LISTED)},
    **{(state, V.GRADE): (V.REGISTER,) for state in (S.REPORTED, S.REOPENED)},
    **{(state, V.ASSIGN): (V.REGISTER, V.GRADE) for state in (S.REPORTED, S.REOPENED)},
    (S.REGISTERED, V.ASSIGN): (V.GRADE,),
}
"""Verbs done on the way when the state asks for them: who mends at once need not say first that he starts."""

AWAITED = frozenset(
    {V.MEND, V.ACCEPT, V.RECHECK, V.CLOSE, V.CONFIRM, V.REPORT_UP, V.GRANT_EXTENSION, V.REQUEST_DELISTING, V.DELIST}
)
"""Verbs that lead on; before the mending, grading and assigning too. What a page says a finding waits for."""


def awaited(state: State, verb: Verb) -> bool:
    return verb in AWAITED or (verb in {V.GRADE, V.ASSIGN} and state in BEFORE_MENDING)


def move_for(facts: Facts, verb: Verb) -> Move | None:
    """The move of this verb in this state for this kind of finding; None when the machine knows none."""
    return next((move for move in MOVES.get((facts.state, verb), ()) if facts.fits(move.case)), None)


def way_to(facts: Facts, verb: Verb) -> tuple[Verb, ...]:
    """The verbs to do in order to reach and do `verb`; empty when there is no way from here."""
    if move_for(facts, verb) is not None:
        return (verb,)
    steps = ON_THE_WAY.get((facts.state, verb))
    return (*steps, verb) if steps and move_for(facts, steps[0]) else ()


def stands_in_the_way(
    facts: Facts, move: Move, user: UUID | None, body: UUID | None = None, grade: str = Grade.MAJOR.value
) -> Bar | None:
    """The first bar that is not met; `user` acts for `body`, `grade` is the one asked for."""
    met = {
        Bar.NOT_MENDER: user is None or facts.mended_by is None or user != facts.mended_by,
        Bar.NOT_ASSIGNEE: user is None or user != facts.assigned_to,
        Bar.SAFE_FIRST: facts.grade != Grade.MAJOR.value or facts.controlled,
        Bar.SETTLED: facts.settled,
        Bar.LISTER: body is None or facts.listed_by in {None, body},
        Bar.NO_RAISING: grade == Grade.MAJOR.value,
    }
    return next((bar for bar in move.bars if not met[bar]), None)


@dataclass(frozen=True, slots=True)
class Offer:
    """A verb on the page: `mine` when these hats may do it, `bar` what stands in the way."""

    verb: Verb
    move: Move
    mine: bool
    bar: Bar | None

    @property
    def open(self) -> bool:
        return self.mine and self.bar is None


_ORDER = (
    *(V.MEND, V.START, V.MAKE_SAFE, V.ACCEPT, V.SEND_BACK, V.ASSIGN, V.GRADE, V.REGISTER, V.REJECT, V.CONFIRM),
    *(V.REPORT_UP, V.REQUEST_GOV, V.LIST, V.RECHECK, V.FAIL_RECHECK, V.CLOSE, V.REQUEST_DELISTING, V.DELIST, V.REOPEN),
    *(V.GRANT_EXTENSION, V.REFUSE_EXTENSION, V.NOTE, V.COST, V.WAIT, V.REQUEST_EXTENSION, V.HAND_OVER, V.INVITE),
    *(V.MERGE, V.SPLIT),
)
LEADING = frozenset(_ORDER) - {V.NOTE, V.COST, V.WAIT, V.HAND_OVER, V.INVITE, V.MERGE, V.SPLIT, V.MAKE_SAFE}
"""Verbs that bring a finding nearer to its end; a page says who they wait for."""


def offers(facts: Facts, worn: frozenset[Hat], user: UUID | None, body: UUID | None = None) -> list[Offer]:
    """Every verb of the machine from here, in the order of a page; those of other people too, to say who is awaited."""
    found = []
    for verb in _ORDER:
        way = way_to(facts, verb)
        if not way:
            continue
        move = move_for(facts, way[0])
        if move is None:
            continue
        last = move if len(way) == 1 else MOVES[_reached(facts, way[:-1]), verb][0]
        mine = bool(last.who & worn) and bool(move.who & worn)
        bar = stands_in_the_way(facts, move, user, body) or stands_in_the_way(facts, last, user, body)
        found.append(Offer(verb, last, mine, bar))
    return found


def _reached(facts: Facts, way: tuple[Verb, ...]) -> State:
    state = facts.state
    for verb in way:
        state = MOVES[state, verb][0].after or state
    return state


def ways_of(state: State) -> list[tuple[Verb, State]]:
    """Every change of state that the machine allows from here, once."""
    return sorted(
        {(verb, move.after) for (at, verb), moves in MOVES.items() if at is state for move in moves if move.after},
        key=lambda way: (way[0].value, way[1].value),
    )
