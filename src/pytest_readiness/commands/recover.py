"""``readiness recover``: take in journals that a crash or an absent store left behind."""

from __future__ import annotations

import click

from ..pipeline.maintenance import recover_journals
from ..views.sanitise import sanitise
from ..views.text_format import count
from .cli_context import CliContext, pass_door
from .exit_code import ExitCodeCommand


@click.command("recover", cls=ExitCodeCommand)
@pass_door
def command(door: CliContext) -> int:
    """Seal and keep the runs whose process is gone; what had not finished is INTERRUPTED.

    Exits 3 where a journal is damaged or cannot be kept; it stays where it is.
    """
    recovered = recover_journals(door.place())
    for run in recovered.runs:
        told = count(sum(1 for _ in run.evidence()), "piece of evidence", "pieces of evidence")
        click.echo(sanitise(f"recovered run {run.id}: {told}, {run.state.value}"))
    for run_id in recovered.living:
        click.echo(sanitise(f"left run {run_id} alone: a process is still writing it"))
    for problem in recovered.problems:
        click.echo(f"readiness: {sanitise(problem)}", err=True)
    if not (recovered.runs or recovered.living or recovered.problems):
        click.echo("nothing was left behind")
    return 3 if recovered.problems else 0
