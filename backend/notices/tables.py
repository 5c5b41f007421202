"""What somebody should know, written in the transaction of what happened."""

from piccolo.columns import JSONB, Boolean, Integer, Text, Timestamptz
from piccolo.columns import UUID as UUIDColumn
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from backend.accounts.tables import User
from backend.bodies.tables import belongs_to_school
from backend.notices.rules import ChannelKind, DeliveryState
from backend.row import Row, belongs_to, one_of


class Notice(Row, Table):
    """`subject` is the finding or visit it is about; `facts` what its sentence needs in either language."""

    school = belongs_to_school()
    user = belongs_to(User, index=True)
    kind = Text(default=None)
    subject = UUIDColumn(default=None)
    facts = JSONB(default="{}")
    urgent = Boolean(default=False)
    read_at = Timestamptz(null=True, default=None)


class NoticeChoice(Row, Table):
    """What a person chose for one kind of notice; without a row he gets mail of urgent ones only."""

    user = belongs_to(User, index=True)
    kind = Text(default=None)
    mail = Boolean(default=False)

    choice_once = Unique([user, kind])


class NoticeChannel(Row, Table):
    """Where a school is told outside of the application. Address and secret are sealed and never shown again."""

    school = belongs_to_school(index=True)
    kind = Text(default=None)
    name = Text(default=None)
    address = Text(default=None, secret=True)
    secret = Text(secret=True)
    shown = Text()
    kinds = JSONB(default="[]")
    active = Boolean(default=True)
    by = belongs_to(User, null=True)
    ended_at = Timestamptz(null=True, default=None)
    last_sent_at = Timestamptz(null=True, default=None)
    last_error = Text()
    pause_until = Timestamptz(null=True, default=None)

    channel_kind_known = one_of("kind", ChannelKind)
    channel_named = Check("name <> '' AND length(name) <= 60")


class Delivery(Row, Table):
    """One notice on its way to one channel or one person's mailbox; written with what it tells, sent by the worker."""

    school = belongs_to_school()
    channel = UUIDColumn(null=True, default=None)
    user = belongs_to(User, null=True)
    kind = Text(default=None)
    subject = UUIDColumn(default=None)
    facts = JSONB(default="{}")
    urgent = Boolean(default=False)
    state = Text(default="waiting")
    due_at = Timestamptz(default=None)
    tries = Integer(default=0)
    last_error = Text()
    sent_at = Timestamptz(null=True, default=None)

    delivery_state_known = one_of("state", DeliveryState)
    delivery_somewhere = Check('(channel IS NULL) <> ("user" IS NULL)')
