"""Words of a finding. The whole machine stands in MOVES; see fixtures/pack/hazard_states.json."""

from enum import Enum

from backend.language import N_


class State(Enum):
    REPORTED = "reported"
    FIXED_ON_SPOT = "fixed_on_spot"
    REJECTED = "rejected_report"
    REGISTERED = "registered"
    GRADED = "graded"
    ASSIGNED = "assigned"
    CONTROLLED = "controlled"
    RECTIFYING = "rectifying"
    EXTENSION_REQUESTED = "extension_requested"
    SUBMITTED = "submitted"
    ACCEPT_FAILED = "accept_failed"
    ACCEPTED = "accepted"
    RECHECKED = "rechecked"
    CLOSED = "closed"
    REPORTED_UP = "reported_up"
    GOV_REQUESTED = "gov_requested"
    LISTED = "listed"
    DELIST_REQUESTED = "delist_requested"
    DELISTED = "delisted"
    REOPENED = "reopened"
    MERGED = "merged"


ENDED = (State.CLOSED, State.DELISTED, State.REJECTED, State.MERGED)


class Verb(Enum):
    RAISE = "raise"
    REPORT = "report"
    SIGHT = "sight"
    FIX_ON_SPOT = "fix_on_spot"
    REOPEN = "reopen"
    NOTE = "note"
    REGISTER = "register"
    REJECT = "reject"
    GRADE = "grade"
    ASSIGN = "assign"
    MAKE_SAFE = "make_safe"
    REPORT_UP = "report_up"
    REQUEST_GOV = "request_gov"
    START = "start"
    REQUEST_EXTENSION = "request_extension"
    MEND = "mend"
    SEND_BACK = "send_back"
    ACCEPT = "accept"
    RECHECK = "recheck"
    CLOSE = "close"
    LIST = "list"
    REQUEST_DELISTING = "request_delisting"
    DELIST = "delist"
    CONFIRM = "confirm"
    HAND_OVER = "hand_over"
    WAIT = "wait"
    COST = "cost"
    GRANT_EXTENSION = "grant_extension"
    REFUSE_EXTENSION = "refuse_extension"
    FAIL_RECHECK = "fail_recheck"
    MERGE = "merge"
    SPLIT = "split"
    INVITE = "invite"
    WITHDRAW = "withdraw"
    ESCALATE = "escalate"


class Source(Enum):
    PATROL = "patrol"
    REPORT = "report"
    INSPECTION = "inspection"
    SELF_CHECK = "self_check"
    HAND = "hand"


class Grade(Enum):
    GENERAL = "general"
    MAJOR = "major"


class Sight(Enum):
    """How a finding was seen once more."""

    AGAIN = "again"
    STILL = "still"
    WORSE = "worse"
    GONE = "gone"
    ME_TOO = "me_too"
    NOT_MENDED = "not_mended"


class LinkUse(Enum):
    """What a contractor did with his link."""

    OPEN = "open"
    NOTE = "note"
    START = "start"
    MAKE_SAFE = "make_safe"
    MEND = "mend"
    REFUSED = "refused"


class Area(Enum):
    LAB = "lab"
    FIRE = "fire"
    SECURITY = "security"
    FOOD = "food"
    TRAFFIC = "traffic"
    BUILDING = "building"
    INTERNSHIP = "internship"


RECURRENCE_DAYS = 90
SEEN_OFTEN = 5
"""Sightings after which something dangerous that nobody graded is proposed as a major hazard."""

