"""In-toto attestations: what is shown of a digest or a commit, a statement for each requirement.

A statement is about the digests that the deciding runs name, else about the commits that they tested. It is unsigned
here; the command signs it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ...errors import first_names
from ...facts.envelope import STATEMENT
from ...facts.evidence import Evidence, Result
from ...verdict.inputs import UNKNOWN
from ...verdict.readiness import RequirementReadiness, UseCaseReadiness
from ..json_text import to_json_line
from ..outcomes import Outcome, outcomes
from ..report import Report
from ..text_format import count

TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
SIMPLE_VERIFICATION = "https://in-toto.io/attestation/svr/v0.2"
VERIFIER = "urn:pytest-readiness:gate:v1"
"""Who verifies. The number changes if a requirement is judged by other rules."""
PROPERTY_PREFIX = "READINESS_"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
_SHA256 = re.compile(r"sha256:([0-9a-f]{64})", re.ASCII)
_RESULTS = {Outcome.MET: "PASSED", Outcome.ACCEPTED: "WARNED"}
_NAMED = 3
"""Maximum requirements that a remark names."""
_UNDECIDED = "without evidence that counts"
_UNNAMED = "whose run names no commit"
_NOT_SHARED = "whose runs name no subject in common"
_CHANGED = "whose run had changes that are in no commit"


def render(report: Report) -> Iterator[str]:
    """Yield the statements (in-toto Statement v1), each one line of ASCII JSON: together an in-toto bundle.

    For each requirement whose evidence is of a digest or a commit there is a test result (v0.1): PASSED if it is met,
    WARNED if a review or the policy accepts it as it is, else FAILED. If it is met or accepted, a simple verification
    result (v0.2) follows, with the property ``READINESS_`` and the id of the requirement. ``remarks`` says which have
    no statement.
    """
    for use_case, requirement, outcome in outcomes(report):
        subject, problem = _subject(report, requirement)
        if outcome is Outcome.NOT_REQUIRED or problem:
            continue
        for kind, predicate in _predicates(report, use_case, requirement, outcome):
            statement = {"_type": STATEMENT, "subject": subject, "predicateType": kind, "predicate": predicate}
            yield f"{to_json_line(statement)}\n"


def remarks(report: Report) -> Iterator[str]:
    """Yield one line that says which requirements have no statement, and why; nothing if each has one."""
    required = [requirement for _, requirement, outcome in outcomes(report) if outcome is not Outcome.NOT_REQUIRED]
    problems: dict[str, list[str]] = {_UNDECIDED: [], _UNNAMED: [], _CHANGED: [], _NOT_SHARED: []}
    for requirement in required:
        if problem := _subject(report, requirement)[1]:
            problems[problem].append(requirement.requirement.id)
    missing = sum(map(len, problems.values()))
    if missing:
        reasons = ", ".join(f"{len(ids)} {why} ({first_names(ids, _NAMED)})" for why, ids in problems.items() if ids)
        verb = "has" if missing == 1 else "have"
        yield f"in-toto: {missing} of {count(len(required), 'requirement')} {verb} no statement: {reasons}"


def _subject(report: Report, requirement: RequirementReadiness) -> tuple[list[dict[str, Any]], str]:
    """Return the subjects of the statements about a requirement, sorted; or the reason why there is none.

    They are the digests that every deciding run names, each with its name: only of these has all of it been shown.
    Where the report judges digests, they are those of them. If no run names a digest, they are the tested commits.
    """
    origins = [report.origins.get(run, UNKNOWN) for run in {piece.run_id for piece in requirement.deciding}]
    if not any(origin.subjects for origin in origins):
        commits, problem = _commits(report, requirement)
        return [{"name": report.readiness.register, "digest": {"gitCommit": commit}} for commit in commits], problem
    shared = set.intersection(*({*origin.subjects.items()} for origin in origins))
    if report.context.subjects:
        shared &= {*report.context.subjects.items()}
    subject = [{"name": name, "digest": {"sha256": digest.removeprefix("sha256:")}} for name, digest in sorted(shared)]
    return subject, "" if subject else _NOT_SHARED


def _commits(report: Report, requirement: RequirementReadiness) -> tuple[list[str], str]:
    """Return the commits that the deciding runs tested, sorted; or the reason why that cannot be said.

    Tests of changed files have shown nothing about the commit that the files come from.
    """
    commits, problem = set(), "" if requirement.deciding else _UNDECIDED
    for run in {evidence.run_id for evidence in requirement.deciding}:
        origin = report.origins.get(run)
        commit = origin.commit if origin is not None else None
        if origin is None or commit is None or not _COMMIT.fullmatch(commit):
            problem = _UNNAMED
        elif origin.dirty or origin.conditions.hidden:
            problem = problem or _CHANGED
        else:
            commits.add(commit)
    return sorted(commits), problem


def _predicates(
    report: Report, use_case: UseCaseReadiness, requirement: RequirementReadiness, outcome: Outcome
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the predicate types and predicates about one requirement. All values are texts: readers round numbers."""
    policy = _policy(report)
    annotations = _annotations(report, use_case, requirement)
    configuration = {"name": requirement.requirement.id, **policy, "annotations": annotations}
    passed, warned, failed = _tests(requirement.deciding)
    yield (
        TEST_RESULT,
        {
            "result": _RESULTS.get(outcome, "FAILED"),
            "configuration": [configuration],
            "passedTests": passed,
            "warnedTests": warned,
            "failedTests": failed,
        },
    )
    if outcome.passes:
        name = f"requirements of register {report.readiness.register}"
        yield (
            SIMPLE_VERIFICATION,
            {
                "verifier": {"id": VERIFIER, "policies": [{"name": name, **policy}]},
                "timeCreated": report.context.generated_at,
                "properties": [f"{PROPERTY_PREFIX}{requirement.requirement.id}"],
            },
        )


def _policy(report: Report) -> dict[str, Any]:
    """Return the fields of a resource descriptor for the requirements in force, which one field must identify."""
    digest = _SHA256.fullmatch(report.context.requirements_digest)
    return {"digest": {"sha256": digest[1]}} if digest else {"uri": "urn:pytest-readiness:requirements"}


def _annotations(report: Report, use_case: UseCaseReadiness, requirement: RequirementReadiness) -> dict[str, Any]:
    needed = requirement.requirement
    fields = {
        "register": report.readiness.register,
        "use_case": use_case.use_case.id,
        "use_case_status": use_case.status.value,
        "item": needed.item,
        "environment": needed.environment,
        "provider_mode": needed.provider_mode,
        "part": needed.part,
        "state": requirement.state.value,
        "why": requirement.why,
        "level": requirement.level,
        "expires_at": requirement.expires_at,
        "evidence": [evidence.id for evidence in requirement.deciding],
    }
    return {name: value for name, value in fields.items() if value}


def _tests(deciding: tuple[Evidence, ...]) -> tuple[list[str], list[str], list[str]]:
    """Return the names of the tests that passed, that passed when they were retried, and that did not pass."""
    failed = {evidence.test_id for evidence in deciding if evidence.result is not Result.PASSED}
    warned = {evidence.test_id for evidence in deciding if evidence.flaky} - failed
    passed = {evidence.test_id for evidence in deciding} - failed - warned
    return sorted(passed), sorted(warned), sorted(failed)
