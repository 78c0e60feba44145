"""Gate: the rules that decide whether use cases are eligible; it fails closed and shows each result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from ..errors import Problem, count
from ..facts.subject import NO_SUBJECTS, Subjects
from .gate_input import GateInput, RequirementPairs, RuleFinding, name_list
from .inputs import UNKNOWN, CheckpointComparison, RunOrigin
from .policy import Policy
from .readiness import Readiness, RequirementReadiness, ReviewState, State, Status, UseCaseReadiness, Verdict
from .requirement.skipped_tests import find_skipped
from .status import is_reviewed
from .subject_rule import subject_rule

__all__ = ["CheckpointComparison", "GateInput", "RuleFinding", "RunOrigin", "conclude", "evaluate_gate", "rules_of"]

_SCOPE = ("tracker and config", "use cases in scope", "requirements in scope", "left the register")
RELIABILITY_RULES = frozenset({*_SCOPE, "runs sealed", "evidence intact", "checkpoint"})
"""Rules that must pass before any other result can be relied on."""


Rule = Callable[[GateInput], RuleFinding]


def evaluate_gate(  # noqa: PLR0913 - all inputs of a verdict
    readiness: Readiness,
    policy: Policy,
    problems: Sequence[Problem] = (),
    *,
    config_missing: str | None = None,
    origins: Mapping[str, RunOrigin] | None = None,
    release: str | None = None,
    subjects: Subjects = NO_SUBJECTS,
    signature_problem: str = "",
    checkpoint: CheckpointComparison | None = None,
) -> Verdict:
    """Return the gate's verdict on the use cases of a readiness.

    Args:
        readiness: the use cases in scope, at the moment that is judged.
        policy: defines what eligible means.
        problems: integrity problems of the runs and lines that the readiness rests on.
        config_missing: why there is no config or tracker; None: there is one.
        origins: origin of each run, by id; needed if the policy asks for a release or a clean commit.
        release: the release that is judged.
        subjects: the digests that are judged, by name.
        signature_problem: why signatures could not be checked although keys are trusted; empty: they were checked.
        checkpoint: comparison with stored checkpoints, if one was requested.
    """
    checkpoint_needed = checkpoint is not None or policy.checkpoint != "ignore"
    inputs = GateInput(
        readiness, policy, problems, config_missing, origins or {}, release, subjects, signature_problem, checkpoint
    )
    return conclude(inputs, (*rules_of(policy), *([_checkpoint] if checkpoint_needed else ())))


def conclude(inputs: GateInput, rules: Iterable[Rule]) -> Verdict:
    """Return the verdict of these rules. Without rules nothing is eligible."""
    findings = [rule(inputs) for rule in rules]
    results = tuple(finding.result for finding in findings)
    failing_ids = {name for finding in findings for name in finding.failing}
    return Verdict(
        eligible=bool(results) and all(result.passed for result in results),
        on=inputs.policy.on,
        enforced=inputs.policy.enforce,
        rules=results,
        weaker=tuple(inputs.policy.weaker()),
        failing=(
            *(use_case.use_case.id for use_case in inputs.readiness.use_cases if use_case.use_case.id in failing_ids),
            *(use_case.use_case for use_case in inputs.readiness.removed_here if use_case.use_case in failing_ids),
        ),
        reliable=all(result.passed for result in results if result.rule in RELIABILITY_RULES),
    )


def rules_of(policy: Policy) -> tuple[Rule, ...]:
    """Return the rules that a policy asks for, in printed order."""
    rules: list[Rule] = [
        _configured,
        _use_cases,
        _requirements,
        _removed_use_cases,
        _complete,
        _asserted,
        _flaky,
        _waivers,
    ]
    rules += [_nothing_failing, _nothing_blocked, _sealed, _groups, _intact, _level]
    if policy.clock != "ignore":
        rules.append(_clock)
    if policy.asks_for_plans:
        rules.append(_deselected)
    if policy.on != "evidence":
        rules.append(_reviewed)
    if policy.architecture != "ignore":
        rules.append(_architecture)
    if policy.release != "ignore":
        rules.append(_release)
    if policy.subject != "ignore":
        rules.append(subject_rule)
    if policy.clean_commit:
        rules.append(_clean_commit)
    return tuple(rules)


def _configured(inputs: GateInput) -> RuleFinding:
    wrong = (inputs.config_missing,) if inputs.config_missing is not None else ()
    return RuleFinding("tracker and config", 1, wrong, "there is a config")


def _use_cases(inputs: GateInput) -> RuleFinding:
    count = len(inputs.readiness.use_cases)
    return RuleFinding("use cases in scope", count, (), f"{count} in scope")


def _requirements(inputs: GateInput) -> RuleFinding:
    use_cases = inputs.readiness.use_cases
    count = sum(len(use_case.required) for use_case in use_cases)
    not_applicable = list(_not_applicable(inputs.readiness))
    detail = f"{count} required" + (f"; not applicable: {name_list(not_applicable)}" if not_applicable else "")
    empty = tuple(use_case.use_case.id for use_case in use_cases if not use_case.required)
    return RuleFinding(
        "requirements in scope", count, tuple(f"{name} requires nothing" for name in empty), detail, empty
    )


def _removed_use_cases(inputs: GateInput) -> RuleFinding:
    """Removed rows do not close what was open: only a retirement by a listed reviewer does."""
    removed = inputs.readiness.removed_here
    looked_at = len(inputs.readiness.use_cases) + len(removed)
    wrong = tuple(f"{use_case.use_case} left something open ({use_case.why[0]})" for use_case in removed)
    detail = "no use case left with something open"
    return RuleFinding("left the register", looked_at, wrong, detail, tuple(use_case.use_case for use_case in removed))


def _complete(inputs: GateInput) -> RuleFinding:
    acceptable = inputs.policy.acceptable
    states = Counter(requirement.state for _, requirement in inputs.required)
    others = [f"{number} {state}" for state, number in sorted(states.items()) if state is not State.COMPLETE]
    detail = f"{states[State.COMPLETE]} COMPLETE and {', '.join(others)}, which is acceptable here"
    detail = detail if others else "each is COMPLETE"
    return _requirements_rule(inputs, "evidence complete", inputs.required, acceptable, detail)


def _nothing_failing(inputs: GateInput) -> RuleFinding:
    excused = inputs.requirements_by_state.get(State.WAIVED, ())
    waived = [requirement.requirement.id for _, requirement in excused if requirement.underlying is State.FAILING]
    detail = f"none but what is waived: {name_list(waived)}" if waived else "none is failing"
    return _requirements_rule(inputs, "nothing failing", inputs.rated, lambda state: state is not State.FAILING, detail)


def _requirements_rule(
    inputs: GateInput, rule: str, checked: RequirementPairs, is_good: Callable[[State], bool], detail: str
) -> RuleFinding:
    required = inputs.required
    bad_entries = {
        id(entry) for state, entries in inputs.requirements_by_state.items() if not is_good(state) for entry in entries
    }
    wrong = [entry for entry in required if id(entry) in bad_entries] if bad_entries else []
    return _requirements_finding(rule, checked, wrong, detail, lambda req: f"{req.requirement.id} {req.described}")


def _requirements_finding(
    rule: str,
    checked: RequirementPairs,
    wrong: RequirementPairs,
    detail: str,
    describe: Callable[[RequirementReadiness], str],
) -> RuleFinding:
    names = tuple(describe(req) for _, req in wrong)
    failing = tuple(use_case.use_case.id for use_case, _ in wrong)
    return RuleFinding(rule, max(len(checked), len(wrong)), names, detail, failing)


def _asserted(inputs: GateInput) -> RuleFinding:
    return _leniency_rule(inputs, State.ASSERTED, "without proof")


def _flaky(inputs: GateInput) -> RuleFinding:
    return _leniency_rule(inputs, State.FLAKY, "after a failed attempt")


def _leniency_rule(inputs: GateInput, state: State, what: str) -> RuleFinding:
    concerned = inputs.requirements_by_state.get(state, ())
    leniency = inputs.policy.leniency(state)
    wrong = [(use_case, req) for use_case, req in concerned if not _is_accepted(inputs.policy, use_case, req, state)]
    how = "refused" if leniency not in ("acknowledge", "accept") else "not acknowledged by a current review"
    acknowledged = "which a review must acknowledge" if inputs.policy.on == "evidence" else "acknowledged"
    treated = "accepted" if leniency == "accept" else acknowledged
    detail = f"{count(len(concerned), 'pass', 'passes')} {what}, {treated}" if concerned else f"no pass {what}"
    finding = _requirements_finding(state.value.lower(), inputs.rated, wrong, detail, lambda req: req.requirement.id)
    return replace(finding, shared=how)


def _is_accepted(policy: Policy, use_case: UseCaseReadiness, requirement: RequirementReadiness, state: State) -> bool:
    leniency = policy.leniency(state)
    if leniency == "acknowledge" and policy.on != "evidence":
        current = [standing for standing in use_case.review.standings if standing.state is ReviewState.CURRENT]
        return any(requirement.requirement.id in standing.decision.acknowledged for standing in current)
    return leniency in ("acknowledge", "accept")


def _waivers(inputs: GateInput) -> RuleFinding:
    required = inputs.required
    waived = inputs.requirements_by_state.get(State.WAIVED, ())
    wrong = () if inputs.policy.waivers == "accept" else waived
    detail = f"with {len(waived)} waived: {name_list([req.requirement.id for _, req in waived])}" if waived else "none"
    finding = _requirements_finding("waivers", required, wrong, detail, lambda req: req.requirement.id)
    return replace(finding, shared="waived, and waivers are refused")


def _nothing_blocked(inputs: GateInput) -> RuleFinding:
    use_cases = inputs.readiness.use_cases
    blocked = [use_case for use_case in use_cases if use_case.blockers]
    rejected = [
        use_case
        for use_case in use_cases
        if use_case.review.state is ReviewState.REJECTED and inputs.policy.on != "evidence"
    ]
    problems = [f"{use_case.use_case.id} is blocked: {use_case.blockers[0].decision.reason}" for use_case in blocked]
    detail = "no blocker is open"
    if any(use_case.status is Status.BLOCKED for use_case in use_cases):
        detail += " (use cases are BLOCKED by what fails)"
    problems += [f"{use_case.use_case.id} is rejected by {', '.join(use_case.review.by)}" for use_case in rejected]
    return RuleFinding("nothing blocked", len(use_cases), tuple(problems), detail, _use_case_ids([*blocked, *rejected]))


def _sealed(inputs: GateInput) -> RuleFinding:
    use_cases = inputs.readiness.use_cases
    open_runs = dict.fromkeys(run for use_case in use_cases for run in use_case.open_runs)
    runs = {evidence.run_id for evidence in inputs.evidence.values()} | open_runs.keys()
    failing = tuple(use_case.use_case.id for use_case in use_cases if use_case.open_runs)
    return RuleFinding(
        "runs sealed", len(runs), tuple(f"run {run} is open" for run in open_runs), "no run is open", failing
    )


def _groups(inputs: GateInput) -> RuleFinding:
    use_cases = inputs.readiness.use_cases
    holds = dict.fromkeys(group for use_case in use_cases for group in use_case.group_holds)
    failing = tuple(use_case.use_case.id for use_case in use_cases if use_case.group_holds)
    wrong = tuple(f"run group {group}" for group in holds)
    looked_at = max(inputs.rated_use_cases, len(failing))
    return RuleFinding("groups complete", looked_at, wrong, "no use case waits for a part of a run group", failing)


def _intact(inputs: GateInput) -> RuleFinding:
    looked_at = len(inputs.evidence)
    return RuleFinding(
        "evidence intact", looked_at, tuple(str(problem) for problem in inputs.problems), "as it was recorded"
    )


def _level(inputs: GateInput) -> RuleFinding:
    """Requirements without evidence have no level, and another rule reports them. Waived ones are skipped."""
    least = inputs.policy.level
    rated = [(use_case, req) for use_case, req in inputs.rated if req.state is not State.WAIVED]
    wrong = [(use_case, req) for use_case, req in rated if req.level is not None and req.level < least]
    detail = f"none that rests on evidence is below {least}"
    finding = _requirements_finding(
        "evidence level", inputs.rated, wrong, detail, lambda req: f"{req.requirement.id} is {req.level}"
    )
    if inputs.signature_problem:
        ids = _use_case_ids(inputs.readiness.use_cases)
        return replace(finding, problems=(inputs.signature_problem, *finding.problems), failing=ids)
    return finding


def _checkpoint(inputs: GateInput) -> RuleFinding:
    comparison = inputs.checkpoint
    if comparison is None:
        problem = (
            "no checkpoint was named, and [gate] checkpoint requires one: --checkpoint FILE or READINESS_CHECKPOINT"
        )
        return RuleFinding("checkpoint", 0, (problem,), "", _use_case_ids(inputs.readiness.use_cases))
    return RuleFinding("checkpoint", comparison.looked_at, tuple(map(str, comparison.problems)), comparison.detail)


def _reviewed(inputs: GateInput) -> RuleFinding:
    use_cases = inputs.readiness.use_cases
    wrong = [use_case for use_case in use_cases if not is_reviewed(use_case.review)]
    problems = tuple(
        f"{use_case.use_case.id} has {use_case.review.approvals} of {count(use_case.review.required, 'approval')}"
        for use_case in wrong
    )
    return RuleFinding("reviewed", len(use_cases), problems, "each has enough current reviews", _use_case_ids(wrong))


def _architecture(inputs: GateInput) -> RuleFinding:
    use_cases = inputs.readiness.use_cases
    wrong = [
        use_case for use_case in use_cases if not inputs.policy.has_architecture(use_case.use_case.architecture_status)
    ]
    problems = tuple(
        f"{use_case.use_case.id} is {use_case.use_case.architecture_status or 'without a status'}" for use_case in wrong
    )
    return RuleFinding(
        "architecture", len(use_cases), problems, f"each is {inputs.policy.architecture}", _use_case_ids(wrong)
    )


def _release(inputs: GateInput) -> RuleFinding:
    release = inputs.release
    if release is None:
        return RuleFinding(
            "release",
            0,
            ("no release was named: --release R, or READINESS_RELEASE",),
            "",
            _use_case_ids(inputs.readiness.use_cases),
        )
    return _runs_rule(
        inputs, "release", lambda origin: origin.release == release, lambda _: f"was not made for {release}"
    )


def _clean_commit(inputs: GateInput) -> RuleFinding:
    def describe(origin: RunOrigin) -> str:
        changed = origin.conditions.changed_remark
        return "was not made from a commit without local changes" + (f" ({changed})" if changed else "")

    return _runs_rule(inputs, "clean commit", lambda origin: origin.is_clean, describe)


def _clock(inputs: GateInput) -> RuleFinding:
    """Runs that did not compare their clocks pass, and are counted in the detail."""
    # All may be waived: then no evidence counts, and the runs of the other evidence are checked.
    resting_on = inputs.use_cases_by_run or dict.fromkeys({piece.run_id for piece in inputs.evidence.values()}, ())
    conducts = {run: inputs.origins.get(run, UNKNOWN).conditions for run in sorted(resting_on)}
    wrong = {run: conduct.skew for run, conduct in conducts.items() if conduct.clocks_disagree}
    silent = sum(conduct.skew_ms is None for conduct in conducts.values())
    others = f"; {silent} of {count(len(conducts), 'run')} did not compare them" if silent else ""
    names = tuple(f"the clocks of run {run} disagree by {skew}" for run, skew in wrong.items())
    failing = tuple(name for run in wrong for name in resting_on[run])
    return RuleFinding("clock", len(conducts), names, f"no run's clocks disagree{others}", failing)


def _deselected(inputs: GateInput) -> RuleFinding:
    wrong = list(find_skipped(inputs.readiness, inputs.origins, inputs.version))
    names = tuple(f"run {test.run_id} deselected {test.test_id} ({test.use_case})" for test in wrong)
    detail = "no run deselected a test that no later run ran"
    failing = tuple(dict.fromkeys(test.use_case for test in wrong))
    return RuleFinding("deselected", max(inputs.rated_use_cases, len(failing)), names, detail, failing)


def _runs_rule(
    inputs: GateInput, rule: str, is_good: Callable[[RunOrigin], bool], describe: Callable[[RunOrigin], str]
) -> RuleFinding:
    resting_on = inputs.use_cases_by_run
    wrong = sorted(run for run in resting_on if not is_good(inputs.origins.get(run, UNKNOWN)))
    failing = tuple(name for run in wrong for name in resting_on[run])
    names = tuple(f"run {run} {describe(inputs.origins.get(run, UNKNOWN))}" for run in wrong)
    return RuleFinding(rule, len(resting_on), names, "all runs meet it", failing)


def _not_applicable(readiness: Readiness) -> Iterator[str]:
    for use_case in readiness.use_cases:
        if len(use_case.required) == len(use_case.requirements):  # the usual case
            continue
        for requirement in use_case.requirements:
            if requirement.state is State.NOT_APPLICABLE:
                yield f"{requirement.requirement.id} ({requirement.why})"


def _use_case_ids(use_cases: Iterable[UseCaseReadiness]) -> tuple[str, ...]:
    return tuple(use_case.use_case.id for use_case in use_cases)
