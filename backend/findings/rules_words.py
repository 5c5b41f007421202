"""What the buttons of a finding's verbs say, and what each asks of the person who presses it."""

from backend.findings.rules import Verb
from backend.language import N_

V = Verb

BUTTONS: dict[str, str] = {
    V.REGISTER.value: N_("Enter it in the ledger"),
    V.REJECT.value: N_("It is not a hazard"),
    V.GRADE.value: N_("Grade it"),
    V.CONFIRM.value: N_("Confirm the major hazard"),
    V.ASSIGN.value: N_("Assign it"),
    V.HAND_OVER.value: N_("Hand it over"),
    V.MAKE_SAFE.value: N_("Made safe"),
    V.REPORT_UP.value: N_("Report it to the authority"),
    V.REQUEST_GOV.value: N_("Ask the government for help"),
    V.LIST.value: N_("List it for supervision"),
    V.START.value: N_("Start mending"),
    V.WAIT.value: N_("Waiting for parts"),
    V.COST.value: N_("Note a cost"),
    V.REQUEST_EXTENSION.value: N_("Ask for more time"),
    V.GRANT_EXTENSION.value: N_("Give more time"),
    V.REFUSE_EXTENSION.value: N_("Refuse more time"),
    V.MEND.value: N_("It is mended"),
    V.ACCEPT.value: N_("Accept it"),
    V.SEND_BACK.value: N_("Send it back"),
    V.RECHECK.value: N_("Re-checked: it is mended"),
    V.FAIL_RECHECK.value: N_("Re-checked: it is not mended"),
    V.CLOSE.value: N_("Close it"),
    V.REQUEST_DELISTING.value: N_("Ask for delisting"),
    V.DELIST.value: N_("Delist it"),
    V.REOPEN.value: N_("Open it again"),
    V.NOTE.value: N_("Add a note or photo"),
    V.INVITE.value: N_("Give a contractor a link"),
    V.MERGE.value: N_("Merge it into another"),
    V.SPLIT.value: N_("Split off a second fault"),
}

HELP: dict[str, str] = {
    V.REJECT.value: N_("It stays in the ledger with your reason, and whoever reported it can read the reason."),
    V.GRADE.value: N_("A criterion that fits proposes a major hazard. Grading lower needs a reason the bureau reads."),
    V.CONFIRM.value: N_("The principal confirms it. The bureau closes it in the end, not the school."),
    V.ASSIGN.value: N_("The five commitments: who, what, with which money, until when, and what if it goes wrong."),
    V.HAND_OVER.value: N_("The other person gets a notice, the safety office too."),
    V.MAKE_SAFE.value: N_("Stopped, fenced off, notice put up, somebody watching: say which, with a photo."),
    V.REPORT_UP.value: N_("The bureau gets it at once, with the three parts that the regulation asks for."),
    V.LIST.value: N_("The school, its district and the city see it as listed until you take it off again."),
    V.WAIT.value: N_("What is missing, and when it will be here. The deadline stays as it is."),
    V.COST.value: N_("The amount is added to what this finding has cost so far."),
    V.REQUEST_EXTENSION.value: N_("Why, and what keeps it safe until then. The level above hears of a second request."),
    V.MEND.value: N_("A photo from the same place as the first one, and what you did. Somebody else will verify it."),
    V.ACCEPT.value: N_("Look at it on the spot first. A later visit to the point re-checks it."),
    V.SEND_BACK.value: N_("What is still wrong, with a photo, so that nobody has to guess."),
    V.RECHECK.value: N_("You have seen it yourself, some time after it was accepted."),
    V.FAIL_RECHECK.value: N_("It goes back to the person responsible."),
    V.MERGE.value: N_("Both lines stay in the ledger; this one ends and points to the other."),
    V.SPLIT.value: N_("The second fault gets a number and a life of its own."),
    V.REOPEN.value: N_("It goes back to the safety office and counts as having come back."),
}

DANGER = frozenset({V.REJECT.value, V.SEND_BACK.value, V.FAIL_RECHECK.value, V.REFUSE_EXTENSION.value})
"""Buttons that say no; none of them is the first one on a page."""
