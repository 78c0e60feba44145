"""In-toto statements: read by in-toto's own library, and checked by the words of its specifications."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement
from msgspec.structs import replace

from pytest_readiness.facts.evidence import Result
from pytest_readiness.facts.run_conditions import RunConditions
from pytest_readiness.facts.timestamps import is_timestamp
from pytest_readiness.verdict.inputs import RunOrigin
from pytest_readiness.views.formats.in_toto import SIMPLE_VERIFICATION, TEST_RESULT, remarks, render

from .. import values
from ..hostile import HOSTILE
from . import reports

HIDDEN = RunConditions(hidden=1, hidden_names=("a.py",))
URI = re.compile(r"[a-z][a-z0-9+.-]*:\S+")


def read(report) -> list[dict[str, Any]]:
    """Return the statements, each of which in-toto's library and our reading of the specification accept."""
    lines = "".join(render(report)).splitlines()
    statements = [json.loads(line) for line in lines]
    for statement in statements:
        copy = json.loads(json.dumps(statement))
        Statement.copy_from_pb(ParseDict(copy, statement_pb2.Statement())).validate()
        assert list(statement) == ["_type", "subject", "predicateType", "predicate"]
        assert statement["_type"] == "https://in-toto.io/Statement/v1"
        for subject in statement["subject"]:
            assert re.fullmatch("[0-9a-f]{40}", subject["digest"]["gitCommit"])
        assert not list(numbers(statement)), "readers of protobuf round numbers"
        {TEST_RESULT: check_test_result, SIMPLE_VERIFICATION: check_verification}[statement["predicateType"]](
            statement["predicate"]
        )
    return statements


def check_test_result(predicate: dict[str, Any]) -> None:
    """Check a test result (v0.1)."""
    parsed = ParseDict(predicate, test_result_pb2.TestResult())
    assert set(predicate) == {"result", "configuration", "passedTests", "warnedTests", "failedTests"}
    assert predicate["result"] in ("PASSED", "WARNED", "FAILED")
    for descriptor in parsed.configuration:
        ResourceDescriptor.copy_from_pb(descriptor).validate()


def check_verification(predicate: dict[str, Any]) -> None:
    """Check a simple verification result (v0.2), for which the library has no message."""
    assert set(predicate) == {"verifier", "timeCreated", "properties"}
    assert set(predicate["verifier"]) == {"id", "policies"}
    assert URI.fullmatch(predicate["verifier"]["id"])
    assert is_timestamp(predicate["timeCreated"])
    for policy in predicate["verifier"]["policies"]:
        assert "digest" in policy or "uri" in policy
    assert predicate["properties"]
    assert all(name.startswith("READINESS_") for name in predicate["properties"])


