"""Places, the points that are visited there, and the labels that lead to them."""

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Boolean, DoublePrecision, Integer, SmallInt, Text, Timestamptz
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from backend.accounts.tables import User
from backend.bodies.tables import belongs_to_school
from backend.points.rules import LabelVerb, PlaceKind, PointState, Trouble
from backend.row import Row, belongs_to, one_of


class Place(Row, Table):
    """A building, one of its floors, or open ground. A floor or ground may carry a plan."""

    school = belongs_to_school()
    kind = Text(default=None)
    parent = UUIDColumn(null=True, default=None)
    name = Text(default=None)
    name_en = Text()
    position = SmallInt(default=0)
    plan_sha256 = Text(null=True, default=None)
    plan_kind = Text(null=True, default=None)
    plan_width = Integer(null=True, default=None)
    plan_height = Integer(null=True, default=None)

    place_kind_known = one_of("kind", PlaceKind)
    place_once = Unique([school, parent, name], nulls_distinct=False)
    place_in_school = Unique(["school", "id"])
    place_plan_kind = Check("plan_kind IN ('svg', 'picture')")


class Room(Row, Table):
    """A room of a floor, at `x`, `y` of its plan. `without`: why nothing there needs a point; gone rooms stay."""

    school = belongs_to_school()
    place = UUIDColumn(default=None)
    name = Text(default=None)
    name_en = Text()
    x = DoublePrecision(null=True, default=None)
    y = DoublePrecision(null=True, default=None)
    without = Text()
    gone_at = Timestamptz(null=True, default=None)

    room_once = Unique([place, name, x, y], nulls_distinct=False)
    room_in_school = Unique(["school", "id"])
    room_name_given = Check("name <> ''")
    room_pin = Check("x BETWEEN 0 AND 1 AND y BETWEEN 0 AND 1 AND (x IS NULL) = (y IS NULL)")


class Point(Row, Table):
    """What is visited. `pin_x`, `pin_y` are fractions of the plan's width and height; `number` is the school's own."""

    school = belongs_to_school()
    kind = Text(default=None)
    number = Text(default=None)
    name = Text(default=None)
    name_en = Text()
    place = UUIDColumn(null=True, default=None)
    position = Text()
    position_en = Text()
    pin_x = DoublePrecision(null=True, default=None)
    pin_y = DoublePrecision(null=True, default=None)
    room = UUIDColumn(null=True, default=None)
    latitude = DoublePrecision(null=True, default=None)
    longitude = DoublePrecision(null=True, default=None)
    responsible = belongs_to(User, null=True)
    responsible_name = Text()
    phone = Text()
    note = Text()
    state = Text(default="active")
    retired_at = Timestamptz(null=True, default=None)
    retired_why = Text()

    point_state_known = one_of("state", PointState)
    point_number_once = Unique([school, number])
    point_in_school = Unique(["school", "id"])
    point_name_given = Check("name <> '' AND number <> ''")
    point_pin = Check("pin_x BETWEEN 0 AND 1 AND pin_y BETWEEN 0 AND 1 AND (pin_x IS NULL) = (pin_y IS NULL)")
    point_position = Check("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180")
    point_retired = Check("(state = 'retired') = (retired_at IS NOT NULL)")


class Label(Row, Table):
    """What is printed. Separate from its point, so that it can be lost, revoked, replaced or printed in advance."""

    school = belongs_to_school()
    point = UUIDColumn(null=True, default=None, index=True)
    code = Text(default=None)
    short = Text(default=None)
    stock = Text()
    printed_at = Timestamptz(null=True, default=None)
    bound_at = Timestamptz(null=True, default=None)
    revoked_at = Timestamptz(null=True, default=None)
    revoked_why = Text()
    replaced_by = UUIDColumn(null=True, default=None)

    label_code_once = Unique([code])
    label_short_once = Unique([short])
    label_in_school = Unique(["school", "id"])
    label_code_shape = Check("code ~ '^[0-9A-HJKMNP-TV-Z]{12}$'")
    label_bound = Check("(point IS NULL) = (bound_at IS NULL)")


class LabelEvent(Row, Table):
    """The life of a label: printed, bound, re-bound, revoked, replaced; never changed afterwards."""

    school = belongs_to_school()
    label = belongs_to(Label, index=True)
    verb = Text(default=None)
    point = UUIDColumn(null=True, default=None)
    by = belongs_to(User, null=True)
    words = Text()

    label_verb_known = one_of("verb", LabelVerb)


class LabelTrouble(Row, Table):
    """Somebody could not read a label at a point: it is on the reprint list until one is printed or hung there, or a
    manager says that it is well."""

    school = belongs_to_school()
    point = UUIDColumn(default=None, index=True)
    label = UUIDColumn(null=True, default=None)
    kind = Text(default=None)
    words = Text()
    by = belongs_to(User, null=True)
    visit = UUIDColumn(null=True, default=None)
    settled_at = Timestamptz(null=True, default=None)
    settled_by = belongs_to(User, null=True)

    trouble_kind_known = one_of("kind", Trouble)


class KeyPlace(Row, Table):
    """What a school says of one of the plan's seven kinds of key places; the newest word counts."""

    school = belongs_to_school()
    key = Text(default=None)
    there = Boolean(default=None)
    words = Text()
    by = belongs_to(User)

    key_place_words = Check("there OR words <> ''")
