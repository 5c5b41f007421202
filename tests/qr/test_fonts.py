"""The font has every character of names; what it lacks is shown as a printer's 〓, never as a hole."""

import pytest

from qr.fonts import UNKNOWN, clean, font_path, width


@pytest.mark.parametrize("character", "㛃㼆䶮𬭎𬘡𫓹𠅤喆堃昇囍〓…①③÷×→ü№")
def test_rare_characters_have_glyphs(character: str) -> None:
    assert clean(character) == character
    assert width(character) > 0


def test_all_of_gb2312_has_glyphs() -> None:
    hanzi = [bytes((high, low)).decode("gb2312", "ignore") for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF)]
    assert all(clean(character) == character for character in hanzi if character)


def test_clean() -> None:
    assert clean("  一\t二\r\n 三 \x00\u200b\ufe0f") == "一 二 三"
    assert clean("灭火器🧯") == "灭火器" + UNKNOWN
    assert clean("e\u0301cole") == "école"
    assert clean("字" * 1000) == "字" * 200
    assert clean("") == ""


def test_font_file_is_installed() -> None:
    assert font_path().name == "NotoSansSC-Regular.otf"
    assert width("校门") == 2.0
