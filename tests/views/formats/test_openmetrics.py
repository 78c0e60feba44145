"""OpenMetrics: read by prometheus_client, whose two parsers must read every sample that is there."""

from __future__ import annotations

import re

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text_format

from pytest_readiness.views.formats.openmetrics import render

from .. import values
from ..hostile import HOSTILE
from . import reports


def read(report) -> dict[str, list]:
    """Return the samples of each family. The parser drops a second sample of the same labels, so they are counted."""
    text = "".join(render(report))
    assert text.endswith("# EOF\n")
    families = {family.name: family for family in read_openmetrics(text)}
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    samples = [sample for family in families.values() for sample in family.samples]
    assert len(lines) == len(samples)
    assert len({(sample.name, *sorted(sample.labels.items())) for sample in samples}) == len(samples)
    for line in lines:
        labels = re.findall(r'[{,](\w+)="', line.partition(" ")[0])
        assert labels == sorted(labels) or "\\" in line
    assert {family.type for family in families.values()} == {"gauge"}
    assert sum(len(family.samples) for family in read_text_format(text)) == len(lines)
    return {name: family.samples for name, family in families.items()}


def test_the_verdict_and_the_totals() -> None:
    """A dashboard shows the verdict, each rule, and how many use cases and requirements there are of each kind."""
    families = read(reports.every_outcome())
    (eligible,) = families["readiness_eligible"]
    assert len(families["readiness_requirement_met"]) == 23
    assert len(families["readiness_use_case_status"]) == 3 * 4
    assert (eligible.value, eligible.labels) == (0, {"on": "review", "register": "payments"})
    assert [sample.value for sample in families["readiness_gate_rule_passed"]] == [1, 0]
    assert {sample.labels["state"]: sample.value for sample in families["readiness_requirements"]} == {
        "COMPLETE": 6, "ASSERTED": 2, "WAIVED": 2, "NOT_APPLICABLE": 1, "STALE": 1, "REHEARSED": 1, "MISSING": 7,
        "FLAKY": 2, "INTERRUPTED": 1, "FAILING": 1,
    }  # fmt: skip
    (at,) = families["readiness_report_timestamp_seconds"]
    assert at.value == 1770920940


def test_each_use_case_has_one_status() -> None:
    """Of the four samples of a use case exactly one is 1, so that a change is a step in a known series."""
    families = read(reports.every_outcome())
    statuses: dict[str, list[str]] = {}
    for sample in families["readiness_use_case_status"]:
        if sample.value:
            statuses.setdefault(sample.labels["use_case"], []).append(sample.labels["status"])
    assert statuses == {"UC-001": ["READY_FOR_GO_LIVE"], "UC-002": ["BLOCKED"], "UC-003": ["IN_PROGRESS"]}
    for name, expected in (("requirements", [8, 7, 8]), ("requirements_complete", [5, 0, 1]), ("blockers", [0, 1, 0])):
        assert [sample.value for sample in families[f"readiness_use_case_{name}"]] == expected


def test_requirements_are_met_or_not_and_expire() -> None:
    """An alert names the requirement that is not met, or whose evidence ends soon."""
    families = read(reports.every_outcome())
    met = {sample.labels["requirement"]: sample.value for sample in families["readiness_requirement_met"]}
    assert sum(met.values()) == 9
    assert met["UC-001/5"] == 1
    assert met["UC-002/1/BYOK"] == 0
    assert "UC-002/6/revocation" not in met
    expiry = {
        sample.labels["requirement"]: sample.value for sample in families["readiness_requirement_expires_timestamp_seconds"]
    }  # fmt: skip
    assert len(expiry) == 6
    assert set(expiry.values()) == {1778696881.0}


@pytest.mark.parametrize("make", [values.untouched, values.mixed, lambda: values.report([])])
def test_other_reports_are_read(make) -> None:
    """A register for which nothing ran, one that is half way, and an empty one."""
    read(make())


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_labels_are_read(text: str) -> None:
    """Whatever the text, no sample is lost; a printable one is read as it is."""
    families = read(reports.hostile(text))
    (eligible,) = families["readiness_eligible"]
    if text.isascii() and text.isprintable() and len(text) < 4000 and "#" not in text and "::" not in text:
        assert eligible.labels["register"] == text


def test_names_that_are_cleaned_to_the_same_stay_apart() -> None:
    """A raw and an escaped name would be one series."""
    catalogue = values.catalogue(["a\x1b", "a\\x1b"])
    families = read(values.report(values.use_case(catalogue, name) for name in catalogue.use_cases))
    assert len(families["readiness_requirement_met"]) == 16
