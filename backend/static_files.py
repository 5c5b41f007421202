"""Static files as they are served: without comments, and the scripts of every page as one file.

A phone in a basement pays for each request more than for each byte. So `js/main.js` is published with the modules it
imports inside it, each in a function of its own; the others stay apart and are loaded when a page needs them. Sources
run unchanged in a browser too: nothing here is needed to develop or test them.
"""

import re
from functools import cache
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent / "frontend" / "static"
ENTRY = "main.js"
APART = frozenset(
    f"{name}.js"
    for name in (
        *("scanner", "code_form", "plan_pin", "puzzle", "sha256", "outbox_list", "camera", "confirm", "theme"),
        *("install", "autosubmit", "copy", "ago_time"),
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
        return bundle(file).encode()
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


def bundle(entry: Path) -> str:
    """The entry and all it imports as one module, in the order in which they need each other."""
    order: list[Path] = []
    _visit(entry, order, set())
    return "".join(_wrapped(file, file == entry) for file in order)


@cache
def inside() -> frozenset[Path]:
    """The files that are part of the entry as it is served."""
    order: list[Path] = []
    _visit(STATIC / "js" / ENTRY, order, set())
    return frozenset(order)


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
    names = [name for _, name in _STATIC_IMPORT.findall(text)] + _DYNAMIC_IMPORT.findall(text)
    for name in names:
        if _inside(name):
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
    text = _DYNAMIC_IMPORT.sub(lambda m: f"Promise.resolve({_name(m[1])})" if _inside(m[1]) else m[0], text)
    if last:
        return text
    return f"const {_name(file.name)}=(()=>{{\n{text}return{{{','.join(names)}}}}})();\n"


def _name(path: str) -> str:
    return "$" + path.split("/")[-1].removesuffix(".js")
