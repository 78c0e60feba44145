"""Detection of text in bytes by decoding them to the end, independent of file names."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain

__all__ = ["encoding_of", "recode"]

UTF_8 = "utf-8"
_BY_MARK = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, because it begins with its mark
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = bytes({*range(32), 127} - {*b"\a\b\t\n\v\f\r\x1b"})
"""Bytes that occur in no text with one byte per letter. The escape byte of terminal colours is not one of them."""


def encoding_of(blocks: Iterable[bytes], *, is_text: bool) -> str | None:
    """Return the encoding of a text. None: the bytes are no text.

    A text decodes as UTF-8 without a NUL, or as UTF-16 or UTF-32 with a byte order mark, or has no control characters
    (another encoding, or damaged UTF-8).

    Args:
        blocks: The bytes, from the beginning.
        is_text: The media type is a text; only its encoding is needed.
    """
    blocks = iter(blocks)
    first = next(blocks, b"")
    for mark, name in _BY_MARK:
        if first.startswith(mark):
            if _decodes(chain([first], blocks), name):
                return name
            return UTF_8 if is_text else None
    return UTF_8 if is_text or _is_text(chain([first], blocks)) else None


def _decodes(blocks: Iterable[bytes], encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        return not any("\0" in decoder.decode(block) for block in blocks) and decoder.decode(b"", final=True) == ""
    except UnicodeDecodeError:
        return False


def _is_text(blocks: Iterable[bytes]) -> bool:
    decoder, decodes, is_plain = codecs.getincrementaldecoder(UTF_8)(), True, True
    try:
        for block in blocks:
            is_plain = is_plain and len(block.translate(None, _CONTROL)) == len(block)
            if decodes:
                try:
                    decoder.decode(block)
                    decodes = b"\0" not in block
                except UnicodeDecodeError:
                    decodes = False
            if not (decodes or is_plain):
                return False
        decoder.decode(b"", final=decodes)
    except UnicodeDecodeError:  # the data ends within a character
        return is_plain
    return True


def recode(blocks: Iterable[bytes], source: str, target: str) -> Iterator[bytes]:
    """Yield a text in another encoding. Characters that cannot be decoded or encoded are replaced."""
    decoder = codecs.getincrementaldecoder(source)("replace")
    for block in blocks:
        yield decoder.decode(block).encode(target, "replace")
    yield decoder.decode(b"", final=True).encode(target, "replace")
