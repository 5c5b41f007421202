"""The house as it was meant: which file may import what. An arrow against the order fails here."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SLICES = sorted(p.parent.name for p in (ROOT / "backend").glob("*/__init__.py") if p.parent.name != "migrations")
FILES = sorted(p for folder in ("backend", "qr", "fixtures") for p in (ROOT / folder).rglob("*.py"))
ADAPTERS = {
    "accounts/hashing.py": "talks to argon2",
    "accounts/cookies.py": "what a browser keeps of a session",
    "accounts/throttle.py": "counts tries for every slice that has a limit",
    "record/verify.py": "checks chains from outside the application, as the owner or from a file",
    "visits/api.py": "the JSON interface",
    "findings/api.py": "the JSON interface of the crew's phones",
    "rounds/api.py": "the JSON interface of rounds for phones",
    "visits/form.py": "the plain form as the phone's body",
    "findings/ledger.py": "the words of each column, for page, print and export alike",
    "findings/export.py": "writes Excel and CSV",
    "findings/charts.py": "draws small charts as SVG",
    "findings/figures.py": "the words and links of each figure, for page and file alike",
    "findings/posted.py": "a verb's form: texts and photos, those of a try before too",
    "findings/secret.py": "a key file in the data folder",
    "notices/seal.py": "seals what must not be read in the database",
    "notices/senders.py": "the way out: http with checked addresses, mail",
    "points/sheets.py": "reads and writes Excel and CSV files",
    "points/forms.py": "what a request says: whose school, which filter, what was typed",
    "points/printing.py": "from rows of labels to the printing package, and its errors in people's words",
    "points/commands.py": "what the command line does as the owner of the database",
}
"""Files of a slice that have none of the five names, each with its argument."""

PURE = {"dateutil"}
"""Libraries of pure functions that rules may use: recurrence of days."""
ROLES = {"rules": 0, "tables": 1, "queries": 2, "actions": 2, "pages": 3}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    """Modules a file imports, anywhere in it; `from a import b` counts as a.b where that is a module."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {
                f"{node.module}.{alias.name}" if f"{node.module}.{alias.name}" in MODULES else node.module
                for alias in node.names
            }
    return found


MODULES = {name_of(path): path for path in FILES}


def role(path: Path) -> str | None:
    """rules, tables, queries, actions or pages; place_queries.py is a second queries.py of a large slice."""
    parts = path.relative_to(ROOT).parts
    if parts[0] != "backend" or len(parts) != 3 or parts[1] not in SLICES:
        return None
    word = path.stem.split("_")[-1] if path.stem.split("_")[-1] in ROLES else path.stem.split("_")[0]
    return word if word in ROLES else None


def slice_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if len(parts) > 2 and parts[0] == "backend" and parts[1] in SLICES else None


SLICE_FILES = [
    p
    for p in FILES
    if p.relative_to(ROOT).parts[:1] == ("backend",)
    and len(p.relative_to(ROOT).parts) == 3
    and p.relative_to(ROOT).parts[1] in SLICES
    and p.name != "__init__.py"
]


@pytest.mark.parametrize("path", SLICE_FILES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_a_file_of_a_slice_has_a_known_name_and_imports_only_what_it_may(path: Path) -> None:
    own = role(path)
    if own is None:
        assert f"{path.parent.name}/{path.name}" in ADAPTERS, "a sixth name needs an argument"
        return
    for module in imports(path):
        target = MODULES.get(module)
        other = role(target) if target else None
        if own == "rules":
            pure = module.split(".")[0] in {*sys.stdlib_module_names, *PURE}
            known = pure or other == "rules" or module == "backend.language"
            assert known, f"rules import {module}"
        if own in {"rules", "tables", "queries", "actions"}:
            assert module.split(".")[0] != "litestar", f"{own} imports {module}"
            assert module not in {"backend.page", "backend.app", "backend.errors"}, f"{own} imports {module}"
        if other is not None:
            assert ROLES[other] <= ROLES[own], f"{own} imports {module}"
            if other == "pages":
                assert slice_of(module) == path.parent.name, f"pages of another slice: {module}"
        if own == "tables" and other:
            assert other in {"tables", "rules"}
        if own == "queries":
            assert other != "actions", f"queries import {module}"


def test_no_import_goes_in_a_circle() -> None:
    arrows = {name: {m for m in imports(path) if m in MODULES and m != name} for name, path in MODULES.items()}
    done: set[str] = set()

    def walk(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join((*way[way.index(name) :], name))
        if name in done:
            return
        for further in sorted(arrows[name]):
            walk(further, (*way, name))
        done.add(name)

    for name in sorted(arrows):
        walk(name, ())


def test_qr_and_fixtures_stand_alone() -> None:
    for name, path in MODULES.items():
        first = name.split(".")[0]
        for module in imports(path):
            if first in {"qr", "fixtures"}:
                assert module.split(".")[0] not in {"backend", "tests"} | ({"fixtures"} if first == "qr" else {"qr"})


def test_only_settings_reads_the_environment_and_only_clock_the_time() -> None:
    """`os.environ` may be set for a child or a library, never asked; the wall clock is asked through backend.clock."""
    may_read = {"backend.settings", "backend.bootstrap"}
    may_ask = {"backend.clock", "backend.row", "backend.bootstrap", "backend.photos"}
    for name, path in MODULES.items():
        if not name.startswith("backend"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            text = ast.unparse(node.func)
            assert name in may_read or text not in {"os.environ.get", "os.getenv"}, f"{name}: {text}"
            assert name in may_ask or text not in {"datetime.now", "datetime.utcnow", "date.today"}, f"{name}: {text}"


def test_the_project_names_nothing_of_its_workplace() -> None:
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        hidden = parts[0].startswith(".") and parts[0] not in {".ci", ".gitignore"}
        if not path.is_file() or hidden or parts[0] in {"data", "build"} or "__pycache__" in parts:
            continue
        if path.suffix not in {".py", ".html", ".css", ".js", ".md", ".toml", ".txt", ".po", ".json", ".sql", ""}:
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        for word in ("/wo" + "rk/", "../sha" + "red"):
            assert word not in text, f"{path.relative_to(ROOT)} names {word}"
