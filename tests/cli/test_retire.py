"""``readiness retire``: a test leaves what must pass, by a person's word and not by being deleted."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.decisions.blockers_and_waivers import _matches
from tests.cli.test_no_regular_file import in_time
from tests.cli.test_record_map import suite
from tests.project import Project
from tests.reviewed_project import ANA, BEN, BOT, DEV, TESTS, approve, decided, record, status, told

pytestmark = pytest.mark.slow

OLD = "test_it.py::test_old"
NO_STORE = "--readiness-store=sqlite:////dev/null/none.db"
"""The run stays in its journal."""
WITH_OLD = TESTS + "\n@evidence('UC-001', item=1)\ndef test_old(): assert 0\n"


def retire(project: Project, test: str = OLD, by: str = ANA, *more: str) -> tuple[int, str, str]:
    """Retire a test; exit code, output and error."""
    result = project.cli("retire", test, "--reason", "shown by another", "--by", by, *more)
    return result.exit_code, result.stdout, result.stderr


def test_a_failing_test_that_was_deleted_is_retired(project: Project) -> None:
    """Deleted it still fails its requirement; retired it does not, and the report tells why and what replaced it."""
    decided(project, tests=WITH_OLD)
    project.tests(TESTS)
    record(project)
    assert project.states("UC-001")["UC-001/1"] == "FAILING"
    code, out, _ = retire(project, OLD, ANA, "--replaced-by", "test_it.py::test_provider")
    assert code == 0
    assert f"{OLD} is retired, replaced by test_it.py::test_provider, by {ANA}" in out
    assert "UC-001 now: IN_PROGRESS, AWAITING_REVIEW" in out
    assert "UC-002" not in out
    assert project.states("UC-001")["UC-001/1"] == "COMPLETE"
    (retirement,) = told(project)["retirements"]
    assert (retirement["test_id"], retirement["reason"], retirement["by"]) == (OLD, "shown by another", ANA)
    approve(project)
    assert status(project) == ("READY_FOR_GO_LIVE", None)


def test_why_rests_on_no_retired_test(project: Project) -> None:
    """What a retired test recorded is labelled as such, where it is all there is and beside what counts."""
    decided(
        project, tests=TESTS + "\n@evidence('UC-002', item=1)\ndef test_only(): pass\n" + WITH_OLD.replace(TESTS, "")
    )
    for test in (OLD, "test_it.py::test_only"):
        assert retire(project, test)[0] == 0
    alone = project.cli("why", "UC-002/1").stdout
    assert "  retired: PASSED at" in alone
    assert "evidence: " not in alone
    beside = project.cli("why", "UC-001/1", "-v").stdout
    assert ("  evidence: " in beside, "  retired: FAILED at" in beside) == (True, True)


def test_a_retired_test_is_no_regression(project: Project) -> None:
    """A gate that only asks for what is not worse than before stays open for a test that a reviewer retired."""
    both = TESTS + "\n@evidence('UC-001', item=1)\ndef test_old(): pass\n"
    decided(project, tests=both)
    assert project.cli("report", "--format", "json", "-o", "before.json").exit_code == 0
    assert project.cli("gate", "--no-regression", "before.json").exit_code == 0
    assert retire(project)[0] == 0
    gate = project.cli("gate", "--no-regression", "before.json")
    assert gate.exit_code == 0, gate.stdout


def test_a_retirement_after_a_review_makes_it_suspect(project: Project) -> None:
    """What was signed with the test is to be signed again without it."""
    decided(project, tests=TESTS + "\n@evidence('UC-001', item=1)\ndef test_old(): pass\n")
    approve(project)
    assert retire(project)[0] == 0
    assert status(project) == ("IN_PROGRESS", "REVIEW_SUSPECT")
    approve(project, "--suspect")
    assert status(project) == ("READY_FOR_GO_LIVE", None)


def test_a_retired_test_that_only_rehearsed_leaves_a_review(project: Project) -> None:
    """A test that failed without an environment said nothing about the use case, and its retirement says nothing."""
    decided(project)
    approve(project)
    project.tests(WITH_OLD)
    project.run("-k", "old", f"--readiness-actor={BOT}", environment=None)
    project.tests(TESTS)
    assert retire(project)[0] == 0
    assert status(project) == ("READY_FOR_GO_LIVE", None)


def test_what_is_refused_is_told_in_a_line_and_not_kept(project: Project) -> None:
    """A stranger, one who ever recorded the test (newer runs of others hide it not), and a second time: exit code 1."""
    decided(project, tests=WITH_OLD)
    record(project, by=BEN)
    record(project, by=BOT)
    for who, why in ((DEV, "not a listed reviewer"), (BEN, "four eyes")):
        code, _, err = retire(project, OLD, who)
        assert (code, len(err.splitlines())) == (1, 1)
        assert why in err
    assert told(project)["retirements"] == []
    assert retire(project)[0] == 0
    assert "retired already" in retire(project)[2]
    assert len(told(project)["retirements"]) == 1


def test_who_recorded_other_tests_alone_may_retire(project: Project) -> None:
    """What a reviewer recorded of another test is no evidence of this one, in the store or in a journal."""
    decided(project, tests=WITH_OLD)
    record(project, "-k", "not old", NO_STORE, by=BEN)
    assert len(project.journals) == 1
    assert retire(project, by=BEN)[0] == 0


@pytest.mark.parametrize("more", [("-k", "old"), ("-x", "-k", "trace or old")], ids=["ran", "not reached"])
@pytest.mark.parametrize("store", [(), (NO_STORE,)], ids=["store", "journal"])
def test_who_recorded_the_test_may_not_retire_it(
    project: Project, store: tuple[str, ...], more: tuple[str, ...]
) -> None:
    """Wherever that is kept, and whatever it showed."""
    failing = "\n@evidence('UC-002', item=2)\ndef test_trace_first(): assert os.environ.get('PROVIDER') != 'down'\n"
    decided(project, tests=failing + WITH_OLD)
    project.monkeypatch.setenv("PROVIDER", "down")
    record(project, *more, *store, by=BEN)
    code, _, err = retire(project, by=BEN)
    assert (code, "four eyes" in err) == (1, True), err


def test_only_what_has_evidence_can_be_retired(project: Project) -> None:
    """A misspelt test, a misspelt replacement and a test replaced by itself exit 2; the nearest name is told."""
    decided(project, tests=WITH_OLD)
    for test, more, why in (
        ("test_it.py::test_odl", (), f"did you mean '{OLD}'?"),
        (OLD, ("--replaced-by", "test_it.py::test_providr"), "did you mean 'test_it.py::test_provider'?"),
        (OLD, ("--replaced-by", OLD), "cannot replace itself"),
    ):
        code, _, err = retire(project, test, ANA, *more)
        assert (code, len(err.splitlines())) == (2, 1), err
        assert why in err
    assert project.cli("retire", OLD, "--by", ANA).exit_code == 2
    assert told(project)["retirements"] == []


CHANGING = (
    TESTS
    + """
