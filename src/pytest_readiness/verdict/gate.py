"""The gate: whether a set of use cases is eligible. Every rule is told, passed rules too, and it fails closed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property

from ..errors import Problem, count
from ..facts.evidence import Evidence
from ..fast_values import dataclass
from .inputs import UNKNOWN, CheckpointComparison, RunOrigin
from .policy import Policy
from .readiness import Readiness, RequirementReadiness, ReviewState, RuleResult, State, UseCaseReadiness, Verdict
from .requirement.skipped_tests import find_skipped
from .status import is_reviewed

__all__ = ["CheckpointComparison", "GateInput", "RuleFinding", "RunOrigin", "conclude", "evaluate_gate", "rules_of"]

_SCOPE = ("tracker and config", "use cases in scope", "requirements in scope", "left the register")
RELIABILITY_RULES = frozenset({*_SCOPE, "runs sealed", "evidence intact", "checkpoint"})
"""Rules without which nothing that is said can be relied on."""
NAMED = 5
"""How many names a rule's detail lists before it only counts them."""


@dataclass(frozen=True)
class GateInput:
    """Everything a verdict rests on."""

    readiness: Readiness
    policy: Policy
    problems: Sequence[Problem] = ()
    """What does not fit in the runs and lines that the answer rests on."""
    config_missing: str | None = None
    """Why there is no config or tracker to judge by; None: there is."""
    origins: Mapping[str, RunOrigin] = field(default_factory=dict)
    """By run id; a run that is not there is of unknown origin."""
    release: str | None = None
    """The release that is judged."""
    signature_problem: str = ""
    """Why signatures could not be checked though keys are trusted; empty: they were."""
    checkpoint: CheckpointComparison | None = None
    """None: nobody asked for a checkpoint."""

    @cached_property
    def evidence(self) -> Mapping[str, Evidence]:
        """Each piece of evidence that a requirement in scope shows, by id."""
        return {piece.id: piece for _, one in self.required for piece in one.evidence}

    @cached_property
    def resting_on(self) -> Mapping[str, Sequence[str]]:
        """The ids of the use cases in scope by each run that evidence is of which counts for one of them."""
        found: dict[str, dict[str, None]] = {}
        for use_case, one in self.required:
            for piece in one.deciding:
                found.setdefault(piece.run_id, {})[use_case.use_case.id] = None
        return {run: tuple(names) for run, names in found.items()}

    @cached_property
    def in_state(self) -> Mapping[State, _Requirements]:
        """The requirements in scope that count, by each state whose policy they ask."""
        found: dict[State, list[tuple[UseCaseReadiness, RequirementReadiness]]] = {}
        for each in self.required:
            for state in each[1].policy_states:
                found.setdefault(state, []).append(each)
        return found

    @cached_property
    def required(self) -> list[tuple[UseCaseReadiness, RequirementReadiness]]:
        """Each requirement in scope that counts."""
        return [(use_case, one) for use_case in self.readiness.use_cases for one in use_case.required]


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """What one rule found."""

    rule: str
    looked_at: int
    problems: tuple[str, ...]
    """What keeps it from passing, each by name."""
    detail: str
    """What it says when nothing is wrong."""
    failing: tuple[str, ...] = ()
    """Ids of the use cases that are at fault."""

    @property
    def result(self) -> RuleResult:
        """The finding as it is printed: a rule that looked at nothing has not passed."""
        if self.problems:
            return RuleResult(self.rule, passed=False, looked_at=self.looked_at, detail=_names(self.problems))
        if not self.looked_at:
            return RuleResult(self.rule, passed=False, looked_at=0, detail="there was nothing to look at")
        return RuleResult(self.rule, passed=True, looked_at=self.looked_at, detail=self.detail)


Rule = Callable[[GateInput], RuleFinding]
_Requirements = Sequence[tuple[UseCaseReadiness, RequirementReadiness]]


