"""What opens a gate that is closed by no state of a requirement: by a run's conduct, a row, or what was not named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ..errors import count
from .actions import owner_of
from .gate import GateInput
from .inputs import UNKNOWN, RunOrigin
from .readiness import Action, RuleResult, UseCaseReadiness, Verdict
from .requirement.skipped_tests import find_skipped

ASKER = "whoever runs the gate"
"""Who must act where nothing is wrong with a use case, but something was not named or is not installed."""

NAME_RELEASE = "name the release that is judged: --release R (--readiness-release=R for pytest), or READINESS_RELEASE"
NAME_CHECKPOINT = "name a checkpoint that was kept elsewhere: --checkpoint FILE, or READINESS_CHECKPOINT"

Todo = tuple[str, str]
"""A word of ``Action``, and what is to be done."""


def gate_remedies(grounds: GateInput, verdict: Verdict, actions: Iterable[Action]) -> Iterator[Action]:
    """Yield who must do what about the failed rules that speak of something else than a state.

    No use case keeps a gate closed without an action: one that has none else is told the rule itself.

    Args:
        grounds: what the verdict rests on.
        verdict: what the gate says.
        actions: what is to be done about the states.
    """
    known = {one.use_case.id: one for one in grounds.readiness.use_cases}
    acted = {one.use_case for one in actions if one.action != "sync"}
    failed = {rule.rule: rule for rule in verdict.rules if not rule.passed}
    for rule in failed:
        for action in _OF_RULE.get(rule, _nothing)(grounds):
            acted.add(action.use_case)
            yield action
    for name in verdict.failing:
        if name in known and name not in acted:
            yield _the_rules(known[name], failed)


def _the_rules(use_case: UseCaseReadiness, failed: Mapping[str, RuleResult]) -> Action:
    told = "; ".join(f"{rule.rule}: {rule.detail}" for rule in failed.values())
    return _action(use_case, ("declare", told))


def _action(use_case: UseCaseReadiness, todo: Todo, who: str | None = None) -> Action:
    return Action(who or owner_of(use_case), todo[0], use_case.use_case.id, None, todo[1])


def _nothing(_grounds: GateInput) -> Iterator[Action]:
    return iter(())


def _requires_nothing(grounds: GateInput) -> Iterator[Action]:
    told = "it requires nothing: declare what it needs in the config ([items], [use_cases]), or take out its row"
    yield from (_action(one, ("declare", told)) for one in grounds.readiness.use_cases if not one.required)


def _unchecked(grounds: GateInput) -> Iterator[Action]:
    if grounds.signature_problem:
        yield from _of_asker(grounds, grounds.signature_problem)


def _release(grounds: GateInput) -> Iterator[Action]:
    asked = grounds.release
    if asked is None:
        yield from _of_asker(grounds, NAME_RELEASE)
        return
    told = f"run its tests again for release {asked}"
    yield from _of_runs(grounds, lambda one: one.release != asked, lambda _: told)


def _unnamed_checkpoint(grounds: GateInput) -> Iterator[Action]:
    if grounds.checkpoint is None:
        yield from _of_asker(grounds, NAME_CHECKPOINT)


def _of_asker(grounds: GateInput, told: str) -> Iterator[Action]:
    yield from (_action(one, ("declare", told), ASKER) for one in grounds.readiness.use_cases)


def _architecture(grounds: GateInput) -> Iterator[Action]:
    asked = grounds.policy.architecture
    for one in grounds.readiness.use_cases:
        status = one.use_case.architecture_status.strip("` ")
        if not grounds.policy.has_architecture(status):
            told = f"its architecture status is {status or 'not given'}, and the gate asks for {asked}"
            yield _action(one, ("declare", f"{told}: who decides on the architecture writes it into its row"))


def _clean_commit(grounds: GateInput) -> Iterator[Action]:
    def told(run: RunOrigin) -> str:
        changed = run.conditions.changed_remark
        why = f" (then: {changed})" if changed else ""
        return f"run its tests again from a commit without local changes{why}"

    yield from _of_runs(grounds, lambda run: not run.is_clean, told)


def _clock(grounds: GateInput) -> Iterator[Action]:
    def told(run: RunOrigin) -> str:
        return f"set the clock of the machine, which disagrees by {run.conditions.skew}, and run its tests again"

    yield from _of_runs(grounds, lambda run: run.conditions.clocks_disagree, told)


def _of_runs(
    grounds: GateInput, bad: Callable[[RunOrigin], bool], told: Callable[[RunOrigin], str]
) -> Iterator[Action]:
    """Yield one action for each use case that rests on bad runs, however many."""
    wrong: dict[str, list[str]] = {}
    for run in sorted(grounds.resting_on):
        if bad(grounds.origins.get(run, UNKNOWN)):
            for name in grounds.resting_on[run]:
                wrong.setdefault(name, []).append(run)
    for one in grounds.readiness.use_cases:
        runs = wrong.get(one.use_case.id)
        if runs:
            more = f" and {count(len(runs) - 1, 'more run')}" if len(runs) > 1 else ""
            about = f"; it rests on run {runs[0]}{more}"
            yield _action(one, ("rerun", told(grounds.origins.get(runs[0], UNKNOWN)) + about))


def _deselected(grounds: GateInput) -> Iterator[Action]:
    known = {one.use_case.id: one for one in grounds.readiness.use_cases}
    found: dict[str, dict[str, None]] = {}
    for one in find_skipped(grounds.readiness, grounds.origins):
        found.setdefault(one.use_case, {})[one.test_id] = None
    for name, tests in found.items():
        first, *others = tests
        more = f" and {count(len(others), 'more test')}" if others else ""
        told = f"run {first}{more}, which a run left out, or let a reviewer retire what is gone"
        yield _action(known[name], ("rerun", told))


_OF_RULE: Mapping[str, Callable[[GateInput], Iterator[Action]]] = {
    "requirements in scope": _requires_nothing,
    "evidence level": _unchecked,
    "clock": _clock,
    "deselected": _deselected,
    "architecture": _architecture,
    "release": _release,
    "clean commit": _clean_commit,
    "checkpoint": _unnamed_checkpoint,
}
