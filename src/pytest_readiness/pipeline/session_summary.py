"""Lines at the end of a session: what it recorded, what does not count, and what the exit code means."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..claims.catalogue import NO_ENVIRONMENT, NO_REAL_ENVIRONMENT, Catalogue
from ..errors import count, first_names, location
from ..hints import options_for, options_used, typable
from ..settings import find_config
from .project import Project
from .session import NOT_ELIGIBLE, NOT_STORED, SessionOutcome
from .session_options import SessionOptions

if TYPE_CHECKING:  # slow to import: loaded if a session prints something
    from ..views.line_writer import Line

_VARIABLE = "READINESS_ENVIRONMENT"
_MOST_WARNINGS = 3
_MOST_NAMES = 6
_MEANINGS = {
    NOT_ELIGIBLE: "the readiness gate is closed",
    NOT_STORED: "evidence could not be stored, or is not intact",
}
"""The meaning of an exit code of a session, by the code."""


def summary_lines(
    outcome: SessionOutcome, options: SessionOptions, project: Project, *, width: int, verbosity: int
) -> list[Line]:
    """Return the lines for the end of the session; none if nothing was recorded and nothing is requested.

    Args:
        outcome: what the session recorded and decided.
        options: the options of the session.
        project: the project of the session.
        width: columns of the terminal.
        verbosity: that of pytest; below 0 the verdict, the failed rules and the notes are printed.
    """
    with options_used(_options_elsewhere(options, project)):
        return _summary_lines(outcome, options, project, width=width, verbosity=verbosity)


def _options_elsewhere(options: SessionOptions, project: Project) -> list[str]:
    """Return the options with which the command in the working folder reads the same config and store."""
    path = project.settings.path.absolute() if project.settings.path is not None else None
    is_found = path is None or path == find_config(Path.cwd())
    if not options.get("config") and os.environ.get("READINESS_CONFIG"):  # the command reads the variable, too
        is_found = True
    return options_for(None if path is None or is_found else location(path), options.get("store"))


def _summary_lines(
    outcome: SessionOutcome, options: SessionOptions, project: Project, *, width: int, verbosity: int
) -> list[Line]:
    if outcome.report is not None and (options.report or options.gate):
        lines = _report_lines(outcome, options, project, width, verbosity)
        says_init = options.report and verbosity >= 0  # the last line of the report
    else:
        lines = [*_recorded_lines(outcome, project), *_problem_lines(outcome), *_warning_lines(outcome)]
        says_init = not lines
    if not project.configured and not says_init:
        message = f"no config in {project.settings.folder} or above"
        lines.append(_line(f"{message}: run 'readiness init', or name one: --readiness-config=PATH", "warn"))
    return [*lines, *_code_lines(outcome)]


def _report_lines(
    outcome: SessionOutcome, options: SessionOptions, project: Project, width: int, verbosity: int
) -> list[Line]:
    from ..views.gate import render_failed, render_verdict
    from ..views.terminal import render_report

    assert outcome.report is not None  # noqa: S101 - for the type checker
    lines: list[Line] = []
    unicode = prints_unicode()
    if options.report or verbosity < 0:
        lines += render_report(outcome.report, width, verbosity=verbosity, unicode=unicode)
    if verbosity < 0:
        missing = outcome.report.context.missing_store
        lines += [_line(missing, "warn")] if missing else []
        lines += _problem_lines(outcome)
        lines += render_failed(outcome.report, width, unicode=unicode) if options.gate else []
    elif options.gate:
        lines += [(), *render_verdict(outcome.report, width, unicode=unicode)] if lines else []
        lines = lines or render_verdict(outcome.report, width, unicode=unicode)
    if not outcome.recorded and project.configured:
        lines.append(
            _line("no test of this session was evidence: `pytest --readiness-plan` shows which tests are", "warn")
        )
    if rehearsals := rehearsal_text(outcome, project):
        lines.append(_line(f"{count(outcome.recorded, 'piece')} of evidence: {rehearsals}", "warn"))
    return lines if verbosity < 0 else lines + _note_lines(outcome)


def _recorded_lines(outcome: SessionOutcome, project: Project) -> Iterator[Line]:
    """Yield what was recorded, and how much of it does not count."""
    if outcome.run_id is None:
        return
    changes = ", with uncommitted changes" if outcome.is_dirty else ""
    recorded = f"{count(outcome.recorded, 'piece')} of evidence recorded as run {outcome.run_id}{changes}"
    rehearsals = rehearsal_text(outcome, project)
    yield ((f"{recorded}: ", ""), *_line(rehearsals, "warn")) if rehearsals else ((recorded, ""),)
    if outcome.uncollected:
        yield ((outcome.uncollected, "warn"),)


def rehearsal_text(outcome: SessionOutcome, project: Project) -> str:
    """Return how many pieces are rehearsals, why, and how to record real ones; empty if none is a rehearsal."""
    number = sum(outcome.rehearsals.values())
    if not number:
        return ""
    reason = min(outcome.rehearsals, key=lambda text: (-outcome.rehearsals[text], text))
    if number < outcome.recorded:
        amount = f"{number} of them {'a rehearsal' if number == 1 else 'rehearsals'}"
    else:
        amount = "all rehearsals" if number > 1 else "a rehearsal"
    others = number - outcome.rehearsals[reason]
    more = f"; {others} for other reasons" if others else ""
    return f"{amount}, as {_cause(reason, project)}{more}"


def _cause(reason: str, project: Project) -> str:
    """Return the reason of a rehearsal with the way out: the options of pytest, and the names that are real."""
    if not project.configured:
        return "there is no config"
    catalogue = project.catalogue
    if reason.startswith(NO_REAL_ENVIRONMENT):
        return reason
    if reason.startswith(NO_ENVIRONMENT):
        variable = f"; {_VARIABLE} is empty" if os.environ.get(_VARIABLE) == "" else f", {_VARIABLE}"
        options = f"--readiness-environment=NAME{variable}"
        return f"no environment was named ({options}; real here: {_real_environments(catalogue)})"
    if reason.startswith("environment '"):
        return f"{reason} (real here: {_real_environments(catalogue)})"
    if reason.startswith("provider mode '"):
        return f"{reason} (real here: {_names([mode.name for mode in catalogue.provider_modes.values() if mode.real])})"
    return reason


def _real_environments(catalogue: Catalogue) -> str:
    return _names([environment.name for environment in catalogue.environments.values() if environment.real])


def _names(names: list[str]) -> str:
    return first_names(names, _MOST_NAMES) or "none"


def _warning_lines(outcome: SessionOutcome) -> Iterator[Line]:
    """Yield the first warnings of the evidence. A report shows those of all evidence that decides."""
    for text, test in list(outcome.warnings.items())[:_MOST_WARNINGS]:
        yield _line(f"warning: {test}: {text}", "warn")
    if (more := len(outcome.warnings) - _MOST_WARNINGS) > 0:
        yield _line(f"{count(more, 'more warning')}: `readiness why` shows those of a use case", "warn")


def _code_lines(outcome: SessionOutcome) -> Iterator[Line]:
    """Yield why the session does not end with 0, although pytest's last line shows no failure."""
    if outcome.tests_succeeded and outcome.exit_code in _MEANINGS:
        meaning = _MEANINGS[outcome.exit_code]
        if outcome.exit_code == NOT_STORED and outcome.problems and outcome.unwritten == len(outcome.problems):
            stored = "; the evidence is stored" if outcome.run_id is not None else ""
            meaning = f"{'a file' if outcome.unwritten == 1 else 'files'} could not be written{stored}"
        yield _line(f"exit code {outcome.exit_code}: {meaning}", "bad")


def _problem_lines(outcome: SessionOutcome) -> list[Line]:
    return [*(_line(problem, "bad", 2000) for problem in outcome.problems), *_note_lines(outcome)]


def _note_lines(outcome: SessionOutcome) -> list[Line]:
    return [_line(note, "warn") for note in outcome.notes]


def _line(text: str, style: str, limit: int = 600) -> Line:
    from ..views.sanitise import sanitise

    return ((sanitise(typable(text), limit), style),)


def prints_unicode() -> bool:
    """Return whether pytest's output can show the signs of the matrix."""
    from ..views.line_writer import can_show_signs

    return can_show_signs(getattr(sys.__stdout__, "encoding", None))