def evaluate_gate(  # noqa: PLR0913 - everything that a verdict rests on
    readiness: Readiness,
    policy: Policy,
    problems: Sequence[Problem] = (),
    *,
    config_missing: str | None = None,
    origins: Mapping[str, RunOrigin] | None = None,
    release: str | None = None,
    signature_problem: str = "",
    checkpoint: CheckpointComparison | None = None,
) -> Verdict:
    """Return what the gate says of the use cases in a readiness.

    Args:
        readiness: the use cases in scope, at the moment that is judged.
        policy: what eligible means.
        problems: what does not fit in the runs and lines that the readiness rests on.
        config_missing: why there is no config or tracker to judge by; None: there is one.
        origins: what each run was made with, by id; needed where the policy asks for a release or a clean commit.
        release: the release that is judged.
        signature_problem: why signatures could not be checked though keys are trusted; empty: they were.
        checkpoint: what checkpoints say of the store, where the gate is asked for any.
    """
    asked = checkpoint is not None or policy.checkpoint != "ignore"
    grounds = GateInput(
        readiness, policy, problems, config_missing, origins or {}, release, signature_problem, checkpoint
    )
    return conclude(grounds, (*rules_of(policy), *([_checkpoint] if asked else ())))


def conclude(grounds: GateInput, rules: Iterable[Rule]) -> Verdict:
    """Return the verdict of these rules; no rules at all never make anything eligible."""
    findings = [rule(grounds) for rule in rules]
    results = tuple(finding.result for finding in findings)
    at_fault = {name for finding in findings for name in finding.failing}
    return Verdict(
        eligible=bool(results) and all(result.passed for result in results),
        on=grounds.policy.on,
        rules=results,
        weaker=tuple(grounds.policy.weaker()),
        failing=(
            *(one.use_case.id for one in grounds.readiness.use_cases if one.use_case.id in at_fault),
            *(one.use_case for one in grounds.readiness.removed_here if one.use_case in at_fault),
        ),
        reliable=all(result.passed for result in results if result.rule in RELIABILITY_RULES),
    )


def rules_of(policy: Policy) -> tuple[Rule, ...]:
    """Return the rules that a policy asks for, in the order they are printed."""
    rules: list[Rule] = [_configured, _use_cases, _requirements, _departed, _complete, _asserted, _flaky, _waivers]
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
    if policy.clean_commit:
        rules.append(_clean_commit)
    return tuple(rules)


def _configured(grounds: GateInput) -> RuleFinding:
    wrong = (grounds.config_missing,) if grounds.config_missing is not None else ()
    return RuleFinding("tracker and config", 1, wrong, "there is a config")


def _use_cases(grounds: GateInput) -> RuleFinding:
    count = len(grounds.readiness.use_cases)
    return RuleFinding("use cases in scope", count, (), f"{count} in scope")


def _requirements(grounds: GateInput) -> RuleFinding:
    use_cases = grounds.readiness.use_cases
    count = sum(len(one.required) for one in use_cases)
    left_out = list(_not_applicable(grounds.readiness))
    detail = f"{count} required" + (f"; not applicable: {_names(left_out)}" if left_out else "")
    empty = tuple(one.use_case.id for one in use_cases if not one.required)
    return RuleFinding(
        "requirements in scope", count, tuple(f"{name} requires nothing" for name in empty), detail, empty
    )


def _departed(grounds: GateInput) -> RuleFinding:
    """What is open does not end with the row: only a listed reviewer lets go of it."""
    left = grounds.readiness.removed_here
    looked_at = len(grounds.readiness.use_cases) + len(left)
    wrong = tuple(f"{one.use_case} left it open ({one.why[0]})" for one in left)
    told = "no use case left it with anything open"
    return RuleFinding("left the register", looked_at, wrong, told, tuple(one.use_case for one in left))


def _complete(grounds: GateInput) -> RuleFinding:
    acceptable = grounds.policy.acceptable
    return _of_requirements(grounds, "evidence complete", acceptable, "each is in a state that can be accepted")


def _nothing_failing(grounds: GateInput) -> RuleFinding:
    excused = grounds.in_state.get(State.WAIVED, ())
    waived = [one.requirement.id for _, one in excused if one.underlying is State.FAILING]
    detail = f"none but what is waived: {_names(waived)}" if waived else "none is failing"
    return _of_requirements(grounds, "nothing failing", lambda state: state is not State.FAILING, detail)


def _of_requirements(grounds: GateInput, rule: str, good: Callable[[State], bool], detail: str) -> RuleFinding:
    every = grounds.required
    bad = {id(each) for state, mine in grounds.in_state.items() if not good(state) for each in mine}
    wrong = [each for each in every if id(each) in bad] if bad else []
    return _named(rule, every, wrong, detail, lambda req: f"{req.requirement.id} {req.described}")


def _named(
    rule: str, every: _Requirements, wrong: _Requirements, detail: str, told: Callable[[RequirementReadiness], str]
) -> RuleFinding:
    names = tuple(told(req) for _, req in wrong)
    return RuleFinding(rule, len(every), names, detail, tuple(one.use_case.id for one, _ in wrong))


