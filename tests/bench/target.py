"""The application with one more address that answers plain text: the limit of what this server can do at all."""

from typing import Any

from backend.app import create as application


def create() -> Any:
    app = application()

    async def with_plain(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/plain":
            headers = [(b"content-type", b"text/plain"), (b"content-length", b"2")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"ok"})
            return
        await app(scope, receive, send)

    return with_plain
