"""What somebody should know, written in the transaction of what happened."""

from piccolo.columns import JSONB, Text, Timestamptz
from piccolo.columns import UUID as UUIDColumn
from piccolo.table import Table

from backend.accounts.tables import User
from backend.bodies.tables import belongs_to_school
from backend.row import Row, belongs_to


class Notice(Row, Table):
    """`subject` is the finding or visit it is about; `facts` what its sentence needs in either language."""

    school = belongs_to_school()
    user = belongs_to(User, index=True)
    kind = Text(default=None)
    subject = UUIDColumn(default=None)
    facts = JSONB(default="{}")
    read_at = Timestamptz(null=True, default=None)
