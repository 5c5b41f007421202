"""Something wrong, from report to closing, in one row; what happened to it, in rows that are only added."""

from piccolo.columns import JSONB, Boolean, Date, Integer, Numeric, Text, Timestamptz
from piccolo.columns import UUID as UUIDColumn
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from backend.accounts.tables import User
from backend.bodies.tables import Body, belongs_to_school
from backend.findings.rules import Area, Grade, LinkUse, Sight, Source, State, Verb
from backend.row import Row, belongs_to, one_of


class Finding(Row, Table):
    """A line of the school's ledger. `number` (year and running number) is what people call it by.

    `version` counts the verbs that moved it: whoever acts says which one he saw. `funds` is the money set aside, `cost`
    what was spent. `lowered`: graded below what the criteria propose, so the level above closes it. `told` holds the
    steps of the escalation ladder that somebody was told of. `follows` is an older finding of the same point and item.
    """

    school = belongs_to_school()
    number = Text(default=None)
    point = UUIDColumn(null=True, default=None)
    visit = UUIDColumn(null=True, default=None)
    item_code = Text()
    area = Text(null=True, default=None)
    source = Text(default=None)
    state = Text(default=None)
    grade = Text(null=True, default=None)
    grade_proposed = Text(default="general")
    severity = Text(default="general")
    basis = Text()
    title = Text(default=None)
    title_en = Text()
    words = Text()
    found_at = Timestamptz(default=None)
    found_by = belongs_to(User, null=True)
    fixed_on_spot = Boolean(default=False)
    worse = Boolean(default=False)
    sightings = Integer(default=0)
    recurred = Integer(default=0)
    said_gone_at = Timestamptz(null=True, default=None)
    interim_measures = Text()
    measures = Text()
    assigned_to = belongs_to(User, null=True)
    leader = belongs_to(User, null=True)
    cost = Numeric(digits=(12, 2), null=True, default=None)
    deadline = Date(null=True, default=None)
    contingency = Text()
    mended_by = belongs_to(User, null=True)
    mended_at = Timestamptz(null=True, default=None)
    accepted_by = belongs_to(User, null=True)
    accepted_at = Timestamptz(null=True, default=None)
    rechecked_by = belongs_to(User, null=True)
    rechecked_at = Timestamptz(null=True, default=None)
    recheck_words = Text()
    closed_at = Timestamptz(null=True, default=None)
    listed = Boolean(default=False)
    remarks = Text()
    version = Integer(default=0)
    criterion = Text()
    grade_reason = Text()
    lowered = Boolean(default=False)
    confirmed_by = belongs_to(User, null=True)
    confirmed_at = Timestamptz(null=True, default=None)
    controlled_by = belongs_to(User, null=True)
    controlled_at = Timestamptz(null=True, default=None)
    assigned_at = Timestamptz(null=True, default=None)
    funds = Numeric(digits=(12, 2), null=True, default=None)
    waiting_for = Text()
    waiting_until = Date(null=True, default=None)
    wished_deadline = Date(null=True, default=None)
    extended = Integer(default=0)
    recheck_due = Date(null=True, default=None)
    listed_by = belongs_to(Body, null=True)
    follows = UUIDColumn(null=True, default=None)
    merged_into = UUIDColumn(null=True, default=None)
    split_from = UUIDColumn(null=True, default=None)
    told = JSONB(default="{}")

    finding_state_known = one_of("state", State)
    finding_source_known = one_of("source", Source)
    finding_area_known = one_of("area", Area)
    finding_grade_known = one_of("grade", Grade)
    finding_proposed_known = one_of("grade_proposed", Grade)
    finding_number_once = Unique([school, number])
    finding_in_school = Unique(["school", "id"])
    finding_other_accepts = Check("accepted_by <> mended_by")
    finding_other_rechecks = Check("rechecked_by <> mended_by")
    finding_merged_somewhere = Check("(state = 'merged') = (merged_into IS NOT NULL) AND merged_into <> id")


class Sighting(Row, Table):
    """The same fault seen once more, by a visit, a report or an answer to "still there?"."""

    school = belongs_to_school()
    finding = UUIDColumn(default=None, index=True)
    kind = Text(default=None)
    visit = UUIDColumn(null=True, default=None)
    report = UUIDColumn(null=True, default=None)
    at = Timestamptz(default=None)
    by = belongs_to(User, null=True)
    words = Text()

    sighting_kind_known = one_of("kind", Sight)