def numbers(value: Any):
    """Yield the numbers in a value."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from numbers(inner)
    elif not isinstance(value, str):
        yield value


def by_requirement(report, kind: str) -> dict[str, dict[str, Any]]:
    """Return the predicates of one type by requirement."""
    predicates = [each["predicate"] for each in read(report) if each["predicateType"] == kind]
    if kind == TEST_RESULT:
        return {each["configuration"][0]["name"]: each for each in predicates}
    return {each["properties"][0].removeprefix("READINESS_"): each for each in predicates}


def test_a_statement_for_each_requirement_that_evidence_decides() -> None:
    """PASSED is what is met, WARNED what a review accepted, and everything else FAILED."""
    results = by_requirement(reports.every_outcome(), TEST_RESULT)
    assert {name: each["result"] for name, each in results.items()} == {
        **{f"UC-001/{end}": "PASSED" for end in reports.ENDS if end not in ("4", "5", "7")},
        "UC-001/5": "WARNED", "UC-001/7": "WARNED",
        "UC-002/1/BYOK": "FAILED", "UC-002/2/staging": "FAILED", "UC-002/3/staging": "FAILED",
        "UC-002/4": "FAILED", "UC-002/5": "FAILED",
        "UC-003/4": "PASSED",
    }  # fmt: skip
    assert results["UC-002/1/BYOK"]["failedTests"] == ["tests/test_it.py::test_6"]
    assert results["UC-001/5"]["warnedTests"] == ["tests/test_it.py::test_10"]
    assert results["UC-003/4"]["passedTests"] == ["tests/test_it.py::test_9"]
    (configuration,) = results["UC-003/4"]["configuration"]
    assert configuration["digest"] == {"sha256": "0" * 64}
    assert configuration["annotations"]["evidence"] == [f"{values.RUN}.9.1"]


def test_only_what_is_satisfied_is_verified() -> None:
    """A verifier says what passed; of the rest it says nothing."""
    verified = by_requirement(reports.every_outcome(), SIMPLE_VERIFICATION)
    accepted = [f"UC-001/{end}" for end in reports.ENDS if end != "4"]  # the waived one has no evidence, so no commit
    assert list(verified) == [*accepted, "UC-003/4"]
    assert verified["UC-003/4"]["timeCreated"] == values.NOW


def test_the_subject_is_the_commit_of_the_run() -> None:
    """Each statement is about the commit that was tested; evidence of two commits is about both."""
    report = reports.every_outcome()
    subjects = {json.dumps(each["subject"]) for each in read(report)}
    assert subjects == {json.dumps([{"name": "payments", "digest": {"gitCommit": reports.COMMIT}}])}
    (first, *_), second = report.readiness.use_cases, f"{values.RUN[:-1]}e"
    requirement = first.items[0].requirements[0]
    deciding = (*requirement.deciding, values.evidence(id=f"{second}.5.1", run_id=second))
    item = replace(first.items[0], requirements=(replace(requirement, deciding=deciding),))
    both = values.report([replace(first, items=(item,))])
    origins = {values.RUN: RunOrigin(commit=reports.COMMIT), second: RunOrigin(commit=reports.OTHER)}
    (statement, *_) = read(replace(both, origins=origins))
    assert [each["digest"]["gitCommit"] for each in statement["subject"]] == [reports.COMMIT, reports.OTHER]


@pytest.mark.parametrize(
    ("origin", "why"),
    [
        ({"commit": None}, "whose run names no commit"),
        ({"commit": "main"}, "whose run names no commit"),
        ({"commit": "0123456"}, "whose run names no commit"),
        ({"commit": reports.COMMIT, "dirty": True}, "whose run had changes that are in no commit"),
        ({"commit": reports.COMMIT, "conditions": HIDDEN}, "whose run had changes that are in no commit"),
    ],
)
def test_without_a_commit_there_is_no_statement_and_a_line_says_why(origin: dict[str, Any], why: str) -> None:
    """A statement about a commit that was not tested as it is would be false."""
    report = reports.with_origins(reports.every_outcome(), **origin)
    assert read(report) == []
    (line,) = remarks(report)
    assert line == (
        "in-toto: 23 of 23 requirements have no statement: 10 without evidence that counts (UC-001/4, "
        f"UC-002/6/rotation, UC-002/7 and 7 more), 13 {why} (UC-001/1/BYOK, UC-001/2/staging, UC-001/3/staging and 10 more)"
    )


def met_by(*deciding):
    """Return a report of one requirement that these pieces decide."""
    use_case = reports.every_outcome().readiness.use_cases[0]
    item = use_case.items[0]
    item = replace(item, requirements=(replace(item.requirements[0], deciding=deciding),))
    return values.report([replace(use_case, items=(item,))])


def test_of_several_reasons_a_run_without_a_commit_is_the_first() -> None:
    """The remark is the same in whatever order the runs are looked at."""
    runs = [f"{values.RUN[:-1]}{number}" for number in range(9)]
    origins = {run: RunOrigin(commit=reports.COMMIT, dirty=True) for run in runs} | {runs[4]: RunOrigin()}
    report = met_by(*(values.evidence(id=f"{run}.5.1", run_id=run) for run in runs))
    (line,) = remarks(replace(report, origins=origins))
    assert line == ("in-toto: 1 of 1 requirement has no statement: 1 whose run names no commit (UC-001/1/BYOK)")


def test_a_test_that_failed_once_is_among_the_failed_alone() -> None:
    """Where one execution passed when it was retried, and another failed, the failure counts."""
    attempts = reports.every_outcome().readiness.use_cases[0].items[4].requirements[0].deciding[0].attempts
    flaky = values.evidence(attempts=attempts)
    report = met_by(flaky, values.evidence(id=f"{values.RUN}.6.1", result=Result.FAILED))
    (result, *_) = by_requirement(reports.with_origins(report, commit=reports.COMMIT), TEST_RESULT).values()
    assert flaky.flaky
    assert (result["passedTests"], result["warnedTests"], result["failedTests"]) == ([], [], [flaky.test_id])


def test_where_each_has_one_nothing_is_remarked() -> None:
    """A report of a single use case that is met has a statement of each type for each requirement."""
    catalogue = values.catalogue(["UC-001"])
    use_case = reports.decided(values.use_case(catalogue, "UC-001", dict.fromkeys(reports.ENDS, values.State.COMPLETE)))
    report = reports.with_origins(values.report([use_case]), commit=reports.COMMIT)
    assert len(read(report)) == 16
    assert list(remarks(report)) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_whole_when_it_is_read(text: str) -> None:
    """Each line is a statement, and reading it gives the text back."""
    statement = read(reports.hostile(text))[0]
    (name,) = {each["name"] for each in statement["subject"]}
    assert name == text.encode("utf-8", "backslashreplace").decode()