STATE_NAMES: dict[str, str] = {
    State.REPORTED.value: N_("Reported"),
    State.FIXED_ON_SPOT.value: N_("Fixed on the spot"),
    State.REJECTED.value: N_("Not a hazard"),
    State.REGISTERED.value: N_("Registered"),
    State.GRADED.value: N_("Graded"),
    State.ASSIGNED.value: N_("Assigned"),
    State.CONTROLLED.value: N_("Made safe for now"),
    State.RECTIFYING.value: N_("Being mended"),
    State.EXTENSION_REQUESTED.value: N_("Extension requested"),
    State.SUBMITTED.value: N_("Mended, to be accepted"),
    State.ACCEPT_FAILED.value: N_("Not accepted, mend again"),
    State.ACCEPTED.value: N_("Accepted in the school"),
    State.RECHECKED.value: N_("Re-checked"),
    State.CLOSED.value: N_("Closed"),
    State.REPORTED_UP.value: N_("Reported to the authority"),
    State.GOV_REQUESTED.value: N_("Coordination requested"),
    State.LISTED.value: N_("Listed for supervision"),
    State.DELIST_REQUESTED.value: N_("Delisting requested"),
    State.DELISTED.value: N_("Delisted"),
    State.REOPENED.value: N_("Came back, reopened"),
    State.MERGED.value: N_("Merged into another finding"),
}
SOURCE_NAMES: dict[str, str] = {
    Source.PATROL.value: N_("Patrol"),
    Source.REPORT.value: N_("Report by label"),
    Source.INSPECTION.value: N_("Inspection"),
    Source.SELF_CHECK.value: N_("Self-check"),
    Source.HAND.value: N_("Entered by hand"),
}
GRADE_NAMES: dict[str, str] = {Grade.GENERAL.value: N_("General hazard"), Grade.MAJOR.value: N_("Major hazard")}
SEVERITY_NAMES: dict[str, str] = {
    "general": N_("Ordinary"),
    "fix_now": N_("Fix at once"),
    "report_now": N_("Report at once"),
    "stop_use": N_("Stop using it at once"),
    "major_suspected": N_("Major hazard suspected"),
}
SIGHT_NAMES: dict[str, str] = {
    Sight.AGAIN.value: N_("Found again"),
    Sight.STILL.value: N_("Still there"),
    Sight.WORSE.value: N_("Worse"),
    Sight.GONE.value: N_("Said to be gone"),
    Sight.ME_TOO.value: N_("Reported by one more person"),
    Sight.NOT_MENDED.value: N_("The reporter says: not mended"),
}
VERB_NAMES: dict[str, str] = {
    Verb.RAISE.value: N_("Found"),
    Verb.REPORT.value: N_("Reported by scanning the label"),
    Verb.SIGHT.value: N_("Found again"),
    Verb.FIX_ON_SPOT.value: N_("Fixed on the spot"),
    Verb.REOPEN.value: N_("Came back after it was closed"),
    Verb.NOTE.value: N_("Note"),
    Verb.REGISTER.value: N_("Registered"),
    Verb.REJECT.value: N_("Not a hazard"),
    Verb.GRADE.value: N_("Graded"),
    Verb.ASSIGN.value: N_("Assigned"),
    Verb.MAKE_SAFE.value: N_("Made safe for now"),
    Verb.REPORT_UP.value: N_("Reported to the authority"),
    Verb.REQUEST_GOV.value: N_("Coordination requested"),
    Verb.START.value: N_("Mending began"),
    Verb.REQUEST_EXTENSION.value: N_("Extension requested"),
    Verb.MEND.value: N_("Mended, to be accepted"),
    Verb.SEND_BACK.value: N_("Not accepted, mend again"),
    Verb.ACCEPT.value: N_("Accepted in the school"),
    Verb.RECHECK.value: N_("Re-checked"),
    Verb.CLOSE.value: N_("Closed"),
    Verb.LIST.value: N_("Listed for supervision"),
    Verb.REQUEST_DELISTING.value: N_("Delisting requested"),
    Verb.DELIST.value: N_("Delisted"),
    Verb.CONFIRM.value: N_("Confirmed as a major hazard"),
    Verb.HAND_OVER.value: N_("Handed over"),
    Verb.WAIT.value: N_("Waiting for parts"),
    Verb.COST.value: N_("Cost noted"),
    Verb.GRANT_EXTENSION.value: N_("Extension granted"),
    Verb.REFUSE_EXTENSION.value: N_("Extension refused"),
    Verb.FAIL_RECHECK.value: N_("Re-check failed, mend again"),
    Verb.MERGE.value: N_("Merged"),
    Verb.SPLIT.value: N_("Split"),
    Verb.INVITE.value: N_("A contractor was given a link"),
    Verb.WITHDRAW.value: N_("A contractor's link was withdrawn"),
    Verb.ESCALATE.value: N_("The level above was told"),
}
AREA_NAMES: dict[str, str] = {
    Area.LAB.value: N_("Laboratories and chemicals"),
    Area.FIRE.value: N_("Fire safety"),
    Area.SECURITY.value: N_("Public security"),
    Area.FOOD.value: N_("Food safety"),
    Area.TRAFFIC.value: N_("School buses and traffic"),
    Area.BUILDING.value: N_("Buildings and construction"),
    Area.INTERNSHIP.value: N_("Internships and practical training"),
}


def tone(state: str, grade: str) -> str:
    """How loudly a list shows it: "ok", "bad" (major, open), "warn"."""
    if state in {s.value for s in ENDED}:
        return "ok"
    return "bad" if grade == Grade.MAJOR.value else "warn"
