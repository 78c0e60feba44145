"""Files of JUnit XML: which are meant, and what they hold as text that a parser of XML can read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from glob import glob, has_magic
from pathlib import Path

from ..errors import ConfigError, count, place
from ..frozen import dataclass
from ..regular import regular_file

MOST_BYTES = 64 << 20
_ARCHIVES = {b"PK": "zip", b"\x1f\x8b": "gzip", b"BZ": "bzip2", b"\xfd7z": "xz", b"(\xb5/\xfd": "zstd"}
_WIDE = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
"""How text in UTF-16 begins, with or without a byte order mark."""
_DECLARED = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.-]+)[\"']")
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_PAGE = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_REFERENCE = re.compile(rb"&#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,10}));")
_INSTEAD = "\ufffd"
_ALLOWED = (range(9, 11), range(13, 14), range(0x20, 0xD800), range(0xE000, 0xFFFE), range(0x10000, 0x110000))
"""Characters of XML 1.0 (https://www.w3.org/TR/xml/#charsets)."""


@dataclass(frozen=True, slots=True)
class JUnitFile:
    """A file as it was read."""

    path: Path
    data: bytes
    """What a parser reads: well-formed as far as its characters are concerned."""
    modified: float
    """When it was written, in seconds since the epoch."""
    notes: tuple[str, ...] = ()
    """What was changed, a sentence each."""


def files_of(given: Iterable[Path]) -> list[Path]:
    """Return the files that are meant, each once: a folder means each ``*.xml`` in it, a pattern what it matches.

    Raises:
        ConfigError: a folder holds no such file, or a pattern matches none.
    """
    found: dict[str, Path] = {}
    for path in given:
        inside = [path]
        if path.is_dir():
            inside = sorted(path.rglob("*.xml"))
            if not inside:
                raise ConfigError(f"{place(path)}: is a folder that holds no .xml file")
        elif has_magic(str(path)) and not path.exists():
            inside = [Path(name) for name in sorted(glob(str(path), recursive=True))]
            if not inside:
                raise ConfigError(f"{place(path)}: matches no file")
        found |= {os.path.realpath(one): one for one in inside}
    return list(found.values())


def load_junit(path: Path) -> JUnitFile:
    """Return what a file holds.

    Raises:
        ConfigError: it cannot be read, is too large, is empty, or is something else: a page, an archive.
    """
    try:
        with regular_file(path) as file:
            data, modified = file.read(MOST_BYTES + 1), os.fstat(file.fileno()).st_mtime
    except OSError as error:
        raise ConfigError(f"{place(path)}: cannot be read: {error.strerror}") from None
    if len(data) > MOST_BYTES:
        raise ConfigError(f"{place(path)}: is larger than {MOST_BYTES >> 20} MiB: split it")
    if not data.strip():
        raise ConfigError(f"{place(path)}: is empty: what was to write it did not get to its end")
    for begins, kind in _ARCHIVES.items():
        if data.startswith(begins):
            raise ConfigError(f"{place(path)}: is a {kind} archive: unpack it first")
    if _PAGE.match(data):
        raise ConfigError(f"{place(path)}: is an HTML page, and no JUnit XML: perhaps an error of where it came from")
    text, notes = _as_utf_8(data)
    text, replaced = _allowed(text)
    if replaced:
        notes.append(f"{count(replaced, 'character')} that XML does not allow: U+FFFD stands there instead")
    return JUnitFile(path, text, modified, tuple(f"{place(path)}: {note}" for note in notes))


def _as_utf_8(data: bytes) -> tuple[bytes, list[str]]:
    """Return text in UTF-16 as UTF-8, in which secrets can be found."""
    wide = next((name for begins, name in _WIDE.items() if data.startswith(begins)), None)
    if wide is None:
        return data, []
    text = data.decode(wide, "replace")
    return _DECLARATION.sub("", text.removeprefix("\ufeff")).encode(), ["is in UTF-16: it is kept as UTF-8"]


def _allowed(data: bytes) -> tuple[bytes, int]:
    """Return it with U+FFFD in place of what XML does not allow, and how many."""
    declared = _DECLARED.match(data)
    is_utf_8 = declared is None or declared[1].lower() in (b"utf-8", b"utf8", b"us-ascii", b"ascii")
    data, replaced = _CONTROL.subn(_INSTEAD.encode() if is_utf_8 else b"?", data)
    wrong = {found[0] for found in _REFERENCE.finditer(data) if not _is_allowed(found)}
    for reference in wrong:
        replaced += data.count(reference)
        data = data.replace(reference, b"&#xFFFD;")
    if is_utf_8:
        try:
            data.decode()
        except UnicodeDecodeError:
            text = data.decode(errors="replace")
            replaced += text.count(_INSTEAD) - data.count(_INSTEAD.encode())
            data = text.encode()
    return data, replaced


def _is_allowed(reference: re.Match[bytes]) -> bool:
    number = int(reference[1], 16) if reference[1] else int(reference[2])
    return any(number in allowed for allowed in _ALLOWED)
