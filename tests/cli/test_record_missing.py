"""``readiness record --junit``: what an import lacks that the one before it had."""

from __future__ import annotations

import pytest

from tests.cli.test_record_map import record, results, suite
from tests.project import CONFIG, Project

pytestmark = pytest.mark.slow

MISSING = "of the earlier import"
OTHERWISE = "of an earlier import under another name"


@pytest.fixture
def placed(project: Project) -> Project:
    """A project in staging, whose reviewer may retire tests."""
    project.monkeypatch.setenv("READINESS_ENVIRONMENT", "staging")
    return project.configured(f'{CONFIG}\n[review]\nreviewers = ["rm@example.com"]\nseparate = false\n')


def test_what_the_earlier_import_had_is_missing(placed: Project) -> None:
    """A file that does not load leaves its tests out of the report, and their passes in force: that is told."""
    record(placed, suite("a", "A::one", "A::two") + suite("b", "B::three"), "*=UC-001/1")
    result = record(placed, suite("a", "A::one", at="11"), "*=UC-001/1")
    (line,) = [line for line in result.stderr.splitlines() if MISSING in line]
    assert line.startswith("readiness: 2 tests of the earlier import 20")
    assert line.endswith(
        " are missing ('A::two', 'B::three'): their last results count until they are imported again or retired"
    )
    again = record(placed, suite("a", "A::one", "A::two", at="12") + suite("b", "B::three", at="12"), "*=UC-001/1")
    assert again.stderr == ""


def test_a_file_that_did_not_load_is_told_as_one(placed: Project) -> None:
    """Of many tests that are missing, those of a class stand together, with how many; the largest first."""
    many = [f"B::t{number}" for number in range(12)]
    record(placed, suite("a", "A::one", "A::two", "A::three", "C::gone") + suite("b", *many), "*=UC-001/1")
    result = record(placed, suite("a", "A::one", at="11"), "*=UC-001/1")
    assert " are missing (all 12 of 'B', 2 of 'A', 'C::gone'): their last results count" in result.stderr
    others = [f"K{number}::{name}" for number in range(7) for name in "ab"] + ["loose", "loose too"]
    record(placed, suite("k", "A::one", *others, at="12"), "*=UC-002/1")
    result = record(placed, suite("k", "A::one", at="13"), "*=UC-002/1")
    assert "16 tests of" in result.stderr
    assert (
        " are missing (all 2 of 'K0', all 2 of 'K1', all 2 of 'K2', all 2 of 'K3', all 2 of 'K4' and 6 more): "
        in result.stderr
    )


def test_all_tests_of_the_same_suites_are_missing(placed: Project) -> None:
    """Also where no test of the earlier import is left."""
    record(placed, suite("a", "A::one"), "*=UC-001/1")
    assert "1 test of the earlier import" in record(placed, suite("a", "A::two", at="11"), "*=UC-001/1").stderr
    other = record(placed, suite("c", "C::one", at="12"), "*=UC-001/1")
    assert MISSING not in other.stderr


@pytest.mark.parametrize("differs", ["mapping", "environment", "file"])
def test_what_another_report_had_is_not_missing(placed: Project, differs: str) -> None:
    """Another mapping, another environment, or a report with other suites and tests is no earlier import of this one."""
    record(placed, suite("a", "A::one", "A::two"), "*=UC-001/1")
    if differs == "environment":
        placed.monkeypatch.setenv("READINESS_ENVIRONMENT", "dev")
    name = "b" if differs == "file" else "a"
    test = "B::one" if differs == "file" else "A::one"
    result = record(placed, suite(name, test, at="11"), "A::one=UC-001/1" if differs == "mapping" else "*=UC-001/1")
    assert MISSING not in result.stderr


def test_an_order_of_rules_and_a_file_of_maps_are_the_same_mapping(placed: Project) -> None:
    """What is mapped decides, and not where it is written."""
    record(placed, suite("a", "A::one", "A::two"), "A::*=UC-001/1", "*=UC-002/1")
    placed.write("maps.toml", '[map]\n"*" = "UC-002/1"\n"A::*" = "UC-001/1"\n')
    placed.write("it.xml", suite("a", "A::one", at="11"))
    result = placed.cli("record", "--junit", "it.xml", "--map-file", "maps.toml")
    assert "1 test of the earlier import" in result.stderr


def test_what_came_meanwhile_or_was_retired_is_not_missing(placed: Project) -> None:
    """A shard that was imported by itself is no gap of the next one, nor is a test that a reviewer let go."""
    record(placed, suite("a", "A::one", "A::two", "A::three"), "*=UC-001/1")
    record(placed, suite("a", "A::two", at="11"), "*=UC-001/1")
    retired = placed.cli("retire", "A::three", "--reason", "gone", "--by", "rm@example.com")
    assert retired.exit_code == 0, retired.output
    assert MISSING not in record(placed, suite("a", "A::one", at="12"), "*=UC-001/1").stderr


@pytest.mark.parametrize(
    ("first", "then", "old", "new"),
    [("*", "group/*", "t::one", "group/t::one"), ("group/*", "t::*", "group/t::one", "t::one")],
)
def test_a_failure_under_another_name_is_told(placed: Project, first: str, then: str, old: str, new: str) -> None:
    """Who changes a mapping is told of the failures that it leaves behind, until they are mended or let go."""
    record(placed, suite("group", "t::one!"), f"{first}=UC-001/1")
    message = (
        f"readiness: 1 failure {OTHERWISE} still counts, such as '{old}' (here '{new}'): "
        "import under that name, or retire it"
    )
    assert message in record(placed, suite("group", "t::one", at="11"), f"{then}=UC-001/1").stderr.splitlines()
    record(placed, suite("group", "t::one", at="12"), f"{first}=UC-001/1")
    assert OTHERWISE not in record(placed, suite("group", "t::one", at="13"), f"{then}=UC-001/1").stderr
    assert dict(results(placed)) == {old: "PASSED", new: "PASSED"}


def test_a_store_that_cannot_be_read_costs_no_import(placed: Project) -> None:
    """What an import lacks is not known then; that it cannot be kept is told as ever."""
    record(placed, suite("a", "A::one", "A::two"), "*=UC-001/1")
    (placed.path / ".readiness" / "evidence.db").write_bytes(b"no database")
    placed.write("it.xml", suite("a", "A::one", at="11"))
    result = placed.cli("record", "--junit", "it.xml", "--map", "*=UC-001/1")
    assert (result.exit_code, "Traceback" in result.output, MISSING in result.stderr) == (3, False, False)
    assert len(placed.journals) == 1
