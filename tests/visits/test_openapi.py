"""The description of the JSON interface says what is served."""

from typing import Any

import httpx
from litestar import Litestar

from backend.openapi import DOCUMENT
from backend.routers import ROUTERS
from backend.row import uuid7
from tests.conftest import Browser
from tests.visits.test_pages import put
from tests.world import World

SCHEMAS = DOCUMENT["components"]["schemas"]


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return found


KINDS: dict[str, Any] = {"string": str, "integer": int, "boolean": bool, "null": type(None), "number": (int, float)}


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """As much of JSON Schema as the document uses."""
    schema = resolve(schema)
    if "anyOf" in schema:
        return any(fits(value, one) for one in schema["anyOf"])
    if schema["type"] == "object":
        known = schema.get("properties", {})
        whole = isinstance(value, dict) and set(schema.get("required", [])) <= set(value)
        return whole and all(fits(value[name], known[name]) for name in value if name in known)
    if schema["type"] == "array":
        return isinstance(value, list) and all(fits(one, schema["items"]) for one in value)
    return isinstance(value, KINDS[schema["type"]])


def schema_of(path: str, method: str, status: int) -> dict[str, Any]:
    answer = DOCUMENT["paths"][path][method]["responses"][str(status)]
    found: dict[str, Any] = next(iter(answer["content"].values()))["schema"]
    return found


def check(answer: httpx.Response, path: str, method: str) -> None:
    schema = resolve(schema_of(path, method, answer.status_code))
    told = answer.json()
    assert fits(told, schema), told
    assert set(told) <= set(schema["properties"]), set(told) - set(schema["properties"])


def test_every_described_path_is_served_with_its_method() -> None:
    served = {
        (route.path_format.split(":")[0], method.lower())
        for route in Litestar(ROUTERS, openapi_config=None).routes
        for method in getattr(route, "methods", ())
    }
    plain = {(path.replace("{visit:uuid}", "{visit}"), method) for path, method in served}
    for path, methods in DOCUMENT["paths"].items():
        if path == "/healthz":  # of the application itself
            continue
        for method in methods:
            head = path.split("{")[0]
            assert any(p.startswith(head) and m == method for p, m in plain), (method, path)
    api = {path for path, _ in served if path.startswith("/api/")}
    assert {path.split("{")[0] for path in api} == {
        "/api/openapi.json",
        *(path.split("{")[0] for path in DOCUMENT["paths"] if path.startswith("/api/")),
    }


def test_every_reference_leads_somewhere() -> None:
    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                assert node["$ref"].rpartition("/")[2] in SCHEMAS
            for one in node.values():
                walk(one)
        elif isinstance(node, list):
            for one in node:
                walk(one)

    walk(DOCUMENT)


async def test_answers_are_as_described(browser: Browser, world: World) -> None:
    async with browser() as stranger:
        shown = await stranger.get("/api/openapi.json")
        assert shown.json()["openapi"] == "3.1.0"
        check(await stranger.get("/healthz"), "/healthz", "get")
        refused = await put(stranger, uuid7(), {})
        check(refused, "/api/visits/{visit}", "put")
    async with browser("guard") as guard:
        visit = uuid7()
        first = await put(guard, visit, {"point": str(world.points["gate"])})
        check(first, "/api/visits/{visit}", "put")
        check(await put(guard, visit, {"point": str(world.points["gate"])}), "/api/visits/{visit}", "put")
        check(await put(guard, visit, {"point": str(world.points["lab"])}), "/api/visits/{visit}", "put")
        check(await put(guard, uuid7(), {}), "/api/visits/{visit}", "put")
        photo = await guard.put(f"/api/photos/{'0' * 64}", content=b"x", headers={"accept": "application/json"})
        check(photo, "/api/photos/{sha256}", "put")
        refused = await guard.get(f"/api/record/{world.bodies['one']}")
        assert refused.status_code == 403
        check(refused, "/api/record/{school}", "get")
    async with browser("manager") as manager:
        line = (await manager.get(f"/api/record/{world.bodies['one']}")).text.splitlines()[0]
        check(httpx.Response(200, content=line), "/api/record/{school}", "get")
