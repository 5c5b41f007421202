"""Static files as they are served: without comments, and the scripts of every page as two files.

A phone in a basement pays for each request more than for each byte. So `js/main.js` is published with the modules it
needs at once inside it, each in a function of its own, and `js/later.HASH.js` with those that a page needs from the
first touch on; the rest stays apart. Sources run unchanged in a browser too: nothing here is needed to develop them.
"""

import hashlib
import re
from functools import cache
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent / "frontend" / "static"
ENTRY = "main.js"
LATER = tuple(
    f"{name}.js"
    for name in (
        *("unsent", "visit_save", "saved", "locate", "report_form", "sign_out", "shrink"),
        *("ticket_form", "ticket_page", "round_page", "round_next"),
    )
)
"""What main.js imports on demand and what belongs to it travels together."""
APART = frozenset(
    f"{name}.js"
    for name in (
        *("scanner", "code_form", "plan_pin", "puzzle", "sha256", "outbox_list", "camera", "confirm", "theme"),
        *("install", "autosubmit", "copy", "ago_time", "ticket_camera", "ticket_keep", "city_map"),
        *("scan_unread", "plan_view", "plan_time", "route_find", "route_order", "follow"),
    )
)
"""Loaded when a page needs them; they share no state with what is inside."""
APART_FOLDERS = ("../vendor/zxing-wasm/",)

_STATIC_IMPORT = re.compile(r"^import \{([^}]*)\} from '([^']+)';\n?", re.MULTILINE)
_DYNAMIC_IMPORT = re.compile(r"import\('([^']+)'\)")
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const)\b)", re.MULTILINE)
_EXPORTED = re.compile(r"^export (?:async )?(?:function|class|const) (\w+)", re.MULTILINE)
_EXPORT_LIST = re.compile(r"^export \{([^}]*)\};\n?", re.MULTILINE)
_BLOCK_COMMENT = re.compile(r"^[ \t]*/\*.*?\*/[ \t]*\n?", re.MULTILINE | re.DOTALL)
_LINE_COMMENT = re.compile(r"^[ \t]*//.*\n?", re.MULTILINE)
_TAIL_COMMENT = re.compile(r"[ \t]+// [^\n]*$", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)


def content(file: Path) -> bytes:
    """What is served for a source file."""
    return _content(file, file.stat().st_mtime_ns)


@cache
def _content(file: Path, _changed: int) -> bytes:
    if file == STATIC / "js" / ENTRY:
        return bundle().encode()
    if file.suffix == ".css":
        return lean_css(file.read_text(encoding="utf-8")).encode()
    if file.suffix == ".js" and (file.parent.name == "js" or file.name == "idb.js"):
        return lean_js(file.read_text(encoding="utf-8")).encode()
    return file.read_bytes()


def lean_css(text: str) -> str:
    """Without comments and indentation; strings of ours hold neither."""
    return _INDENT.sub("", re.sub(r"/\*.*?\*/\n?", "", text, flags=re.DOTALL))


def lean_js(text: str) -> str:
    """Without indentation and whole lines of comment. Text between backquotes that spans lines would suffer: a test
    makes sure that no script has any."""
    text = _LINE_COMMENT.sub("", _BLOCK_COMMENT.sub("", text))
    return _INDENT.sub("", _TAIL_COMMENT.sub(_tail, text))


def _tail(found: re.Match[str]) -> str:
    """A comment behind code goes, unless a quote of the line is still open there."""
    line = found.string[found.string.rfind("\n", 0, found.start()) + 1 : found.start()]
    return found[0] if any(line.count(quote) % 2 for quote in "'\"`") else ""


def bundle() -> str:
    """The entry and all it imports at once as one module, in the order in which they need each other."""
    order = _at_once()
    shared = ",".join(_name(file.name) for file in order[:-1])
    return "".join(_wrapped(file, file == order[-1]) for file in order) + f"export{{{shared}}};\n"


def later() -> tuple[str, bytes]:
    """Name and content of what is loaded after the first touch; it shares the modules of the entry."""
    at_once, order = _at_once(), _afterwards()
    shared = ",".join(_name(file.name) for file in at_once[:-1])
    digest = hashlib.sha256(content(STATIC / "js" / ENTRY)).hexdigest()[:12]
    own = ",".join(_name(file.name) for file in order)
    text = "".join(_wrapped(file, False) for file in order)
    return later_name(), f"import{{{shared}}}from'./main.{digest}.js';\n{text}export{{{own}}};\n".encode()


def later_name() -> str:
    """By the sources of every script: the entry names it and it the entry, so neither can hold the other's hash."""
    sources = b"".join(file.read_bytes() for file in sorted(STATIC.rglob("js/*.js")))
    return f"js/later.{hashlib.sha256(sources).hexdigest()[:12]}.js"


def _at_once() -> list[Path]:
    order: list[Path] = []
    _visit(STATIC / "js" / ENTRY, order, set())
    return order


def _afterwards() -> list[Path]:
    order: list[Path] = []
    seen = set(_at_once())
    for name in LATER:
        _visit(STATIC / "js" / name, order, seen)
    return order


@cache
def inside() -> frozenset[Path]:
    """The files that are part of one of the two as they are served."""
    return frozenset([*_at_once(), *_afterwards()])


@cache
def beside() -> frozenset[Path]:
    """The files that pages load on demand, with all that those import by themselves."""
    found: set[Path] = set()
    waiting = [file for file in STATIC.rglob("*.js") if file not in inside()]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            names = [name for _, name in _STATIC_IMPORT.findall(file.read_text(encoding="utf-8"))]
            waiting += [(file.parent / name).resolve() for name in names if name.startswith(".")]
    return frozenset(found)


def _inside(name: str) -> bool:
    return name.split("/")[-1] not in APART and not name.startswith(APART_FOLDERS)


def _visit(file: Path, order: list[Path], seen: set[Path]) -> None:
    if file in seen:
        return
    seen.add(file)
    text = file.read_text(encoding="utf-8")
    at_once = [name for _, name in _STATIC_IMPORT.findall(text)]
    for name in at_once + _DYNAMIC_IMPORT.findall(text):
        if name in at_once or (_inside(name) and name.split("/")[-1] not in LATER):
            _visit((file.parent / name).resolve(), order, seen)
    order.append(file)


def _wrapped(file: Path, last: bool) -> str:
    """One module as a function that gives back what it exports; the entry itself stands open at the end."""
    text = lean_js(file.read_text(encoding="utf-8"))
    names = _EXPORTED.findall(text) + [
        name.strip() for group in _EXPORT_LIST.findall(text) for name in group.split(",") if name.strip()
    ]
    text = _EXPORT.sub("", _EXPORT_LIST.sub("", text))
    text = _STATIC_IMPORT.sub(lambda m: f"const {{{m[1].strip().replace(' as ', ': ')}}}={_name(m[2])};\n", text)
    text = _DYNAMIC_IMPORT.sub(_demanded, text)
    if last:
        return text
    return f"const {_name(file.name)}=(()=>{{\n{text}return{{{','.join(names)}}}}})();\n"


def _demanded(found: re.Match[str]) -> str:
    """An import on demand: already here, in the later file, or a file apart."""
    name = found[1]
    if not _inside(name):
        return found[0]
    here = f"Promise.resolve({_name(name)})"
    return f"import('./{later_name()[3:]}').then((all)=>all.{_name(name)})" if name.split("/")[-1] in LATER else here


def _name(path: str) -> str:
    return "$" + path.split("/")[-1].removesuffix(".js")
