"""View of the gate's verdict: every rule, and what is missing for each use case that closes the gate."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

from ..hints import typed
from ..verdict.cells import CELLS, cell_of_requirement, cell_words
from ..verdict.counts import urgency
from ..verdict.readiness import Action, ReviewState, RuleResult, State, UseCaseReadiness
from . import text_format
from .change_lines import change_lines
from .headline import compared_headline, headline_sentence
from .line_writer import Line, LineWriter
from .next_actions import alike_actions, write_actions
from .report import Report
from .rule_words import checked_rules, checked_text, failed_rules, failures_text, has_nothing_to_check

_MOST_GROUPS = 6
_MOST_ACTIONS = 4


def headline(report: Report, writer: LineWriter, *, let_through: str = "") -> list[Line]:
    """Return the verdict as one sentence, wrapped into lines. ``let_through``: as in ``headline_sentence``."""
    sentence = compared_headline(report, let_through=let_through)
    return writer.paragraph(sentence, style="good" if report.verdict.eligible else "bad")


def failures_lines(report: Report, writer: LineWriter, *, most: int | None = None) -> list[Line]:
    """Return what fails, in words; no line if nothing does, or if the first line says it already."""
    failed = failed_rules(report.verdict)
    if not failed or (len(failed) == 1 and f"{failed[0].rule}: {failed[0].detail}" in headline_sentence(report)):
        return []
    return writer.paragraph(failures_text(failed), lead=("what fails: ", "bad"), most=most)


def render_verdict(report: Report, width: int, *, unicode: bool = True, let_through: str = "") -> list[Line]:
    """Return every rule with its result, the relaxed settings, and for each failing use case what is missing.

    ``let_through``: why the gate exits 0 although nothing is eligible; empty: it does not.
    """
    writer = LineWriter(width, unicode=unicode)
    lines = headline(report, writer, let_through=let_through)
    lines += failures_lines(report, writer)
    changes = change_lines(report, writer)
    lines += [*changes, writer.line()] if changes else []
    rules = checked_rules(report.verdict)
    for rule in rules:
        if not has_nothing_to_check(rule):
            lines.extend(_rule(rule, writer))
    lines += _idle(rules, writer)
    for setting in report.verdict.weaker:
        lines.extend(writer.paragraph(setting, lead=("relaxed setting: ", "warn")))
    shown = {rule.detail for rule in rules}
    for note in report.context.notes:
        lines.extend([] if note in shown else writer.paragraph(note, lead=("note: ", "warn")))
    lines.extend(_not_applicable(report.readiness.use_cases, writer))
    lines.extend(waiver_lines(report.readiness.use_cases, writer))
    lines.extend(retirement_lines(report.readiness.use_cases, writer))
    lines.extend(_failing(report, writer))
    return lines


def render_failed(report: Report, width: int, *, unicode: bool = True) -> list[Line]:
    """Return each failed rule with its reason."""
    writer = LineWriter(width, unicode=unicode)
    failed = failed_rules(report.verdict)
    lines = [line for rule in failed if not has_nothing_to_check(rule) for line in _rule(rule, writer)]
    return [*lines, *_idle(failed, writer)]


def _idle(rules: Iterable[RuleResult], writer: LineWriter) -> list[Line]:
    """Return the rules that had nothing to check, which have not passed, and share what there is to say."""
    by_detail: dict[str, list[str]] = {}
    for rule in rules:
        if has_nothing_to_check(rule):
            by_detail.setdefault(rule.detail, []).append(rule.rule)
    lines: list[Line] = []
    for detail, names in by_detail.items():
        lines += writer.paragraph(f"{', '.join(names)}: {detail}", lead=("- empty   ", "warn"), indent=2)
    return lines


def _rule(rule: RuleResult, writer: LineWriter) -> list[Line]:
    state, word, style = (State.COMPLETE, "passed", "good") if rule.passed else (State.FAILING, "failed", "bad")
    lead = (f"{writer.sign(state)} {word}  ", style)
    checked = f" ({text})" if (text := checked_text(rule)) else ""
    detail = f": {rule.detail}" if rule.detail else ""
    return writer.paragraph(f"{rule.rule}{checked}{detail}", lead=lead, indent=2)


def _not_applicable(use_cases: Sequence[UseCaseReadiness], writer: LineWriter) -> Iterator[Line]:
    groups: dict[tuple[str, str], list[str]] = {}
    for use_case in use_cases:
        for requirement in use_case.requirements:
            if requirement.state is State.NOT_APPLICABLE:
                tail = requirement.requirement.id.removeprefix(f"{use_case.use_case.id}/")
                reason = requirement.requirement.not_applicable or requirement.why
                groups.setdefault((tail, reason), []).append(use_case.use_case.id)
    for (tail, reason), names in groups.items():
        what = f"{names[0]}/{tail}" if len(names) == 1 else f"{tail} of {text_format.name_list(names)}"
        yield from writer.paragraph(f"{what}: {reason}", lead=("not applicable: ", "dim"))


def waiver_lines(use_cases: Sequence[UseCaseReadiness], writer: LineWriter) -> Iterator[Line]:
    """Yield a line for each used waiver with its reason, and for each void one with the cause."""
    for use_case in use_cases:
        for standing in use_case.waivers:
            waiver = standing.decision
            if standing.void is not None:
                yield from writer.paragraph(f"{waiver.requirement}: {standing.void}", lead=("void waiver: ", "warn"))
            elif standing.used:
                text = f"{waiver.requirement} until {standing.until} by {waiver.by} for {waiver.requested_by}"
                yield from writer.paragraph(f"{text}: {waiver.reason}", lead=("waived: ", "warn"))


def retirement_lines(use_cases: Sequence[UseCaseReadiness], writer: LineWriter) -> Iterator[Line]:
    """Yield the sentence about each retired test, wrapped into lines."""
    for kind, sentence in retirement_sentences(use_cases):
        yield from writer.paragraph(sentence, lead=(f"{kind}: ", "warn"))


def retirement_sentences(use_cases: Iterable[UseCaseReadiness]) -> Iterator[tuple[str, str]]:
    """Yield ``retired`` and the reason for each retired test; ``void retirement`` and the cause for a void one."""
    standings = {standing.decision.test_id: standing for use_case in use_cases for standing in use_case.retirements}
    for standing in standings.values():
        retirement = standing.decision
        by = f"{retirement.test_id} by {retirement.by}"
        if standing.void is not None:
            yield "void retirement", f"{by}: {standing.void}"
        else:
            instead = f", replaced by {retirement.replaced_by}" if retirement.replaced_by else ""
            yield "retired", f"{by}{instead}: {retirement.reason}"


def _failing(report: Report, writer: LineWriter) -> Iterator[Line]:
    by_id = {use_case.use_case.id: use_case for use_case in report.readiness.use_cases}
    actions: dict[str, list[Action]] = {}
    for action in report.actions:
        if action.action != "sync":  # drift does not close the gate
            actions.setdefault(action.use_case, []).append(action)
    groups: dict[tuple[object, ...], list[str]] = {}
    here = sorted((by_id[name] for name in report.verdict.failing if name in by_id), key=urgency)
    elsewhere = [name for name in report.verdict.failing if name not in by_id]
    for name in (*(use_case.use_case.id for use_case in here), *elsewhere):
        use_case = by_id.get(name)
        key = _group_key(use_case, actions.get(name, [])) if use_case else (name,)
        groups.setdefault(key, []).append(name)
    for names in list(groups.values())[:_MOST_GROUPS]:
        first = by_id.get(names[0])
        if first is None:
            yield from removed_lines(report, names[0], actions.get(names[0], []), writer)
        elif len(names) == 1:
            yield from _single_use_case(first, actions.get(names[0], []), writer)
        else:
            yield from _grouped_use_cases(first, names, actions.get(names[0], []), writer)
    more = sum(len(names) for names in list(groups.values())[_MOST_GROUPS:])
    if more:
        text, command = text_format.count(more, "more use case"), typed("next")
        yield from writer.paragraph(f"{text}: {command} shows who must act", style="dim", commands=(command,))


def removed_lines(report: Report, name: str, actions: Sequence[Action], writer: LineWriter) -> Iterator[Line]:
    """Yield the open matters of a use case that left the register, and who must act."""
    matching = [departed for departed in report.readiness.removed if departed.use_case == name]
    if not matching:
        yield writer.line((name, "strong"), "  is not in the register")
    for departed in matching:
        state = (
            "is known only from other commits" if departed.in_other_commits else "left the register with something open"
        )
        yield writer.line((name, "strong"), f"  {state}")
        for sentence in (*departed.why, *departed.void):
            yield from writer.paragraph(sentence, indent=4)
    for alike in alike_actions(actions):
        yield from write_actions(alike, writer, indent=4)


def _group_key(readiness: UseCaseReadiness, actions: Sequence[Action]) -> tuple[object, ...]:
    states = tuple(
        (requirement.requirement.id.removeprefix(readiness.use_case.id), cell_of_requirement(requirement))
        for requirement in readiness.required
    )
    kinds = tuple((action.who, action.action) for action in actions)
    people = (
        tuple(blocker.decision.reason for blocker in readiness.blockers),
        readiness.review.state,
        readiness.review.why,
    )
    return (readiness.status, readiness.phase, states, kinds, readiness.group_holds, readiness.open_runs, people)


def status_text(readiness: UseCaseReadiness) -> str:
    """Return the status, with the phase if there is one."""
    return f"{readiness.status}, {readiness.phase}" if readiness.phase else readiness.status.value


def hold_lines(readiness: UseCaseReadiness, *, rejections: bool = True) -> Iterator[str]:
    """Yield a sentence for each open run, run group, blocker or review that closes the gate for the use case.

    ``rejections``: False: leave them out, as they are shown elsewhere.
    """
    for group in readiness.group_holds:
        yield f"run group {group}: {group.remedy}"
    for run in readiness.open_runs:
        yield f"run {run} is open: its passes do not count until it ends, or is imported with `readiness recover`"
    for standing in readiness.blockers:
        blocker = standing.decision
        due = f", due {blocker.due}" if blocker.due else ""
        link = f" ({blocker.link})" if blocker.link else ""
        yield f"blocked by {blocker.by} since {blocker.at}{due}: {blocker.reason}{link}"
        yield from standing.still_open
    if readiness.review.state is ReviewState.SUSPECT:
        yield from (f"review SUSPECT: {sentence}" for sentence in readiness.review.why)
    if rejections and readiness.review.state is ReviewState.REJECTED:
        yield from readiness.review.why  # "ben rejected it: ..."


def _single_use_case(readiness: UseCaseReadiness, actions: Sequence[Action], writer: LineWriter) -> Iterator[Line]:
    name = readiness.use_case.id
    yield writer.line((name, "strong"), f"  {status_text(readiness)}")
    for sentence in hold_lines(readiness):
        yield from writer.paragraph(sentence, indent=4)
    groups = alike_actions(actions)
    for alike in groups[:_MOST_ACTIONS]:
        yield from write_actions(alike, writer, indent=4)
    if not actions:
        for requirement in readiness.required:
            if requirement.completes_it:
                yield from writer.paragraph(f"{requirement.requirement.id}: {requirement.completes_it}", indent=4)
    if more := sum(map(len, groups[_MOST_ACTIONS:])):
        command = typed(f"why {shlex.quote(name)}")
        text = f"{more} more: {command}"
        yield from writer.paragraph(text, indent=4, style="dim", commands=(command,))


def _grouped_use_cases(
    readiness: UseCaseReadiness, names: Sequence[str], actions: Sequence[Action], writer: LineWriter
) -> Iterator[Line]:
    title = (f"{text_format.name_list(names)} ({len(names)} use cases)  ", "strong")
    yield writer.line(title, status_text(readiness))
    for sentence in hold_lines(readiness):
        yield from writer.paragraph(sentence, indent=4)
    for cell in CELLS:
        matching = [requirement for requirement in readiness.required if cell_of_requirement(requirement) is cell]
        keys = tuple(dict.fromkeys(requirement.requirement.item for requirement in matching))
        if keys and cell is not State.COMPLETE:
            lead = (f"{writer.sign(cell)} {cell_words(cell, matching)}  ", "")
            yield from writer.paragraph(text_format.item_list(keys), lead=lead, indent=4)
    who = ", ".join(dict.fromkeys(action.who for action in actions))
    must = f"must act: {who}; " if who else ""
    command = typed(f"why {shlex.quote(names[0])}")
    yield from writer.paragraph(f"{must}{command} shows what is missing", indent=4, commands=(command,))
