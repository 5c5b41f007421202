"""Kinds of point and their checklists. A published version is never changed; a later one is a new row."""

from piccolo.columns import JSONB, Array, Boolean, DoublePrecision, Integer, SmallInt, Text, Timestamptz
from piccolo.columns import UUID as UUIDColumn
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from backend.accounts.tables import User
from backend.bodies.tables import Body, belongs_to_school
from backend.checklists.rules import AnswerKind, DateRule, Frequency, PhotoRule, Severity
from backend.row import Row, belongs_to, one_of


class PointKind(Table):
    """One of the kinds of point (33 built in)."""

    code = Text(primary_key=True, default=None)
    zh = Text(default=None)
    en = Text(default=None)
    area = Text(default=None)
    icon = Text()
    frequency = Text(default=None)
    basis = Text()
    basis_en = Text()
    usual_post = Text()
    core = Boolean(default=True)
    note = Text()
    note_en = Text()
    school_types = Array(base_column=Text(), default=list)
    boarding_only = Boolean(default=False)
    position = SmallInt(default=0)

    kind_frequency_known = one_of("frequency", Frequency)


class Checklist(Row, Table):
    """A version of what is asked at a kind of point: built in (no body), a bureau's for all below, or a school's own
    additions. `version` counts up within kind and body; `built_in` is the built-in version a bureau's one has seen."""

    kind = belongs_to(PointKind)
    body = belongs_to(Body, null=True, index=True)
    version = Integer(default=1)
    published_at = Timestamptz()
    published_by = belongs_to(User, null=True)
    words = Text()
    built_in = Integer(null=True, default=None)

    checklist_version_once = Unique([kind, body, version], nulls_distinct=False)


class Item(Row, Table):
    """One thing that is asked, as it was in its version. `code` names the same question over all versions. Of a date
    "since", `maximum` is the age in years it may have."""

    checklist = belongs_to(Checklist, index=True)
    code = Text(default=None)
    position = SmallInt(default=0)
    zh = Text(default=None)
    en = Text()
    area = Text(default=None)
    answer = Text(default=None)
    unit = Text()
    unit_en = Text()
    minimum = DoublePrecision(null=True, default=None)
    maximum = DoublePrecision(null=True, default=None)
    limits_by_school = Boolean(default=False)
    date_rule = Text(null=True, default=None)
    options = JSONB(default="[]")
    follow_up = JSONB(default="[]")
    photo = Text(default=None)
    frequency = Text(default=None)
    severity = Text(default=None)
    basis = Text()
    basis_en = Text()
    quality = Text()
    verified = Boolean(default=False)
    sources = Array(base_column=Text(), default=list)
    serves = Array(base_column=Text(), default=list)
    note = Text()
    note_en = Text()

    item_answer_known = one_of("answer", AnswerKind)
    item_date_rule_known = one_of("date_rule", DateRule)
    item_date_rule_given = Check("(answer = 'date') = (date_rule IS NOT NULL)")
    item_limit_order = Check("minimum <= maximum")
    item_photo_known = one_of("photo", PhotoRule)
    item_frequency_known = one_of("frequency", Frequency)
    item_severity_known = one_of("severity", Severity)
    item_once = Unique([checklist, code])
    item_words_given = Check("zh <> ''")


class SchoolKind(Row, Table):
    """A school switched a kind on or off against what its type proposes."""

    school = belongs_to_school()
    kind = belongs_to(PointKind)
    enabled = Boolean(default=True)
    by = belongs_to(User, null=True)

    school_kind_once = Unique([school, kind])


class Limit(Row, Table):
    """Limits a school set where the pack lets it, for all points of a kind or for one; the newest row counts."""

    school = belongs_to_school()
    item_code = Text(default=None)
    point = UUIDColumn(null=True, default=None)
    minimum = DoublePrecision(null=True, default=None)
    maximum = DoublePrecision(null=True, default=None)
    by = belongs_to(User)

    limit_order = Check("minimum <= maximum")
