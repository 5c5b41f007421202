"""The chained record of each school: entries can be added, never changed; the head is the end of the chain."""

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import BigInt, Text
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from backend.bodies.tables import belongs_to_school
from backend.row import Row


class RecordEntry(Row, Table):
    """`subject` is the id of what is recorded (a visit, a report); `body` is its canonical JSON as text."""

    school = belongs_to_school()
    seq = BigInt(default=None)
    subject = UUIDColumn(default=None)
    kind = Text(default=None)
    body = Text(default=None)
    by = UUIDColumn(null=True, default=None)
    at = Text(default=None)
    prev = Text(default=None)
    hash = Text(default=None)

    record_seq_once = Unique([school, seq])
    record_subject_once = Unique([subject, kind])
    record_hash_shape = Check("length(hash) = 64 AND length(prev) = 64 AND seq > 0")


class RecordHead(Table):
    """Where a school's chain ends; its row lock puts submissions of one school in order."""

    school_id = UUIDColumn(primary_key=True, default=None)
    school = belongs_to_school()
    seq = BigInt(default=0)
    hash = Text(default="0" * 64)
