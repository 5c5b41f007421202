"""A throw-away site on this machine: the real scripts and texts, pages made of their hooks, a server that errs."""

import hashlib
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jinja2

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "frontend/static"
CSP = (
    "default-src 'none'; script-src 'self'{wasm}; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'"
)
PAGES = Path(__file__).parent / "pages"
CHROMIUM = "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FAKE_CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
TYPES = {".js": "text/javascript", ".wasm": "application/wasm", ".css": "text/css"}
POINT = "0192f0c0-0000-7000-8000-000000000001"
ITEM = [f"0192f0c0-0000-7000-8000-0000000000{n}" for n in ("a1", "a2", "a3", "a4")]
FINDING = "0192f0c0-0000-7000-8000-0000000000f1"
USER = "0192f0c0-0000-7000-8000-0000000000aa"

Answer = tuple[int, dict[str, str], bytes]


def json_answer(status: int, body: Any, kind: str = "application/json") -> Answer:
    return status, {"Content-Type": kind}, json.dumps(body).encode()


def problem(status: int, code: str, detail: str = "") -> Answer:
    body = {"type": "about:blank", "title": code, "status": status, "code": code, "detail": detail}
    return json_answer(status, body, "application/problem+json")


class Site:
    """What the server knows and how it behaves; `fault` may answer instead of it (None = behave)."""

    def __init__(self) -> None:
        self.reset()
        self.offline = False

    def reset(self) -> None:
        self.visits: dict[str, dict[str, Any]] = {}
        self.verbs: dict[str, dict[str, Any]] = {}
        self.photos: dict[str, bytes] = {}
        self.posts: list[tuple[str, bytes]] = []
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.fault: Callable[[str, str], Answer | None] = lambda method, path: None
        self.user = USER
        self.pages: dict[str, str] = {}

    def puts(self, prefix: str) -> list[str]:
        return [path for method, path, _ in self.seen if method == "PUT" and path.startswith(prefix)]

    def put(self, path: str, body: bytes) -> Answer:
        kind, key = path.split("/")[2:4]
        if kind == "photos":
            if hashlib.sha256(body).hexdigest() != key:
                return problem(422, "not_a_picture")
            self.photos[key] = body
            return json_answer(201, {"sha256": key, "state": "kept"})
        if kind == "findings":
            return self.put_verb(key, path.split("/")[5], json.loads(body))
        known = key in self.visits
        self.visits.setdefault(key, json.loads(body))
        missing = [p["sha256"] for p in self.visits[key]["photos"] if p["sha256"] not in self.photos]
        receipt = {
            "id": key,
            "seq": len(self.visits),
            "hash": "ab" * 32,
            "replayed": known,
            "missing": missing,
            "epoch": "e",
        }
        return json_answer(200 if known else 201, receipt)

    def put_verb(self, finding: str, event: str, said: dict[str, Any]) -> Answer:
        known = event in self.verbs
        self.verbs.setdefault(event, said)
        missing = [sha256 for sha256 in said["photos"] if sha256 not in self.photos]
        receipt = {"finding": finding, "event": event, "state": "x", "replayed": known, "missing": missing}
        return json_answer(200 if known else 201, receipt)


def texts() -> str:
    """The partial of scripts' texts as an English page carries it."""
    source = (ROOT / "frontend/templates/parts/_phone_texts.html").read_text("utf-8")
    return jinja2.Environment(autoescape=True).from_string(source).render(_=lambda text: text)


def page(site: Site, main: str) -> str:
    """A whole page; one that begins as meant for everybody carries no user, like the kept offline pages."""
    owner = "" if main.startswith("<!-- everybody -->") else f' data-user="{site.user}"'
    frame = jinja2.Template((PAGES / "_frame.html").read_text("utf-8"))
    return str(frame.render(owner=owner, main=main, texts=texts()))


def markup(name: str) -> str:
    """The main part of one of the pages beside this file."""
    names = {"POINT": POINT, "FINDING": FINDING} | dict(
        zip(("ITEM_A", "ITEM_B", "ITEM_C", "ITEM_D"), ITEM, strict=True)
    )
    text = (PAGES / f"{name}.html").read_text("utf-8")
    for word, value in names.items():
        text = text.replace(word, value)
    return text


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def handle_one(self, method: str) -> None:
        path = urlsplit(self.path).path
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.site.offline:
            self.close_connection = True
            return
        if not path.startswith("/static/"):
            self.site.seen.append((method, self.path, dict(self.headers.items())))
        status, headers, content = self.site.fault(method, path) or self.answer(method, path, body)
        self.send_response(status)
        wasm = " 'wasm-unsafe-eval'" if path == "/scan" else ""
        headers = {"Content-Security-Policy": CSP.format(wasm=wasm), "Content-Length": str(len(content))} | headers
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        if method == "PUT":
            return self.site.put(path, body)
        if method == "POST":
            self.site.posts.append((path, body))
            return self.html("posted")
        if path == "/sw.js":
            return self.worker()
        if path.startswith("/static/"):
            return self.static(STATIC / path.removeprefix("/static/"))
        if path in self.site.pages:
            return self.html(page(self.site, self.site.pages[path]))
        if path.startswith(("/visits/", "/p/")):
            query = parse_qs(urlsplit(self.path).query)
            return self.html(page(self.site, f'<h1 id="there">{path} {query.get("how", [""])[0]}</h1>'))
        return 404, {"Content-Type": "text/plain"}, b"no"

    def html(self, text: str) -> Answer:
        owner = "public" if "data-user" not in text else self.site.user or "nobody"
        return 200, {"Content-Type": "text/html; charset=utf-8", "X-Offline-Page": owner}, text.encode()

    def worker(self) -> Answer:
        shell = [f"/static/{f.relative_to(STATIC)}" for f in sorted(STATIC.glob("js/*.js"))] + ["/static/vendor/idb.js"]
        first = f"self.XUNAN_BUILD={json.dumps({'version': 'test', 'shell': shell})};\n"
        content = first.encode() + (STATIC / "js/sw.js").read_bytes()
        return (
            200,
            {"Content-Type": "text/javascript", "Cache-Control": "no-cache", "Service-Worker-Allowed": "/"},
            content,
        )

    def static(self, file: Path) -> Answer:
        if not file.is_file():
            return 404, {"Content-Type": "text/plain"}, b"no"
        kind = TYPES.get(file.suffix, "application/octet-stream")
        return 200, {"Content-Type": kind, "Cache-Control": "max-age=60"}, file.read_bytes()

    def do_GET(self) -> None:
        self.handle_one("GET")

    def do_POST(self) -> None:
        self.handle_one("POST")

    def do_PUT(self) -> None:
        self.handle_one("PUT")


def start(site: Site) -> tuple[ThreadingHTTPServer, str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("SiteHandler", (Handler,), {"site": site}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}"