import uuid

@pytest.mark.parametrize("key", [uuid.uuid4().hex])
@evidence("UC-001", item=1)
def test_old(key): assert {held}
"""
)


def test_a_test_whose_id_changes_in_each_run_says_how_to_retire_it(project: Project) -> None:
    """The failure of an id that no later run has says so, and the command that it names takes all such ids at once."""
    decided(project, tests=CHANGING.format(held="0"))
    record(project)
    project.tests(CHANGING.format(held="1"))
    record(project)
    assert project.states("UC-001")["UC-001/1"] == "FAILING"
    shown = " ".join(project.cli("why", "UC-001/1").stdout.split())
    assert "ran others but not this one), a reviewer retires it" in shown
    assert "readiness retire 'test_it.py::test_old[*' --reason" in shown
    code, out, err = retire(project, "test_it.py::test_old[*")
    assert (code, err) == (0, "")
    assert out.count("is retired, by") == 2
    assert project.states("UC-001")["UC-001/1"] == "COMPLETE"


def test_a_failing_test_that_still_runs_is_only_told_to_be_mended(project: Project) -> None:
    """Where the newest run has the failing test, nobody is told to retire it, and no pattern takes it."""
    decided(project, tests=WITH_OLD)
    record(project)
    assert "readiness retire" not in project.cli("why", "UC-001/1").stdout
    code, _, err = retire(project, "test_it.py::test_o*")
    assert (code, len(err.splitlines())) == (2, 1)
    assert "still runs" in err
    assert told(project)["retirements"] == []


OTHER = "@evidence('UC-001', item=2)\ndef test_b(): pass\n"


@pytest.mark.parametrize("pattern", ["test_it.py::*", "test_it.py::test_o*", "*"])
def test_a_run_of_other_files_takes_no_test_away(project: Project, pattern: str) -> None:
    """A later run of another file, or of another test of the file, says nothing of a test that is still in its file."""
    head = "import pytest\nfrom pytest_readiness import evidence\n"
    decided(project, tests=WITH_OLD)
    project.write("test_other.py", head + OTHER)
    record(project, "test_other.py")
    record(project, "test_it.py::test_trace")
    code, _, err = retire(project, pattern)
    assert (code, "is still in its file" in err) == (2, True), err
    assert project.states("UC-001")["UC-001/1"] == "FAILING"
    (project.path / "test_it.py").unlink()
    code, out, err = retire(project, "test_it.py::*")
    assert (code, err, f"{OLD} is retired" in out) == (0, "", True)
    assert project.states("UC-001")["UC-001/1"] == "MISSING"


def imported(project: Project, at: str, *cases: str, maps: str = "*=UC-001/1") -> None:
    """Import a report of these cases; a failure where ``!`` stands behind one."""
    project.write("it.xml", suite("s", *cases, at=at))
    done = project.cli("record", "--junit", "it.xml", "--map", maps, "--environment", "staging", "--actor", DEV)
    assert done.exit_code == 0, done.output


def test_imported_tests_that_are_gone_are_retired_by_a_pattern(project: Project) -> None:
    """A file that was removed, or a test that was renamed: the next report of the same mapping does not hold them."""
    decided(project)
    imported(project, "10", "a::one", "a::two!", "b::three!", "b::four!", "c::five", "c::six")
    code, _, err = retire(project, "b::*")
    assert (code, "is not known to be removed" in err) == (2, True), err
    assert "if it was removed" not in project.cli("why", "UC-001/1").stdout
    imported(project, "11", "a::one", "a::two!", "c::five", "c::six")
    code, out, err = retire(project, "*::*")
    assert (code, err) == (0, "")
    assert [line.partition(" is retired")[0] for line in out.splitlines()[:-1]] == ["b::four", "b::three"]
    assert project.states("UC-001")["UC-001/1"] == "FAILING"
    assert "if it was removed" not in project.cli("why", "UC-001/1").stdout
    imported(project, "12", "a::one", "a::twice", "c::five", "c::six")
    shown = " ".join(project.cli("why", "UC-001/1").stdout.split())
    assert "imported others but not this one), a reviewer retires it: `readiness retire a::two --reason ...`" in shown
    assert retire(project, "a::tw*", ANA, "--replaced-by", "a::twice")[0] == 0
    assert project.states("UC-001")["UC-001/1"] == "COMPLETE"


@pytest.mark.parametrize(
    ("at", "maps", "cases"),
    [
        ("11", "*=UC-001/1", ("a::one",)),
        ("11", "a::*=UC-001/1", ("a::one", "a::two", "a::three")),
        ("11", "*=UC-001/1", ("z::one", "z::two", "z::three")),
        ("09", "*=UC-001/1", ("a::one", "a::two", "a::three")),
        ("11", "*=UC-001/1", ("a::one", "a::two", "a::three", "b::four")),
    ],
    ids=["a run of few", "another mapping", "another report", "an older report", "it is there"],
)
def test_no_other_import_takes_imported_tests_away(
    project: Project, at: str, maps: str, cases: tuple[str, ...]
) -> None:
    """A partial run, another mapping or report, or an older one, says nothing of a test that it does not hold."""
    decided(project)
    imported(project, "10", "a::one", "a::two", "a::three", "b::four!")
    imported(project, at, *cases, maps=maps)
    assert retire(project, "b::*")[0] == 2
    assert told(project)["retirements"] == []


def test_a_case_that_a_later_run_deselected_is_not_gone(project: Project) -> None:
    """With -k the other cases run alone, and this one still is."""
    cases = "\n@pytest.mark.parametrize('n', ['one', 'two'])\n@evidence('UC-001', item=1)\ndef test_old(n): assert n != 'two'\n"
    decided(project, tests=TESTS + cases)
    record(project, "-k", "one")
    assert retire(project, "test_it.py::test_old[*")[0] == 2
    record(project, "-k", "one", NO_STORE)
    assert retire(project, "test_it.py::test_old[*")[0] == 2
    project.tests(TESTS + cases.replace(", 'two'", ""))
    record(project)
    assert retire(project, "test_it.py::test_old[*")[0] == 0


CASES = """
@pytest.mark.parametrize("n", ["one", "two"])
@evidence("UC-001", item=1)
def test_old(n): assert n != "two"
"""


@pytest.mark.parametrize(
    "asked",
    [
        ("test_it.py::test_old[one]",),
        ("test_it.py::test_old[one]", "test_it.py::test_trace", NO_STORE),
        ("-o", "addopts=test_it.py::test_old[one]"),
        ("-k", "one"),
        ("--deselect", "test_it.py::test_old[two]"),
    ],
    ids=["by its id", "in a journal", "by the ini file", "by a word", "the other left out"],
)
def test_a_run_that_was_asked_for_single_tests_says_nothing_of_the_others(
    project: Project, asked: tuple[str, ...]
) -> None:
    """Nobody is told to retire a case that is still in its file, and no pattern takes it; a run of the file tells."""
    decided(project, tests=TESTS + CASES)
    record(project)
    record(project, *asked)
    assert "readiness retire" not in project.cli("why", "UC-001/1").stdout
    code, _, err = retire(project, "test_it.py::test_old[*")
    assert (code, "run the whole file" in err) == (2, True), err
    assert project.states("UC-001")["UC-001/1"] == "FAILING"
    project.tests(TESTS + CASES.replace(', "two"', ""))
    record(project, "test_it.py")
    assert "retire 'test_it.py::test_old[*'" in " ".join(project.cli("why", "UC-001/1").stdout.split())
    code, out, err = retire(project, "test_it.py::test_old[*")
    assert (code, err, "test_old[two] is retired" in out) == (0, "", True)


def test_a_run_of_what_failed_last_says_nothing_of_the_others(project: Project) -> None:
    """pytest does not even collect what passed last: a case that is not among those that failed is not gone."""
    decided(project, tests=TESTS + CASES)
    record(project)
    project.tests(TESTS + CASES.replace('n != "two"', 'n != "one"'))
    project.run_apart("-p", "cacheprovider", "--readiness-actor=ci-bot")
    project.run_apart("-p", "cacheprovider", "--last-failed", "--readiness-actor=ci-bot")
    project.tests(TESTS + CASES)
    assert retire(project, "test_it.py::test_old[*")[0] == 2


def test_a_pattern_takes_what_is_gone_and_nothing_else(project: Project) -> None:
    """Brackets stand for themselves, a pattern that matches nothing is an error, and four eyes hold for each test."""
    cases = "\n@pytest.mark.parametrize('n', [{n}])\n@evidence('UC-001', item=1)\ndef test_old(n): assert {held}\n"
    decided(project, tests=TESTS + cases.format(n="1, 2", held="n != 2"))
    record(project)
    project.tests(TESTS + cases.format(n="1", held="1"))
    record(project, by=BEN)
    code, _, err = retire(project, "test_it.py::test_old[3*")
    assert (code, "there is no evidence from a test that matches" in err) == (2, True)
    assert "letter case" not in err
    code, _, err = retire(project, "Test_it.py::*")
    assert (code, err.rstrip().endswith(": 'test_it.py::test_old[1]' differs in letter case")) == (2, True), err
    code, out, _ = retire(project, "*::test_old[*]")
    assert (code, [line.partition(" ")[0] for line in out.splitlines() if "is retired" in line]) == (
        0,
        ["test_it.py::test_old[2]"],
    )
    assert "retired yet" in retire(project, "*::test_old[2*")[2]


def test_a_pattern_is_refused_whole(project: Project) -> None:
    """One who recorded any of the matching tests retires none of them."""
    decided(project, tests=CHANGING.format(held="0"))
    record(project, by=BEN)
    record(project)
    code, _, err = retire(project, "test_it.py::test_old[*", BEN)
    assert (code, "four eyes" in err) == (1, True)
    assert told(project)["retirements"] == []


def test_a_pattern_of_many_stars_is_matched_at_once(project: Project) -> None:
    """It is said in a line that it matches nothing; what is between the stars is looked for once."""
    long = "\n@pytest.mark.parametrize('n', ['a' * 60])\n@evidence('UC-001', item=1)\ndef test_old(n): assert {held}\n"
    decided(project, tests=TESTS + long.format(held="0"))
    record(project)
    stars = "test_it.py*" + "*a" * 24
    with in_time():
        code, _, err = retire(project, f"{stars}*Z")
        reported = project.cli("report", f"{'*a' * 24}*Z")
    assert (code, len(err.splitlines()), reported.exit_code) == (2, 1, 2)
    assert "there is no evidence from a test that matches" in err
    project.tests(TESTS)
    record(project)
    with in_time():
        code, out, _ = retire(project, f"{stars}*]")
    assert (code, out.count("is retired, by")) == (0, 1)


@given(st.text("ab*", max_size=8), st.text("ab\n", max_size=8))
def test_a_star_stands_for_any_text(pattern: str, name: str) -> None:
    """What matches is what the regular expression would say that tries everything."""
    expected = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL) is not None
    assert _matches(pattern, name) == expected
