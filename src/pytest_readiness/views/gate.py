"""The verdict of the gate: every rule, passed ones too, and what completes each use case that keeps it closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..verdict.readiness import Action, ReviewState, RuleResult, State, UseCaseReadiness
from . import text_format
from .line_writer import Line, LineWriter
from .next_actions import Task, task_text
from .report import Report

_MOST_GROUPS = 6
_MOST_ACTIONS = 4


def headline(report: Report, pen: LineWriter) -> list[Line]:
    """Return the verdict in a sentence, wrapped where it is too long for one line."""
    return pen.paragraph(_sentence(report, pen), style="good" if report.verdict.eligible else "bad")


def _sentence(report: Report, pen: LineWriter) -> str:
    verdict, use_cases = report.verdict, report.readiness.use_cases
    number = len(use_cases)
    if verdict.eligible:
        waived = sum(needed.state is State.WAIVED for use_case in use_cases for needed in use_case.requirements)
        waivers = f" with {text_format.count(waived, 'waiver')}" if waived else ""
        ready = f"{text_format.count(number, 'use case')} {'is' if number == 1 else 'are'} ready"
        return f"ELIGIBLE for go-live{waivers} (on {verdict.on}): {ready}"
    closed = f"NOT ELIGIBLE for go-live (on {verdict.on})"
    left = [one.use_case for one in report.readiness.removed_here if one.use_case in verdict.failing]
    failing = len(verdict.failing) - len(left)
    told = []
    if failing:
        told.append(f"{failing} of {text_format.count(number, 'use case')} {'is' if failing == 1 else 'are'} not ready")
    if left:
        told.append(f"{text_format.name_list(left, pen)} left the register with something open")
    if told:
        return f"{closed}: {', and '.join(told)}"
    broken = next((rule for rule in verdict.rules if not rule.passed), None)
    return f"{closed}: {broken.rule}: {broken.detail}" if broken else f"{closed}: no rule was judged"


def render_verdict(report: Report, width: int, *, unicode: bool = True) -> list[Line]:
    """Return every rule with what it found, weaker settings, and for each failing use case what completes it."""
    pen = LineWriter(width, unicode=unicode)
    lines = headline(report, pen)
    for rule in report.verdict.rules:
        lines.extend(_rule(rule, pen))
    if report.verdict.regression is not None:
        lines.extend(_rule(report.verdict.regression, pen))
    for setting in report.verdict.weaker:
        lines.extend(pen.paragraph(setting, lead=("weaker than its default: ", "warn")))
    for note in report.context.notes:
        lines.extend(pen.paragraph(note, lead=("note: ", "warn")))
    lines.extend(_not_applicable(report.readiness.use_cases, pen))
    lines.extend(waiver_lines(report.readiness.use_cases, pen))
    lines.extend(retirement_lines(report.readiness.use_cases, pen))
    lines.extend(_failing(report, pen))
    return lines


def render_failed(report: Report, width: int, *, unicode: bool = True) -> list[Line]:
    """Return each rule that keeps the gate closed, with why."""
    pen = LineWriter(width, unicode=unicode)
    found = (*report.verdict.rules, *([report.verdict.regression] if report.verdict.regression else ()))
    return [line for rule in found if not rule.passed for line in _rule(rule, pen)]


def _rule(rule: RuleResult, pen: LineWriter) -> list[Line]:
    state, word, style = (State.COMPLETE, "passed", "good") if rule.passed else (State.FAILING, "failed", "bad")
    lead = (f"{pen.sign(state)} {word}  ", style)
    detail = f": {rule.detail}" if rule.detail else ""
    return pen.paragraph(f"{rule.rule} (looked at {rule.looked_at}){detail}", lead=lead, indent=2)


def _not_applicable(use_cases: Sequence[UseCaseReadiness], pen: LineWriter) -> Iterator[Line]:
    alike: dict[tuple[str, str], list[str]] = {}
    for use_case in use_cases:
        for needed in use_case.requirements:
            if needed.state is State.NOT_APPLICABLE:
                tail = needed.requirement.id.removeprefix(f"{use_case.use_case.id}/")
                reason = needed.requirement.not_applicable or needed.why
                alike.setdefault((tail, reason), []).append(use_case.use_case.id)
    for (tail, reason), names in alike.items():
        what = f"{names[0]}/{tail}" if len(names) == 1 else f"{tail} of {text_format.name_list(names, pen)}"
        yield from pen.paragraph(f"{what}: {reason}", lead=("not applicable: ", "dim"))


def waiver_lines(use_cases: Sequence[UseCaseReadiness], pen: LineWriter) -> Iterator[Line]:
    """Yield who waived what and why, and why a waiver does not hold; an exception is never silent."""
    for use_case in use_cases:
        for one in use_case.waivers:
            waiver = one.decision
            if one.void is not None:
                yield from pen.paragraph(f"{waiver.requirement}: {one.void}", lead=("void waiver: ", "warn"))
            elif one.used:
                told = f"{waiver.requirement} until {one.until} by {waiver.by} for {waiver.requested_by}"
                yield from pen.paragraph(f"{told}: {waiver.reason}", lead=("waived: ", "warn"))


def retirement_lines(use_cases: Sequence[UseCaseReadiness], pen: LineWriter) -> Iterator[Line]:
    """Yield which tests no longer have to pass and why, each once; and why a retirement does not hold."""
    for one in {each.decision.test_id: each for use_case in use_cases for each in use_case.retirements}.values():
        by = f"{one.decision.test_id} by {one.decision.by}"
        if one.void is not None:
            yield from pen.paragraph(f"{by}: {one.void}", lead=("void retirement: ", "warn"))
        else:
            instead = f", replaced by {one.decision.replaced_by}" if one.decision.replaced_by else ""
            yield from pen.paragraph(f"{by}{instead}: {one.decision.reason}", lead=("retired: ", "warn"))


def _failing(report: Report, pen: LineWriter) -> Iterator[Line]:
    known = {use_case.use_case.id: use_case for use_case in report.readiness.use_cases}
    actions: dict[str, list[Action]] = {}
    for action in report.actions:
        if action.action != "sync":  # drift keeps no gate closed
            actions.setdefault(action.use_case, []).append(action)
    groups: dict[tuple[object, ...], list[str]] = {}
    for name in report.verdict.failing:
        use_case = known.get(name)
        look = _look(use_case, actions.get(name, [])) if use_case else (name,)
        groups.setdefault(look, []).append(name)
    for names in list(groups.values())[:_MOST_GROUPS]:
        first = known.get(names[0])
        if first is None:
            yield from removed_lines(report, names[0], actions.get(names[0], []), pen)
        elif len(names) == 1:
            yield from _one(first, actions.get(names[0], []), pen)
        else:
            yield from _several(first, names, actions.get(names[0], []), pen)
    left = sum(len(names) for names in list(groups.values())[_MOST_GROUPS:])
    if left:
        yield pen.line((f"{text_format.count(left, 'more use case')}: readiness next shows who must act", "dim"))


def removed_lines(report: Report, name: str, actions: Sequence[Action], pen: LineWriter) -> Iterator[Line]:
    """Yield what a use case that left the register left open, and who must act."""
    found = [one for one in report.readiness.removed if one.use_case == name]
    if not found:
        yield pen.line((name, "strong"), "  is not in the register")
    for one in found:
        told = "is known from other commits only" if one.in_other_commits else "left the register with something open"
        yield pen.line((name, "strong"), f"  {told}")
        for sentence in (*one.why, *one.void):
            yield from pen.paragraph(sentence, indent=4)
    for action in actions:
        yield from pen.paragraph(f"{action.text} ({action.who})", lead=(pen.pad(action.action, 7) + "  ", ""), indent=4)


def _look(readiness: UseCaseReadiness, actions: Sequence[Action]) -> tuple[object, ...]:
    states = tuple(
        (needed.requirement.id.removeprefix(readiness.use_case.id), needed.state) for needed in readiness.required
    )
    kinds = tuple((action.who, action.action) for action in actions)
    people = (tuple(one.decision.reason for one in readiness.blockers), readiness.review.state, readiness.review.why)
    return (readiness.status, readiness.phase, states, kinds, readiness.group_holds, readiness.open_runs, people)


def status_text(readiness: UseCaseReadiness) -> str:
    """Return the status, and the phase where there is one."""
    return f"{readiness.status}, {readiness.phase}" if readiness.phase else readiness.status.value


def hold_lines(readiness: UseCaseReadiness) -> Iterator[str]:
    """Yield a sentence for each run, group of runs or person that keeps the gate closed for the use case."""
    for group in readiness.group_holds:
        yield f"run group {group}: {group.remedy}"
    for run in readiness.open_runs:
        yield f"run {run} is open: its passes do not count until it ends, or readiness recover takes it in"
    for one in readiness.blockers:
        blocker = one.decision
        due = f", due {blocker.due}" if blocker.due else ""
        link = f" ({blocker.link})" if blocker.link else ""
        yield f"blocked by {blocker.by} since {blocker.at}{due}: {blocker.reason}{link}"
        yield from one.still_open
    if readiness.review.state in (ReviewState.REJECTED, ReviewState.SUSPECT):
        yield from (f"review {readiness.review.state.value}: {sentence}" for sentence in readiness.review.why)


def _one(readiness: UseCaseReadiness, actions: Sequence[Action], pen: LineWriter) -> Iterator[Line]:
    name = readiness.use_case.id
    yield pen.line((name, "strong"), f"  {status_text(readiness)}")
    for sentence in hold_lines(readiness):
        yield from pen.paragraph(sentence, indent=4)
    for action in actions[:_MOST_ACTIONS]:
        text = task_text(Task(action.action, (), (action,)), pen)
        yield from pen.paragraph(f"{text} ({action.who})", lead=(pen.pad(action.action, 7) + "  ", ""), indent=4)
    if not actions:
        for needed in readiness.required:
            if needed.completes_it:
                yield from pen.paragraph(f"{needed.requirement.id}: {needed.completes_it}", indent=4)
    if len(actions) > _MOST_ACTIONS:
        yield pen.line("    ", (f"{len(actions) - _MOST_ACTIONS} more: readiness why {name}", "dim"))


def _several(
    readiness: UseCaseReadiness, names: Sequence[str], actions: Sequence[Action], pen: LineWriter
) -> Iterator[Line]:
    lead = (f"{text_format.name_list(names, pen)} ({len(names)} use cases)  ", "strong")
    yield pen.line(lead, status_text(readiness))
    for sentence in hold_lines(readiness):
        yield from pen.paragraph(sentence, indent=4)
    for state in State:
        keys = tuple(dict.fromkeys(one.requirement.item for one in readiness.required if one.state is state))
        if keys and state is not State.COMPLETE:
            yield from pen.paragraph(text_format.item_list(keys), lead=(f"{pen.told(state)}  ", ""), indent=4)
    who = ", ".join(dict.fromkeys(action.who for action in actions))
    told = f"must act: {who}; " if who else ""
    yield from pen.paragraph(f"{told}readiness why {names[0]} says what completes it", indent=4)