class FindingEvent(Row, Table):
    """One verb done to a finding: who, when, from which state to which. `link`: a contractor's link it came through;
    `body_hash` tells a repetition of the same words from another use of the same id."""

    school = belongs_to_school()
    finding = UUIDColumn(default=None, index=True)
    verb = Text(default=None)
    before = Text(null=True, default=None)
    after = Text(default=None)
    at = Timestamptz(default=None)
    by = belongs_to(User, null=True)
    words = Text()
    facts = JSONB(default="{}")
    link = UUIDColumn(null=True, default=None)
    body_hash = Text()

    event_verb_known = one_of("verb", Verb)
    event_after_known = one_of("after", State)


class Report(Row, Table):
    """What anyone without an account told us at a label; `receipt` is his only key to see what became of it."""

    school = belongs_to_school()
    finding = UUIDColumn(default=None, index=True)
    point = UUIDColumn(null=True, default=None)
    label_code = Text()
    receipt_hash = Text(default=None, secret=True)
    area = Text(null=True, default=None)
    words = Text()
    contact = Text()
    language = Text()
    address_hash = Text()
    body_hash = Text()

    report_receipt_once = Unique([receipt_hash])
    report_area_known = one_of("area", Area)
    report_words_short = Check("length(words) <= 2000 AND length(contact) <= 200")


class Criterion(Row, Table):
    """A version of what makes a hazard a major one. Without a `body` it came with the pack; the city adds and extends.

    The newest version of a code holds; `items` are codes of checklist items whose failure proposes "major"."""

    body = belongs_to(Body, null=True)
    code = Text(default=None)
    version = Integer(default=1)
    zh = Text(default=None)
    en = Text()
    plan_checks = JSONB(default="[]")
    items = JSONB(default="[]")
    source = Text()
    verified = Boolean(default=False)
    withdrawn = Boolean(default=False)
    by = belongs_to(User, null=True)
    words = Text()

    criterion_version_once = Unique([code, version])
    criterion_said = Check("zh <> '' AND code <> ''")


class RoutingRule(Row, Table):
    """Who is proposed to mend what: the first active rule of the school whose area, kind of point and grade fit."""

    school = belongs_to_school()
    position = Integer(default=0)
    area = Text(null=True, default=None)
    kind = Text(null=True, default=None)
    grade = Text(null=True, default=None)
    assignee = belongs_to(User)
    leader = belongs_to(User, null=True)
    active = Boolean(default=True)
    by = belongs_to(User, null=True)

    routing_area_known = one_of("area", Area)
    routing_grade_known = one_of("grade", Grade)


class FindingPolicy(Row, Table):
    """A school's own times. Days are working days of its calendar; `safe_minutes` is the clock of a major hazard."""

    school = belongs_to_school()
    general_days = Integer(default=7)
    works_days = Integer(default=30)
    register_days = Integer(default=1)
    accept_days = Integer(default=3)
    recheck_days = Integer(default=7)
    safe_minutes = Integer(default=60)
    quiet_from = Text(default="22:00")
    quiet_until = Text(default="06:30")

    policy_of_school_once = Unique(["school"])
    policy_days = Check(
        "least(general_days, works_days, register_days, accept_days, recheck_days, safe_minutes) > 0"
        " AND greatest(general_days, works_days, register_days, accept_days, recheck_days) <= 366"
        " AND safe_minutes <= 1440"
    )
    policy_quiet = Check("quiet_from ~ '^[0-2][0-9]:[0-5][0-9]$' AND quiet_until ~ '^[0-2][0-9]:[0-5][0-9]$'")


class ContractorLink(Row, Table):
    """Opens one finding to somebody without an account, for a limited time; `made_by` answers for his work."""

    school = belongs_to_school()
    finding = UUIDColumn(default=None, index=True)
    token_hash = Text(default=None, secret=True)
    name = Text(default=None)
    firm = Text()
    phone = Text()
    made_by = belongs_to(User)
    expires_at = Timestamptz(default=None)
    withdrawn_at = Timestamptz(null=True, default=None)
    withdrawn_by = belongs_to(User, null=True)

    link_token_once = Unique([token_hash])
    link_named = Check("name <> ''")


class ContractorUse(Row, Table):
    """Every use of a link."""

    school = belongs_to_school()
    link = UUIDColumn(default=None, index=True)
    what = Text(default=None)
    address_hash = Text()

    use_known = one_of("what", LinkUse)


class SavedView(Row, Table):
    """A list that somebody wants to find again: the address of the ledger with its filters."""

    user = belongs_to(User, index=True)
    name = Text(default=None)
    query = Text()
    removed_at = Timestamptz(null=True, default=None)

    view_named = Check("name <> '' AND length(name) <= 60 AND length(query) <= 1000")


class FindingCount(Table):
    """The running number of a school's findings in a year, taken under its row lock."""

    key = Text(primary_key=True, default=None)
    school = belongs_to_school()
    last = Integer(default=0)
