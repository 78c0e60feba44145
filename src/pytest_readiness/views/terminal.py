"""The report for a terminal: what matters first, and a register of 32 use cases on one screen."""

from __future__ import annotations

from collections.abc import Iterator

from ..verdict.readiness import Readiness, UseCaseReadiness
from ..verdict.tracker_drift import has_drift
from . import evidence_warnings, run_conditions, text_format
from .gate import headline
from .line_writer import Line, LineWriter, plain_lines, styled_lines
from .matrix import write_matrix
from .next_actions import write_people
from .report import Report

__all__ = ["plain_lines", "render_report", "styled_lines"]

SCREEN = 45
"""Lines that a report should fit in: who must act is told of fewer people where the matrix needs the room."""
_MANY = 1_000_000
_PEOPLE = (4, 3, 2, 1)
_BY_MATRIX = "evidence complete"
"""The rule that the matrix tells, use case by use case."""


def render_report(report: Report, width: int, *, verbosity: int = 0, unicode: bool = True) -> list[Line]:
    """Return the report in lines of at most ``width`` columns.

    ``verbosity`` below 0: the verdict alone; 0: rows that are alike as ranges; above 0: every use case, every
    action, and what the items are.
    """
    pen = LineWriter(width, unicode=unicode)
    if verbosity < 0:
        return headline(report, pen)
    blank = pen.line()
    above = [*headline(report, pen), *_about(report, pen), *_problems(report, pen)]
    below = [blank, *write_matrix(report.readiness, pen, verbosity), *_beside(report.readiness, pen)]
    if verbosity > 0:
        below += _items(report.readiness, pen)
    below += [blank, *_last(report, pen)]
    room = _MANY if verbosity > 0 else SCREEN - len(above) - len(below)
    return [*above, *_who_must_act(report, pen, room), *below]


def _who_must_act(report: Report, pen: LineWriter, room: int) -> list[Line]:
    """Return as many people with as many tasks as there is room for, in lines; never none of them."""
    if not report.actions:
        return []
    head = [pen.line(), pen.line(("who must act", "strong"))]
    for most in _PEOPLE if room < _MANY else (_MANY,):
        told = write_people(report.actions, pen, people=most, tasks=most)
        if len(head) + len(told) <= room:
            break
    return [*head, *told]


def _about(report: Report, pen: LineWriter) -> Iterator[Line]:
    context = report.context
    release = f", release {context.release}" if context.release else ""
    yield from pen.paragraph(f"register {context.register} at {report.readiness.at}{release}", style="dim")
    if context.session is not None:
        recorded = text_format.count(context.session.recorded, "piece of evidence", "pieces of evidence")
        where = f" in {context.store}" if context.store else ""
        yield from pen.paragraph(f"run {context.session.run_id}: {recorded} recorded{where}", style="dim")


def _problems(report: Report, pen: LineWriter) -> Iterator[Line]:
    for problem in report.context.problems:
        yield from pen.paragraph(problem, lead=("problem: ", "bad"), most=4)
    use_cases = report.readiness.use_cases
    for group, names in _by_name(use_cases, "group_holds").items():
        told = f"run group {group}; it holds {text_format.name_list(names, pen)}"
        yield from pen.paragraph(told, lead=("problem: ", "bad"))
    for run, names in _by_name(use_cases, "open_runs").items():
        held = text_format.name_list(names, pen)
        told = f"run {run} is open: its passes do not count for {held}; readiness recover closes it"
        yield from pen.paragraph(told, lead=("problem: ", "bad"))
    for one in report.readiness.removed_here:
        yield from pen.paragraph(f"left the register with something open: {one.sentence}", lead=("problem: ", "bad"))
    odd = evidence_warnings.warning_notes(one for use_case in use_cases for one in use_case.required)
    for note in (*report.context.notes, *run_conditions.run_notes(report), *odd):
        yield from pen.paragraph(note, lead=("note: ", "warn"), most=3)
    for setting in report.verdict.weaker:
        yield from pen.paragraph(setting, lead=("weaker than its default: ", "warn"))
    failed = [rule for rule in report.verdict.rules if not rule.passed]
    if len(failed) > 1:
        yield from pen.paragraph(", ".join(rule.rule for rule in failed), lead=("failed rules: ", "bad"), most=2)
    elif failed and report.verdict.failing and failed[0].rule != _BY_MATRIX:  # else it is what the first line says
        yield from pen.paragraph(f"{failed[0].rule}: {failed[0].detail}", lead=("failed rule: ", "bad"), most=2)


def _by_name(use_cases: tuple[UseCaseReadiness, ...], field: str) -> dict[object, list[str]]:
    found: dict[object, list[str]] = {}
    for use_case in use_cases:
        for name in getattr(use_case, field):
            found.setdefault(name, []).append(use_case.use_case.id)
    return found


def _beside(readiness: Readiness, pen: LineWriter) -> Iterator[Line]:
    """Yield what stands beside the matrix: drift, what expires soon, evidence that fits nothing."""
    soon: list[str] = []
    drift: list[str] = []
    for use_case in readiness.use_cases:
        drift += [use_case.use_case.id] if has_drift(use_case) else []
        soon += [f"{one.requirement.id} ({one.expires_at})" for one in use_case.required if one.expires_soon]
    if drift:
        told = f"the tracker declares another status for {text_format.name_list(drift, pen)}: run readiness sync"
        yield from pen.paragraph(told, lead=("drift: ", "warn"), most=2)
    if soon:
        more = f" and {len(soon) - 3} more" if len(soon) > 3 else ""  # noqa: PLR2004 - as many as fit in a line or two
        yield from pen.paragraph(", ".join(soon[:3]) + more, lead=("expires soon: ", "warn"))
    if readiness.other_evidence:
        pieces = text_format.count(len(readiness.other_evidence), "piece of evidence fits", "pieces of evidence fit")
        yield pen.line((f"{pieces} no requirement in force", "dim"))


def _items(readiness: Readiness, pen: LineWriter) -> Iterator[Line]:
    titles = {item.item.key: item.item.title for use_case in readiness.use_cases for item in use_case.items}
    yield pen.line()
    for key, title in titles.items():
        yield from pen.paragraph(title, lead=(f"{key}  ", "strong"), most=2)


def _last(report: Report, pen: LineWriter) -> list[Line]:
    if report.verdict.eligible:
        return pen.paragraph("open", lead=("readiness gate: ", "good"))
    if not report.context.configured:
        advice = "closed; no config: run readiness init"
    elif report.verdict.failing:
        advice = f"closed; see readiness next, readiness why {report.verdict.failing[0]}"
    else:
        advice = "closed; readiness gate shows every rule"
    return pen.paragraph(advice, lead=("readiness gate: ", "bad"))
