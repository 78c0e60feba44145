"""``readiness bundle``: write what the store holds into a file, to be carried to another store."""

from __future__ import annotations

from pathlib import Path

import click

from ..carrying import bundle
from ..views.sanitise import sanitise
from .door import Door, pass_door


@click.command("bundle")
@click.argument("use_cases", nargs=-1, metavar="[UC]...")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The file to write.",
)
@pass_door
def command(door: Door, use_cases: tuple[str, ...], output: Path) -> None:
    """Write runs, decisions, requirements, verdicts and artifacts into one file.

    All of the register, or what is about the use cases (ids or globs). `readiness merge` takes it in elsewhere. Exits
    3 where the store is not intact or the file cannot be written.
    """
    done = bundle(door.place(), use_cases, output)
    click.echo(sanitise(f"{output}: {done.runs} runs, {done.decisions} decisions, {done.verdicts} verdicts"))
    for sha256 in done.missing:
        click.echo(f"readiness: the artifact {sha256} is not in it: it is not in the artifact folder", err=True)
