"""What is said of writers of JUnit XML is said in one place, and the docs say the same."""

from __future__ import annotations

import re
import sys
from itertools import permutations

import pytest

from tests.pages import ROOT, section

PAGE = (ROOT / "docs" / "how-to" / "import-junit.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def of_benchmarks(monkeypatch):
    """The producers are no part of the package."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] in ("producers", "try_producers")]:
        del sys.modules[name]


def test_the_how_to_lists_what_no_file_tells():
    """The table of the page is the one that the producers' own entries make."""
    from producers.table import untold
    from try_producers import PRODUCERS

    told = section(PAGE, "## What the file cannot tell, by producer")
    assert [line for line in told.splitlines() if line.startswith("|")] == list(untold(PRODUCERS))


def test_no_word_of_an_outcome_is_part_of_another():
    """A test's name holds one word: what is recorded of it is of one outcome."""
    from producers.truth import WORDS

    assert not [pair for pair in permutations(WORDS, 2) if pair[0] in pair[1]]


def test_entries_are_of_words_that_there_are():
    """A word that is misspelt in an entry would say nothing, and hide nothing; versions are pinned."""
    from producers.producer import Registry
    from producers.truth import WORDS
    from try_producers import PRODUCERS

    for one in PRODUCERS:
        assert {*one.lacks, *one.cannot_tell, *one.also} <= WORDS
        if one.registry in (Registry.PYPI, Registry.NPM):
            assert all(re.search(r"[=@]\d[\w.]*$", package) for package in one.packages)
    assert len({one.key for one in PRODUCERS}) == len(PRODUCERS)


@pytest.mark.parametrize(
    ("results", "fault"),
    [
        ({"passing": "PASSED", "failing": "PASSED", "flaking": "PASSED"}, "failure: PASSED was recorded"),
        ({"failing": "FAILED", "flaking": "PASSED"}, "pass: nothing was recorded of what passed"),
        ({"passing": "PASSED", "flaking": "FLAKY"}, "flaky: can be told"),
        ({"passing": "PASSED", "flaking": "PASSED", "timingout": "ERROR"}, "timeout: ERROR was recorded of what"),
    ],
)
def test_a_wrong_cell_is_a_fault(results, fault):
    """A pass of what did not pass, a lost pass and an entry that is not true are told, one by one."""
    from producers.producer import Producer, Registry
    from producers.table import Tried, wrong

    one = Producer("one", "one", Registry.NODE, (), (), lacks=frozenset({"timingout"}), cannot_tell={"flaking": "so"})
    assert fault in "\n".join(wrong(Tried(one, "1", results)))


def test_right_cells_are_no_fault():
    """What is recorded as it is, or is PASSED and known not to be told, is right."""
    from producers.producer import Producer, Registry
    from producers.table import Tried, wrong

    one = Producer("one", "one", Registry.NODE, (), (), cannot_tell={"flaking": "so"})
    assert not list(wrong(Tried(one, "1", {"passing": "PASSED", "flaking": "PASSED", "failing": "FAILED"})))


WRITTEN = ROOT / "tests" / "written"
"""What the producers wrote of their suites, without output and what a failure says at length."""


@pytest.mark.slow
@pytest.mark.parametrize("key", sorted(path.name for path in WRITTEN.iterdir()))
def test_what_a_producer_wrote_is_recorded_as_the_how_to_shows(key, project, monkeypatch):
    """Each cell of the page's table is what an import makes of a real report."""
    from producers import imported
    from producers.table import Tried, lines, wrong
    from try_producers import PRODUCERS

    def called(folder, *words):
        monkeypatch.chdir(folder)
        done = project.cli(*words)
        return done.stdout, done.stderr.splitlines()

    monkeypatch.setattr(imported, "_readiness", called)
    (one,) = [one for one in PRODUCERS if one.key == key]
    reports = [report for run in one.runs if (report := WRITTEN / key / run.report).exists()]
    tried = Tried(one, "", imported.take_in(reports, project.path / "taken", one.also).results)
    assert not list(wrong(tried))
    (row,) = [line for line in PAGE.splitlines() if re.match(rf"\| {re.escape(one.name)} [\d.].* \| ", line)]
    assert row.split(" | ")[1:] == list(lines([tried]))[-1].split(" | ")[1:]
