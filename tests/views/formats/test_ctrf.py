"""CTRF: valid by the published schema, and by what the schema leaves open."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from jsonschema import Draft7Validator, ValidationError
from msgspec.structs import replace

from pytest_readiness.facts.timestamps import is_timestamp
from pytest_readiness.verdict.inputs import RunOrigin
from pytest_readiness.views.formats.ctrf import render

from .. import values
from ..hostile import HOSTILE
from . import reports

SCHEMA: dict[str, Any] = json.loads(Path(__file__).with_name("ctrf-0.3.0.schema.json").read_text(encoding="utf-8"))


def read(report) -> dict[str, Any]:
    """Return a document that the schema accepts, and that is what the specification says beside it."""
    document: dict[str, Any] = json.loads("".join(render(report)))
    Draft7Validator(SCHEMA).validate(document)
    assert UUID(document["reportId"]).version == 5
    assert is_timestamp(document["timestamp"])
    summary, tests = document["results"]["summary"], document["results"]["tests"]
    statuses = Counter(test["status"] for test in tests)
    assert {word: summary[word] for word in ("passed", "failed", "skipped", "pending", "other")} == {
        word: statuses[word] for word in ("passed", "failed", "skipped", "pending", "other")
    }
    assert summary["tests"] == len(tests)
    assert summary["suites"] == len({tuple(test["suite"]) for test in tests})
    assert summary["flaky"] == sum(test.get("flaky", False) for test in tests)
    assert all(type(test["duration"]) is int and test["duration"] >= 0 for test in tests)
    assert type(summary["start"]) is type(summary["stop"]) is int
    assert len({test["testId"] for test in tests}) == len(tests)
    return document


def test_the_schema_refuses_what_is_wrong() -> None:
    """What is pinned is a schema that can say no."""
    Draft7Validator.check_schema(SCHEMA)
    document = read(reports.every_outcome())
    document["results"]["tests"][0]["duration"] = 1.5
    with pytest.raises(ValidationError):
        Draft7Validator(SCHEMA).validate(document)


def test_each_requirement_is_a_test_with_its_state() -> None:
    """States become the five statuses, and the state itself stays beside them."""
    tests = {test["name"]: test for test in read(reports.every_outcome())["results"]["tests"]}
    statuses = {
        "UC-001/1/BYOK": ("passed", "COMPLETE"), "UC-001/5": ("passed", "FLAKY"), "UC-001/4": ("passed", "WAIVED"),
        "UC-002/1/BYOK": ("failed", "FAILING"), "UC-002/2/staging": ("other", "INTERRUPTED"),
        "UC-002/3/staging": ("other", "FLAKY"), "UC-002/4": ("pending", "ASSERTED"), "UC-002/5": ("pending", "STALE"),
        "UC-002/6/rotation": ("pending", "REHEARSED"), "UC-002/6/revocation": ("skipped", "NOT_APPLICABLE"),
        "UC-002/7": ("pending", "MISSING"), "UC-003/5": ("skipped", "WAIVED"),
    }  # fmt: skip
    assert {name: (tests[name]["status"], tests[name]["rawStatus"]) for name in statuses} == statuses
    failing = tests["UC-002/1/BYOK"]
    assert failing["message"] == "FAILING: it is FAILING"
    assert failing["duration"] == 1500
    assert failing["suite"] == ["UC-002"]
    assert failing["extra"]["holds"] == [f"blocked by ben@example.com since {values.NOW}: the provider is down"]
    assert failing["extra"]["expires_at"] is None
    assert tests["UC-001/1/BYOK"]["extra"]["expires_at"] == "2026-05-13T18:28:01.000Z"
    assert failing["extra"]["evidence"] == [f"{values.RUN}.6.1"]
    assert tests["UC-002/3/staging"]["flaky"] is True
    assert "message" not in tests["UC-001/1/BYOK"]


def test_what_is_under_test_and_the_verdict() -> None:
    """Release and commit are where dashboards look for them; the verdict is in ``extra``."""
    document = read(reports.every_outcome())
    assert document["results"]["environment"] == {
        "appName": "payments", "appVersion": "1.4", "commit": reports.COMMIT,
    }  # fmt: skip
    verdict = document["extra"]["readiness"]
    assert (verdict["eligible"], verdict["requirements"]) == (False, 23)
    assert verdict["totals"]["READY_FOR_GO_LIVE"] == 1
    assert document["results"]["summary"]["start"] == 1770920940000


def test_a_commit_is_named_only_if_all_evidence_is_of_it() -> None:
    """Where the deciding runs are of two commits, the report is of neither."""
    built = reports.every_outcome()
    use_case = built.readiness.use_cases[0]
    moved = replace(use_case.requirements[0], deciding=(values.evidence(run_id="another"),))
    item = replace(use_case.items[0], requirements=(moved,))
    cases = (replace(use_case, items=(item, *use_case.items[1:])), *built.readiness.use_cases[1:])
    origins = {**built.origins, "another": RunOrigin(started_at=values.NOW, commit=reports.OTHER)}
    mixed = replace(built, readiness=replace(built.readiness, use_cases=cases), origins=origins)
    assert read(mixed)["results"]["environment"] == {"appName": "payments", "appVersion": "1.4"}


@pytest.mark.parametrize("make", [values.untouched, values.mixed, lambda: values.report([])])
def test_other_reports_are_valid(make) -> None:
    """A register for which nothing ran, one that is half way, and an empty one."""
    read(make())


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_whole_when_it_is_read(text: str) -> None:
    """The document is valid, and reading it gives the text back."""
    test = read(reports.hostile(text))["results"]["tests"][0]
    assert test["extra"]["owner"] == text.encode("utf-8", "backslashreplace").decode()
