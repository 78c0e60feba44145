"""A failing case whose parameter is a secret is mended by no other case that takes its place in the list."""

from __future__ import annotations

import pytest

from tests.plugin.test_secrets import kept
from tests.project import CONFIG, XDIST, Project

pytestmark = pytest.mark.slow

HOW = pytest.mark.parametrize("how", [(), XDIST], ids=["alone", "xdist"])
KEYS = {"KEY_A_TOKEN": "aaaQ9xLm21kkzzT", "KEY_B_TOKEN": "bbbQ9xLm21kkzzU", "KEY_C_TOKEN": "cccQ9xLm21kkzzV"}
A, B, C = (f'os.environ["{name}"]' for name in KEYS)
REVIEWED = f'{CONFIG}\n[review]\nreviewers = ["rev@example.com"]\n'

LISTED = """
CASES = [{cases}]
@pytest.mark.parametrize("key", CASES)
@evidence("UC-001", item=1)
def test_it(key): assert not key.startswith("aaa") or pathlib.Path("mended").exists()
"""
IN_THE_MARK = """
@pytest.mark.parametrize("key", [{cases}])
@evidence("UC-001", item=1)
def test_it(key): assert not key.startswith("aaa")
"""
ON_THE_CLASS = """
class Base:
    @evidence("UC-001", item=1)
    def test_it(self, key): assert not key.startswith("aaa")

@pytest.mark.parametrize("key", [{cases}])
class TestIt(Base): pass
"""
OF_THE_MODULE = """
pytestmark = pytest.mark.parametrize("key", [{cases}])
@evidence("UC-001", item=1)
def test_it(key): assert not key.startswith("aaa")
"""
BY_A_FIXTURE = """
@pytest.fixture(params=[{cases}])
def key(request): return request.param
@evidence("UC-001", item=1)
def test_it(key): assert not key.startswith("aaa")
"""
BY_A_HOOK = """
def pytest_generate_tests(metafunc):
    metafunc.parametrize("key", [{cases}])
@evidence("UC-001", item=1)
def test_it(key): assert not key.startswith("aaa")
"""
APPENDED = """
CASES = []
for one in {cases}, : CASES.append(one)
@pytest.mark.parametrize("key", CASES)
@evidence("UC-001", item=1)
def test_it(key): assert not key.startswith("aaa")
"""
ELSEWHERE = """
from lists import keys
@pytest.mark.parametrize("key", keys())
@evidence("UC-001", item=1)
def test_it(key): assert not key.startswith("aaa")
"""
WRITTEN = {
    "in the mark": IN_THE_MARK,
    "on the class": ON_THE_CLASS,
    "of the module": OF_THE_MODULE,
    "by a fixture": BY_A_FIXTURE,
    "by a hook": BY_A_HOOK,
    "appended": APPENDED,
}


@pytest.fixture
def keyed(project: Project) -> Project:
    """A project in an environment with secrets."""
    for name, value in KEYS.items():
        project.monkeypatch.setenv(name, value)
    return project.configured(config=REVIEWED)


def state(project: Project) -> str:
    """Of the requirement that the cases show."""
    return project.states()["UC-001/1"]


@pytest.mark.parametrize(
    ("after", "more"),
    [((B,), ()), ((B, A), ("-k", "bbb")), ((B, C), ()), ((C, B, A), ("-k", "not aaa"))],
    ids=["deleted", "moved", "deleted and another added", "moved and another added"],
)
def test_an_edited_list_mends_no_case(keyed: Project, after: tuple[str, ...], more: tuple[str, ...]) -> None:
    """Deleted, moved or followed by another: the failure stands."""
    keyed.tests(LISTED.format(cases=f"{A}, {B}"))
    keyed.run_apart().assert_outcomes(passed=1, failed=1)
    keyed.tests(LISTED.format(cases=", ".join(after)))
    keyed.run_apart(*more)
    assert state(keyed) == "FAILING"
    assert not [value for value in KEYS.values() if value in str([piece.test_id for piece in kept(keyed)])]


@pytest.mark.parametrize("source", WRITTEN.values(), ids=WRITTEN)
def test_so_it_is_wherever_the_list_is_written(keyed: Project, source: str) -> None:
    """In a mark of the test, of its class or its module, in a fixture or a hook, or made step by step."""
    keyed.tests(source.format(cases=f"{A}, {B}"))
    keyed.run_apart().assert_outcomes(passed=1, failed=1)
    keyed.tests(source.format(cases=f"{B}, {A}"))
    keyed.run_apart("-k", "bbb").assert_outcomes(passed=1)
    assert state(keyed) == "FAILING"


