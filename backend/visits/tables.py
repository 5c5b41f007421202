"""One person at one point, once, with answers. Rows are only ever added."""

from piccolo.columns import JSONB, BigInt, Boolean, Date, DoublePrecision, Integer, Real, Text, Timestamptz
from piccolo.columns import UUID as UUIDColumn
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from backend.accounts.tables import Member, User
from backend.bodies.tables import belongs_to_school
from backend.checklists.rules import Result
from backend.checklists.tables import Item
from backend.points.tables import Label
from backend.row import Row, belongs_to, one_of
from backend.visits.rules import How, PhotoRole, PhotoState


class Visit(Row, Table):
    """`created_at` is when the server received it; the other times are the phone's, `skew_ms` how far off it is."""

    school = belongs_to_school()
    point = UUIDColumn(default=None)
    label = belongs_to(Label, null=True)
    by = belongs_to(User, index=True)
    member = belongs_to(Member)
    how = Text(default=None)
    how_reason = Text()
    opened_at = Timestamptz()
    saved_at = Timestamptz()
    sent_at = Timestamptz(null=True, default=None)
    skew_ms = BigInt(null=True, default=None)
    latitude = DoublePrecision(null=True, default=None)
    longitude = DoublePrecision(null=True, default=None)
    accuracy = Real(null=True, default=None)
    position_salt = Text(secret=True)
    distance = Real(null=True, default=None)
    device = UUIDColumn(null=True, default=None)
    device_seq = Integer(null=True, default=None)
    corrects = UUIDColumn(null=True, default=None)
    note = Text()
    bad = Integer(default=0)
    answered = Integer(default=0)
    annotations = JSONB(default="[]")
    body_hash = Text(default=None)

    visit_how_known = one_of("how", How)
    visit_in_school = Unique(["school", "id"])


class Answer(Row, Table):
    """What was said about one item; the limits it was judged by stand with it."""

    school = belongs_to_school()
    visit = UUIDColumn(default=None)
    point = UUIDColumn(default=None)
    item = belongs_to(Item)
    item_code = Text(default=None)
    result = Text(default=None)
    number = DoublePrecision(null=True, default=None)
    minimum = DoublePrecision(null=True, default=None)
    maximum = DoublePrecision(null=True, default=None)
    text = Text()
    choice = Text()
    date = Date(null=True, default=None)
    reason = Text()
    words = Text()
    follow_up = JSONB(null=True, default=None)
    fixed_on_spot = Boolean(default=False)
    seconds = Real(null=True, default=None)
    saved_at = Timestamptz()
    finding = UUIDColumn(null=True, default=None)

    answer_result_known = one_of("result", Result)
    answer_once = Unique([visit, item])
    answer_reason_given = Check("result <> 'unchecked' OR reason <> ''")


class Photo(Row, Table):
    """A picture that a record names by the hash of what the phone holds; it may arrive later than the record."""

    school = belongs_to_school()
    sha256 = Text(default=None, index=True)
    stored_sha256 = Text(null=True, default=None)
    state = Text(default="awaited")
    reason = Text()
    role = Text(default=None)
    by = belongs_to(User, null=True)
    visit = UUIDColumn(null=True, default=None, index=True)
    item_code = Text()
    finding = UUIDColumn(null=True, default=None, index=True)
    event = UUIDColumn(null=True, default=None)
    taken_at = Timestamptz(null=True, default=None)
    in_page = Boolean(default=False)
    bytes = Integer(null=True, default=None)
    width = Integer(null=True, default=None)
    height = Integer(null=True, default=None)
    phash = BigInt(null=True, default=None)
    had_position = Boolean(default=False)
    received_at = Timestamptz(null=True, default=None)

    photo_state_known = one_of("state", PhotoState)
    photo_role_known = one_of("role", PhotoRole)
    photo_kept = Check("(state = 'kept') = (stored_sha256 IS NOT NULL)")
