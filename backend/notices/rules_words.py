"""What a notice says, by its kind; the same words in the inbox, in a mail and in a group."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from backend.language import CHINESE, N_, either, say

SENTENCES: dict[str, str] = {
    "finding_opened": N_("New finding %(number)s: %(title)s"),
    "finding_recurred": N_("Came back after it was closed: %(number)s %(title)s"),
    "report_received": N_("Somebody reported by label, %(number)s: %(title)s"),
    "finding_assigned": N_("To be mended: %(number)s %(title)s"),
    "finding_handed_over": N_("Handed over to somebody else: %(number)s %(title)s"),
    "finding_major": N_("A major hazard, to be confirmed by the principal: %(number)s %(title)s"),
    "finding_unsafe": N_("A major hazard has not been made safe: %(number)s %(title)s"),
    "finding_submitted": N_("Mended, to be accepted: %(number)s %(title)s"),
    "finding_sent_back": N_("Sent back, mend again: %(number)s %(title)s"),
    "finding_accepted": N_("Accepted, to be re-checked: %(number)s %(title)s"),
    "finding_recheck_failed": N_("Not gone at the re-check, mend again: %(number)s %(title)s"),
    "finding_closed": N_("Closed: %(number)s %(title)s"),
    "extension_asked": N_("More time is asked for: %(number)s %(title)s"),
    "extension_granted": N_("More time was granted: %(number)s %(title)s"),
    "extension_refused": N_("More time was refused: %(number)s %(title)s"),
    "finding_overdue": N_("Overdue: %(number)s %(title)s"),
    "finding_unassigned": N_("Nobody has been assigned yet: %(number)s %(title)s"),
    "finding_escalated": N_("Not settled in time, you are told as the level above: %(number)s %(title)s"),
    "finding_unaccepted": N_("Mended some time ago, not accepted yet: %(number)s %(title)s"),
    "grade_lowered": N_("Graded lower than the criteria propose: %(number)s %(title)s"),
    "report_not_mended": N_("The reporter says it is not mended: %(number)s %(title)s"),
    "finding_noted": N_("A note was added: %(number)s %(title)s"),
    "contractor_mended": N_("The contractor says it is mended: %(number)s %(title)s"),
    "finding_reported_up": N_("Reported to the authority: %(number)s %(title)s"),
    "finding_listed": N_("Listed for supervision: %(number)s %(title)s"),
    "recheck_due": N_("The re-check is due: %(number)s %(title)s"),
    "round_not_started": N_("Nobody has begun this round: %(title)s"),
    "round_missed_night": N_("Missed at night: %(title)s"),
    "rounds_digest": N_("Rounds: %(title)s"),
    "duty_swap_asked": N_("Swap of duty asked for: %(title)s"),
    "duty_swap_answered": N_("Your swap of duty was answered: %(title)s"),
    "duty_changed": N_("A duty has changed: %(title)s"),
    "channel_test": N_("This is a test: notices of Xun'an arrive here."),
    "channel_failed": N_("Notices could not be delivered: %(title)s"),
}

KIND_NAMES: dict[str, str] = {
    "finding_opened": N_("A finding was opened"),
    "finding_recurred": N_("A closed finding came back"),
    "report_received": N_("Somebody reported by label"),
    "finding_major": N_("A major hazard is to be confirmed"),
    "finding_unsafe": N_("A major hazard has not been made safe"),
    "finding_assigned": N_("Something is assigned for mending"),
    "finding_handed_over": N_("A ticket was handed over"),
    "finding_noted": N_("A note was added"),
    "finding_submitted": N_("Mended, waiting for acceptance"),
    "contractor_mended": N_("A contractor says it is mended"),
    "finding_sent_back": N_("Sent back, to be mended again"),
    "finding_accepted": N_("Accepted in the school"),
    "recheck_due": N_("A re-check is due"),
    "finding_recheck_failed": N_("A re-check failed"),
    "report_not_mended": N_("A reporter says it is not mended"),
    "finding_closed": N_("A finding was closed"),
    "finding_unassigned": N_("Nobody has been assigned"),
    "finding_overdue": N_("A deadline has passed"),
    "extension_asked": N_("More time is asked for"),
    "extension_granted": N_("More time was granted"),
    "extension_refused": N_("More time was refused"),
    "finding_escalated": N_("The level above was told"),
    "finding_unaccepted": N_("Something mended waits for acceptance"),
    "grade_lowered": N_("Graded lower than proposed"),
    "finding_reported_up": N_("Reported to the authority"),
    "finding_listed": N_("Listed for supervision"),
    "round_not_started": N_("Nobody has begun a round"),
    "round_missed_night": N_("Points were missed at night"),
    "rounds_digest": N_("Missed and late points, a few times a day"),
    "duty_swap_asked": N_("Somebody asks to swap duty"),
    "duty_swap_answered": N_("A swap of duty was answered"),
    "duty_changed": N_("A duty has changed"),
}
"""Every kind that can be chosen, in the order of a finding's life."""

