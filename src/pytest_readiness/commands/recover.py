"""Command ``readiness recover``: imports journals that a crash left."""

from __future__ import annotations

import click

from ..pipeline.maintenance import recover_journals
from ..views.sanitise import sanitise
from ..views.text_format import count
from .cli_context import CliContext, pass_cli_context
from .exit_code import ExitCodeCommand


@click.command("recover", cls=ExitCodeCommand)
@pass_cli_context
def command(cli: CliContext) -> int:
    """Import runs left over from a crash or an unreachable store. Unfinished tests become INTERRUPTED.

    Exits 3 if a journal is damaged or cannot be stored; the journal then stays where it is.
    """
    recovered = recover_journals(cli.project())
    for run in recovered.runs:
        pieces = count(sum(1 for _ in run.evidence()), "piece of evidence", "pieces of evidence")
        click.echo(sanitise(f"recovered run {run.id}: {pieces}, {run.state.value}"))
    for run_id in recovered.living:
        click.echo(sanitise(f"skipped run {run_id}: a process is still writing it"))
    for problem in recovered.problems:
        click.echo(f"readiness: {sanitise(problem)}", err=True)
    if not (recovered.runs or recovered.living or recovered.problems):
        click.echo("nothing to recover")
    return 3 if recovered.problems else 0
