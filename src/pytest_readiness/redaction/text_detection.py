"""Which bytes are a text, whatever their name: those that can be read as one, to their end."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain

__all__ = ["encoding_of", "recode"]

UTF_8 = "utf-8"
_BY_MARK = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = bytes({*range(32), 127} - {*b"\a\b\t\n\v\f\r\x1b"})
"""Bytes that are in no text of any encoding that has a byte for a letter; colours of a terminal are."""


def encoding_of(blocks: Iterable[bytes], *, is_text: bool) -> str | None:
    """Return the encoding of a text; None: the bytes are none.

    A text is what decodes as UTF-8 without a NUL, or as UTF-16 or UTF-32 with a mark at its beginning, or has no
    control characters (an old encoding, or one that is broken in places).

    Args:
        blocks: the bytes, from the beginning.
        is_text: it is one by its media type, and only its encoding is asked for.
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
    except UnicodeDecodeError:  # it ends within a character
        return is_plain
    return True


def recode(blocks: Iterable[bytes], source: str, target: str) -> Iterator[bytes]:
    """Yield a text in another encoding; what one of them cannot hold is replaced."""
    decoder = codecs.getincrementaldecoder(source)("replace")
    for block in blocks:
        yield decoder.decode(block).encode(target, "replace")
    yield decoder.decode(b"", final=True).encode(target, "replace")
