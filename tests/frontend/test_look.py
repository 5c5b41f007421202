"""The look keeps its promises: each symbol exists, each kind of point has its badge, ink stands out in both themes."""

import re
from pathlib import Path

import pytest

from backend.page import environment

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
CSS = FRONTEND / "static/css/base.css"
SYMBOLS = set(re.findall(r'<symbol id="([\w-]+)"', (FRONTEND / "static/icons/sprite.svg").read_text()))
ICON_PARTS = '{% from "parts/_icon.html" import icon, area, area_name, kind with context %}'


def test_every_symbol_a_template_asks_for_is_drawn() -> None:
    for template in (FRONTEND / "templates").rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        asked = set(re.findall(r'\bicon\("([\w-]+)"', text)) | set(re.findall(r"sprite\.svg'\) }}#([\w-]+)", text))
        assert asked <= SYMBOLS, f"{template.name}: {asked - SYMBOLS}"


def test_an_empty_list_shows_a_symbol_that_is_drawn() -> None:
    for template in (FRONTEND / "templates").rglob("*.html"):
        asked = set(re.findall(r'\bempty\("([\w-]+)"', template.read_text(encoding="utf-8")))
        assert asked <= SYMBOLS, f"{template.name}: {asked - SYMBOLS}"


def kinds() -> list[str]:
    drawn = re.findall(r'"(\w+)": \["', (FRONTEND / "templates/parts/_icon.html").read_text(encoding="utf-8"))
    assert len(drawn) == 33
    return drawn


@pytest.mark.parametrize("kind", kinds())
def test_a_kind_has_a_badge_of_one_of_the_seven_areas(kind: str) -> None:
    html = show(f'{{{{ kind("{kind}") }}}}')
    symbol = re.search(r"#([\w-]+)", html.split("sprite", 1)[1])
    assert symbol
    assert symbol[1] in SYMBOLS
    assert 'data-area="unknown"' not in html


def test_what_nobody_knows_still_has_a_badge() -> None:
    assert 'data-area="unknown"' in show('{{ kind("submarine") }}')
    assert "说不准" in show('{{ area("") }}')


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("name", ["403", "404", "409", "500", "503", "offline"])
def test_an_error_page_stands_without_member_and_database(name: str, language: str) -> None:
    html = environment(language).render_template(f"errors/{name}.html", me=None, path="/x", address="/x")
    assert f'lang="{language}"' in html
    assert "<h1>" in html


@pytest.mark.parametrize("theme", [0, 1, 2])
def test_words_stand_out_from_what_they_stand_on(theme: int) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1 in light, in dark as the system has it, and in dark by choice."""
    tokens = [dict(re.findall(r"--([\w-]+):(#\w+)", block)) for block in theme_blocks()]
    now = {**tokens[0], **tokens[theme]}
    pairs = [(ink, ground) for ink in ("ink", "ink-2", "ink-3", "accent") for ground in ("paper", "card", "fill")]
    pairs += [(tone, ground) for tone in ("ok", "bad", "warn", "info") for ground in (f"{tone}-soft", "card", "paper")]
    pairs += [("accent-ink", "accent"), ("accent", "accent-soft"), ("ink", "bad-soft"), ("ink-3", "info-soft")]
    pairs += [("card", area) for area in AREAS]
    for ink, ground in pairs:
        assert contrast(now[ink], now[ground]) >= 4.5, f"{ink} on {ground}: {contrast(now[ink], now[ground]):.2f}"


AREAS = ("lab", "fire", "security", "food", "traffic", "building", "internship", "unknown")


def theme_blocks() -> list[str]:
    blocks = re.findall(r"color-scheme:(?:light|dark);(.*?)\n  }", CSS.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    assert blocks[1].split() == blocks[2].split(), "dark by the system and dark by choice are the same dark"
    return blocks


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def show(source: str) -> str:
    html: str = environment("zh-CN").render_str(ICON_PARTS + source)
    return html


def test_the_words_of_last_time_are_shortened() -> None:
    item = {"id": "x", "answer": "text", "last_text": "东墙" * 60}
    html = environment("zh-CN").render_template("visits/_item.html", item=item, typed={}, wrong={}, required=True)
    assert "东墙" * 20 in html
    assert "东墙" * 40 not in html
