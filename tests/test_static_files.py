"""What is served of the static files: nothing but comments is lost, and the two script files hold every module once."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from backend import static_files as files

SCRIPTS = sorted((files.STATIC / "js").glob("*.js"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_text_spans_lines(path: Path) -> None:
    """Whoever takes the indentation away must not change a text."""
    code = re.sub(r"//[^\n]*", "", path.read_text(encoding="utf-8"))
    assert all(line.count("`") % 2 == 0 for line in code.splitlines())


def test_only_comments_and_indentation_go() -> None:
    source = "/** Doc. */\nexport const a = 'http://x'; // why\n  // alone\n  const b = `${a} // kept`;\n"
    assert files.lean_js(source) == "export const a = 'http://x';\nconst b = `${a} // kept`;\n"
    assert files.lean_css("/* x */\n.a{\n  color:red; /* y */\n}\n") == ".a{\ncolor:red; }\n"


def test_every_module_is_in_one_place() -> None:
    first, (name, second) = files.bundle(), files.later()
    made = re.findall(r"^const (\$\w+)=\(\(\)=>\{$", first + second.decode(), re.MULTILINE)
    assert len(made) == len(set(made))
    used = set(re.findall(r"\}=(\$\w+);", first + second.decode()))
    assert used <= set(made)
    assert re.fullmatch(r"js/later\.[0-9a-f]{12}\.js", name)
    assert f"'./{name[3:]}'" in first


def test_what_is_loaded_apart_finds_what_it_imports() -> None:
    for file in files.beside():
        for _, name in files._STATIC_IMPORT.findall(file.read_text(encoding="utf-8")):
            assert name.startswith("/") or (file.parent / name).is_file()


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_they_are_valid_modules() -> None:
    for text in (files.bundle().encode(), files.later()[1]):
        done = subprocess.run(["node", "--check", "--input-type=module"], input=text, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
