"""Command ``readiness report``: prints or writes a report."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

import click

from ..pipeline.evaluate_project import EvaluationRequest, evaluate_project
from ..pipeline.maintenance import refuse_damage
from ..pipeline.output_files import refuse_sources, write_report
from ..pipeline.project import Project
from ..views.line_writer import plain_lines
from ..views.output_formats import FORMATS
from ..views.sanitise import sanitise
from ..views.terminal import render_report
from . import options, output as printing
from .cli_context import CliContext, pass_cli_context
from .exit_code import ExitCodeCommand


@click.command("report", cls=ExitCodeCommand)
@options.use_cases
@click.option(
    "--format",
    "form",
    type=click.Choice(["terminal", *FORMATS]),
    default="terminal",
    show_default=True,
    help="Output format.",
)
@click.option("-o", "--output", type=options.PATH, help="Output file; default: standard output.")
@click.option(
    "--at", callback=options.moment, metavar="TIME", help="Show what was known and required at this moment (UTC)."
)
@options.release
@click.option("-v", "--verbose", is_flag=True, help="Show every use case, every action, and the titles of the items.")
@click.option("-q", "--quiet", is_flag=True, help="Show only the verdict.")
@pass_cli_context
def command(  # noqa: PLR0913 - one parameter for each option
    cli: CliContext,
    *,
    use_cases: tuple[str, ...],
    form: str,
    output: Path | None,
    at: str | None,
    release: str | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Show the status of the use cases (ids or globs; default: all), what is missing, and who must act.

    Exits 0 whatever the verdict (see `readiness gate`), 3 if the store is not intact, 2 if the file cannot be written.
    """
    project = cli.project()
    refuse_sources(project, {"the report": output})
    output_format = FORMATS.get(form)
    request = EvaluationRequest(
        use_cases,
        at=at,
        release=release,
        only_release=release is not None,
        with_register=output_format is not None and output_format.needs_register,
    )
    report = evaluate_project(project, request)
    if output_format is not None and output_format.needs_page:
        from ..pipeline.page_contents import with_page  # late: replays the history, for the page alone

        report = with_page(project, report, request)
    if output_format is not None:
        pieces = output_format.render(report)
        if output_format.is_signed:
            refuse_damage(report.context.problems)  # before anything is attested that rests on it
            pieces = _signed(project, pieces)
    else:
        lines = render_report(
            report, printing.terminal_width(), verbosity=verbose - quiet, unicode=printing.prints_unicode()
        )
        pieces = iter((plain_lines(lines), "\n"))
    if output is not None:
        write_report(output, pieces)
    elif output_format is None:
        printing.print_lines(lines)
    else:
        for piece in pieces:
            click.echo(piece, nl=False)
    for remark in output_format.remarks(report) if output_format is not None else ():
        click.echo(f"readiness: {sanitise(remark)}", err=True)
    refuse_damage(report.context.problems)
    return 0


def _signed(project: Project, statements: Iterator[str]) -> Iterator[str]:
    """Return the statements, as signed envelopes where a key is set.

    The first one is signed here, before a file is opened: a key that cannot sign leaves no empty file.
    """
    if not os.environ.get("READINESS_SIGNER"):
        return statements
    from ..signing.statements import sign_lines  # late: the library takes 200 ms

    signed = sign_lines(statements, project.settings.folder, project.public_keys)
    return chain(list(islice(signed, 1)), signed)