def _asserted(grounds: GateInput) -> RuleFinding:
    return _of_leniency(grounds, State.ASSERTED, "without proof")


def _flaky(grounds: GateInput) -> RuleFinding:
    return _of_leniency(grounds, State.FLAKY, "after a failed attempt")


def _of_leniency(grounds: GateInput, state: State, what: str) -> RuleFinding:
    every = grounds.required
    mine = grounds.in_state.get(state, ())
    leniency = grounds.policy.leniency(state)
    wrong = [(one, req) for one, req in mine if not _let_through(grounds.policy, one, req, state)]
    how = "refused" if leniency not in ("acknowledge", "accept") else "not acknowledged by a current review"
    told = f"{count(len(mine), 'pass', 'passes')} {what}: {leniency}" if mine else f"no pass {what}"
    return _named(state.value.lower(), every, wrong, told, lambda req: f"{req.requirement.id} is {how}")


def _let_through(policy: Policy, use_case: UseCaseReadiness, one: RequirementReadiness, state: State) -> bool:
    leniency = policy.leniency(state)
    if leniency == "acknowledge" and policy.on != "evidence":
        current = [each for each in use_case.review.standings if each.state is ReviewState.CURRENT]
        return any(one.requirement.id in each.decision.acknowledged for each in current)
    return leniency in ("acknowledge", "accept")


def _waivers(grounds: GateInput) -> RuleFinding:
    every = grounds.required
    waived = grounds.in_state.get(State.WAIVED, ())
    wrong = () if grounds.policy.waivers == "accept" else waived
    told = f"with {len(waived)} waived: {_names([req.requirement.id for _, req in waived])}" if waived else "none"
    return _named("waivers", every, wrong, told, lambda req: f"{req.requirement.id} is waived, and waivers are refused")


def _nothing_blocked(grounds: GateInput) -> RuleFinding:
    use_cases = grounds.readiness.use_cases
    blocked = [one for one in use_cases if one.blockers]
    rejected = [
        one for one in use_cases if one.review.state is ReviewState.REJECTED and grounds.policy.on != "evidence"
    ]
    told = [f"{one.use_case.id} is blocked: {one.blockers[0].decision.reason}" for one in blocked]
    told += [f"{one.use_case.id} is rejected by {', '.join(one.review.by)}" for one in rejected]
    return RuleFinding(
        "nothing blocked", len(use_cases), tuple(told), "no blocker is open", _ids([*blocked, *rejected])
    )


def _sealed(grounds: GateInput) -> RuleFinding:
    use_cases = grounds.readiness.use_cases
    open_runs = dict.fromkeys(run for one in use_cases for run in one.open_runs)
    runs = {evidence.run_id for evidence in grounds.evidence.values()} | open_runs.keys()
    failing = tuple(one.use_case.id for one in use_cases if one.open_runs)
    return RuleFinding(
        "runs sealed", len(runs), tuple(f"run {run} is open" for run in open_runs), "no run is open", failing
    )


def _groups(grounds: GateInput) -> RuleFinding:
    use_cases = grounds.readiness.use_cases
    held = dict.fromkeys(group for one in use_cases for group in one.group_holds)
    failing = tuple(one.use_case.id for one in use_cases if one.group_holds)
    wrong = tuple(f"run group {group}" for group in held)
    return RuleFinding("groups complete", len(use_cases), wrong, "no use case waits for a part of a run group", failing)


def _intact(grounds: GateInput) -> RuleFinding:
    looked_at = len(grounds.evidence)
    return RuleFinding("evidence intact", looked_at, tuple(str(one) for one in grounds.problems), "as it was recorded")


def _level(grounds: GateInput) -> RuleFinding:
    """What rests on nothing has no level, which another rule tells; what is waived does not rest on its evidence."""
    least = grounds.policy.level
    every = grounds.required
    rests = [(one, req) for one, req in every if req.level is not None and req.state is not State.WAIVED]
    wrong = [(one, req) for one, req in rests if req.level is not None and req.level < least]
    told = f"none of the {len(rests)} that rest on evidence is below {least}"
    found = _named("evidence level", every, wrong, told, lambda req: f"{req.requirement.id} is {req.level}")
    if grounds.signature_problem:
        ids = _ids(grounds.readiness.use_cases)
        return replace(found, problems=(grounds.signature_problem, *found.problems), failing=ids)
    return found


