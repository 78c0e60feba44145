"""Reports for the formats that other tools read: one with every outcome, and one that is hostile all over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from pytest_readiness.facts.decision import Blocker
from pytest_readiness.facts.evidence import Artifact, Attempt, Evidence, Reference, Result
from pytest_readiness.verdict.inputs import RunOrigin
from pytest_readiness.verdict.readiness import (
    BlockerStanding,
    Explanation,
    Phase,
    ReviewState,
    ReviewSummary,
    State,
    Status,
    UseCaseReadiness,
)
from pytest_readiness.views.report import Report

from .. import values

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "fedcba9876543210fedcba9876543210fedcba98"
RESULTS = {
    State.COMPLETE: Result.PASSED,
    State.ASSERTED: Result.PASSED,
    State.FLAKY: Result.PASSED,
    State.STALE: Result.PASSED,
    State.FAILING: Result.FAILED,
    State.INTERRUPTED: Result.INTERRUPTED,
}
"""Results of the evidence that decides on a state; no evidence decides on the others."""
REVIEWED = ReviewSummary(ReviewState.CURRENT, 1, 1, ("qa-lead@example.com",), "sha256:ba515")
ENDS = ("1/BYOK", "2/staging", "3/staging", "4", "5", "6/rotation", "6/revocation", "7")
READY = dict.fromkeys(ENDS, State.COMPLETE) | {"5": State.FLAKY, "7": State.ASSERTED, "4": State.WAIVED}
BLOCKED = dict(
    zip(
        ENDS,
        (
            *(State.FAILING, State.INTERRUPTED, State.FLAKY, State.ASSERTED),
            *(State.STALE, State.REHEARSED, State.NOT_APPLICABLE, State.MISSING),
        ),
        strict=True,
    )
)
COLLECTING = dict.fromkeys(ENDS, State.MISSING) | {"4": State.COMPLETE, "5": State.WAIVED}
"""States of the requirements of three use cases."""


def every_outcome() -> Report:
    """Return the report of three use cases, whose 23 requirements (and one that is not) have every outcome."""
    catalogue = values.catalogue(["UC-001", "UC-002", "UC-003"], owner="ana@example.com", title="Checkout")
    blocker = Blocker(
        register="payments", at=values.NOW, by="ben@example.com", use_case="UC-002", reason="the provider is down"
    )
    use_cases = (
        values.use_case(catalogue, "UC-001", READY, status=Status.READY_FOR_GO_LIVE, review=REVIEWED),
        values.use_case(catalogue, "UC-002", BLOCKED, status=Status.BLOCKED, blockers=(BlockerStanding(blocker),)),
        values.use_case(catalogue, "UC-003", COLLECTING, status=Status.IN_PROGRESS, phase=Phase.COLLECTING),
    )
    return with_origins(with_register(map(decided, use_cases), release="1.4"), commit=COMMIT, dirty=False)


def with_register(use_cases: Iterable[UseCaseReadiness], **context) -> Report:
    """Return the report of these use cases, with all their evidence."""
    report = values.report(use_cases, **context)
    requirements = [each for use_case in report.readiness.use_cases for each in use_case.requirements]
    return replace(report, evidence_register=tuple(piece for each in requirements for piece in each.evidence))


def with_origins(report: Report, **origin) -> Report:
    """Return the report with the origin of its run."""
    return replace(report, origins={values.RUN: RunOrigin(started_at=values.NOW, **origin)})


def decided(use_case: UseCaseReadiness) -> UseCaseReadiness:
    """Return the use case with the evidence that decides on its requirements."""
    items, seq = [], 5
    for item in use_case.items:
        requirements = []
        for requirement in item.requirements:
            seq += 1
            deciding = tuple(_evidence(requirement.requirement, requirement.state, seq))
            requirements.append(
                replace(requirement, evidence=deciding, deciding=deciding, level="L1" if deciding else None)
            )
        items.append(replace(item, requirements=tuple(requirements)))
    return replace(use_case, items=tuple(items))


def _evidence(needed, state: State, seq: int) -> list[Evidence]:
    if state not in RESULTS:
        return []
    attempts = [Attempt(RESULTS[state], values.NOW, 1500)]
    if state is State.FLAKY:
        attempts.insert(0, Attempt(Result.FAILED, values.NOW, 20, "assert 1 == 2"))
    piece = values.evidence(
        id=f"{values.RUN}.{seq}.1", seq=seq, uc=needed.use_case, item=needed.item, result=RESULTS[state],
        test_id=f"tests/test_it.py::test_{seq}", attempts=tuple(attempts),
    )  # fmt: skip
    return [piece]


def hostile(text: str) -> Report:
    """Return a report with this text wherever a test, a tracker, a config or a person can put one."""
    report = every_outcome()
    use_cases = tuple(_hostile_use_case(use_case, text) for use_case in report.readiness.use_cases)
    register = tuple(piece for use_case in use_cases for each in use_case.requirements for piece in each.evidence)
    rules = tuple(replace(rule, detail=text) for rule in report.verdict.rules)
    return replace(
        report,
        readiness=replace(report.readiness, register=text, use_cases=use_cases),
        verdict=replace(report.verdict, rules=rules, failing=tuple(f"{text}{name}" for name in report.verdict.failing)),
        evidence_register=register,
        context=replace(report.context, register=text, release=text, requirements_digest=text, notes=(text,)),
    )


def _hostile_use_case(use_case: UseCaseReadiness, text: str) -> UseCaseReadiness:
    row = replace(use_case.use_case, title=text, owner=text, architecture_status=text, notes=text)
    row = replace(row, id=f"{text}{row.id}")
    items = []
    for item in use_case.items:
        requirements = []
        for requirement in item.requirements:
            needed = replace(
                requirement.requirement, id=f"{text}{requirement.requirement.id}", use_case=row.id, item=text,
                environment=text, provider_mode=text, part=text,
            )  # fmt: skip
            deciding = tuple(
                replace(
                    piece, test_id=text, environment=text, provider_mode=text, message=text,
                    references=(Reference(text, text),), artifacts=(Artifact(text, "text/plain", 1, values.SHA),),
                )
                for piece in requirement.deciding
            )  # fmt: skip
            requirements.append(
                replace(
                    requirement, requirement=needed, explanation=Explanation(text, text), evidence=deciding, deciding=deciding
                )
            )  # fmt: skip
        items.append(replace(item, requirements=tuple(requirements)))
    blockers = tuple(
        replace(standing, decision=replace(standing.decision, by=text, reason=text)) for standing in use_case.blockers
    )
    review = replace(use_case.review, by=(text,), why=(text,))
    return replace(use_case, use_case=row, items=tuple(items), blockers=blockers, review=review)


def failing_tests(tests: Mapping[str, Iterable[str]], use_cases: Iterable[str]) -> Report:
    """Return the report of use cases in each of which these tests fail for these requirements, by the end of their id."""
    ends = {end: State.FAILING for named in tests.values() for end in named}
    known = values.catalogue(use_cases)
    built = []
    for name in known.use_cases:
        use_case = values.use_case(known, name, ends, status=Status.BLOCKED)
        items = []
        for item in use_case.items:
            requirements = []
            for requirement in item.requirements:
                end = requirement.requirement.id.removeprefix(f"{name}/")
                pieces = tuple(
                    values.evidence(uc=name, item=item.item.key, test_id=test, result=Result.FAILED)
                    for test, named in tests.items()
                    if end in named
                )
                requirements.append(replace(requirement, evidence=pieces, deciding=pieces))
            items.append(replace(item, requirements=tuple(requirements)))
        built.append(replace(use_case, items=tuple(items)))
    return with_register(built)
