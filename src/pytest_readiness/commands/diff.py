"""Command ``readiness diff``: prints what changed between two evaluations."""

from __future__ import annotations

import click

from ..pipeline.comparison import compare
from ..views.difference import render_annotations, render_difference, render_json, render_markdown
from . import options, output
from .cli_context import CliContext, pass_cli_context
from .exit_code import ExitCodeCommand

_FORMATS = {"markdown": render_markdown, "github": render_annotations, "json": render_json}


@click.command("diff", cls=ExitCodeCommand)
@click.argument("old", callback=options.text)
@click.argument("new", callback=options.text)
@click.option(
    "--format",
    "form",
    type=click.Choice([options.TERMINAL, *_FORMATS]),
    default=options.TERMINAL,
    show_default=True,
    help="Output format.",
)
@pass_cli_context
def command(cli: CliContext, old: str, new: str, form: str) -> int:
    """Show what became ready or no longer is between OLD and NEW, what else changed, and by which evidence.

    OLD and NEW are JSON reports, bundles, ids of runs (what was known when the run ended), times (UTC), `now`, or git
    revisions (what was known after the last run from that commit, else when it was made).

    Exits 0 when it answers, 2 if a name cannot be read, 3 if a bundle or the store is not intact.
    """
    difference = compare(old, new, cli.project)
    if form in _FORMATS:
        for piece in _FORMATS[form](difference):
            click.echo(piece, nl=False)
    else:
        output.print_lines(render_difference(difference, output.terminal_width(), unicode=output.prints_unicode()))
    return 0
