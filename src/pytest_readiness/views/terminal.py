"""Terminal report: the most important first, and a register of 32 use cases on one screen."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from ..errors import first_names
from ..hints import typed
from ..verdict.counts import worst_use_case
from ..verdict.readiness import Readiness, UseCaseReadiness
from ..verdict.tracker_drift import drift_remedy, has_drift
from . import evidence_warnings, run_conditions, text_format
from .change_lines import change_lines
from .evidence_gaps import write_missing
from .gate import failures_lines, headline
from .line_writer import Line, LineWriter, plain_lines, styled_lines
from .matrix import item_titles, write_matrix
from .next_actions import BY_ITEM, URGENT, write_people, write_urgent
from .report import Report
from .skips import SKIPPED_SINCE, all_skips_since

__all__ = ["plain_lines", "render_report", "styled_lines"]

SCREEN = 45
"""Lines that a report should fit in. Fewer people are listed if the matrix needs the room."""
_MANY = 1_000_000
_MOST_SKIPS = 3
"""Tests that were skipped since their pass with a line each; the others are counted."""
_PEOPLE = (4, 3, 2, 1)
_SHOWN_ELSEWHERE = frozenset({URGENT, *BY_ITEM, "sync"})
"""Kinds of actions with a section of their own; ``sync`` is one command, and the line about drift says so."""


def render_report(report: Report, width: int, *, verbosity: int = 0, unicode: bool = True) -> list[Line]:
    """Return the report in lines of at most ``width`` columns.

    ``verbosity`` below 0: only the verdict; 0: identical rows are grouped; above 0: every use case, every action, and
    the titles of the items.
    """
    writer = LineWriter(width, unicode=unicode)
    if verbosity < 0:
        return headline(report, writer)
    blank = writer.line()
    above = [*headline(report, writer), *_about(report, writer)]
    above += change_lines(report, writer, verbosity=verbosity)
    above += [*([blank] if report.changes else []), *_problems(report, writer), *failures_lines(report, writer, most=4)]
    above += write_urgent(report.actions, writer, verbosity=verbosity)
    below = _skipped_since(report.readiness, writer, verbosity)
    below += write_missing(report.readiness.use_cases, report.actions, writer, verbosity=verbosity)
    below += [blank, *write_matrix(report.readiness, writer, verbosity), *_more_notes(report, writer)]
    if verbosity > 0:
        below += _items(report.readiness, writer)
    below += [blank, *_last(report, writer)]
    room = _MANY if verbosity > 0 else SCREEN - len(above) - len(below)
    return [*above, *_who_must_act(report, writer, room), *below]


def _who_must_act(report: Report, writer: LineWriter, room: int) -> list[Line]:
    """Return the most urgent people and tasks, at least one, in at most ``room`` lines if possible."""
    actions = [action for action in report.actions if action.action not in _SHOWN_ELSEWHERE]
    if not actions:
        return []
    head = [writer.line(), writer.line(("who must act", "strong"))]
    for most in _PEOPLE if room < _MANY else (_MANY,):
        lines = write_people(actions, writer, people=most, tasks=most)
        if len(head) + len(lines) <= room:
            break
    return [*head, *lines]


def _about(report: Report, writer: LineWriter) -> Iterator[Line]:
    context = report.context
    about = f"register {context.register} at {report.readiness.at}{context.version_text}"
    yield from writer.paragraph(about, style="dim")
    if context.session is not None:
        recorded = text_format.count(context.session.recorded, "piece of evidence", "pieces of evidence")
        where = f" in {context.store}" if context.store else ""
        yield from writer.paragraph(f"run {context.session.run_id}: {recorded} recorded{where}", style="dim")


def _problems(report: Report, writer: LineWriter) -> Iterator[Line]:
    for problem in report.context.problems:
        yield from writer.paragraph(problem, lead=("problem: ", "bad"), most=4)
    use_cases = report.readiness.use_cases
    for group, names in _by_name(use_cases, "group_holds").items():
        text = f"run group {group}; it blocks {text_format.name_list(names)}"
        yield from writer.paragraph(text, lead=("problem: ", "bad"))
    for run, names in _by_name(use_cases, "open_runs").items():
        use_case_names = text_format.name_list(names)
        text = f"run {run} is open: its passes do not count for {use_case_names}; `readiness recover` closes it"
        yield from writer.paragraph(text, lead=("problem: ", "bad"))
    for departed in report.readiness.removed_here:
        yield from writer.paragraph(
            f"left the register with something open: {departed.sentence}", lead=("problem: ", "bad")
        )
    required = (requirement for use_case in use_cases for requirement in use_case.required)
    warning_notes = evidence_warnings.warning_notes(required)
    for note in (*report.context.notes, *run_conditions.run_notes(report), *warning_notes):
        yield from writer.paragraph(note, lead=("note: ", "warn"), most=3)
    for setting in report.verdict.weaker:
        yield from writer.paragraph(setting, lead=("relaxed setting: ", "warn"))


def _by_name(use_cases: tuple[UseCaseReadiness, ...], field: str) -> dict[object, list[str]]:
    ids_by_name: dict[object, list[str]] = {}
    for use_case in use_cases:
        for name in getattr(use_case, field):
            ids_by_name.setdefault(name, []).append(use_case.use_case.id)
    return ids_by_name


def _more_notes(report: Report, writer: LineWriter) -> Iterator[Line]:
    """Yield the lines below the matrix: drift, evidence that expires soon, and evidence without a requirement."""
    readiness = report.readiness
    soon: list[str] = []
    drift: list[str] = []
    for use_case in readiness.use_cases:
        drift += [use_case.use_case.id] if has_drift(use_case) else []
        expiring = [requirement for requirement in use_case.required if requirement.expires_soon]
        soon += [f"{requirement.requirement.id} ({requirement.expires_at})" for requirement in expiring]
    if drift:
        remedy = drift_remedy(readiness.use_cases, has_store=report.context.store is not None)
        text = f"tracker status is out of date for {text_format.name_list(drift)}: {remedy}"
        yield from writer.paragraph(text, lead=("drift: ", "warn"), most=4)
    if soon:
        text = first_names(soon, 3)  # as many as fit in a line or two
        yield from writer.paragraph(text, lead=("expires soon: ", "warn"))
    if readiness.other_evidence:
        pieces = text_format.count(
            len(readiness.other_evidence), "piece of evidence matches", "pieces of evidence match"
        )
        yield writer.line((f"{pieces} no current requirement", "dim"))


def _skipped_since(readiness: Readiness, writer: LineWriter, verbosity: int) -> list[Line]:
    """Return which tests that decide were skipped ever since: an old pass counts, and nobody has seen a new one."""
    texts = all_skips_since(readiness.use_cases)
    shown = texts if verbosity > 0 else texts[:_MOST_SKIPS]
    lines = [writer.line()] if shown else []
    for text in shown:
        lines += writer.paragraph(text, lead=(SKIPPED_SINCE, "warn"), most=2)
    if more := len(texts) - len(shown):
        lines.append(writer.line((f"{text_format.count(more, 'more test')} skipped since: -v shows all", "dim")))
    return lines


def _items(readiness: Readiness, writer: LineWriter) -> Iterator[Line]:
    yield writer.line()
    for key, title in item_titles(readiness.use_cases).items():
        yield from writer.paragraph(title, lead=(f"{key}  ", "strong"), most=2)


def _last(report: Report, writer: LineWriter) -> list[Line]:
    if report.verdict.eligible:
        return writer.paragraph("open", lead=("readiness gate: ", "good"))
    commands: tuple[str, ...]
    if not report.context.configured:
        commands = ("readiness init",)
        advice = f"closed; no config: run {commands[0]}"
    elif (worst := worst_use_case(report.readiness, report.verdict)) is not None:
        commands = typed("next"), typed(f"why {shlex.quote(worst)}")
        advice = f"closed; see {', '.join(commands)}"
    else:
        commands = (typed("gate"),)
        advice = f"closed; {commands[0]} shows every rule"
    return writer.paragraph(advice, lead=("readiness gate: ", "bad"), commands=commands)
