"""The tree of bodies. One table, because a membership, a checklist or a notice may hang on any of the three."""

from piccolo.columns import UUID, Array, Boolean, Date, DoublePrecision, Text, Timestamptz
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from backend.bodies.rules import BodyKind, DayKind, SchoolType
from backend.row import Row, belongs_to, one_of


class Body(Row, Table):
    """`path` is the way from the city down to this body itself; a school's facts stand here too."""

    kind = Text(default=None)
    path = Array(base_column=UUID(), default=list)
    name = Text(default=None)
    name_en = Text()
    number = Text(default=None)
    school_type = Text(null=True, default=None)
    boarding = Boolean(default=False)
    address = Text()
    emergency_phone = Text()
    latitude = DoublePrecision(null=True, default=None)
    longitude = DoublePrecision(null=True, default=None)

    kind_known = one_of("kind", BodyKind)
    school_type_known = one_of("school_type", SchoolType)
    school_has_type = Check("(kind = 'school') = (school_type IS NOT NULL)")
    body_name_given = Check("name <> ''")
    body_number_once = Unique([number])
    body_place = Check("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180")


def belongs_to_school(*, index: bool = False):  # type: ignore[no-untyped-def]
    """The column that makes a row a tenant's row; the migration puts row-level security on whoever has it."""
    return belongs_to(Body, index=index)


class CalendarDay(Row, Table):
    """A day that is not what its weekday says: a body's own word counts for itself and for everybody below it.

    Without a row the national calendar holds (holidays and make-up working days), then the weekday."""

    body = belongs_to(Body)
    day = Date(default=None)
    kind = Text(default=None)
    name = Text()
    name_en = Text()

    calendar_day_once = Unique([body, day])
    calendar_kind_known = one_of("kind", DayKind)


class Term(Row, Table):
    """A term of a body and of everybody below it that names none of its own; both days included."""

    body = belongs_to(Body)
    name = Text(default=None)
    name_en = Text()
    starts = Date(default=None)
    ends = Date(default=None)
    dropped_at = Timestamptz(null=True, default=None)

    term_named = Check("name <> ''")
    term_dates = Check("ends > starts AND ends - starts < 300")