KIND_GROUPS: dict[str, tuple[str, ...]] = {
    N_("What is found"): (
        *("finding_opened", "finding_recurred", "report_received", "finding_major", "finding_unsafe"),
    ),
    N_("Mending"): (
        "finding_assigned",
        "finding_handed_over",
        "finding_noted",
        "finding_submitted",
        "contractor_mended",
    ),
    N_("Acceptance and re-check"): (
        *("finding_sent_back", "finding_accepted", "recheck_due", "finding_recheck_failed", "report_not_mended"),
        "finding_closed",
    ),
    N_("Time"): (
        *(
            "finding_unassigned",
            "finding_unaccepted",
            "finding_overdue",
            "extension_asked",
            "extension_granted",
            "extension_refused",
        ),
    ),
    N_("Rounds and duty"): (
        *("round_not_started", "round_missed_night", "rounds_digest"),
        *("duty_swap_asked", "duty_swap_answered", "duty_changed"),
    ),
    N_("Authorities"): ("finding_escalated", "grade_lowered", "finding_reported_up", "finding_listed"),
}
PROPOSED = ("finding_major", "finding_unsafe", "finding_recurred", "report_received", "finding_overdue")
"""Ticked beforehand for a new channel: few enough that a group keeps reading them."""


def sentence(language: str, kind: str, facts: Mapping[str, Any]) -> str:
    """One line; facts that a notice lacks leave no hole and no error."""
    told = {
        "number": str(facts.get("number") or ""),
        "title": str(either(language, facts.get("title", ""), facts.get("title_en", ""))),
    }
    return " ".join(say(language, SENTENCES.get(kind, "%(number)s %(title)s"), **told).split())


def details(language: str, facts: Mapping[str, Any]) -> list[str]:
    """What stands below the line: until when, for how many days, who, and his words."""
    found = []
    if until := shown_day(language, str(facts.get("until") or "")):
        found.append(say(language, N_("deadline %(day)s"), day=until))
    if facts.get("days"):
        found.append(say(language, N_("for %(n)s days"), n=facts["days"]))
    if who := either(language, facts.get("who", ""), facts.get("who_en", "")):
        found.append(str(who))
    if words := " ".join(str(facts.get("words") or "").split()):
        found.append(quoted(words))
    return found


def quoted(words: str, most: int = 80) -> str:
    cut = words if len(words) <= most else words[: most - 1].rstrip() + "…"
    return f"“{cut}”"


def shown_day(language: str, iso: str) -> str:
    """An ISO date as people say it, with the year because a mail is read later; empty for anything else."""
    try:
        day = date.fromisoformat(iso[:10])
    except ValueError:
        return ""
    return f"{day.year}年{day.month}月{day.day}日" if language == CHINESE else f"{day:%b} {day.day}, {day.year}"


def is_major(facts: Mapping[str, Any]) -> bool:
    return facts.get("severity") == "major_suspected" or facts.get("grade") == "major"


def opens(kind: str, subject: object, facts: Mapping[str, Any]) -> str:
    """The page that a notice is about."""
    if kind == "channel_failed":
        return f"/people/{subject}" if facts.get("person") else "/notices/channels"
    if kind in {"duty_swap_asked", "duty_swap_answered"}:
        return "/duty"
    if kind == "duty_changed":
        return f"/duty/turns/{subject}"
    if kind == "rounds_digest":
        return "/morning"
    if kind in {"round_not_started", "round_missed_night"}:
        return f"/rounds/{subject}"
    return f"/findings/{subject}"
