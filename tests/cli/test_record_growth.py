"""``readiness record --junit``: the work grows with the report, whatever shape it has."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from tests.growth import assert_steady
from tests.project import CONFIG, Project

pytestmark = pytest.mark.slow

AT = 'timestamp="2026-11-28T10:00:00Z"'
FEW = 150


def cases(count: int, result: str = "", name: str = "t{}", class_name: str = "c") -> str:
    """So many cases."""
    return "".join(
        f'<testcase classname="{class_name}" name="{name.format(n)}" time="1">{result}</testcase>' for n in range(count)
    )


def suite(inside: str, name: str = "s", more: str = "") -> str:
    """A suite."""
    return f'<testsuite name="{name}" {AT} {more}>{inside}</testsuite>'


HOOK = '<testcase classname="" name="tearDownClass (c{})"><error/></testcase>'
SHAPES: dict[str, Callable[[int], str]] = {
    "one suite": lambda count: suite(cases(count)),
    "failures": lambda count: suite(cases(count, '<failure message="no"/>')),
    "a suite for each case": lambda count: "".join(suite(cases(1), f"s{n}") for n in range(count)),
    "a class for each case": lambda count: suite("".join(cases(1, class_name=f"c{n}") for n in range(count))),
    "one name": lambda count: suite(cases(count, name="t")),
    "namesakes in suites": lambda count: "".join(suite(cases(2), f"s{n}") for n in range(count // 2)),
    "suites against which something is": lambda count: "".join(
        suite(cases(1), f"s{n}", 'errors="1"') for n in range(count)
    ),
    "suites within suites": lambda count: '<testsuite name="s">' * count + cases(1) + "</testsuite>" * count,
    "a suite that covers all": lambda count: suite(cases(count), more='errors="1"'),
    "hooks": lambda count: suite(
        "".join(cases(1, class_name=f"c{n}") + HOOK.format(n) for n in range(count // 2))
    ),
    "one hook": lambda count: suite(cases(count) + HOOK.format("")),
    "properties": lambda count: suite(
        cases(count, '<properties><property name="readiness" value="UC-001/1"/></properties>')
    ),
}  # fmt: skip


@pytest.fixture
def placed(project: Project) -> Project:
    """A project in staging."""
    project.monkeypatch.setenv("READINESS_ENVIRONMENT", "staging")
    return project.configured()


@pytest.mark.parametrize(
    ("shape", "before"),
    [
        *((shape, False) for shape in SHAPES),
        *((shape, True) for shape in ("one suite", "a suite for each case", "one name", "hooks", "one hook")),
    ],
)
def test_an_import_grows_with_the_report(placed: Project, shape: str, before: bool) -> None:
    """What a further case costs does not depend on how many there are, also where the store holds the import before."""

    def act(count: int) -> Callable[[], None]:
        report = f"<testsuites>{SHAPES[shape](count)}</testsuites>"
        config = CONFIG.replace("[environments", f'store = "sqlite:///{count}.db"\n\n[environments', 1)

        def record(hour: int) -> None:
            placed.configured(config)
            placed.write(f"{count}.xml", report.replace("T10:", f"T{hour:02}:"))
            result = placed.cli("record", "--junit", f"{count}.xml", "--map", "*=UC-001/1")
            assert result.exit_code == 0, result.output

        (placed.path / f"{count}.db").unlink(missing_ok=True)
        if before:
            record(9)
        return lambda: record(10)

    assert_steady(act, FEW)


@pytest.mark.parametrize("maps", ["one pattern", "a line for each"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_list_grows_with_the_report(placed: Project, shape: str, maps: str) -> None:
    """So does what ``--list`` shows."""

    def act(count: int) -> Callable[[], None]:
        placed.write(f"{count}.xml", f"<testsuites>{SHAPES[shape](count)}</testsuites>")
        lines = [f'"c::t{n}" = "UC-001/1"' for n in range(count if maps == "a line for each" else 1)]
        placed.write(f"{count}.toml", "\n".join(["[map]", *lines]))

        def one() -> None:
            result = placed.cli("record", "--junit", f"{count}.xml", "--list", "--map-file", f"{count}.toml")
            assert result.exit_code == 0, result.output

        return one

    assert_steady(act, FEW)


def test_an_import_of_what_is_stored_already_takes_no_more_memory(placed: Project) -> None:
    """The evidence of the import before it is passed through, and not held: nor is the journal of this one read."""
    peaks = []
    for hour in (9, 10, 11):
        placed.write("report.xml", suite(cases(1500)).replace("T10:", f"T{hour:02}:"))
        tracemalloc.start()
        try:
            assert placed.cli("record", "--junit", "report.xml", "--map", "*=UC-001/1").exit_code == 0
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    first, *later = peaks
    assert max(later) < 1.5 * first + _LOADED, peaks


_LOADED = 2_000_000
"""Bytes of what only a later import loads, such as modules."""
