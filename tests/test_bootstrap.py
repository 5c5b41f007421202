"""From a bare Python to a complete environment: what it needs, and the sentence when that is not there."""

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "backend" / "bootstrap.py"


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The file as a module of its own, at work on an empty project."""
    spec = importlib.util.spec_from_file_location("bootstrap", FILE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("pyproject.toml", "requirements/run.txt", "requirements/test.txt", "backend/bootstrap.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for name, path in (("ROOT", tmp_path), ("VENV", tmp_path / ".venv"), ("PYTHON", tmp_path / ".venv/bin/python")):
        monkeypatch.setattr(module, name, path)
    return module


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The two sentences."""
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    lines = captured.err.splitlines()
    assert len(lines) == 2
    return lines


def test_it_needs_the_standard_library_only() -> None:
    tree = ast.parse(FILE.read_text(), feature_version=(3, 7))  # an old Python must get as far as the sentence
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_an_old_python(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 2))
    assert bootstrap.main(["run"]) == 2
    assert "3.11" in said(capsys)[1]


def test_a_full_disk(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda _: SimpleNamespace(free=50_000_000))
    assert bootstrap.main(["setup"]) == 2
    chinese, english = said(capsys)
    assert "50 MB" in english
    assert "50 MB" in chinese


def test_a_python_without_venv_and_pip(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap, "_module", lambda _: False)
    monkeypatch.setattr(bootstrap, "_install_by_apt", lambda _: False)
    assert bootstrap.main(["setup"]) == 2
    assert "python3-venv" in said(capsys)[1]


def test_no_network(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A real pip, an index that nobody answers for."""
    monkeypatch.setattr(
        bootstrap, "make_environment", lambda: [sys.executable, "-m", "pip", "--isolated", "--retries", "0"]
    )
    bootstrap.VENV.mkdir()
    requirement = f"nothing-like-this==1.0 --hash=sha256:{'0' * 64}\n"
    (bootstrap.ROOT / "requirements/run.txt").write_text(f"--index-url http://127.0.0.1:9/\n{requirement}")
    assert bootstrap.main(["setup"]) == 2
    chinese, english = said(capsys)
    assert "network" in english
    assert "网络" in chinese
    assert (bootstrap.VENV / "pip.log").exists()


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "hash differs"),
        ("ReadTimeoutError(...): Read timed out.\nERROR: nothing", "check the network"),
        ("ERROR: Could not build wheels for x", "Could not build wheels"),
        ("", "cannot be installed"),
    ],
)
def test_what_pip_says_becomes_a_sentence(bootstrap: ModuleType, words: str, part: str) -> None:
    assert part in bootstrap.pip_trouble(words).english


def test_a_second_run_does_nothing_until_the_list_changes(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "install", lambda _pip, arguments, _total: asked.append(arguments))
    monkeypatch.setattr(bootstrap, "make_environment", lambda: bootstrap.VENV.mkdir(exist_ok=True) or [])
    monkeypatch.setattr(bootstrap, "_works", lambda *_: True)
    bootstrap.prepare("test")
    assert len(asked) == 2
    assert "--require-hashes" in asked[0]
    bootstrap.prepare("test")
    bootstrap.prepare("run")  # what tests need is more than what running needs
    assert len(asked) == 2
    (bootstrap.ROOT / "requirements/test.txt").write_text("other==1\n")
    bootstrap.prepare("test")
    assert len(asked) == 4


def test_make_hands_settings_on_and_shows_what_it_would_do() -> None:
    environment = {**os.environ, "MAKEFLAGS": ""}
    done = subprocess.run(["make", "-n", "run"], cwd=ROOT, capture_output=True, text=True, env=environment, check=True)
    assert "backend/bootstrap.py run" in done.stdout
    nobody = ["make", "run", "PYTHON=no-such-python"]
    done = subprocess.run(nobody, cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode
    assert "Python 3.11" in done.stderr


def test_no_requirement_is_unpinned_and_none_names_an_address() -> None:
    for file in (ROOT / "requirements").glob("*.txt"):
        text = file.read_text()
        assert "://" not in text
        blocks = [line for line in text.splitlines() if line and line[0] not in " #"]
        assert all("==" in line for line in blocks)
        assert text.count("--hash=sha256:") >= len(blocks)
