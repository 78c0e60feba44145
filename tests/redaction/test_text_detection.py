"""Tests for the detection of texts."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.recording.artifacts import ArtifactFolder, redacted_stream
from pytest_readiness.redaction.redactor import Redactor
from pytest_readiness.redaction.text_detection import encoding_of

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
ENCODINGS = st.sampled_from(["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=30)
SECRET = "zq7-secret-ü"


def cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """Yield the bytes in blocks of these sizes, and then the rest."""
    for size in sizes:
        if data[:size]:
            yield data[:size]
        data = data[size:]
    if data:
        yield data


@given(TEXTS, SIZES)
def test_what_decodes_as_utf_8_is_a_text(text: str, sizes: list[int]) -> None:
    """UTF-8 is a text in blocks of any size, with a byte order mark and without."""
    marked = any(text.encode().startswith(mark) for mark in (b"\xff\xfe", b"\xfe\xff"))
    assert not marked
    assert encoding_of(cut(text.encode(), sizes), is_text=False) == "utf-8"
    assert encoding_of(cut(text.encode("utf-8-sig"), sizes), is_text=False) == "utf-8"


@given(TEXTS, ENCODINGS, st.integers(4, 9))
def test_wide_encodings_are_known_by_their_mark(text: str, encoding: str, size: int) -> None:
    """UTF-16 and UTF-32 with a byte order mark are texts, and a redaction without matches changes no byte."""
    data = ("\ufeff" + text).encode(encoding)
    blocks = [data[at : at + size] for at in range(0, len(data), size)]
    detected = encoding_of(blocks, is_text=False)
    assert detected == encoding
    assert b"".join(redacted_stream(blocks, detected, Redactor(b"k", {}))) == data


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_secret_is_taken_out_of_each_encoding(encoding: str) -> None:
    """A redacted text stays in its encoding."""
    redactor = Redactor(b"k", {})
    redactor.register(SECRET)
    data = f"before {SECRET} after\n".encode(encoding)
    detected = encoding_of([data], is_text=False)
    assert detected is not None
    redacted = b"".join(redacted_stream([data], detected, redactor))
    assert redacted == "before [REDACTED:registered] after\n".encode(encoding)


@pytest.mark.parametrize(
    "data",
    [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", gzip.compress(b"a text" * 20, mtime=0), b"PK\3\4\x14\0", b"a\0b", b"\xff\xfe\0", b"\xff\xfea\0\0\0",
     "a text".encode("utf-16-le"), b"\xff\xfe\x00\xd8a\0", b"ok until \xff\x01"],
)  # fmt: skip
def test_what_is_no_text(data: bytes) -> None:
    """Images, archives, a NUL, half a character, and UTF-16 without a mark are no texts."""
    assert encoding_of([data], is_text=False) is None


@pytest.mark.parametrize(
    "data", [b"caf\xe9 au lait\r\n", b"\x1b[32mok\x1b[0m\n", b"", b"broken \xe2\x82", "ünïcode\n".encode()]
)
def test_what_is_a_text(data: bytes) -> None:
    """Old encodings, colours, an empty file, and a cut character are texts."""
    assert encoding_of([data], is_text=False) == "utf-8"


@given(st.binary(max_size=200), SIZES, st.booleans())
def test_the_answer_does_not_depend_on_the_blocks(data: bytes, sizes: list[int], is_text: bool) -> None:
    """The result is the same for all bytes, however they are split."""
    whole = encoding_of([data], is_text=is_text)
    assert encoding_of([data[:4], *cut(data[4:], sizes)], is_text=is_text) == whole


def test_a_long_text_without_a_name_is_kept_in_bounded_memory(tmp_path: Path) -> None:
    """A file is read twice, block by block."""
    import tracemalloc

    class Passing(Redactor):
        def stream(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
            yield from blocks

    path, folder = tmp_path / "noext", ArtifactFolder(tmp_path / "kept", 1 << 30)
    path.write_bytes(b"a line that holds nothing of interest\n" * (1 << 19))
    tracemalloc.start()
    artifact = folder.store_file(path, "noext", "application/octet-stream", Passing(b"k", {}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not artifact.unread
    assert peak < path.stat().st_size / 2
