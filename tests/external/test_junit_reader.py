"""Reading JUnit XML: any file, as a stream, and never with a better result than the file has."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings, strategies as st

from pytest_readiness.errors import ConfigError
from pytest_readiness.external.junit import files
from pytest_readiness.external.junit.files import TextBlocks, same_blocks
from pytest_readiness.external.junit.reader import JUnitCase, read_junit
from pytest_readiness.external.mapping import MappingRule, map_cases
from pytest_readiness.facts.evidence import Result

LIMIT = 256 << 20
FILE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def cases(folder: Path, text: str | bytes) -> tuple[JUnitCase, ...]:
    """Return the cases of a file with this content."""
    path = folder / "it.xml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_junit(path, LIMIT).cases


VALUES = st.sampled_from(["run", "passed", "Completed", "failed", "timedout", "notrun", "x", "", " "])
BAD = {Result.PASSED: 0, Result.XFAILED: 1, Result.SKIPPED: 1, Result.ERROR: 2, Result.FAILED: 2}
"""Rank of a result: a higher one is worse."""
CHILDREN = st.sampled_from(
    ["properties", "system-out", "system-err", "flakyFailure", "flakyError", "error", "failure", "skipped", "rerunFailure", "rerunError", "timeout", "Failure", "x"]
)  # fmt: skip
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["status", "result", "time", "id", "errors", "failures", "skipped", "failure", "error", "incomplete", "executed"]),
    VALUES | st.sampled_from(["0", "1", "false", "true"]),
    max_size=3,
)  # fmt: skip
COUNTS = st.dictionaries(
    st.sampled_from(["errors", "failures", "tests", "skipped"]), st.sampled_from(["0", "1", "2", "x"])
)


@dataclass
class Given:
    """A test case as it is written."""

    name: str
    attributes: dict[str, str]
    children: list[str]

    def text(self) -> str:
        """Return it as XML."""
        attributes = " ".join(f'{name}="{value}"' for name, value in self.attributes.items())
        return (
            f'<testcase name="{self.name}" {attributes}>{"".join(f"<{child}/>" for child in self.children)}</testcase>'
        )

    def may_have_passed(self) -> bool:
        """Return whether nothing counts against it, by the documentation."""
        statuses = {self.attributes.get(name, "").strip().lower() for name in ("status", "result")}
        counts = {
            self.attributes.get(name, "0").strip() for name in ("errors", "failures", "skipped", "failure", "error")
        }
        counts.add(self.attributes.get("incomplete", "0").strip())
        return (
            statuses <= {"", "run", "passed", "completed"}
            and counts <= {"", "0", "false"}
            and self.attributes.get("executed", "true").strip() in ("", "true", "1")
            and {*self.children} <= {"properties", "system-out", "system-err", "flakyFailure", "flakyError"}
        )


CASES = st.builds(Given, st.sampled_from(["a", "b", "c", ""]), ATTRIBUTES, st.lists(CHILDREN, max_size=3))
SUITES: st.SearchStrategy[Any] = st.recursive(
    CASES, lambda inner: st.tuples(st.sampled_from(["s", "t", ""]), COUNTS, st.lists(inner, max_size=4)), max_leaves=12
)


def written(part: Any) -> str:
    """Return a case, or a suite with its content, as XML."""
    if isinstance(part, Given):
        return part.text()
    name, counts, inside = part
    attributes = " ".join(f'{key}="{value}"' for key, value in counts.items())
    return f'<testsuite name="{name}" {attributes}>{"".join(map(written, inside))}</testsuite>'


def given_in(part: Any) -> list[Given]:
    """Return the cases in the order in which they are written."""
    return [part] if isinstance(part, Given) else [case for inner in part[2] for case in given_in(inner)]


@pytest.mark.slow
@FILE
@given(st.lists(SUITES, max_size=3))
def test_no_case_with_anything_against_it_has_passed(tmp_path: Path, suites: list[Any]) -> None:
    """A child, a value or a count against a case keeps it from PASSED, whatever else the file has."""
    marked = f'<testsuites errors="0">{"".join(map(written, suites))}</testsuites>'
    whole = given_in(("", {}, suites))
    read = [case for case in cases(tmp_path, marked) if case.covered_cases is None]
    assert len(read) == len(whole)
    for expected, case in zip(whole, read, strict=True):
        assert (case.result is Result.PASSED) <= expected.may_have_passed(), expected


@pytest.mark.slow
@FILE
@given(st.lists(SUITES, min_size=1, max_size=3), st.data())
def test_a_bad_child_improves_nothing(tmp_path: Path, suites: list[Any], data: st.DataObject) -> None:
    """With one more failure, error, skip or unknown element in any case, no mapped result gets better."""
    whole = given_in(("", {}, suites))
    assume(whole)
    target = data.draw(st.sampled_from(whole))
    child = data.draw(st.sampled_from(["error", "failure", "skipped", "rerunFailure", "timeout", "Failure", "x"]))

    def verdicts() -> tuple[int, list[int]]:
        read = cases(tmp_path, f'<testsuites errors="0">{"".join(map(written, suites))}</testsuites>')
        tests = map_cases(read, [MappingRule("*", "UC-001/1", "--map")]).tests
        assert {test.targets for test in tests} == {("UC-001/1",)}
        return max(BAD[test.case.result] for test in tests), [
            BAD[case.result] for case in read if case.covered_cases is None
        ]

    before = verdicts()
    target.children.insert(data.draw(st.integers(0, len(target.children))), child)
    after = verdicts()
    assert after[0] >= before[0]
    assert all(now >= then for then, now in zip(before[1], after[1], strict=True))
    assert after[1][[case is target for case in whole].index(True)] > 0


@pytest.mark.parametrize(
    ("case", "result"),
    [
        ("<testcase name='a' status='failed'><skipped/></testcase>", Result.FAILED),
        ("<testcase name='a' status='timedout'><skipped/></testcase>", Result.ERROR),
        ("<testcase name='a' errors='1'><skipped/></testcase>", Result.ERROR),
        ("<testcase name='a'><skipped/><timeout/></testcase>", Result.ERROR),
        ("<testcase name='a' status='untested'><skipped/></testcase>", Result.SKIPPED),
        ("<testcase name='a' status='notrun'><skipped/></testcase>", Result.SKIPPED),
    ],
)
def test_a_skip_takes_nothing_back(tmp_path: Path, case: str, result: Result) -> None:
    """Anything else against a case counts although it was skipped."""
    assert [read.result for read in cases(tmp_path, f"<testsuite>{case}</testsuite>")] == [result]


@pytest.mark.parametrize(
    ("case", "result"),
    [
        ("<testcase name='a' Status='failed'/>", Result.FAILED),
        ("<testcase name='a' x:status='failed' xmlns:x='u'/>", Result.FAILED),
        ("<testcase name='a' status='failed' Status='passed'/>", Result.ERROR),
        ("<testcase name='a' Status='failed' status='passed'/>", Result.ERROR),
        ("<testcase name='a' time='1' x:errors='0' errors='1' xmlns:x='u'/>", Result.ERROR),
        ("<testcase name='a' x:status='run' status='run' x:name='b' xmlns:x='u'/>", Result.PASSED),
        ("<TestCase name='a' status='failed'/>", Result.FAILED),
        ("<testcase name='a'><properties><failure/></properties></testcase>", Result.FAILED),
        ("<testcase name='a'><system-out><error/></system-out></testcase>", Result.ERROR),
        ("<group><testcase name='a'><failure/></testcase></group>", Result.FAILED),
    ],
)
def test_what_is_against_a_case_is_found_wherever_it_stands(tmp_path: Path, case: str, result: Result) -> None:
    """It counts in any letter case, in a namespace, deeper in the case, or with the case deeper in the suite."""
    assert [read.result for read in cases(tmp_path, f"<testsuite>{case}</testsuite>")] == [result]


@pytest.mark.parametrize("counts", ["errors='1' Errors='0'", "Errors='1' errors='0'", "x:failures='1' failures='0'"])
def test_what_is_against_a_suite_is_found_however_it_is_spelled(tmp_path: Path, counts: str) -> None:
    """Of two counts with one name, one does not cancel the other."""
    read = cases(
        tmp_path, f"<TestSuite name='s' xmlns:x='u' {counts}><testcase name='a' timestamp='2026-11-28'/></TestSuite>"
    )
    assert [(case.name, case.result) for case in read] == [("a", Result.PASSED), ("s", Result.ERROR)]


PIECES = st.sampled_from(
    ["é", "€", "😀", "&amp;", "&#8;", "&#x1B;", "&#xFFFF;", "\x01", "\x1b", "\uffff", "a", "text "]
)
WRONG = st.sampled_from([b"\xff", b"\xc3", b"\xe2\x82", b"\xed\xa0\x80", b"&", b"&#", b"\x00"])


@FILE
@given(st.lists(PIECES.map(str.encode) | WRONG, max_size=12).map(b"".join), st.integers(1, 7))
def test_what_xml_does_not_allow_is_found_wherever_a_block_ends(tmp_path: Path, data: bytes, size: int) -> None:
    """A reference or character across two blocks is read as within one block."""
    path = tmp_path / "it.xml"
    path.write_bytes(b"<a>" + data)

    def read(block: int) -> tuple[bytes, list[str]]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(files, "_BLOCK", block)
            blocks = TextBlocks(path, LIMIT)
            return b"".join(blocks), blocks.notes

    assert read(size) == read(1 << 19)


def test_a_large_file_is_read_without_holding_it(tmp_path: Path) -> None:
    """Output of tests is skipped: memory does not grow with it."""
    path = tmp_path / "it.xml"
    with path.open("w") as file:
        file.write("<testsuite>")
        for number in range(400):
            file.write(f'<testcase classname="c" name="{number}" time="1"><system-out>{"log " * 10_000}</system-out>')
            file.write("</testcase>")
        file.write("</testsuite>")
    tracemalloc.start()
    try:
        read = read_junit(path, LIMIT)
        length = sum(map(len, same_blocks(read.file, LIMIT)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (len(read.cases), length) == (400, path.stat().st_size)
    assert peak < 6 << 20


def test_one_tag_is_not_read_without_end(tmp_path: Path) -> None:
    """The parser holds a tag as a whole: a tag longer than any report needs is refused."""
    with pytest.raises(ConfigError, match="has a tag, or a comment, that is larger than 8 MiB"):
        cases(tmp_path, b'<testsuite name="' + b"x" * (9 << 20))


def test_many_comments_before_the_root_take_no_longer_than_few(tmp_path: Path) -> None:
    """Each comment is read once to decide whether a file is HTML."""
    assert cases(tmp_path, "<!-- x -->" * 60 + '<testsuite><testcase name="a" time="1"/></testsuite>')


def test_a_file_that_changed_while_it_was_read_is_no_evidence(tmp_path: Path) -> None:
    """The stored content is the content that was read."""
    path = tmp_path / "it.xml"
    path.write_text('<testsuite><testcase name="a" time="1"><failure/></testcase></testsuite>')
    read = read_junit(path, LIMIT)
    path.write_text('<testsuite><testcase name="a" time="1"></testcase></testsuite>')
    with pytest.raises(ConfigError, match="was changed while it was read"):
        list(same_blocks(read.file, LIMIT))
