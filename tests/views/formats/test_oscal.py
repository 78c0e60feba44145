"""OSCAL assessment results: valid by NIST's schema, read by compliance-trestle, and consistent in themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from jsonschema import Draft7Validator, ValidationError
from msgspec.structs import replace

from pytest_readiness.facts.timestamps import is_timestamp
from pytest_readiness.views.formats.oscal import render

from .. import values
from ..hostile import HOSTILE
from ..sinks import Page
from . import reports

LETTERS = {r"^(\p{L}|_)(\p{L}|\p{N}|[.\-_])*$": r"^[^\W\d][\w.\-]*$"}
"""Patterns of the schema in the form that Python's expressions have."""


def _schema() -> Draft7Validator:
    text = Path(__file__).with_name("oscal-1.1.2-assessment-results.schema.json").read_text(encoding="utf-8")
    schema = json.loads(text, object_hook=lambda fields: fields | _pattern(fields))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def _pattern(fields: dict[str, Any]) -> dict[str, Any]:
    pattern = fields.get("pattern")
    return {"pattern": LETTERS[pattern]} if isinstance(pattern, str) and pattern in LETTERS else {}


SCHEMA = _schema()
MAKERS = [reports.every_outcome, values.untouched, values.mixed, lambda: values.report([])]


def read(report) -> dict[str, Any]:
    """Return the content of a document that the schema accepts, and whose references lead somewhere."""
    document = json.loads("".join(render(report)))
    SCHEMA.validate(document)
    content: dict[str, Any] = document["assessment-results"]
    (result,) = content["results"]
    assert content["import-ap"]["href"] == f"#{content['back-matter']['resources'][0]['uuid']}"
    observations = {each["uuid"] for each in result.get("observations", ())}
    referred = [
        each["observation-uuid"] for finding in result.get("findings", ()) for each in finding.get("related-observations", ())
    ]  # fmt: skip
    assert sorted(referred) == sorted(observations)
    (selection,) = result["reviewed-controls"]["control-objective-selections"]
    included = [each["objective-id"] for each in selection.get("include-objectives", ())]
    targets = [finding["target"]["target-id"] for finding in result.get("findings", ())]
    assert targets == included
    assert len(set(targets)) == len(targets)
    uuids = [value for key, value in pairs(content) if key == "uuid"]
    assert len(set(uuids)) == len(uuids)
    assert {UUID(each).version for each in uuids} == {5}
    assert all(is_timestamp(value) for key, value in pairs(content) if key in TIMES)
    return content


TIMES = ("last-modified", "start", "end", "collected", "expires")


