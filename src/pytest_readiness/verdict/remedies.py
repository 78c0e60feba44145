"""Remedies for failed gate rules that no requirement explains, such as run conditions or options."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ..errors import count
from ..facts.subject import subjects_text
from .gate_input import GateInput
from .inputs import UNKNOWN, RunOrigin
from .owners import owner_of
from .readiness import Action, RuleResult, UseCaseReadiness, Verdict
from .requirement.skipped_tests import find_skipped
from .subject_rule import NAME_SUBJECT, other_versions

ASKER = "whoever runs the gate"
"""Who must act if no use case is at fault, but an option or a package is missing."""

NAME_RELEASE = "name the release that is judged: --release R (--readiness-release=R for pytest), or READINESS_RELEASE"
NAME_CHECKPOINT = "name a checkpoint that was stored elsewhere: --checkpoint FILE, or READINESS_CHECKPOINT"

Todo = tuple[str, str]
"""An action of ``Action``, and its text."""


def gate_remedies(inputs: GateInput, verdict: Verdict, actions: Iterable[Action]) -> Iterator[Action]:
    """Yield the actions for failed rules that are not about a requirement's state.

    Every use case that keeps the gate closed gets an action: the rule itself if there is no other.

    Args:
        inputs: input of the verdict.
        verdict: the gate's verdict.
        actions: the actions for the states of requirements.
    """
    use_cases = {use_case.use_case.id: use_case for use_case in inputs.readiness.use_cases}
    acted = {action.use_case for action in actions if action.action != "sync"}
    failed = {rule.rule: rule for rule in verdict.rules if not rule.passed}
    for rule in failed:
        for action in _REMEDIES.get(rule, _no_actions)(inputs):
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


def _empty_use_cases(inputs: GateInput) -> Iterator[Action]:
    text = "it requires nothing: declare what it needs in the config ([items], [use_cases]), or remove its row"
    yield from (
        _action(use_case, ("declare", text)) for use_case in inputs.readiness.use_cases if not use_case.required
    )


def _unchecked_signatures(inputs: GateInput) -> Iterator[Action]:
    if inputs.signature_problem:
        yield from _asker_actions(inputs, inputs.signature_problem)


def _release(inputs: GateInput) -> Iterator[Action]:
    release = inputs.release
    if release is None:
        yield from _asker_actions(inputs, NAME_RELEASE)
        return
    text = f"run its tests again for release {release}"
    yield from _run_actions(inputs, lambda origin: origin.release != release, lambda _: text)


def _subject(inputs: GateInput) -> Iterator[Action]:
    judged = inputs.subjects
    if not judged:
        yield from _asker_actions(inputs, f"name the digests that are judged: {NAME_SUBJECT}")
        return
    use_cases = {use_case.use_case.id: use_case for use_case in inputs.readiness.use_cases}
    for text, _, names in other_versions(inputs):
        for name in dict.fromkeys(names):
            todo = f"run its tests for {subjects_text(judged)}: what there is was {text}"
            yield _action(use_cases[name], ("rerun", todo))


def _unnamed_checkpoint(inputs: GateInput) -> Iterator[Action]:
    if inputs.checkpoint is None:
        yield from _asker_actions(inputs, NAME_CHECKPOINT)


def _asker_actions(inputs: GateInput, text: str) -> Iterator[Action]:
    yield from (_action(use_case, ("declare", text), ASKER) for use_case in inputs.readiness.use_cases)


def _architecture(inputs: GateInput) -> Iterator[Action]:
    required = inputs.policy.architecture
    for use_case in inputs.readiness.use_cases:
        status = use_case.use_case.architecture_status.strip("` ")
        if not inputs.policy.has_architecture(status):
            text = f"its architecture status is {status or 'not given'}, and the gate asks for {required}"
            yield _action(use_case, ("declare", f"{text}: whoever decides on the architecture updates its row"))


def _clean_commit(inputs: GateInput) -> Iterator[Action]:
    def describe(run: RunOrigin) -> str:
        changed = run.conditions.changed_remark
        why = f" (then: {changed})" if changed else ""
        return f"run its tests again from a commit without local changes{why}"

    yield from _run_actions(inputs, lambda run: not run.is_clean, describe)


def _clock(inputs: GateInput) -> Iterator[Action]:
    def describe(run: RunOrigin) -> str:
        return f"correct the clock of the machine, which is off by {run.conditions.skew}, and run its tests again"

    yield from _run_actions(inputs, lambda run: run.conditions.clocks_disagree, describe)


def _run_actions(
    inputs: GateInput, is_bad: Callable[[RunOrigin], bool], describe: Callable[[RunOrigin], str]
) -> Iterator[Action]:
    """Yield one action for each use case that rests on bad runs."""
    wrong: dict[str, list[str]] = {}
    for run in sorted(inputs.use_cases_by_run):
        if is_bad(inputs.origins.get(run, UNKNOWN)):
            for name in inputs.use_cases_by_run[run]:
                wrong.setdefault(name, []).append(run)
    for use_case in inputs.readiness.use_cases:
        runs = wrong.get(use_case.use_case.id)
        if runs:
            more = f" and {count(len(runs) - 1, 'more run')}" if len(runs) > 1 else ""
            about = f"; it rests on run {runs[0]}{more}"
            yield _action(use_case, ("rerun", describe(inputs.origins.get(runs[0], UNKNOWN)) + about))


def _deselected(inputs: GateInput) -> Iterator[Action]:
    use_cases = {use_case.use_case.id: use_case for use_case in inputs.readiness.use_cases}
    tests_of: dict[str, dict[str, None]] = {}
    for skipped in find_skipped(inputs.readiness, inputs.origins, inputs.version):
        tests_of.setdefault(skipped.use_case, {})[skipped.test_id] = None
    for name, tests in tests_of.items():
        first, *others = tests
        more = f" and {count(len(others), 'more test')}" if others else ""
        text = f"run {first}{more}, which a run deselected, or let a reviewer retire it if it was removed"
        yield _action(use_cases[name], ("rerun", text))


_REMEDIES: Mapping[str, Callable[[GateInput], Iterator[Action]]] = {
    "requirements in scope": _empty_use_cases,
    "evidence level": _unchecked_signatures,
    "clock": _clock,
    "deselected": _deselected,
    "architecture": _architecture,
    "release": _release,
    "subject": _subject,
    "clean commit": _clean_commit,
    "checkpoint": _unnamed_checkpoint,
}
