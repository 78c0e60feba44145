"""``readiness sync``: the derived status into the rows of the tracker that say something else."""

from __future__ import annotations

import click

from ..pipeline.tracker_sync import find_drift, sync_tracker
from ..views.sanitise import sanitise
from .cli_context import CliContext, pass_door
from .exit_code import ExitCodeCommand


@click.command("sync", cls=ExitCodeCommand)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a row says another status.")
@pass_door
def command(door: CliContext, check: bool) -> int:  # noqa: FBT001 - click's flag
    """Write the derived status, and the UTC date of its last change, into the tracker's rows whose status differs.

    No other byte of the tracker is touched. Exits 0; with --check 1 where there is drift.
    """
    place = door.place()
    found = find_drift(place) if check else sync_tracker(place)
    for one in found:
        declared, where = one.declared or "nothing", f" in {one.environment}" if one.environment else ""
        how = f"says {declared}{where}, derived is {one.derived}" if check else f"{declared} -> {one.derived}{where}"
        click.echo(sanitise(f"{one.where}: {one.use_case} {how}"))
    if not found:
        click.echo("the tracker says what is derived")
    return int(check and bool(found))
