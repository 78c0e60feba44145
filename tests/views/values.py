"""Small factories for the values that views render."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from pytest_readiness.claims.builtin_items import BUILTIN_ITEMS
from pytest_readiness.claims.catalogue import Catalogue, Environment, ProviderMode, UseCase
from pytest_readiness.facts.evidence import Artifact, Attempt, Evidence, Proof, Reference, Result, Step
from pytest_readiness.store.protocol import RunState, RunSummary
from pytest_readiness.verdict.readiness import (
    Action,
    Explanation,
    ItemReadiness,
    Phase,
    Readiness,
    RequirementReadiness,
    ReviewSummary,
    RuleResult,
    State,
    Status,
    UseCaseReadiness,
    Verdict,
    worst_state,
)
from pytest_readiness.verdict.run_groups import GroupHold
from pytest_readiness.views.report import Report, ReportContext, ReportedSession

NOW = "2026-02-12T18:29:00.000Z"
SHA = "ab" * 32
RUN = "20260212T182800Z-0a1b2c3d"

_COLLECTED = {State.COMPLETE, State.NOT_APPLICABLE}


def evidence(**changes) -> Evidence:
    """Return a passed, real execution with everything recorded that can be."""
    plain = Evidence(
        id=f"{RUN}.5.1",
        uc="UC-003",
        tenant_id="t-42",
        project_id="p-7",
        environment="staging",
        provider_mode="BYOK",
        item="4",
        test_id="tests/test_trace.py::test_trace",
        result=Result.PASSED,
        timestamp="2026-02-12T18:28:02.000Z",
        references=(Reference("log", "https://logs.example.com/42"),),
        artifacts=(Artifact("trace.json", "application/json", 10, SHA),),
        register="payments",
        run_id=RUN,
        seq=5,
        started_at="2026-02-12T18:28:01.000Z",
        real=True,
        not_real_because=None,
        attempts=(Attempt(Result.PASSED, "2026-02-12T18:28:01.000Z", 1000),),
        proofs=(Proof("trace", (("digest", "1234"),)),),
    )
    return replace(plain, **changes)


def rich_evidence() -> Evidence:
    """Return a rehearsal that failed at first, with every part of the envelope."""
    return evidence(
        real=False,
        not_real_because="environment 'dev' is not declared real",
        environment="dev",
        item="6",
        parts=("rotation",),
        claim_environment="dev",
        replay_mode="TRACE_ONLY",
        attempts=(
            Attempt(Result.FAILED, "2026-02-12T18:28:00.000Z", 7, "assert 1 == 2\nat line 4"),
            Attempt(Result.PASSED, "2026-02-12T18:28:01.000Z", 1000),
        ),
        proofs=(Proof("rotation", (("old", "aaa"), ("new", "bbb"))),),
        steps=(Step("rotate", Result.PASSED, 12, (Step("wait", Result.PASSED, 5),)),),
        notes=("looked fine",),
        properties=(("region", "eu"),),
        redactions=(("aws-key", 2),),
        message="",
    )


def summary() -> RunSummary:
    """Return what an index says of the run of ``evidence()``."""
    return RunSummary(
        id=RUN,
        register="payments",
        started_at="2026-02-12T18:28:00.000Z",
        finished_at="2026-02-12T18:28:30.000Z",
        state=RunState.SEALED,
        actor="qa-lead@example.com",
        commit="c0ffee",
        dirty=True,
        release="1.4",
        group_id=None,
        group_parts=None,
        requirements_digest="sha256:" + "0" * 64,
        evidence_count=1,
    )


def tracker_ids(number: int = 32) -> list[str]:
    """Return UC-001 and so on."""
    return [f"UC-{n:03}" for n in range(1, number + 1)]


def catalogue(ids: Iterable[str], **row) -> Catalogue:
    """Return a register with these use cases, the seven items, one real environment and one provider mode."""
    plain = UseCase(id="", owner="tbd", architecture_status="GREEN", declared_status="NOT_STARTED")
    return Catalogue(
        register="payments",
        use_cases={name: replace(plain, **{"id": name, **row}) for name in ids},
        items={item.key: item for item in BUILTIN_ITEMS},
        environments={"staging": Environment("staging", real=True)},
        provider_modes={"BYOK": ProviderMode("BYOK")},
    )


def hold(group: str) -> GroupHold:
    """Return an incomplete run group, of which one part of two has arrived."""
    return GroupHold(group, "staging", None, "2026-02-12T18:00:00.000Z", ("run-6",), (2,), (1,))


def use_case(
    known: Catalogue,
    name: str,
    states: Mapping[str, State] | None = None,
    *,
    status: Status = Status.NOT_STARTED,
    phase: Phase | None = None,
    review: ReviewSummary | None = None,
    found: tuple[Evidence, ...] = (),
    row: Mapping[str, object] | None = None,
    **extra,
) -> UseCaseReadiness:
    """Return a use case whose requirements have these states (by the end of their id), MISSING where not given."""
    items = []
    for item in known.items.values():
        requirements = []
        for requirement in known.requirements(name):
            if requirement.item == item.key:
                state = (states or {}).get(requirement.id.removeprefix(f"{name}/"), State.MISSING)
                shown = tuple(e for e in found if (e.uc, e.item) == (name, item.key))
                requirements.append(_requirement(requirement, state, shown))
        items.append(ItemReadiness(item, worst_state(one.state for one in requirements), tuple(requirements)))
    mine = replace(known.use_case(name), **(row or {}))
    return UseCaseReadiness(
        mine, status, phase, tuple(items), review or ReviewSummary(basis_digest="sha256:ba515"), **extra
    )


def _requirement(requirement, state, shown) -> RequirementReadiness:
    why = {State.COMPLETE: "shown", State.MISSING: "no evidence", State.NOT_APPLICABLE: "declared"}
    return RequirementReadiness(
        requirement,
        state,
        Explanation(
            why.get(state, f"it is {state}"),
            "" if state in _COLLECTED else f"run a test that is evidence for {requirement.id}",
        ),
        shown,
        expires_at="2026-05-13T18:28:01.000Z" if state is State.COMPLETE else None,
        level="L1" if shown else None,
    )


def action(who: str, kind: str, requirement: str, text: str = "") -> Action:
    """Return an action for a requirement, or for a use case where the id has no slash."""
    name, slash, _ = requirement.partition("/")
    return Action(who, kind, name, requirement if slash else None, text or f"{kind} {requirement}")


def report(use_cases: Iterable[UseCaseReadiness], *, actions: Iterable[Action] | None = None, **context) -> Report:
    """Return the report of these use cases, with the verdict and the actions that follow from their states."""
    told = tuple(use_cases)
    failing = tuple(one.use_case.id for one in told if one.status is not Status.READY_FOR_GO_LIVE)
    looked = sum(len(one.required) for one in told)
    rule = RuleResult("evidence complete", not failing and bool(told), looked, f"{len(failing)} are not")
    plain = ReportContext("payments", "sqlite:///.readiness/evidence.db", "sha256:" + "0" * 64, NOW)
    return Report(
        Readiness("payments", NOW, told),
        Verdict(rule.passed, "review", (RuleResult("config is sound", True, 1, ""), rule), (), failing),
        tuple(_actions(told) if actions is None else actions),
        replace(plain, **context),
    )


def _actions(use_cases: Iterable[UseCaseReadiness]) -> list[Action]:
    return [
        action("unassigned", "collect", one.requirement.id, one.completes_it)
        for use_case in use_cases
        for one in use_case.required
        if one.completes_it
    ]


def untouched(number: int = 32, **context) -> Report:
    """Return the report of a register for which nothing was ever recorded."""
    ids = tracker_ids(number)
    known = catalogue(ids)
    return report((use_case(known, name) for name in ids), **context)


def mixed() -> Report:
    """Return the report of a register of 32 with one ready, one failing, one being collected and one drifting."""
    ids = tracker_ids()
    known = catalogue(ids)
    complete = {need.id.removeprefix("UC-001/"): State.COMPLETE for need in known.requirements("UC-001")}
    some = {"4": State.COMPLETE, "5": State.REHEARSED, "1/BYOK": State.ASSERTED, "6/rotation": State.STALE}
    owned = {"owner": "trace-team@example.com"}
    touched = {
        "UC-001": use_case(
            known,
            "UC-001",
            complete,
            status=Status.READY_FOR_GO_LIVE,
            review=ReviewSummary(by=("qa-lead@example.com",), approvals=1),
            row={"declared_status": "READY_FOR_GO_LIVE"},
        ),
        "UC-003": use_case(
            known,
            "UC-003",
            some,
            status=Status.IN_PROGRESS,
            phase=Phase.COLLECTING,
            found=(evidence(),),
            row=owned,
        ),
        "UC-007": use_case(
            known, "UC-007", {"2/staging": State.FAILING, "7": State.FLAKY}, status=Status.BLOCKED, row=owned
        ),
    }
    told = [touched.get(name) or use_case(known, name) for name in ids]
    first = [
        action("trace-team@example.com", "fix", "UC-007/2/staging", "test_handshake failed: mend it and run it again"),
        action("trace-team@example.com", "rerun", "UC-007/7", "run test_drill again: it passed only when retried"),
        *(
            action("trace-team@example.com", "collect", one)
            for one in ("UC-003/2/staging", "UC-003/3/staging", "UC-003/7")
        ),
    ]
    rest = [one for one in _actions(told) if one.use_case not in {"UC-003", "UC-007"}]
    return report(told, actions=[*first, *rest], session=ReportedSession(RUN, 12))


def hostile_report(bad: str) -> Report:
    """Return a report with one hostile text in every place that comes from outside."""
    row = {"title": bad, "owner": bad, "architecture_status": bad, "declared_status": bad, "notes": bad}
    known = catalogue([bad, f"{bad}2"], **row)
    first = use_case(
        known,
        bad,
        {"4": State.FAILING},
        status=Status.IN_PROGRESS,
        phase=Phase.AWAITING_REVIEW,
        group_holds=(hold(bad),),
        open_runs=(bad,),
    )
    actions = [action(bad, bad, f"{bad}/4", bad), action("b", "collect", bad, bad)]
    built = report(
        [first, use_case(known, f"{bad}2")],
        actions=actions,
        register=bad,
        store=bad,
        release=bad,
        notes=(bad,),
        problems=(bad,),
        session=ReportedSession(bad, 1),
    )
    rules = (RuleResult(bad, False, 1, bad), RuleResult(bad, False, 1, bad))
    return replace(built, verdict=Verdict(False, bad, rules, (bad,), (bad, f"{bad}2")))
