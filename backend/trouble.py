"""What can be said to somebody whose wish cannot be met; the application turns each into its page or problem once."""

from collections.abc import Mapping


class Trouble(Exception):
    """`reason` is an English message id with %(name)s places for `facts`; `code` is for programs."""

    status = 400
    code = "bad_request"

    def __init__(self, reason: str = "", code: str = "", **facts: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code or self.code
        self.facts = facts


class Missing(Trouble):
    """There is no such row, or it is somebody else's: both look the same (404)."""

    status = 404
    code = "not_found"


class Refused(Trouble):
    """The state of things does not allow it, or somebody was first (409)."""

    status = 409
    code = "conflict"


class Invalid(Trouble):
    """What was typed cannot be used; `fields` maps a field to its message id (422)."""

    status = 422
    code = "invalid"

    def __init__(self, fields: Mapping[str, str], reason: str = "", **facts: object) -> None:
        super().__init__(reason, "", **facts)
        self.fields = dict(fields)


class SignInNeeded(Trouble):
    """Nobody is signed in (401)."""

    status = 401
    code = "sign_in"


class Forbidden(Trouble):
    """He is signed in but his role does not include this (403)."""

    status = 403
    code = "forbidden"


class TooMany(Trouble):
    """Slow down (429); `facts` may hold `seconds`."""

    status = 429
    code = "too_many"
