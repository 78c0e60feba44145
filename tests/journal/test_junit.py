"""Reading JUnit XML: from any file, as a stream, and never to a better result than it says."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from pytest_readiness.errors import ConfigError
from pytest_readiness.facts.evidence import Result
from pytest_readiness.journal import junit_files
from pytest_readiness.journal.junit import Case, read_junit
from pytest_readiness.journal.junit_files import Blocks, same_blocks

MOST = 256 << 20
FILE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def cases(folder: Path, text: str | bytes) -> tuple[Case, ...]:
    """What a file of this content holds."""
    path = folder / "it.xml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_junit(path, MOST).cases


WORDS = st.sampled_from(["run", "passed", "Completed", "failed", "timedout", "notrun", "x", "", " "])
AGAINST = st.sampled_from(["error", "failure", "skipped", "rerunFailure", "timeout", "Failure", "x"])


@FILE
@given(
    st.dictionaries(st.sampled_from(["status", "result", "time", "id"]), WORDS),
    st.dictionaries(st.sampled_from(["errors", "failures", "skipped", "failure", "error", "incomplete"]), st.sampled_from(["0", "1", "x"])),
    st.lists(st.sampled_from(["properties", "system-out", "flakyFailure"])),
    st.lists(AGAINST, min_size=1),
)  # fmt: skip
def test_no_case_with_anything_against_it_has_passed(
    tmp_path: Path, words: dict[str, str], counts: dict[str, str], neutral: list[str], against: list[str]
) -> None:
    """Whatever else a case says; and what speaks against it never makes it better."""

    def result(children: list[str], attributes: dict[str, str]) -> Result:
        said = " ".join(f'{name}="{value}"' for name, value in attributes.items())
        inside = "".join(f"<{child}/>" for child in children)
        (case,) = cases(tmp_path, f'<testsuite><testcase classname="c" name="a" {said}>{inside}</testcase></testsuite>')
        return case.result

    assert result([*neutral, *against], words | counts) is not Result.PASSED
    good = {"", "run", "passed", "completed"}
    if any(words.get(name, "").strip().lower() not in good for name in ("status", "result")) or {"1", "x"} & {
        *counts.values()
    }:
        assert result(neutral, words | counts) is not Result.PASSED


@pytest.mark.parametrize(
    ("case", "result"),
    [
        ("<testcase name='a' Status='failed'/>", Result.FAILED),
        ("<testcase name='a' x:status='failed' xmlns:x='u'/>", Result.FAILED),
        ("<testcase name='a'><properties><failure/></properties></testcase>", Result.FAILED),
        ("<testcase name='a'><system-out><error/></system-out></testcase>", Result.ERROR),
        ("<group><testcase name='a'><failure/></testcase></group>", Result.FAILED),
    ],
)
def test_what_is_against_a_case_is_found_wherever_it_stands(tmp_path: Path, case: str, result: Result) -> None:
    """In other letters, in a namespace, deeper in the case than it should be, or with the case deeper in the suite."""
    assert [found.result for found in cases(tmp_path, f"<testsuite>{case}</testsuite>")] == [result]


PIECES = st.sampled_from(
    ["é", "€", "😀", "&amp;", "&#8;", "&#x1B;", "&#xFFFF;", "\x01", "\x1b", "\uffff", "a", "text "]
)
WRONG = st.sampled_from([b"\xff", b"\xc3", b"\xe2\x82", b"\xed\xa0\x80", b"&", b"&#", b"\x00"])


@FILE
@given(st.lists(PIECES.map(str.encode) | WRONG, max_size=12).map(b"".join), st.integers(1, 7))
def test_what_xml_does_not_allow_is_found_wherever_a_block_ends(tmp_path: Path, data: bytes, size: int) -> None:
    """A reference or a character that lies across two blocks is read as it would be within one."""
    path = tmp_path / "it.xml"
    path.write_bytes(b"<a>" + data)

    def read(block: int) -> tuple[bytes, list[str]]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(junit_files, "_BLOCK", block)
            blocks = Blocks(path, MOST)
            return b"".join(blocks), blocks.notes

    assert read(size) == read(1 << 19)


def test_a_large_file_is_read_without_holding_it(tmp_path: Path) -> None:
    """Output of tests is passed over: what is held does not grow with it."""
    path = tmp_path / "it.xml"
    with path.open("w") as file:
        file.write("<testsuite>")
        for number in range(400):
            file.write(f'<testcase classname="c" name="{number}" time="1"><system-out>{"log " * 10_000}</system-out>')
            file.write("</testcase>")
        file.write("</testsuite>")
    tracemalloc.start()
    try:
        read = read_junit(path, MOST)
        kept = sum(map(len, same_blocks(read.file, MOST)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (len(read.cases), kept) == (400, path.stat().st_size)
    assert peak < 6 << 20


def test_one_tag_is_not_read_without_end(tmp_path: Path) -> None:
    """A parser holds a tag as a whole: one that is longer than any report needs is refused."""
    with pytest.raises(ConfigError, match="has a tag, or a comment, that is larger than 8 MiB"):
        cases(tmp_path, b'<testsuite name="' + b"x" * (9 << 20))


def test_many_comments_before_the_root_take_no_longer_than_few(tmp_path: Path) -> None:
    """Whether a file is a page of HTML is known after one look at each comment."""
    assert cases(tmp_path, "<!-- x -->" * 60 + '<testsuite><testcase name="a" time="1"/></testsuite>')


def test_a_file_that_changed_while_it_was_read_is_no_evidence(tmp_path: Path) -> None:
    """What is kept is what was read."""
    path = tmp_path / "it.xml"
    path.write_text('<testsuite><testcase name="a" time="1"><failure/></testcase></testsuite>')
    read = read_junit(path, MOST)
    path.write_text('<testsuite><testcase name="a" time="1"></testcase></testsuite>')
    with pytest.raises(ConfigError, match="was changed while it was read"):
        list(same_blocks(read.file, MOST))
