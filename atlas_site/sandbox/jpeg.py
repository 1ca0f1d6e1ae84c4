"""A picture file without an imaging library: flat squares of 8 by 8 pixels as a baseline JPEG.

Each square needs only its mean color, so of each block's cosine transform the first coefficient is written and the
others are said to be zero (ITU-T T.81, sequential mode with Huffman coding).
"""

import struct
from collections.abc import Callable

Color = tuple[int, int, int]

SIDE = 8
# Divides the first coefficient, which is eight times the mean, so that the mean itself is what is written.
QUANTUM = SIDE
# How many codes of 1, 2, 3 ... bits there are, and what they stand for: how many bits a difference takes.
DC_COUNTS = (0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)
DC_SYMBOLS = tuple(range(12))
# The only symbol for the other coefficients says that all of them are zero.
AC_COUNTS = (1, *(0,) * 15)
AC_SYMBOLS = (0,)


def draw_jpeg(width: int, height: int, color_at: Callable[[int, int], Color]) -> bytes:
    """Return a JPEG of ``width`` by ``height`` pixels whose square in column x and row y has the color there."""
    columns, rows = -(-width // SIDE), -(-height // SIDE)
    return b"".join([
        b"\xff\xd8",
        _segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"),
        _segment(0xDB, bytes([0, *[QUANTUM] * 64])),
        _segment(0xC0, struct.pack(">BHHB", 8, height, width, 3) + bytes([1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])),
        _segment(0xC4, bytes([0x00, *DC_COUNTS, *DC_SYMBOLS])),
        _segment(0xC4, bytes([0x10, *AC_COUNTS, *AC_SYMBOLS])),
        _segment(0xDA, bytes([3, 1, 0x00, 2, 0x00, 3, 0x00, 0, 63, 0])),
        _scan([_luma_and_chroma(color_at(column, row)) for row in range(rows) for column in range(columns)]),
        b"\xff\xd9",
    ])  # fmt: skip


def _scan(squares: list[tuple[int, int, int]]) -> bytes:
    """Return the picture's data: per square and component the difference to the square before, in as few bits."""
    codes = _codes()
    bits: list[str] = []
    before = (0, 0, 0)
    for square in squares:
        for value, last in zip(square, before, strict=True):
            difference = value - last
            length = abs(difference).bit_length()
            bits.append(codes[length])
            if length:
                # A negative number is written as what is missing to the largest of its length.
                bits.append(f"{difference if difference > 0 else difference + 2**length - 1:0{length}b}")
            bits.append("0")
        before = square
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    data = int(text, 2).to_bytes(len(text) // 8, "big")
    return data.replace(b"\xff", b"\xff\0")


def _codes() -> dict[int, str]:
    """Return the canonical Huffman code of each symbol of DC_SYMBOLS."""
    codes, code, symbols = {}, 0, iter(DC_SYMBOLS)
    for length, number in enumerate(DC_COUNTS, start=1):
        for _ in range(number):
            codes[next(symbols)] = f"{code:0{length}b}"
            code += 1
        code *= 2
    return codes


def _luma_and_chroma(color: Color) -> tuple[int, int, int]:
    """Return brightness and the two differences of color that JFIF uses, around zero."""
    red, green, blue = color
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return round(luma - 128), round((blue - luma) * 0.5643), round((red - luma) * 0.7133)


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
