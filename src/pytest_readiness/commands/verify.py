"""``readiness verify``: recompute everything that is kept, and name each thing that does not fit."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import ConfigError, count
from ..pipeline.checkpoints import missing_store, requested_checkpoints
from ..pipeline.maintenance import VerificationResult, verify_store
from ..views.sanitise import sanitise
from . import options
from .cli_context import CliContext, pass_door
from .exit_code import ExitCodeCommand


@click.command("verify", cls=ExitCodeCommand)
@options.checkpoints
@pass_door
def command(door: CliContext, checkpoints: tuple[Path, ...]) -> int:
    """Check chains, seals, signatures, indexes, schema, tree and artifacts of the store, and what lies beside it.

    That is journals, and decisions that are files. Exits 0 where everything fits, 3 where anything does not, 2 where
    there is no store, or a checkpoint cannot be read.
    """
    place, kept = door.place(), requested_checkpoints(checkpoints)
    outcome = verify_store(place, kept)
    for one in outcome.retired_runs:
        click.echo(sanitise(one))
    for problem in outcome.problems:
        click.echo(sanitise(str(problem)))
    for note in outcome.notes:
        click.echo(sanitise(f"note: {note}"))
    if wrong := len(outcome.problems):
        _say_compared(outcome)
        click.echo(f"not intact: {count(wrong, 'thing')} {'does' if wrong == 1 else 'do'} not fit")
        return 3
    if not outcome.has_store:
        raise ConfigError(missing_store(place.settings.store))
    told = [count(outcome.runs, "run"), f"{count(outcome.evidence, 'piece')} of evidence"]
    told += [count(outcome.artifacts, "artifact")]
    told += [count(outcome.signatures, "signature")] if outcome.signatures else []
    click.echo(f"intact: {', '.join(told)}")
    _say_compared(outcome)
    return 0


def _say_compared(outcome: VerificationResult) -> None:
    for one in outcome.matching_checkpoints:
        click.echo(sanitise(one))
