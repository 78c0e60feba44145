"""Remedies for failed gate rules that no requirement's state explains, such as run conditions or missing options."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ..errors import count
from .actions import owner_of
from .gate import GateInput
from .inputs import UNKNOWN, RunOrigin
from .readiness import Action, RuleResult, UseCaseReadiness, Verdict
from .requirement.skipped_tests import find_skipped

ASKER = "whoever runs the gate"
"""Who must act if no use case is at fault, but an option or a package is missing."""

NAME_RELEASE = "name the release that is judged: --release R (--readiness-release=R for pytest), or READINESS_RELEASE"
NAME_CHECKPOINT = "name a checkpoint that was kept elsewhere: --checkpoint FILE, or READINESS_CHECKPOINT"

Todo = tuple[str, str]
"""An action of ``Action``, and its text."""


def gate_remedies(gate_input: GateInput, verdict: Verdict, actions: Iterable[Action]) -> Iterator[Action]:
    """Yield the actions for failed rules that are not about a requirement's state.

    Every use case that keeps the gate closed gets an action: the rule itself if there is no other.

    Args:
        gate_input: input of the verdict.
        verdict: the gate's verdict.
        actions: the actions for the states of requirements.
    """
    use_cases = {use_case.use_case.id: use_case for use_case in gate_input.readiness.use_cases}
    acted = {action.use_case for action in actions if action.action != "sync"}
    failed = {rule.rule: rule for rule in verdict.rules if not rule.passed}
    for rule in failed:
        for action in _REMEDIES.get(rule, _no_actions)(gate_input):
            acted.add(action.use_case)
            yield action
    for name in verdict.failing:
        if name in use_cases and name not in acted:
            yield _rules_action(use_cases[name], failed)


def _rules_action(use_case: UseCaseReadiness, failed: Mapping[str, RuleResult]) -> Action:
    text = "; ".join(f"{rule.rule}: {rule.detail}" for rule in failed.values())
    return _action(use_case, ("declare", text))


def _action(use_case: UseCaseReadiness, todo: Todo, who: str | None = None) -> Action:
    return Action(who or owner_of(use_case), todo[0], use_case.use_case.id, None, todo[1])


def _no_actions(_grounds: GateInput) -> Iterator[Action]:
    return iter(())


def _empty_use_cases(gate_input: GateInput) -> Iterator[Action]:
    text = "it requires nothing: declare what it needs in the config ([items], [use_cases]), or take out its row"
    yield from (
        _action(use_case, ("declare", text)) for use_case in gate_input.readiness.use_cases if not use_case.required
    )


def _unchecked_signatures(gate_input: GateInput) -> Iterator[Action]:
    if gate_input.signature_problem:
        yield from _asker_actions(gate_input, gate_input.signature_problem)


def _release(gate_input: GateInput) -> Iterator[Action]:
    asked = gate_input.release
    if asked is None:
        yield from _asker_actions(gate_input, NAME_RELEASE)
        return
    text = f"run its tests again for release {asked}"
    yield from _run_actions(gate_input, lambda origin: origin.release != asked, lambda _: text)


def _unnamed_checkpoint(gate_input: GateInput) -> Iterator[Action]:
    if gate_input.checkpoint is None:
        yield from _asker_actions(gate_input, NAME_CHECKPOINT)


def _asker_actions(gate_input: GateInput, text: str) -> Iterator[Action]:
    yield from (_action(use_case, ("declare", text), ASKER) for use_case in gate_input.readiness.use_cases)


def _architecture(gate_input: GateInput) -> Iterator[Action]:
    asked = gate_input.policy.architecture
    for use_case in gate_input.readiness.use_cases:
        status = use_case.use_case.architecture_status.strip("` ")
        if not gate_input.policy.has_architecture(status):
            text = f"its architecture status is {status or 'not given'}, and the gate asks for {asked}"
            yield _action(use_case, ("declare", f"{text}: who decides on the architecture writes it into its row"))


def _clean_commit(gate_input: GateInput) -> Iterator[Action]:
    def told(run: RunOrigin) -> str:
        changed = run.conditions.changed_remark
        why = f" (then: {changed})" if changed else ""
        return f"run its tests again from a commit without local changes{why}"

    yield from _run_actions(gate_input, lambda run: not run.is_clean, told)


def _clock(gate_input: GateInput) -> Iterator[Action]:
    def told(run: RunOrigin) -> str:
        return f"set the clock of the machine, which disagrees by {run.conditions.skew}, and run its tests again"

    yield from _run_actions(gate_input, lambda run: run.conditions.clocks_disagree, told)


def _run_actions(
    gate_input: GateInput, bad: Callable[[RunOrigin], bool], describe: Callable[[RunOrigin], str]
) -> Iterator[Action]:
    """Yield one action for each use case that rests on bad runs."""
    wrong: dict[str, list[str]] = {}
    for run in sorted(gate_input.use_cases_by_run):
        if bad(gate_input.origins.get(run, UNKNOWN)):
            for name in gate_input.use_cases_by_run[run]:
                wrong.setdefault(name, []).append(run)
    for use_case in gate_input.readiness.use_cases:
        runs = wrong.get(use_case.use_case.id)
        if runs:
            more = f" and {count(len(runs) - 1, 'more run')}" if len(runs) > 1 else ""
            about = f"; it rests on run {runs[0]}{more}"
            yield _action(use_case, ("rerun", describe(gate_input.origins.get(runs[0], UNKNOWN)) + about))


def _deselected(gate_input: GateInput) -> Iterator[Action]:
    use_cases = {use_case.use_case.id: use_case for use_case in gate_input.readiness.use_cases}
    tests_of: dict[str, dict[str, None]] = {}
    for skipped in find_skipped(gate_input.readiness, gate_input.origins):
        tests_of.setdefault(skipped.use_case, {})[skipped.test_id] = None
    for name, tests in tests_of.items():
        first, *others = tests
        more = f" and {count(len(others), 'more test')}" if others else ""
        text = f"run {first}{more}, which a run left out, or let a reviewer retire what is gone"
        yield _action(use_cases[name], ("rerun", text))


_REMEDIES: Mapping[str, Callable[[GateInput], Iterator[Action]]] = {
    "requirements in scope": _empty_use_cases,
    "evidence level": _unchecked_signatures,
    "clock": _clock,
    "deselected": _deselected,
    "architecture": _architecture,
    "release": _release,
    "clean commit": _clean_commit,
    "checkpoint": _unnamed_checkpoint,
}
