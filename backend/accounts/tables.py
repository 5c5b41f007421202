"""People, what they may do for which body, and the sessions and invitations that let them in."""

from piccolo.columns import Boolean, Integer, Text, Timestamptz
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from backend.bodies.tables import Body
from backend.row import Row, belongs_to


class User(Row, Table, tablename="app_user"):
    """A person who can sign in. `epoch` rises when every session of his must end at once."""

    username = Text(default=None)
    phone = Text(null=True, default=None)
    email = Text(null=True, default=None)
    name = Text(default=None)
    name_en = Text()
    password_hash = Text(null=True, default=None, secret=True)
    pin_hash = Text(null=True, default=None, secret=True)
    language = Text()
    epoch = Integer(default=0)
    disabled_at = Timestamptz(null=True, default=None)

    user_username_once = Unique([username])
    user_phone_once = Unique([phone])
    user_username_shape = Check("username = lower(username) AND username <> ''")


class Member(Row, Table):
    """One person for one body in one post (`domain` id of fixtures/pack/roles.json); posts fold into roles."""

    user = belongs_to(User, index=True)
    body = belongs_to(Body, index=True)
    post = Text(default=None)
    title = Text()
    active = Boolean(default=True)
    ended_at = Timestamptz(null=True, default=None)

    member_once = Unique([user, body, post])


class Session(Row, Table, tablename="user_session"):
    """A signed-in browser. Only the hash of its cookie is kept; `device` groups the persons of a shared duty phone."""

    user = belongs_to(User, index=True)
    member = belongs_to(Member, null=True)
    token_hash = Text(default=None, secret=True)
    device_hash = Text(index=True)
    epoch = Integer(default=0)
    agent = Text()
    address = Text()
    seen_at = Timestamptz()
    expires_at = Timestamptz(default=None)
    ended_at = Timestamptz(null=True, default=None)

    session_token_once = Unique([token_hash])


class Invitation(Row, Table):
    """A link or QR that lets one person set his first password; it works once."""

    body = belongs_to(Body, index=True)
    user = belongs_to(User, null=True)
    token_hash = Text(default=None, secret=True)
    invited_by = belongs_to(User)
    expires_at = Timestamptz(default=None)
    used_at = Timestamptz(null=True, default=None)
    withdrawn_at = Timestamptz(null=True, default=None)

    invitation_token_once = Unique([token_hash])


class Throttle(Table):
    """Counts per key and window for sign-in, codes and reports; one statement per try, shared by all workers."""

    key = Text(primary_key=True, default=None)
    count = Integer(default=0)  # type: ignore[assignment]
    window_ends = Timestamptz(default=None)