def pairs(value: Any):
    """Yield each key with its value, at any depth."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield key, inner
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from pairs(inner)


def props(value: dict[str, Any]) -> dict[str, str]:
    """Return the properties by name."""
    return {each["name"]: each["value"] for each in value["props"]}


def test_the_schema_refuses_what_is_wrong() -> None:
    """What is pinned is a schema that can say no, to a target with a slash for one."""
    document = json.loads("".join(render(reports.every_outcome())))
    finding = document["assessment-results"]["results"][0]["findings"][0]
    finding["target"]["target-id"] = "UC-001/1"
    with pytest.raises(ValidationError):
        SCHEMA.validate(document)


def test_each_requirement_has_a_finding() -> None:
    """An objective is satisfied if it is COMPLETE or accepted; the state and the reason are beside it."""
    (result,) = read(reports.every_outcome())["results"]
    findings = {props(finding)["requirement"]: finding for finding in result["findings"]}
    statuses = {name: finding["target"]["status"] for name, finding in findings.items()}
    assert len(findings) == 23
    assert sum(status["state"] == "satisfied" for status in statuses.values()) == 9
    assert statuses["UC-001/5"] == {"state": "satisfied", "reason": "pass"}
    assert statuses["UC-002/1/BYOK"] == {"state": "not-satisfied", "reason": "fail"}
    assert statuses["UC-002/7"] == {"state": "not-satisfied", "reason": "other"}
    failing = findings["UC-002/1/BYOK"]
    assert (failing["title"], failing["description"]) == ("UC-002/1/BYOK", "FAILING: it is FAILING")
    assert failing["remarks"] == "run a test that is evidence for UC-002/1/BYOK"
    assert failing["target"]["target-id"] == "UC-002_1_BYOK"
    assert props(failing)["state"] == "FAILING"


def test_what_is_not_applicable_is_excluded_with_its_reason() -> None:
    """It is no finding: nothing was assessed."""
    (result,) = read(reports.every_outcome())["results"]
    (selection,) = result["reviewed-controls"]["control-objective-selections"]
    assert selection["exclude-objectives"] == [{"objective-id": "UC-002_6_revocation"}]
    assert selection["remarks"] == "UC-002/6/revocation: declared"


def test_evidence_is_an_observation() -> None:
    """It names the test, its result, when it was collected and when it expires."""
    (result,) = read(reports.every_outcome())["results"]
    first = result["observations"][0]
    assert first["methods"] == ["TEST"]
    assert first["collected"] == "2026-02-12T18:28:02.000Z"
    assert first["expires"] == "2026-05-13T18:28:01.000Z"
    (piece,) = first["relevant-evidence"]
    assert piece["description"] == "tests/test_it.py::test_6: PASSED"
    assert props(piece) == {
        "evidence": f"{values.RUN}.6.1", "run": values.RUN, "environment": "staging", "provider-mode": "BYOK",
    }  # fmt: skip


def test_an_observation_of_several_pieces_is_as_old_as_the_newest() -> None:
    """What a person examined is a method of its own beside tests, and the last piece says when all were collected."""
    built = reports.every_outcome()
    use_case = built.readiness.use_cases[0]
    pieces = (
        values.evidence(timestamp="2026-02-10T00:00:00.000Z", method="examined"),
        values.evidence(id="r.2.1", timestamp="2026-02-11T00:00:00.000Z"),
        values.evidence(id="r.3.1", timestamp="2026-02-09T00:00:00.000Z", method="imported"),
    )
    item = replace(use_case.items[0], requirements=(replace(use_case.requirements[0], deciding=pieces),))
    cases = (replace(use_case, items=(item, *use_case.items[1:])), *built.readiness.use_cases[1:])
    (result,) = read(replace(built, readiness=replace(built.readiness, use_cases=cases)))["results"]
    first = result["observations"][0]
    assert first["methods"] == ["EXAMINE", "TEST"]
    assert first["collected"] == "2026-02-11T00:00:00.000Z"
    assert [props(piece)["evidence"] for piece in first["relevant-evidence"]] == [piece.id for piece in pieces]


def test_identifiers_change_with_the_content_alone() -> None:
    """Equal reports have equal UUIDs; another state gives the document another one."""
    first, second = read(reports.every_outcome()), read(reports.every_outcome())
    assert first["uuid"] == second["uuid"]
    assert read(values.mixed())["uuid"] != read(values.untouched())["uuid"]


@pytest.mark.parametrize("make", MAKERS)
def test_other_reports_are_valid(make) -> None:
    """A register for which nothing ran, one that is half way, and an empty one."""
    read(make())


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_valid_and_no_markup(text: str) -> None:
    """Prose is Markdown in OSCAL: what is in it is shown, and never read as a tag."""
    content = read(reports.hostile(text))
    for key, value in pairs(content):
        if key in ("title", "description", "remarks"):
            assert Page(value).tags == []


@pytest.mark.slow
def test_trestle_reads_each_document() -> None:
    """Compliance-trestle's model takes each document, with hostile text too, and has the same findings."""
    reason = "compliance-trestle asks for exact releases of what others need: nox -s beside"
    model = pytest.importorskip("trestle.oscal.assessment_results", reason=reason).Model
    for make in (*MAKERS, *(lambda text=text: reports.hostile(text) for text in HOSTILE)):
        text = "".join(render(make()))
        (result,) = model.model_validate_json(text).assessment_results.results
        expected = json.loads(text)["assessment-results"]["results"][0].get("findings", [])
        assert [each.uuid for each in result.findings or ()] == [each["uuid"] for each in expected]
