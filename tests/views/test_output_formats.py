"""All output formats over the same reports: the same counts, equal bytes, and nothing that is executed.

A format that is added to the table joins by a row in ``READERS``: how its own reader counts.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from html import unescape
from typing import NamedTuple

import pytest
from junitparser import JUnitXml
from msgspec.structs import replace
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from pytest_readiness.facts.evidence import Result
from pytest_readiness.pipeline.session_options import REPORT_FORMATS
from pytest_readiness.verdict.cells import CellProgress
from pytest_readiness.verdict.readiness import Phase, State, Status
from pytest_readiness.views.line_writer import plain_lines
from pytest_readiness.views.output_formats import FORMATS
from pytest_readiness.views.terminal import render_report
from pytest_readiness.views.text_format import done_text
from tests.pages import ROOT

from . import values
from .formats import reports
from .hostile import HOSTILE, dangers
from .sinks import markdown_cells


class Counts(NamedTuple):
    """What a reader of a format counts."""

    ready: int
    not_ready: int
    requirements: int


def read_json(text: str, _remarks: Sequence[str]) -> Counts:
    """Count as a script does that reads the JSON report."""
    document = json.loads(text)
    ready = document["totals"]["READY_FOR_GO_LIVE"]
    requirements = sum(use_case["requirements_count"] for use_case in document["use_cases"])
    return Counts(ready, sum(document["totals"].values()) - ready, requirements)


def read_html(text: str, _remarks: Sequence[str]) -> Counts:
    """Count as a reader of the page does: the tiles say how many use cases there are, the rows how much is required."""
    tiles = text.partition('<ul class="tiles">')[2].partition("</ul>")[0]
    totals = {status: int(number) for number, status in re.findall(r"<b>(\d+)</b> (\w+)", tiles)}
    ready = totals["READY_FOR_GO_LIVE"]
    return Counts(
        ready, sum(totals.values()) - ready, sum(map(int, re.findall(r"<td>\d+/(\d+)(?: \+\d+w)?<td>", text)))
    )


def read_junit(text: str, _remarks: Sequence[str]) -> Counts:
    """Count suites by their status, and cases that are required."""
    suites = list(JUnitXml.fromstring(text.encode()))
    statuses = [next(each.value for each in suite.properties() if each.name == "status") for suite in suites]
    cases = [case for suite in suites for case in suite]
    required = [case for case in cases if [each.type for each in case.result] != ["NOT_APPLICABLE"]]
    return by_status(statuses, len(required))


def read_ctrf(text: str, _remarks: Sequence[str]) -> Counts:
    """Count tests that are required, and their suites by status."""
    tests = json.loads(text)["results"]["tests"]
    statuses = {test["suite"][0]: test["extra"]["use_case_status"] for test in tests}
    required = [test for test in tests if test["rawStatus"] != "NOT_APPLICABLE"]
    return by_status(statuses.values(), len(required))


def read_in_toto(text: str, remarks: Sequence[str]) -> Counts:
    """Count the test results, and the requirements that are said to have none."""
    statements = [json.loads(line) for line in text.splitlines()]
    results = [each["predicate"] for each in statements if "/test-result/" in each["predicateType"]]
    about = [result["configuration"][0]["annotations"] for result in results]
    statuses = {each["use_case"]: each["use_case_status"] for each in about}
    missing = [int(each) for remark in remarks for each in re.findall(r"in-toto: (\d+) of", remark)]
    return by_status(statuses.values(), len(results) + sum(missing))


def read_openmetrics(text: str, _remarks: Sequence[str]) -> Counts:
    """Sum the samples as a dashboard does."""
    families = {family.name: family.samples for family in text_string_to_metric_families(text)}
    totals = {sample.labels["status"]: int(sample.value) for sample in families["readiness_use_cases"]}
    ready = totals["READY_FOR_GO_LIVE"]
    return Counts(ready, sum(totals.values()) - ready, len(families["readiness_requirement_met"]))


def read_oscal(text: str, _remarks: Sequence[str]) -> Counts:
    """Count findings, and their use cases by status."""
    (result,) = json.loads(text)["assessment-results"]["results"]
    findings = [{prop["name"]: prop["value"] for prop in finding["props"]} for finding in result.get("findings", ())]
    properties = {prop["name"]: prop["value"] for prop in result["props"]}
    counts = by_status({each["use-case"]: each["use-case-status"] for each in findings}.values(), len(findings))
    assert counts == (
        int(properties["use-cases-ready"]),
        int(properties["use-cases-not-ready"]),
        int(properties["requirements"]),
    )
    return counts


def by_status(statuses, requirements: int) -> Counts:
    """Return the counts of use cases with these statuses."""
    every = list(statuses)
    ready = every.count("READY_FOR_GO_LIVE")
    return Counts(ready, len(every) - ready, requirements)


def read_markdown(text: str, _remarks: Sequence[str]) -> Counts:
    """Count the use cases of each row of the matrix by their status, and add up what each needs."""
    (matrix, *_), *_ = [*re.findall(r"^### \d+ use cases?\n\n((\|.*\n)+)", text, re.MULTILINE), ("", "")]
    header, *rows = markdown_cells(matrix) or [["Status", "Done"]]
    status, done = header.index("Status"), header.index("Done")
    statuses, needed = [], 0
    for row in rows:
        word, _, number = row[status].partition(" ")  # NOT_STARTED (25)
        grouped = int(number.strip("()") or 1)
        statuses += [word] * grouped
        needed += grouped * int(row[done].split()[0].partition("/")[2])  # 7/8 +1w
    return by_status(statuses, needed)


READERS: dict[str, Callable[[str, Sequence[str]], Counts] | None] = {
    "markdown": read_markdown,
    "html": read_html,
    "json": read_json,
    "junit": read_junit,
    "csv": None,
    "badge": None,
    "ctrf": read_ctrf,
    "in-toto": read_in_toto,
    "openmetrics": read_openmetrics,
    "oscal": read_oscal,
    "gitlab-codequality": None,
}
"""How each format is counted. None: it has not both (CSV has a row for each evidence, GitLab's what is not complete)."""
WHOLE = {"badge": 200, "html": 60_000, "markdown": 400}
"""Characters of what is one piece however large the register is: a line; the page's script; one test that fails for all."""
TIMELESS = ("csv", "badge", "gitlab-codequality")
"""Formats that do not say when they were made."""
EACH = pytest.mark.parametrize("name", FORMATS)
COUNTED = pytest.mark.parametrize("name", [name for name, reader in READERS.items() if reader])


def written(name: str, report) -> str:
    """Return the whole text of a format."""
    return "".join(FORMATS[name].render(report))


def counted(name: str, report) -> Counts:
    """Return what the reader of a format counts."""
    reader = READERS[name]
    assert reader is not None
    return reader(written(name, report), list(FORMATS[name].remarks(report)))


def test_each_format_has_a_reader() -> None:
    """No format is left out of these tests, and each file that a session writes is of one of them."""
    assert list(READERS) == list(FORMATS)
    assert set(REPORT_FORMATS) <= set(FORMATS)


@COUNTED
def test_all_formats_say_the_same_counts(name: str) -> None:
    """One of three use cases is ready, and 23 requirements count, whoever reads."""
    assert counted(name, reports.every_outcome()) == Counts(1, 2, 23)


@pytest.mark.parametrize("name", ["html", "markdown", "terminal"])
def test_what_is_done_and_what_a_sign_means_is_the_same_wherever_people_read(name: str) -> None:
    """What a review accepted is done, what is waived is counted apart, and a skipped test is not like no test."""
    catalogue = values.catalogue(["UC-001", "UC-002"])
    skipped = (values.evidence(uc="UC-002", result=Result.SKIPPED),)
    states = {"4": State.MISSING, "5": State.WAIVED}
    report = values.report(
        [
            replace(values.use_case(catalogue, "UC-001", {"4": State.ASSERTED}), accepted=("UC-001/4",)),
            values.use_case(catalogue, "UC-002", states, found=skipped),
        ]
    )
    first, second = report.readiness.use_cases
    text = plain_lines(render_report(report, 140)) if name == "terminal" else unescape(written(name, report))
    for use_case in (first, second):
        assert done_text(use_case) in text
    assert (done_text(first)[0], done_text(second)[-4:]) == ("1", " +1w")
    assert CellProgress.SKIPPED.sign in text
    assert "SKIPPED" in text


def test_the_badge_and_the_issues_say_the_same_counts() -> None:
    """Of three use cases one is ready; there is an issue for each requirement that is not complete."""
    report = reports.every_outcome()
    assert json.loads(written("badge", report))["message"].startswith("1 of 3 ready")
    needed = [need for use_case in report.readiness.use_cases for need in use_case.required]
    issues = json.loads(written("gitlab-codequality", report))
    states = {need.requirement.id for need in needed if need.state is not State.COMPLETE}
    assert {issue["description"].partition(" is ")[0] for issue in issues if "/" in issue["description"][:7]} == states


@COUNTED
def test_counts_of_a_whole_register(name: str) -> None:
    """A tracker of 32 use cases that is half way has the same counts in each format."""
    report = reports.with_origins(values.mixed(), commit=reports.COMMIT, dirty=False)
    ready, not_ready, requirements = counted("json", report)
    if name == "in-toto":  # it has no evidence that decides, so there is no statement to tell the use cases from
        ready = not_ready = 0
    assert counted(name, report) == (ready, not_ready, requirements)


def test_what_the_gate_accepts_on_evidence_is_accepted_in_each_format() -> None:
    """Where no review is asked for, a pass without its proof that the policy accepts fails in no format."""
    catalogue = values.catalogue(["UC-001"])
    states = {**dict.fromkeys(reports.ENDS, State.COMPLETE), "4": State.ASSERTED}
    use_case = values.use_case(catalogue, "UC-001", states, status=Status.IN_PROGRESS, phase=Phase.AWAITING_REVIEW)
    report = reports.with_origins(values.report([reports.decided(use_case)]), commit=reports.COMMIT)
    closed = {name: written(name, report) for name in FORMATS}
    report = replace(report, verdict=replace(report.verdict, eligible=True, on="evidence", failing=()))
    opened = {name: written(name, report) for name in FORMATS}
    signs = {
        "junit": "accepted by the policy of the gate", "ctrf": '"passed":8', "in-toto": '"WARNED"',
        "openmetrics": 'readiness_ready_use_cases{register="payments"} 1',
        "oscal": '"use-cases-ready","ns":"urn:pytest-readiness:oscal","value":"1"',
    }  # fmt: skip
    for name, sign in signs.items():
        assert (sign in closed[name], sign in opened[name]) == (False, True), name


@COUNTED
def test_nothing_to_tell_is_told(name: str) -> None:
    """A report without a use case is a document too."""
    assert counted(name, values.report([])) == Counts(0, 0, 0)


@EACH
def test_equal_reports_are_equal_byte_for_byte(name: str) -> None:
    """Two reports made apart are the same text; a report of another moment is another, where it says when it was made."""
    first, second = (written(name, reports.every_outcome()) for _ in range(2))
    assert first == second
    report = reports.every_outcome()
    late = replace(report, context=replace(report.context, generated_at="2026-02-13T00:00:00.000Z"))
    assert (written(name, late) != first) == (name not in TIMELESS)


@pytest.mark.slow
def test_bytes_do_not_depend_on_the_process() -> None:
    """Python orders its sets anew in each process; no format does."""
    code = (
        "import hashlib\n"
        "from pytest_readiness.views.output_formats import FORMATS\n"
        "from tests.views.formats.reports import every_outcome, hostile\n"
        "for report in (every_outcome(), hostile('x')):\n"
        "    for name, form in FORMATS.items():\n"
        "        print(name, hashlib.sha256(''.join(form.render(report)).encode()).hexdigest())\n"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert outputs[0] == outputs[1]
    assert len(outputs[0].splitlines()) == 2 * len(FORMATS)


@pytest.mark.slow
@EACH
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_harmless_and_changes_no_count(name: str, text: str) -> None:
    """A terminal and a CI log execute nothing of it, and a real reader counts what it counts without it."""
    report = reports.hostile(text)
    assert dangers(written(name, report).replace("\r\n", "\n")) == []  # lines of CSV end so
    if READERS[name]:
        assert counted(name, report) == Counts(1, 2, 23)


@EACH
def test_a_large_report_comes_in_pieces(name: str) -> None:
    """No piece of a register of 300 use cases is more than a tenth of it."""
    catalogue = values.catalogue(values.tracker_ids(300))
    use_cases = [reports.decided(values.use_case(catalogue, each, reports.BLOCKED)) for each in catalogue.use_cases]
    report = reports.with_origins(reports.with_register(use_cases), commit=reports.COMMIT, dirty=False)
    sizes = [len(piece) for piece in FORMATS[name].render(report)]
    assert max(sizes) < max(sum(sizes) / 10, WHOLE.get(name, 0))
