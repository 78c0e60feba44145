"""CTRF (Common Test Report Format): a JSON report in which each requirement is a test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ...facts.timestamps import parse_timestamp
from ...verdict.counts import count_verdict
from ...verdict.readiness import RequirementReadiness, State, Status, UseCaseReadiness
from ..content_digest import content_digest
from ..document import plain_totals
from ..gate import hold_lines
from ..outcomes import Outcome, duration_ms, outcomes, reason
from ..report import Report
from ..run_conditions import deciding_runs
from .json_parts import array, members

SPEC_VERSION = "0.0.0"
"""The version of the specification, which has no numbered release yet."""
_STATUSES = {
    Outcome.MET: "passed",
    Outcome.ACCEPTED: "passed",
    Outcome.FAILED: "failed",
    Outcome.UNCLEAR: "other",
    Outcome.OPEN: "pending",
    Outcome.WAIVED: "skipped",
    Outcome.NOT_REQUIRED: "skipped",
}
_WORDS = ("passed", "failed", "skipped", "pending", "other")


def render(report: Report) -> Iterator[str]:
    """Yield the report as a CTRF document (specification 0.0.0) as ASCII JSON, a requirement in a piece.

    FAILING is failed, INTERRUPTED and FLAKY are other, COMPLETE and what a review or the policy accepts passed, WAIVED
    and NOT_APPLICABLE skipped, and every other state is pending. Times are whole milliseconds. What CTRF has no field
    for is in ``extra``.
    """
    moment = int(parse_timestamp(report.context.generated_at).timestamp() * 1000)
    identity = uuid5(NAMESPACE_URL, f"urn:pytest-readiness:ctrf:{content_digest(report)}")
    head = (
        ("reportFormat", "CTRF"),
        ("specVersion", SPEC_VERSION),
        ("reportId", str(identity)),
        ("timestamp", report.context.generated_at),
        ("generatedBy", "pytest-readiness"),
        ("extra", {"readiness": _verdict(report)}),
    )
    results = (
        ("tool", {"name": "pytest-readiness"}),
        ("summary", _summary(report, moment)),
        ("environment", _environment(report)),
    )
    yield f'{{\n{members(head)},\n"results":{{\n{members(results)},\n"tests":'
    yield from array(_tests(report))
    yield "\n}\n}\n"


def _verdict(report: Report) -> dict[str, Any]:
    counts = count_verdict(report.readiness, report.verdict)
    return {
        "register": report.readiness.register,
        "eligible": report.verdict.eligible,
        "on": report.verdict.on,
        "enforced": report.verdict.enforced,
        "totals": plain_totals(report.readiness),
        "ready": counts.ready,
        "requirements": counts.requirements,
        "rules": [{"rule": rule.rule, "passed": rule.passed, "detail": rule.detail} for rule in report.verdict.rules],
    }


def _summary(report: Report, moment: int) -> dict[str, Any]:
    statuses = Counter(_STATUSES[outcome] for _, _, outcome in outcomes(report))
    flaky = sum(requirement.state is State.FLAKY for _, requirement, _ in outcomes(report))
    numbers = {"tests": statuses.total(), **{word: statuses[word] for word in _WORDS}}
    return {**numbers, "flaky": flaky, "suites": len(report.readiness.use_cases), "start": moment, "stop": moment}


def _environment(report: Report) -> dict[str, Any]:
    """Return what is under test. The commit is there if all deciding evidence is of one."""
    commits = {origin.commit for origin in deciding_runs(report).values()}
    commit = commits.pop() if len(commits) == 1 else None
    fields = {"appName": report.readiness.register, "appVersion": report.context.release, "commit": commit}
    return {name: value for name, value in fields.items() if value}


def _tests(report: Report) -> Iterator[dict[str, Any]]:
    for use_case, requirement, outcome in outcomes(report):
        yield _test(use_case, requirement, outcome, report.readiness.register)


def _test(
    use_case: UseCaseReadiness, requirement: RequirementReadiness, outcome: Outcome, register: str
) -> dict[str, Any]:
    needed = requirement.requirement
    test: dict[str, Any] = {
        "testId": f"{register}/{needed.id}",
        "name": needed.id or "-",
        "status": _STATUSES[outcome],
        "duration": duration_ms(requirement),
        "suite": [use_case.use_case.id],
        "rawStatus": requirement.state.value,
        "type": "readiness",
    }
    if outcome is not Outcome.MET:
        test["message"] = reason(use_case, requirement, outcome)
    if requirement.state is State.FLAKY:
        test["flaky"] = True
    ready = use_case.status is Status.READY_FOR_GO_LIVE
    test["extra"] = {
        "use_case": use_case.use_case.id,
        "use_case_status": use_case.status.value,
        "holds": [] if ready else list(hold_lines(use_case)),
        "owner": use_case.use_case.owner,
        "item": needed.item,
        "environment": needed.environment,
        "provider_mode": needed.provider_mode,
        "part": needed.part,
        "completes_it": requirement.completes_it,
        "expires_at": requirement.expires_at,
        "level": requirement.level,
        "evidence": [evidence.id for evidence in requirement.deciding],
    }
    return test
