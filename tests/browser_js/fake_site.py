"""A throw-away site on this machine: the real scripts and texts, pages made of the documented hooks, a server that errs on order."""

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
    "font-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
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
        known = key in self.visits
        self.visits.setdefault(key, json.loads(body))
        missing = [p["sha256"] for p in self.visits[key]["photos"] if p["sha256"] not in self.photos]
        receipt = {"id": key, "seq": len(self.visits), "hash": "ab" * 32, "replayed": known, "missing": missing, "epoch": "e"}
        return json_answer(200 if known else 201, receipt)


def texts() -> str:
    """The partial of scripts' texts as an English page carries it."""
    source = (ROOT / "frontend/templates/parts/_phone_texts.html").read_text("utf-8")
    return jinja2.Environment(autoescape=True).from_string(source).render(_=lambda text: text)


def page(site: Site, main: str, title: str = "t") -> str:
    owner = "" if main.startswith("<!-- everybody -->") else f' data-user="{site.user}"'
    return f"""<!doctype html><html lang="en"{owner}><head><meta charset="utf-8"><title>{title}</title>
<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width"></head><body>
<div data-unsent hidden role="status"><span data-unsent-text></span><button type="button" data-send-now>Send now</button></div>
<main>{main}</main>{texts()}<script type="module" src="/static/js/main.js"></script></body></html>"""


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
        return 200, {"Content-Type": "text/javascript", "Cache-Control": "no-cache", "Service-Worker-Allowed": "/"}, content

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


def photos(name: str) -> str:
    return f"""<div data-photos><ul data-photo-list></ul><label>photo <input type="file" name="{name}" multiple></label>
<button type="button" data-camera hidden>camera</button><p data-error hidden></p></div>"""


def radios(name: str, values: str) -> str:
    return "".join(f'<label><input type="radio" name="{name}" value="{v}">{v}</label>' for v in values.split())


def visit_page() -> str:
    a, b, c, d = ITEM
    return f"""<h1>Lab 201</h1><span data-progress></span><progress data-progress-bar></progress>
<p data-draft hidden>restored <button type="button" data-draft-discard>drop</button></p>
<form data-visit id="visit" method="post" action="/visits" enctype="multipart/form-data" data-key="{POINT}" data-title="Lab 201"
 data-saved-url="/saved" data-locate>
<input type="hidden" name="id" value="server"><input type="hidden" name="point" value="{POINT}">
<input type="hidden" name="label" value="7K3M9QX2TV5A"><input type="hidden" name="how" value="link">
<input type="hidden" name="opened_at"><input type="hidden" name="latitude"><input type="hidden" name="longitude">
<input type="hidden" name="accuracy"><input type="hidden" name="corrects"><p data-form-error hidden></p>
<fieldset data-finding="{FINDING}" data-required><legend>still wrong</legend>{radios(f"now.{FINDING}", "still worse gone")}
<textarea name="now_words.{FINDING}"></textarea><p data-error hidden></p></fieldset>
<fieldset data-item="{a}" data-required><legend>bin closed</legend>{radios(f"result.{a}", "ok bad na unchecked")}
<div data-show-when="bad">{photos(f"photo.{a}").replace('name="photo', 'data-need="bad" name="photo')}
<textarea name="words.{a}"></textarea><label><input type="checkbox" name="fixed.{a}" value="1">fixed</label>
<div data-show-when="fixed">{photos(f"after.{a}")}</div></div>
<div data-show-when="na unchecked"><input name="reason.{a}" data-need="unchecked"></div><p data-error hidden></p></fieldset>
<fieldset data-item="{b}" data-required><legend>temperature</legend><input name="number.{b}" inputmode="decimal" data-min="5" data-max="25">
<span data-limit></span>{radios(f"result.{b}", "ok bad na unchecked")}<p data-error hidden></p></fieldset>
<fieldset data-item="{c}" data-show-when="{a}:bad"><legend>told somebody?</legend>
<select name="choice.{c}"><option value=""></option><option value="yes">yes</option><option value="no" data-bad>no</option></select>
<p data-error hidden></p></fieldset>
<details data-not-due><summary>not due</summary><fieldset data-item="{d}"><legend>note</legend><input name="text.{d}"><p data-error hidden></p>
</fieldset></details><textarea name="note"></textarea></form><div class="bar"><button form="visit" type="submit" id="save">Save</button></div>"""
