"""Breaks names into lines: Chinese between any two characters, never inside a number or a Latin word, sizes shrunk
before anything is left out, and what is left out is the middle, because the number at the end tells points apart."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from .fonts import width

ELLIPSIS = "…"

_LATIN = r"0-9A-Za-z\u00c0-\u058f\u0600-\u06ff０-９Ａ-Ｚａ-ｚ"
_MEASURE = "(?:号[楼栋门]|[号栋幢楼层室间班级年区门台组座单元米期个路线时点分秒月日#%℃°])?"
_PIECE = re.compile(
    rf"(?P<space>\s+)"
    rf"|(?P<word>[#+№]?[{_LATIN}]+(?:[._:/#+~–@&'’\-][{_LATIN}]+)*{_MEASURE})"
    rf"|(?P<count>[〇零一二三四五六七八九十百千]+(?:号[楼栋门]|[号栋幢楼层室班级年区])?)"
    rf"|(?P<open>[（(\[【《“‘「『〈]+)"
    rf"|(?P<close>[）)\]】》”’」』〉，。、；：！？,.;:!?%…·]+)"
    rf"|(?P<one>.)",
    re.DOTALL,
)

_WORDS = """
    化学实验室 物理实验室 生物实验室 实验室 实训室 实验楼 教学楼 行政楼 综合楼 宿舍楼 办公楼 图书馆 体育馆 报告厅
    办公室 教室 食堂 后厨 厨房 公寓 宿舍 校门 校车 通风柜 药品柜 危化品 易制爆 气瓶
    洗眼器 喷淋 急救箱 灭火器箱 灭火器 消火栓 消防栓 消防泵房 消防 安全疏散通道 疏散通道 安全出口 应急 指示灯
    监控探头 摄像头 探头 监控室 控制室 值班室 门卫室 配电室 配电房 配电箱 配电 锅炉房 水泵房 燃气阀
    燃气 阀门 电梯 楼梯间 楼梯 双人双锁 东侧 西侧 南侧 北侧 走廊 通道 出入口 停车场
    操场 围墙 库房 仓库 机房 车间 实习 幼儿园 小学 中学 学校 学院 大学 地下
    屋顶
"""
_TOGETHER = re.compile("|".join(sorted(_WORDS.split(), key=len, reverse=True)))
"""Words of schools that read badly when broken. Only a preference: a narrow label breaks them all the same."""

_FREE, _CHEAP, _DEAR = 0.0, 0.15, 0.6
"""What a break costs: where people would break anyway, between two characters, inside one of the words above."""

_WORTH = 0.8
"""How much smaller a name may become to keep such a word whole."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What is never broken; `spaced` means a space stood before it, `cost` is the price of a line beginning with it."""

    text: str
    width: float
    spaced: bool = False
    cost: float = _CHEAP


@cache
def _space() -> float:
    return width(" ")


def pieces(text: str) -> list[Piece]:
    """The unbreakable pieces of `text` (already `clean`)."""
    inside = {at for word in _TOGETHER.finditer(text) for at in range(word.start() + 1, word.end())}
    found: list[tuple[str, bool, float]] = []
    spaced = glue = False
    last = ""
    for match in _PIECE.finditer(text):
        kind, part = str(match.lastgroup), match.group()
        if kind == "space":
            spaced, glue = True, False
            continue
        if found and not spaced and (glue or kind == "close"):
            found[-1] = (found[-1][0] + part, *found[-1][1:])
        else:
            numbered = last == "word" and part[0].isdigit()  # "bus 12" stays together if it can
            free = (spaced or kind in ("word", "open") or last == "close") and not numbered
            cost = _FREE if free else _DEAR if match.start() in inside else _CHEAP
            found.append((part, spaced and bool(found), cost))
        spaced, glue, last = False, kind == "open", kind
    return [Piece(part, width(part), space, cost) for part, space, cost in found]