def _checkpoint(grounds: GateInput) -> RuleFinding:
    found = grounds.checkpoint
    if found is None:
        told = "none was named, and [gate] checkpoint asks for one: --checkpoint FILE, or READINESS_CHECKPOINT"
        return RuleFinding("checkpoint", 0, (told,), "", _ids(grounds.readiness.use_cases))
    return RuleFinding("checkpoint", found.looked_at, tuple(map(str, found.problems)), found.detail)


def _reviewed(grounds: GateInput) -> RuleFinding:
    use_cases = grounds.readiness.use_cases
    wrong = [one for one in use_cases if not is_reviewed(one.review)]
    told = tuple(f"{one.use_case.id} {one.review.approvals}/{one.review.required}" for one in wrong)
    return RuleFinding("reviewed", len(use_cases), told, "each has enough current reviews", _ids(wrong))


def _architecture(grounds: GateInput) -> RuleFinding:
    use_cases = grounds.readiness.use_cases
    wrong = [one for one in use_cases if not grounds.policy.has_architecture(one.use_case.architecture_status)]
    told = tuple(f"{one.use_case.id} is {one.use_case.architecture_status or 'of no status'}" for one in wrong)
    return RuleFinding("architecture", len(use_cases), told, f"each is {grounds.policy.architecture}", _ids(wrong))


def _release(grounds: GateInput) -> RuleFinding:
    asked = grounds.release
    if asked is None:
        return RuleFinding(
            "release",
            0,
            ("no release is named to judge: --release R, or READINESS_RELEASE",),
            "",
            _ids(grounds.readiness.use_cases),
        )
    return _of_runs(grounds, "release", lambda origin: origin.release == asked, lambda _: f"was not made for {asked}")


def _clean_commit(grounds: GateInput) -> RuleFinding:
    def told(origin: RunOrigin) -> str:
        changed = origin.conditions.changed_remark
        return "was not made from a commit without local changes" + (f" ({changed})" if changed else "")

    return _of_runs(grounds, "clean commit", lambda origin: origin.is_clean, told)


def _clock(grounds: GateInput) -> RuleFinding:
    """A run that did not compare its clocks says nothing against them; it is told."""
    resting_on = grounds.resting_on
    conducts = {run: grounds.origins.get(run, UNKNOWN).conditions for run in sorted(resting_on)}
    wrong = {run: conduct.skew for run, conduct in conducts.items() if conduct.clocks_disagree}
    silent = sum(conduct.skew_ms is None for conduct in conducts.values())
    others = f"; {silent} of {count(len(conducts), 'run')} did not compare them" if silent else ""
    names = tuple(f"the clocks of run {run} disagree by {skew}" for run, skew in wrong.items())
    failing = tuple(name for run in wrong for name in resting_on[run])
    return RuleFinding("clock", len(grounds.readiness.use_cases), names, f"no run's clocks disagree{others}", failing)


def _deselected(grounds: GateInput) -> RuleFinding:
    wrong = list(find_skipped(grounds.readiness, grounds.origins))
    names = tuple(f"run {one.run_id} left out {one.test_id} ({one.use_case})" for one in wrong)
    told = "no run left out a test that none ran later"
    failing = tuple(dict.fromkeys(one.use_case for one in wrong))
    return RuleFinding("deselected", len(grounds.readiness.use_cases), names, told, failing)


def _of_runs(
    grounds: GateInput, rule: str, good: Callable[[RunOrigin], bool], told: Callable[[RunOrigin], str]
) -> RuleFinding:
    resting_on = grounds.resting_on
    wrong = sorted(run for run in resting_on if not good(grounds.origins.get(run, UNKNOWN)))
    failing = tuple(name for run in wrong for name in resting_on[run])
    names = tuple(f"run {run} {told(grounds.origins.get(run, UNKNOWN))}" for run in wrong)
    return RuleFinding(rule, len(resting_on), names, "each run is", failing)


def _not_applicable(readiness: Readiness) -> Iterator[str]:
    for use_case in readiness.use_cases:
        if len(use_case.required) == len(use_case.requirements):  # most often so
            continue
        for one in use_case.requirements:
            if one.state is State.NOT_APPLICABLE:
                yield f"{one.requirement.id} ({one.why})"


def _ids(use_cases: Iterable[UseCaseReadiness]) -> tuple[str, ...]:
    return tuple(one.use_case.id for one in use_cases)


def _names(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
