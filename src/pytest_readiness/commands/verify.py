"""Command ``readiness verify``: checks the integrity of the store."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import ConfigError, count
from ..pipeline.checkpoints import missing_store, requested_checkpoints
from ..pipeline.verification import VerificationResult, verify_store
from ..views.sanitise import sanitise
from . import options
from .cli_context import CliContext, pass_cli_context
from .exit_code import ExitCodeCommand


@click.command("verify", cls=ExitCodeCommand)
@options.checkpoints
@pass_cli_context
def command(cli: CliContext, checkpoints: tuple[Path, ...]) -> int:
    """Verify the integrity of the store: hash chains, seals, signatures, indexes, schema, tree and artifacts.

    Journals and decision files are verified too. Exits 0 if everything is intact, 3 if there are problems, 2 if there
    is no store or a checkpoint cannot be read.
    """
    project = cli.project()
    result = verify_store(project, requested_checkpoints(checkpoints))
    for line in result.retired_runs:
        click.echo(sanitise(line))
    for problem in result.problems:
        click.echo(sanitise(str(problem)))
    for note in result.notes:
        click.echo(sanitise(f"note: {note}"))
    if result.problems:
        _print_comparisons(result)
        click.echo(f"not intact: {count(len(result.problems), 'problem')}")
        return 3
    if not result.has_store:
        raise ConfigError(missing_store(project.settings.store))
    numbers = [count(result.runs, "run"), f"{count(result.evidence, 'piece')} of evidence"]
    numbers += [count(result.artifacts, "artifact")]
    numbers += [count(result.signatures, "signature")] if result.signatures else []
    click.echo(f"intact: {', '.join(numbers)}")
    _print_comparisons(result)
    return 0


def _print_comparisons(result: VerificationResult) -> None:
    for line in result.matching_checkpoints:
        click.echo(sanitise(line))