def test_a_list_in_another_file_of_the_tests(keyed: Project) -> None:
    """So it is with a list that is imported, and with one that a function returns."""
    keyed.tests(ELSEWHERE)
    keyed.write("lists.py", f"import os\ndef keys(): return [{A}, {B}]\n")
    keyed.run_apart().assert_outcomes(passed=1, failed=1)
    keyed.write("lists.py", f"import os\ndef keys(): return [{B}, {A}]\n")
    keyed.run_apart("-k", "bbb").assert_outcomes(passed=1)
    assert state(keyed) == "FAILING"


def test_samples_of_secrets_in_the_code(keyed: Project) -> None:
    """They are no secrets of an environment, and look like some: the second takes the place of the first."""
    first, second = '"AKIAABCDEFGHIJKLMNOP"', '"AKIAZBCDEFGHIJKLMNOP"'
    source = IN_THE_MARK.replace('"aaa"', '"AKIAA"')
    keyed.tests(source.format(cases=f"{first}, {second}"))
    keyed.run_apart().assert_outcomes(passed=1, failed=1)
    for after in ((second,), (second, first)):
        keyed.tests(source.format(cases=", ".join(after)))
        keyed.run_apart("-k", "AKIAZ").assert_outcomes(passed=1)
        assert state(keyed) == "FAILING"
    assert not [piece for piece in kept(keyed) if "AKIA" in piece.test_id]


@HOW
def test_rotated_secrets_and_a_blank_leave_the_cases_what_they_are(keyed: Project, how: tuple[str, ...]) -> None:
    """The list is as it was, whatever it holds today and however it is laid out: the pass mends the failure."""
    keyed.tests(LISTED.format(cases=f"{A}, {B}"))
    keyed.run_apart(*how).assert_outcomes(passed=1, failed=1)
    for name in KEYS:
        keyed.monkeypatch.setenv(name, f"aaa-{name.lower()}-zq7")
    keyed.write("mended", "")
    keyed.tests("# keys of today\n" + LISTED.format(cases=f"\n    {A},  # the first\n    {B},\n"))
    keyed.run_apart(*how).assert_outcomes(passed=2)
    assert state(keyed) == "COMPLETE"


@HOW
def test_a_secret_that_becomes_known_late(keyed: Project, how: tuple[str, ...]) -> None:
    """The names of cases that ran before it was known become what they would have been."""
    source = """
    @pytest.mark.parametrize("key", [{cases}])
    @evidence("UC-001", item=1)
    def test_it(key, record_evidence):
        if "second" in key:
            for one in ("zq7-first-1", "zq7-second-2"): record_evidence.secret(one)
        assert "second" in key
    """
    keyed.tests(source.format(cases='"zq7-first-1", "zq7-second-2"'))
    keyed.run_apart(*how).assert_outcomes(passed=1, failed=1)
    keyed.tests(source.format(cases='"zq7-second-2"'))
    keyed.run_apart(*how).assert_outcomes(passed=1)
    assert state(keyed) == "FAILING"
    assert not [piece for piece in kept(keyed) if "zq7" in piece.test_id]


def test_the_cases_are_counted_whichever_are_asked_for(keyed: Project) -> None:
    """A case has one name, run by itself, with the others, or left out."""
    keyed.tests(LISTED.format(cases=f"{A}, {B}, 'other'"))
    for more in ((), ("-k", "bbb"), (f"test_it.py::test_it[{KEYS['KEY_B_TOKEN']}]",)):
        keyed.run_apart(*more)
    assert len({piece.test_id for piece in kept(keyed)}) == 3
    assert len([piece for piece in kept(keyed) if "case-1-of-3" in piece.test_id]) == 3


def test_what_is_gone_is_retired_by_a_pattern(keyed: Project) -> None:
    """The advice names it, and it takes the cases of the list as it was, and none that still runs."""
    keyed.tests(LISTED.format(cases=f"{A}, {B}"))
    keyed.run_apart()
    keyed.tests(LISTED.format(cases=B))
    keyed.run_apart()
    shown = " ".join(keyed.cli("why", "UC-001/1").stdout.split())
    assert "readiness retire 'test_it.py::test_it[*' --reason" in shown
    retired = keyed.cli("retire", "test_it.py::test_it[*", "--reason", "no such key", "--by", "rev@example.com")
    assert (retired.exit_code, retired.stdout.count("is retired, by")) == (0, 2), retired.output
    assert state(keyed) == "COMPLETE"
