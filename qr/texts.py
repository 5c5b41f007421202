"""The fixed words of labels and of the calibration page, in pairs: the large line and the small line below it."""

from dataclasses import dataclass

Pair = tuple[str, str]


@dataclass(frozen=True)
class Texts:
    """Chinese large and English small; `EN` is the other way round. `{host}` and the like are filled in later.
    `lang` is the language of the document."""

    lang: str = "zh-CN"
    headline: Pair = ("安全巡查点", "Safety patrol point")
    report: Pair = ("发现隐患？扫码上报", "Report a hazard")
    blank: Pair = ("空白标签", "Blank label: claim at the point")
    name: Pair = ("点位", "Point")
    typed: Pair = ("扫不了码？打开 {host} 输入编号", "Cannot scan? Open {host} and type the code")
    sheet: Pair = ("巡安标签", "Xun'an labels")
    calibration: Pair = ("校准页", "Calibration page")
    stock: Pair = ("{name}，起始格按编号填写", "{name}; the numbers are the start cells")
    steps: tuple[Pair, ...] = (
        (
            "① 打印时选“实际大小”或 100%，不要选“适合页面”。",
            "Print at actual size (100 %), never fitted to the page.",
        ),
        (
            "② 与空白贴纸叠在一起对着光看，框线应与模切线重合。",
            "Hold it with a blank sheet against the light: the frames should lie on the cuts.",
        ),
        (
            "③ 量下面的尺：应正好 {length} 毫米。不是的话，缩放改填 {ratio} ÷ 量得的毫米数。",
            "Measure the ruler: exactly {length} mm. If not, set scale to {ratio} / what you measured.",
        ),
        (
            "④ 框线偏左几毫米，横向就加几；偏上几毫米，纵向就加几；偏右、偏下则减。",
            "Frames too far left: add the millimetres to dx. Frames too high: add them to dy. Otherwise subtract.",
        ),
    )
    current: Pair = ("当前校正：横向 {dx}，纵向 {dy}，缩放 {scale}", "Now: dx {dx} mm, dy {dy} mm, scale {scale}")


ZH = Texts()


def _swapped(pair: Pair) -> Pair:
    return pair[1], pair[0]


EN = Texts(
    lang="en",
    headline=_swapped(ZH.headline),
    report=_swapped(ZH.report),
    blank=("Blank label", "空白标签：到点位现场认领"),
    name=_swapped(ZH.name),
    typed=_swapped(ZH.typed),
    sheet=_swapped(ZH.sheet),
    calibration=_swapped(ZH.calibration),
    stock=_swapped(ZH.stock),
    steps=tuple(_swapped(pair) for pair in ZH.steps),
    current=_swapped(ZH.current),
)
