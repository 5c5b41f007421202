"""The files themselves: small modules, every shown text present and translated, vendored files as their list says."""

import hashlib
import re
from pathlib import Path

import pytest

from tests.browser_js.fake_site import ROOT, STATIC, texts

MODULES = sorted((STATIC / "js").glob("*.js"))
VENDOR = STATIC / "vendor"
DYNAMIC = {"why_server", "why_network", "why_not_ours", "why_sign_in"}


def test_every_module_is_short_and_says_its_idea() -> None:
    for module in MODULES:
        lines = module.read_text("utf-8").splitlines()
        assert len(lines) < 150, module.name
        assert lines[0].startswith("// "), module.name


def test_no_module_builds_markup_or_code_from_strings() -> None:
    for module in MODULES:
        assert not re.search(
            r"innerHTML|insertAdjacentHTML|outerHTML|\beval\(|new Function|document\.write", module.read_text()
        )


def test_every_text_a_script_shows_is_on_the_page() -> None:
    code = "\n".join(module.read_text("utf-8") for module in MODULES)
    used = set(re.findall(r"""(?:\bt|say|complain)\((?:[\w.]+, )?'([a-z]+(?:_[a-z]+)*)'""", code)) | DYNAMIC
    used |= set(re.findall(r"'((?:scan|need|photo|state|why)_[a-z_]+)'", code)) - {"photo_lost"}
    present = set(re.findall(r'data-t="(\w+)"', texts()))
    assert used <= present


def test_every_text_has_its_chinese() -> None:
    source = (ROOT / "frontend/templates/parts/_phone_texts.html").read_text("utf-8")
    catalogue = (ROOT / "frontend/locale/zh_CN/LC_MESSAGES/phone.po").read_text("utf-8")
    told = dict(re.findall(r'msgid "(.+)"\nmsgstr "(.+)"', catalogue))
    for english in re.findall(r"""_\(["'](.+?)["']\)""", source):
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", told[english]))


def test_vendored_files_are_the_listed_ones() -> None:
    listed = dict(re.findall(r"\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|", (VENDOR / "README.md").read_text("utf-8")))
    found = {str(f.relative_to(VENDOR)): f for f in VENDOR.rglob("*") if f.is_file() and f.name != "README.md"}
    assert set(listed) == set(found)
    for name, file in found.items():
        assert hashlib.sha256(file.read_bytes()).hexdigest() == listed[name], name


def test_the_wasm_is_the_one_its_script_expects() -> None:
    code = (VENDOR / "zxing-wasm/reader/index.js").read_text("utf-8")
    wasm = hashlib.sha256((VENDOR / "zxing-wasm/zxing_reader.wasm").read_bytes()).hexdigest()
    assert wasm in code


@pytest.mark.parametrize("module", [m for m in MODULES if m.name != "sw.js"], ids=lambda m: m.name)
def test_imports_exist(module: Path) -> None:
    for target in re.findall(r"""(?:from|import\()\s*'(\.[^']+)'""", module.read_text("utf-8")):
        assert (module.parent / target).resolve().is_file(), target
