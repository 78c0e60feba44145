"""Command ``readiness verify``: checks the integrity of the store, or of a bundle file."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import ConfigError, count
from ..pipeline.checkpoints import requested_checkpoints
from ..pipeline.verification import VerificationResult, verify_store
from ..store.address import missing_store
from ..views.sanitise import sanitise
from . import options
from .cli_context import CliContext, pass_cli_context
from .exit_code import ExitCodeCommand


@click.command("verify", cls=ExitCodeCommand)
@click.argument("bundle", required=False, type=options.PATH, metavar="[BUNDLE]")
@options.checkpoints
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="NAME[/ROLES[/PERSONS]]=FILE",
    help="With a bundle: a public key that must have signed it; repeatable.",
)
@pass_cli_context
def command(cli: CliContext, bundle: Path | None, checkpoints: tuple[Path, ...], keys: tuple[str, ...]) -> int:
    """Verify the integrity of the store: hash chains, seals, signatures, indexes, schema, tree and artifacts.

    Journals and decision files are verified too. Exits 0 if everything is intact, 3 if there are problems, 2 if there
    is no store or a checkpoint cannot be read.

    With a BUNDLE, only that file is verified, as verify_bundle.py does it; no config is needed. Exits 0 if everything
    in it fits together, 1 if something is not signed by the keys, 3 if it does not fit, 2 if the file is not a bundle.
    """
    if bundle is not None:
        return _verify_bundle(bundle, keys, checkpoints)
    if keys:
        raise click.UsageError("--key is for a bundle: name its file (the keys for a store are in [keys.NAME])")
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


def _verify_bundle(bundle: Path, keys: tuple[str, ...], checkpoints: tuple[Path, ...]) -> int:
    """Print what the script for auditors prints, and return its exit code."""
    from ..store.bundle.verify_bundle import UNREADABLE, verify  # late: a store is verified without it

    code, lines = verify(str(bundle), [*keys], [str(path) for path in checkpoints])
    if code == UNREADABLE:
        raise ConfigError(" ".join(lines))
    for line in lines:
        click.echo(sanitise(line))
    return code


def _print_comparisons(result: VerificationResult) -> None:
    for line in result.matching_checkpoints:
        click.echo(sanitise(line))
