"""``readiness report``: where each use case stands, what is missing, who must act."""

from __future__ import annotations

from pathlib import Path

import click

from ..pipeline.evaluate_project import EvaluationRequest, evaluate_project, write_report
from ..pipeline.maintenance import refuse_damage
from ..pipeline.output_files import refuse_sources
from ..views.document import to_json
from ..views.line_writer import plain_lines
from ..views.terminal import render_report
from . import options, output as printing
from .cli_context import CliContext, pass_door
from .exit_code import ExitCodeCommand, keep_until_exit


@click.command("report", cls=ExitCodeCommand)
@options.use_cases
@click.option("--format", "form", type=click.Choice(["terminal", "json"]), default="terminal", show_default=True)
@click.option("-o", "--output", type=options.PATH, help="Write to this file instead.")
@click.option(
    "--at", callback=options.moment, metavar="TIME", help="As it was known and required at this moment (UTC)."
)
@options.release
@click.option("-v", "--verbose", is_flag=True, help="Show every use case, every action, and what the items are.")
@click.option("-q", "--quiet", is_flag=True, help="Show the verdict alone.")
@pass_door
def command(  # noqa: PLR0913 - what the options say
    door: CliContext,
    *,
    use_cases: tuple[str, ...],
    form: str,
    output: Path | None,
    at: str | None,
    release: str | None,
    verbose: bool,
    quiet: bool,
) -> int:
    """Report where the use cases (ids or globs; default: all) stand.

    Exits 0 whatever the report says, for the gate is a command of its own; 3 where what is stored is not intact,
    and 2 where no file can be written there.
    """
    place = door.place()
    refuse_sources(place, {"the report": output})
    report = evaluate_project(
        place, EvaluationRequest(use_cases, at=at, release=release, only_release=release is not None)
    )
    keep_until_exit(report, place)
    if form == "json":
        text = to_json(report)
    else:
        lines = render_report(
            report, printing.terminal_width(), verbosity=verbose - quiet, unicode=printing.prints_unicode()
        )
        if output is None:
            printing.print_lines(lines)
        text = plain_lines(lines) + "\n"
    if output is not None:
        write_report(output, text)
    elif form == "json":
        click.echo(text, nl=False)
    refuse_damage(report.context.problems)
    return 0
