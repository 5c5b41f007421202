"""The JSON interface described for programs: OpenAPI 3.1, written by hand because every handler reads its own body."""

from typing import Any

from litestar import Response, Router, get

from backend.access import Do, may
from backend.checklists.rules import Result
from backend.points.rules import Trouble
from backend.visits.rules import How, Now

Schema = dict[str, Any]
_SHA = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_UUID = {"type": "string", "format": "uuid"}
_TIME = {"type": "string", "format": "date-time"}
_NUMBER = {"type": "number"}
_TEXT = {"type": "string"}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _object(properties: dict[str, Schema], required: list[str] | None = None) -> Schema:
    needed = list(properties) if required is None else required
    return {"type": "object", "properties": properties, "required": needed}


def _list(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def _json(schema: Schema, words: str, kind: str = "application/json") -> Schema:
    return {"description": words, "content": {kind: {"schema": schema}}}


def _enum(words: Any) -> Schema:
    return {"type": "string", "enum": [word.value for word in words]}


SCHEMAS: dict[str, Schema] = {
    "Problem": _object(
        {
            **{"type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "code": _TEXT, "detail": _TEXT},
            "fields": {"type": "object", "additionalProperties": _TEXT},
        },
        ["type", "title", "status", "code"],
    ),
    "SignIn": _object({"username": _TEXT, "password": _TEXT}),
    "SignedIn": _object({"user": _UUID, "member": _null(_UUID)}),
    "Position": _object({"latitude": _NUMBER, "longitude": _NUMBER, "accuracy": _NUMBER}),
    "Answer": _object(
        {
            **{"item": _UUID, "result": _null(_enum(Result)), "number": _null({"type": "number"}), "text": _TEXT},
            **{"choice": _TEXT, "date": _null({"type": "string", "format": "date"}), "reason": _TEXT, "words": _TEXT},
            "follow_up": _null({"type": "object", "additionalProperties": _TEXT}),
            **{"fixed_on_spot": {"type": "boolean"}, "seconds": _null({"type": "number", "minimum": 0})},
            **{"photos": _list(_SHA), "after_photos": _list(_SHA)},
        },
        ["item"],
    ),
    "OpenFinding": _object(
        {"finding": _UUID, "now": _enum(Now), "words": _TEXT, "photos": _list(_SHA)}, ["finding", "now"]
    ),
    "PhotoNamed": _object(
        {"sha256": _SHA, "taken_at": _null(_TIME), "in_page": {"type": "boolean"}, "bytes": {"type": "integer"}},
        ["sha256"],
    ),
    "Visit": _object(
        {
            **{"point": _UUID, "label": _null(_TEXT), "how": _enum(How), "how_reason": _TEXT, "opened_at": _TIME},
            **{"saved_at": _TIME, "position": _null(_ref("Position")), "answers": _list(_ref("Answer"))},
            **{"open_findings": _list(_ref("OpenFinding")), "photos": _list(_ref("PhotoNamed")), "note": _TEXT},
            **{"corrects": _null(_UUID), "device": _UUID, "device_seq": {"type": "integer"}},
            "challenge": _object({"stop": _UUID, "photos": _list(_SHA)}, ["stop"]),
            "label_trouble": _object({"kind": _enum(Trouble), "words": _TEXT}, ["kind"]),
        },
        ["point"],
    ),
    "Receipt": _object(
        {
            **{"id": _UUID, "school": _UUID, "seq": {"type": "integer"}, "hash": _SHA, "replayed": {"type": "boolean"}},
            **{"missing": _list(_SHA), "opened": {"type": "integer"}, "merged": {"type": "integer"}, "epoch": _TEXT},
        }
    ),
    "Verb": _object(
        {
            **{"verb": _TEXT, "words": _TEXT, "fields": {"type": "object", "additionalProperties": _TEXT}},
            **{"photos": _list(_SHA), "at": _TIME, "version": {"type": "integer"}, "device": _UUID},
            "device_seq": {"type": "integer"},
        },
        ["verb"],
    ),
    "VerbReceipt": _object(
        {
            **{"finding": _UUID, "event": _UUID, "state": _TEXT, "replayed": {"type": "boolean"}},
            **{"missing": _list(_SHA), "epoch": _TEXT},
        }
    ),
    "RoundVerb": _object(
        {
            **{"verb": {"type": "string", "enum": ["unreachable", "finish", "hand_over"]}, "words": _TEXT, "at": _TIME},
            **{"fields": _object({"stop": _UUID, "to": _UUID}, []), "device": _UUID},
            "device_seq": {"type": "integer"},
        },
        ["verb"],
    ),
    "RoundReceipt": _object(
        {"round": _UUID, "event": _UUID, "state": _TEXT, "replayed": {"type": "boolean"}, "epoch": _TEXT}
    ),
    "PhotoKept": _object({"sha256": _SHA, "state": {"type": "string", "enum": ["kept"]}}),
    "Entry": _object(
        {
            **{"seq": {"type": "integer"}, "id": _UUID, "kind": _TEXT, "by": _TEXT, "at": _TIME, "prev": _SHA},
            **{"hash": _SHA, "body": {"type": "object"}},
        }
    ),
    "Health": _object({"status": {"type": "string", "enum": ["ok", "waiting"]}, "why": _TEXT}, ["status"]),
}


def _problems(*codes: int) -> dict[str, Schema]:
    words = {
        401: "Sign in first.",
        403: "Not allowed, or recorded by another person (code other_user).",
        404: "Not there, or not yours: both look the same.",
        409: "Something else is kept under this id (code other_body), or no record names this photo (code not_named).",
        413: "Too large.",
        422: "What was sent cannot be used; `fields` says what.",
        429: "Slow down; Retry-After says for how many seconds.",
    }
    return {str(code): _json(_ref("Problem"), words[code], "application/problem+json") for code in codes}


def _parameter(name: str, schema: Schema, where: str = "path", words: str = "") -> Schema:
    return {"name": name, "in": where, "required": where == "path", "schema": schema, "description": words}


_USER = _parameter("X-Xunan-User", _UUID, "header", "Whose record it is; other_user when somebody else is signed in.")
_CLOCK = _parameter("X-Client-Now", _TIME, "header", "The phone's clock at the moment of sending.")

PATHS: dict[str, Schema] = {
    "/sign-in": {
        "post": {
            "operationId": "signIn",
            "summary": "Sign in; the answer sets the session cookie. Send Accept: application/json.",
            "security": [],
            "requestBody": {
                "required": True,
                "content": {
                    f"application/{kind}": {"schema": _ref("SignIn")} for kind in ("json", "x-www-form-urlencoded")
                },
            },
            "responses": {"200": _json(_ref("SignedIn"), "Signed in."), **_problems(401, 422, 429)},
        }
    },
    "/api/visits/{visit}": {
        "put": {
            "operationId": "putVisit",
            "summary": "Record a visit under an id of the phone's own (UUID 7). Sent again, it gives the same receipt.",
            "parameters": [_parameter("visit", _UUID), _USER, _CLOCK],
            "requestBody": {"required": True, "content": {"application/json": {"schema": _ref("Visit")}}},
            "responses": {
                "201": _json(_ref("Receipt"), "Recorded."),
                "200": _json(_ref("Receipt"), "Was recorded before: the same receipt, replayed is true."),
                **_problems(401, 403, 404, 409, 413, 422),
            },
        }
    },
    "/api/findings/{finding}/events/{event}": {
        "put": {
            "operationId": "putEvent",
            "summary": "Do a verb to a finding under an id of the phone's own (UUID 7), if the machine allows it now.",
            "parameters": [_parameter("finding", _UUID), _parameter("event", _UUID), _USER, _CLOCK],
            "requestBody": {"required": True, "content": {"application/json": {"schema": _ref("Verb")}}},
            "responses": {
                "201": _json(_ref("VerbReceipt"), "Done."),
                "200": _json(_ref("VerbReceipt"), "Was done before: the same receipt, replayed is true."),
                **_problems(401, 403, 404, 409, 413, 422),
            },
        }
    },
    "/api/rounds/{round}/events/{event}": {
        "put": {
            "operationId": "putRoundEvent",
            "summary": "Leave a stop out with a reason, finish or hand over a round, under an id of the phone's own.",
            "parameters": [_parameter("round", _UUID), _parameter("event", _UUID), _USER, _CLOCK],
            "requestBody": {"required": True, "content": {"application/json": {"schema": _ref("RoundVerb")}}},
            "responses": {
                "201": _json(_ref("RoundReceipt"), "Done."),
                "200": _json(_ref("RoundReceipt"), "Was done before: the same receipt, replayed is true."),
                **_problems(401, 403, 404, 409, 413, 422),
            },
        }
    },
    "/api/photos/{sha256}": {
        "put": {
            "operationId": "putPhoto",
            "summary": "The bytes of a photo that a receipt called missing.",
            "parameters": [_parameter("sha256", _SHA), _USER],
            "requestBody": {
                "required": True,
                "content": {f"image/{kind}": {} for kind in ("jpeg", "png", "webp", "heic")},
            },
            "responses": {
                "201": _json(_ref("PhotoKept"), "Kept."),
                "200": _json(_ref("PhotoKept"), "Was kept before."),
                **_problems(401, 403, 404, 409, 413, 422),
            },
        }
    },
    "/api/record/{school}": {
        "get": {
            "operationId": "record",
            "summary": "The chained record of a school, one JSON object a line, in order.",
            "parameters": [_parameter("school", _UUID)],
            "responses": {
                "200": _json(_ref("Entry"), "Lines of JSON; the schema is that of one line.", "application/x-ndjson"),
                **_problems(401, 403, 404),
            },
        }
    },
    "/healthz": {
        "get": {
            "operationId": "health",
            "summary": "Whether the server and its database answer.",
            "security": [],
            "responses": {
                "200": _json(_ref("Health"), "All is well."),
                "503": _json(_ref("Health"), "Waiting for the database."),
            },
        }
    },
}

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Xun'an",
        "version": "1",
        "summary": "School safety patrols: the interface of phones and other programs.",
        "description": "Sign in, then record visits and send their photos. Errors are application/problem+json.",
    },
    "servers": [{"url": "/"}],
    "security": [{"session": []}],
    "paths": PATHS,
    "components": {
        "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": "xunan"}},
        "schemas": SCHEMAS,
    },
}


@get("/api/openapi.json", guards=[may(Do.PUBLIC)])
async def openapi() -> Response[dict[str, Any]]:
    return Response(DOCUMENT, headers={"Cache-Control": "no-cache"})


router = Router("/", route_handlers=[openapi])
