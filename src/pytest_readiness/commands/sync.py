"""Command ``readiness sync``: updates the tracker's statuses."""

from __future__ import annotations

import click

from ..hints import typable
from ..pipeline.tracker_sync import find_drift, sync_tracker, unexplained_text
from ..views.sanitise import sanitise
from . import output
from .cli_context import CliContext, pass_cli_context
from .exit_code import ExitCodeCommand


@click.command("sync", cls=ExitCodeCommand)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a status differs.")
@click.option(
    "--take-back", is_flag=True, help="Take back READY_FOR_GO_LIVE also from rows that did not get it from this store."
)
@pass_cli_context
def command(cli: CliContext, *, check: bool, take_back: bool) -> int:
    """Update the status, and the UTC date of its last change, in the tracker's rows whose status differs.

    No other byte of the tracker changes. Exits 0; with --check 1 if there is drift. Writes nothing, and exits 1, if a
    row would lose READY_FOR_GO_LIVE of which the store has no review (--take-back does it); exits 2 if there is no
    store and a row has more than the initial status.
    """
    project = cli.project()
    cells = find_drift(project) if check else sync_tracker(project, take_back=take_back)
    for cell in cells:
        declared, where = cell.declared or "nothing", f" in {cell.environment}" if cell.environment else ""
        change = (
            f"says {declared}{where}, derived is {cell.derived}" if check else f"{declared} -> {cell.derived}{where}"
        )
        click.echo(sanitise(f"{cell.where}: {cell.use_case} {change}"))
    if not cells:
        click.echo("the tracker is up to date")
    elif check:
        updates = f"`readiness sync{' --take-back' if take_back else ''}` updates the tracker"
        click.echo(sanitise(typable(("" if take_back else unexplained_text(project, cells)) or updates)))
    output.tell_missing_store(project)
    return int(check and bool(cells))