def wrap(parts: Sequence[Piece], room: float) -> list[str] | None:
    """Fills lines of `room` (in multiples of the size) from the first on; None when one piece alone is wider."""
    lines: list[str] = []
    line, used = "", 0.0
    for part in parts:
        if part.width > room:
            return None
        gap = _space() if part.spaced and line else 0.0
        if line and used + gap + part.width > room + 1e-9:
            lines.append(line)
            line, used = part.text, part.width
        else:
            line, used = line + (" " if gap else "") + part.text, used + gap + part.width
    return [*lines, line] if line else lines


def fit(
    text: str, room: float, height: float, sizes: tuple[float, float], most: int, leading: float
) -> tuple[float, list[str]]:
    """(size, lines) of `text` within `room` x `height` mm: the largest size from `sizes[0]` down to `sizes[1]` at which
    it takes at most `most` lines, or one a little smaller if that keeps a word whole. At the smallest size the middle
    gives way to an ellipsis."""
    parts = pieces(text)
    size, smallest = sizes
    second_best: tuple[float, list[str]] | None = None
    while True:
        allowed = max(1, min(most, int(height / (size * leading) + 1e-6)))
        lines = wrap(parts, room / size)
        if lines is not None and len(lines) <= allowed:
            broken, lines = _balanced(parts, room / size, lines)
            if not broken:
                return size, lines
            second_best = second_best or (size, lines)
        if second_best and (size <= smallest or size < second_best[0] * _WORTH):
            return second_best
        if size <= smallest:
            return size, _shortened(parts, room / size, allowed)
        size = max(smallest, size * 0.95)


def _balanced(parts: Sequence[Piece], room: float, lines: list[str]) -> tuple[bool, list[str]]:
    """(is a word broken, lines): the same number of lines, broken at good places first, then to even lengths."""
    count = len(lines)
    if count < 2:
        return False, lines
    even = sum(part.width for part in parts) / count
    best: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, ())}  # first piece of the next line: (cost, all breaks)
    for number in range(1, count + 1):
        reached: dict[int, tuple[float, tuple[int, ...]]] = {}
        for begin, (cost, breaks) in best.items():
            for end, used in _ends(parts, begin, room):
                if (end == len(parts)) != (number == count):
                    continue
                price = cost + ((used - even) / even) ** 2 + (parts[end].cost if end < len(parts) else 0.0)
                if end not in reached or price < reached[end][0]:
                    reached[end] = (price, (*breaks, begin))
        best = reached
    begins = best[len(parts)][1]
    broken = any(parts[begin].cost == _DEAR for begin in begins)
    return broken, [_joined(parts[i:j]) for i, j in zip(begins, (*begins[1:], len(parts)), strict=True)]


def _ends(parts: Sequence[Piece], begin: int, room: float) -> Iterator[tuple[int, float]]:
    """Where a line from `begin` may end, with its width."""
    used = 0.0
    for at in range(begin, len(parts)):
        used += parts[at].width + (_space() if parts[at].spaced and at > begin else 0.0)
        if used > room + 1e-9:
            return
        yield at + 1, used


def _joined(parts: Sequence[Piece]) -> str:
    return "".join((" " if part.spaced and number else "") + part.text for number, part in enumerate(parts))


def _shortened(parts: Sequence[Piece], room: float, allowed: int) -> list[str]:
    mark = Piece(ELLIPSIS, width(ELLIPSIS))
    for kept in range(len(parts) - 1, 0, -1):
        head = (kept + 1) // 2
        tried = [*parts[:head], mark, *parts[len(parts) - (kept - head) :]]
        lines = wrap(tried, room)
        if lines is not None and len(lines) <= allowed:
            return lines
    return [_cut(parts[0].text, room)] if parts else []


def _cut(text: str, room: float) -> str:
    """The last resort for one piece that is wider than the line even at the smallest size."""
    while text and width(text + ELLIPSIS) > room:
        text = text[:-1]
    return text + ELLIPSIS
