"""Labels to print in tests, and the tools to look at a printed page: rasterise with pdfium, decode with zxing."""

import io
import random
from collections.abc import Iterator

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import zxingcpp
from PIL import Image

from qr.codes import ALPHABET, address, with_check
from qr.labels import Label

HOST = "https://xc.example.cn"
NAMES = (
    ("化学实验室（一）通风柜", "实验楼 3 层 302 室"),
    ("监控探头110号", "行政楼东侧走廊"),
    ("西校门", ""),
    ("学生公寓3号楼二层东侧安全疏散通道灭火器箱", "3号公寓 2 层"),
    ("危化品库房 A-17 双人双锁药品柜", "实验楼地下一层"),
    ("", ""),
    ("㼆䶮配电室", "㛃园"),
    ("School bus 12 (Route 7 North Loop) emergency exit", "Bus park"),
)


def labels(count: int, host: str = HOST, seed: int = 1) -> Iterator[Label]:
    """`count` different labels, the same ones every time."""
    draw = random.Random(seed)
    for number in range(count):
        title, place = NAMES[number % len(NAMES)]
        code = "".join(draw.choices(ALPHABET, k=12))
        short = with_check("".join(draw.choices(ALPHABET, k=7)))
        yield Label(code, short, address(host, code), title, place, "江城市第一高级中学", "值班电话 0571-8888 1234")


def pages(pdf: bytes, dpi: float = 100) -> list[Image.Image]:
    """Grey pictures of all pages."""
    document = pdfium.PdfDocument(pdf)
    try:
        return [page.render(scale=dpi / 72, grayscale=True).to_pil().convert("L") for page in document]
    finally:
        document.close()


def words(pdf: bytes) -> str:
    """The text of all pages as a reader copies it."""
    document = pdfium.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def decoded(picture: Image.Image) -> set[str]:
    """What a library that did not draw it reads from a picture."""
    only = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    return {found.text for found in zxingcpp.read_barcodes(picture, formats=only)}


def dark_box(picture: Image.Image, box: tuple[float, float, float, float], dpi: float) -> tuple[float, ...]:
    """Left, top, right, bottom in mm of what is darker than half inside `box` (mm), or () when nothing is."""
    scale = dpi / 25.4
    left, top, right, bottom = (round(value * scale) for value in box)
    left, top = max(left, 0), max(top, 0)
    area = picture.crop((left, top, min(right, picture.width), min(bottom, picture.height)))
    found = area.point(lambda value: 255 * (value < 128)).getbbox()
    if found is None:
        return ()
    return tuple((edge + start) / scale for edge, start in zip(found, (left, top, left, top), strict=True))


def picture(data: bytes) -> Image.Image:
    """A PNG opened."""
    return Image.open(io.BytesIO(data))
