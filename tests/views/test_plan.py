"""The plan: which tests claim what, and what no test claims."""

from __future__ import annotations

import csv
import io
import json
from textwrap import dedent

import pytest
from wcwidth import wcswidth

from pytest_readiness.views.line_writer import plain_lines
from pytest_readiness.views.plan import Plan, PlanRow, UnmatchedRule, render_csv, render_json, render_plan

from . import values
from .hostile import HOSTILE, dangers


def plan_of_the_tracker() -> Plan:
    """Three requirements of one of many use cases are claimed."""
    ids = values.tracker_ids()
    catalogue = values.catalogue(ids)
    tests = {
        "UC-003/4": ("tests/a.py::test_x", "tests/a.py::test_y"),
        "UC-003/5": ("tests/a.py::test_x",),
        "UC-003/6/rotation": ("tests/a.py::test_z",),
    }
    rows = [
        PlanRow(
            need.id,
            need.use_case,
            need.item,
            tests.get(need.id, ()),
            need.environment,
            need.provider_mode,
            need.part,
        )
        for name in ids
        for need in catalogue.requirements(name)
    ]
    titles = {key: item.title for key, item in catalogue.items.items()}
    return Plan(tuple(rows), titles, {}, (UnmatchedRule("tests/old/**", "readiness.toml:7", ": it is near"),))


def test_the_matrix_counts_the_tests_and_each_requirement_names_them():
    """First the number of tests by use case and item; then each claimed requirement, what is unclaimed, and totals."""
    expected = """
        UC                1  2  3  4  5  6   7
        UC-001            ·  ·  ·  ·  ·  ·   ·
        UC-002            ·  ·  ·  ·  ·  ·   ·
        UC-003            ·  ·  ·  2  1  1*  ·
        UC-004 to UC-032  ·  ·  ·  ·  ·  ·   ·
        number of tests for each item; · no test; * at least one of its requirements has
        no test
        1  The provider accepts the credentials, for each provider mode in use
        2  The connector completes its handshake in each target environment
        3  The installed SDK is attested, and the attestation reads back from a persist…
        4  A real run leaves a deterministic trace
        5  A recorded run replays, and says whether FULL or TRACE_ONLY
        6  Secrets can be rotated, and a revoked one is refused
        7  Failure drills are executed and leave an audit trail

        UC-003/4
            tests/a.py::test_x
            tests/a.py::test_y
        UC-003/5
            tests/a.py::test_x
        UC-003/6/rotation
            tests/a.py::test_z

        not claimed by any test
          UC-001, UC-002, UC-004 to UC-032
            1/BYOK, 2/staging, 3/staging, 4, 5, 6/rotation, 6/revocation, 7
          UC-003
            1/BYOK, 2/staging, 3/staging, 6/revocation, 7

        rules of [claims] that match no collected test
          readiness.toml:7: 'tests/old/**': it is near

        3 of 256 requirements claimed, by 3 tests; 253 not claimed
    """
    lines = plain_lines(render_plan(plan_of_the_tracker(), 80)).splitlines()
    wanted = [line.strip() for line in dedent(expected).strip("\n").splitlines()]
    assert [line.strip() for line in lines] == wanted


def test_a_narrow_terminal_shows_every_item_in_blocks():
    """No column is lost where the items do not fit beside each other."""
    rows = tuple(PlanRow(f"UC-1/{key}", "UC-1", key, ("t",)) for key in "abcdefgh")
    output = plain_lines(render_plan(Plan(rows, dict.fromkeys("abcdefgh", "")), 20))
    headers = [line.split()[1:] for line in output.splitlines() if line.startswith("UC ")]
    assert [key for header in headers for key in header] == list("abcdefgh")
    assert max(map(len, output.splitlines())) <= 20


def test_the_json_has_the_numbers_of_the_matrix():
    """The document counts and lists what the lines do, and equal plans give equal bytes."""
    text = "".join(render_json(plan_of_the_tracker()))
    assert text == "".join(render_json(plan_of_the_tracker()))
    document = json.loads(text)
    assert document["schema"] == "readiness/plan/v1"
    assert document["totals"] == {"requirements": 256, "claimed": 3, "tests": 3}
    (case,) = [case for case in document["use_cases"] if case["id"] == "UC-003"]
    assert {item["item"]: item["tests"] for item in case["items"]} == {
        "1": 0, "2": 0, "3": 0, "4": 2, "5": 1, "6": 1, "7": 0
    }  # fmt: skip
    assert case["items"][5]["requirements"][0] == {
        "id": "UC-003/6/rotation",
        "environment": None,
        "provider_mode": None,
        "part": "rotation",
        "tests": ["tests/a.py::test_z"],
    }
    assert len(document["unclaimed"]) == 253
    assert document["unmatched_rules"] == [{"rule": "tests/old/**", "where": "readiness.toml:7"}]


def test_a_test_that_claims_two_requirements_of_an_item_is_one_test():
    """The numbers are of tests, and not of claims."""
    rows = tuple(
        PlanRow(f"UC-003/6/{part}", "UC-003", "6", ("a.py::test_x", f"a.py::test_{part}"), part=part)
        for part in ("rotation", "revocation")
    )
    document = json.loads("".join(render_json(Plan(rows, {"6": "keys"}))))
    assert document["totals"] == {"requirements": 2, "claimed": 2, "tests": 3}
    assert document["use_cases"][0]["items"][0]["tests"] == 3


def test_the_csv_has_a_row_for_each_requirement_and_test():
    """A requirement without a test has a row with no test."""
    rows = list(csv.DictReader(io.StringIO("".join(render_csv(plan_of_the_tracker())), newline="")))
    assert len(rows) == 257
    assert [row["Test ID"] for row in rows if row["Requirement"] == "UC-003/4"] == [
        "tests/a.py::test_x",
        "tests/a.py::test_y",
    ]
    assert [row["Test ID"] for row in rows if row["Requirement"] == "UC-001/4"] == [""]


def test_a_register_that_requires_nothing_says_so():
    """No requirement at all is told as a number."""
    assert plain_lines(render_plan(Plan(()), 80)) == "0 of 0 requirements claimed; 0 not claimed"


@pytest.mark.parametrize("bad", HOSTILE)
@pytest.mark.parametrize("unicode", [True, False])
def test_hostile_text_is_harmless_and_fits(bad, unicode):
    """No node id, title or rule gets to the terminal raw or beyond its width, and none is a formula in the CSV."""
    rows = (PlanRow(bad, bad, bad, (bad, bad)), PlanRow(f"{bad}/4", bad, "4", ()))
    plan = Plan(rows, {bad: bad, "4": bad}, {bad: bad}, (UnmatchedRule(bad, bad, bad),))
    output = plain_lines(render_plan(plan, 60, unicode=unicode))
    assert dangers(output) == []
    assert max(map(wcswidth, output.split("\n"))) <= 60
    assert unicode or output.isascii()
    text = "".join(render_json(plan))
    assert text.isascii()
    assert json.loads(text)["schema"] == "readiness/plan/v1"
    table = list(csv.reader(io.StringIO("".join(render_csv(plan)), newline="")))
    assert {len(row) for row in table} == {7}
    assert not [cell for row in table for cell in row if cell.lstrip().startswith(("=", "+", "-", "@"))]
