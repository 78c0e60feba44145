"""Command ``readiness report``: prints or writes a report."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from ..errors import ConfigError, suggestion
from ..facts.subject import Subjects
from ..pipeline.damage import refuse_damage
from ..pipeline.evaluate_project import EvaluationRequest, Project
from ..pipeline.output_files import refuse_sources, write_report
from ..pipeline.plugin_hooks import render_own
from ..pipeline.report_contents import evaluate_for
from ..pipeline.scope_filters import empty_text, filtered_request
from ..verdict.readiness import Status
from ..views.line_writer import Line, LineWriter, plain_lines
from ..views.output_formats import FORMATS, OutputFormat
from ..views.report import Report
from ..views.sanitise import sanitise
from ..views.terminal import render_report
from . import options, output as printing
from .ci import tell_ci
from .cli_context import CliContext, pass_cli_context
from .earlier_report import name_comparison, read_report
from .exit_code import ExitCodeCommand
from .options import TERMINAL

_OWN_NAME = re.compile(r"[a-z][a-z0-9.-]{0,39}", re.ASCII)


class _FormatName(click.Choice[str]):
    """A format of this package, or the name of a plugin's."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if isinstance(value, str) and _OWN_NAME.fullmatch(value):
            return value
        return super().convert(value, param, ctx)


@click.command("report", cls=ExitCodeCommand)
@options.use_cases
@click.option(
    "--format",
    "form",
    type=_FormatName([TERMINAL, *FORMATS]),
    default=TERMINAL,
    show_default=True,
    help="Output format; a plugin may have others.",
)
@options.json_format
@click.option("-o", "--output", type=options.PATH, help="Output file; default: standard output.")
@click.option(
    "--at", callback=options.moment, metavar="TIME", help="Show what was known and required at this moment (UTC)."
)
@options.release
@options.subjects
@options.owner("Only use cases of this owner (in any spelling), or 'unassigned'.")
@click.option(
    "--status", type=click.Choice(list(Status), case_sensitive=False), help="Only use cases with this status."
)
@click.option(
    "--baseline",
    type=options.FILE,
    metavar="REPORT.json",
    help="Also show what changed since this earlier JSON report.",
)
@click.option(
    "--no-regression",
    "earlier",
    type=options.FILE,
    metavar="REPORT.json",
    help="As --baseline, with the gate's rule that nothing is worse than in this JSON report.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show every use case, every action, and the titles of the items.")
@click.option("-q", "--quiet", is_flag=True, help="Show only the verdict.")
@pass_cli_context
def command(  # noqa: PLR0913 - one parameter for each option
    cli: CliContext,
    *,
    use_cases: tuple[str, ...],
    form: str,
    as_json: bool,
    output: Path | None,
    at: str | None,
    release: str | None,
    subjects: Subjects,
    owner: str | None,
    status: Status | None,
    baseline: Path | None,
    earlier: Path | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Show the status of the use cases (ids or globs; default: all), what is missing, and who must act.

    Exits 0 whatever the verdict (see `readiness gate`), 3 if the store is not intact, 2 if the file cannot be written.
    """
    form = options.chosen_format(form, as_json=as_json)
    if baseline is not None and earlier is not None:
        raise click.UsageError("--baseline and --no-regression name one report each: omit one of them")
    project = cli.project()
    refuse_sources(project, {"the report": output})
    output_format = FORMATS.get(form)
    only = release is not None
    request = EvaluationRequest(use_cases, at=at, release=release, only_release=only, subjects=subjects)
    request = filtered_request(project, request, owner, status)
    # A plugin's format is made of the JSON report.
    shown = None if form == TERMINAL else output_format or FORMATS["json"]
    report = _evaluate(project, request, shown, baseline, earlier)
    pieces: Iterable[str]
    if form == TERMINAL:
        sentence = empty_text(owner, status) if request.is_empty else ""
        lines = _lines(report, sentence, verbosity=verbose - quiet)
        pieces = (plain_lines(lines), "\n")
    elif output_format is None:
        pieces = (_own_text(project, report, form),)
    else:
        pieces = _render(project, report, output_format, output)
    if output is not None:
        write_report(output, pieces)
    elif form == TERMINAL:
        printing.print_lines(lines)
    else:
        for piece in pieces:
            click.echo(piece, nl=False)
    for remark in output_format.remarks(report) if output_format is not None else ():
        click.echo(f"readiness: {sanitise(remark)}", err=True)
    if not report.context.problems:  # else the line on the damage says more
        printing.tell_missing_store(project)
    if form == TERMINAL:
        tell_ci(project, report, annotate=False)
    refuse_damage(report.context.problems)
    return 0


def _lines(report: Report, empty: str, *, verbosity: int) -> list[Line]:
    """Return the report for people; ``empty``: the sentence that the filters leave no use case."""
    width, unicode = printing.terminal_width(), printing.prints_unicode()
    if empty:
        return LineWriter(width, unicode=unicode).paragraph(empty)
    context = report.context
    notes = tuple(note for note in context.notes if note != context.missing_store)  # it is on standard error
    report = replace(report, context=replace(context, notes=notes))
    return render_report(report, width, verbosity=verbosity, unicode=unicode)


def _evaluate(
    project: Project, request: EvaluationRequest, form: OutputFormat | None, baseline: Path | None, earlier: Path | None
) -> Report:
    """Return the report, compared with an earlier one if one is named: ``baseline`` changes nothing of the verdict."""
    path = earlier or baseline
    if path is None:
        return evaluate_for(project, request, form)
    document = read_report(path)
    report = evaluate_for(project, replace(request, no_regression=document, no_regression_name=str(path)), form)
    if earlier is None:
        report = replace(report, verdict=replace(report.verdict, regression=None))
    return name_comparison(report, path, document)


def _own_text(project: Project, report: Report, form: str) -> str:
    """Return the report in a format of a plugin.

    Raises:
        ConfigError: no plugin has a format of this name, or the plugin fails.
    """
    from ..views.document import to_document  # late: only for a plugin's format

    text = render_own(project.plugins.managers, to_document(report), form)
    if text is None:
        names = [TERMINAL, *FORMATS]
        own = "and no plugin has one of this name (pytest_readiness_render)"
        raise ConfigError(f"--format {form}: the formats are {', '.join(names)}, {own}{suggestion(form, names)}")
    return text.encode("utf-8", "backslashreplace").decode()


def _render(project: Project, report: Report, output_format: OutputFormat, output: Path | None) -> Iterable[str]:
    """Return the report in a format of this package, as text in pieces; what is signed is signed.

    Raises:
        IntegrityError: what would be signed rests on evidence that is not intact.
    """
    pieces = output_format.renderer_for(output.suffix if output is not None else "")(report)
    if not output_format.is_signed:
        return pieces
    refuse_damage(report.context.problems)  # before anything is attested that rests on it
    return _signed(project, pieces)


def _signed(project: Project, statements: Iterator[str]) -> Iterator[str]:
    """Return the statements, as signed envelopes where a key is set.

    The first one is signed here, before a file is opened: a key that cannot sign leaves no empty file.
    """
    if not os.environ.get("READINESS_SIGNER"):
        return statements
    from ..signing.statements import sign_lines  # late: the library takes 200 ms

    signed = sign_lines(statements, project.settings.folder, project.public_keys)
    return chain(list(islice(signed, 1)), signed)
