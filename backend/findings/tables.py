"""Something wrong, from report to closing, in one row; what happened to it, in rows that are only added."""

from piccolo.columns import JSONB, Boolean, Date, Integer, Numeric, Text, Timestamptz
from piccolo.columns import UUID as UUIDColumn
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from backend.accounts.tables import User
from backend.bodies.tables import belongs_to_school
from backend.findings.rules import Area, Grade, Sight, Source, State, Verb
from backend.row import Row, belongs_to, one_of


class Finding(Row, Table):
    """A line of the school's ledger. `number` (year and running number) is what people call it by."""

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

    finding_state_known = one_of("state", State)
    finding_source_known = one_of("source", Source)
    finding_area_known = one_of("area", Area)
    finding_grade_known = one_of("grade", Grade)
    finding_proposed_known = one_of("grade_proposed", Grade)
    finding_number_once = Unique([school, number])
    finding_in_school = Unique(["school", "id"])
    finding_other_accepts = Check("accepted_by <> mended_by")


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
    """One verb done to a finding: who, when, from which state to which."""

    school = belongs_to_school()
    finding = UUIDColumn(default=None, index=True)
    verb = Text(default=None)
    before = Text(null=True, default=None)
    after = Text(default=None)
    at = Timestamptz(default=None)
    by = belongs_to(User, null=True)
    words = Text()
    facts = JSONB(default="{}")

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


class FindingCount(Table):
    """The running number of a school's findings in a year, taken under its row lock."""

    key = Text(primary_key=True, default=None)
    school = belongs_to_school()
    last = Integer(default=0)
