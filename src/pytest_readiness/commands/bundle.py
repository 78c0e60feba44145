"""``readiness bundle``: write what the store holds into a file, to be carried to another store."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import count
from ..pipeline.bundles import export_bundle, write_script
from ..pipeline.output_files import refuse_sources
from ..views.sanitise import sanitise
from . import options
from .cli_context import CliContext, pass_door
from .exit_code import ExitCodeCommand


@click.command("bundle", cls=ExitCodeCommand)
@click.argument("use_cases", nargs=-1, metavar="[UC]...")
@click.option(
    "-o",
    "--output",
    type=options.FILE,
    metavar="FILE",
    help="The file to write.",
)
@click.option(
    "--script",
    type=options.FILE,
    metavar="FILE",
    help="Write the script that verifies bundles, which needs Python alone, to this file.",
)
@click.option(
    "--with-tree",
    is_flag=True,
    help="Tell from which store it comes: its checkpoint, and the leaves of its tree.",
)
@pass_door
def command(
    door: CliContext, *, use_cases: tuple[str, ...], output: Path | None, script: Path | None, with_tree: bool
) -> int:
    """Write runs, decisions, requirements, verdicts, signatures, artifacts and a report into one file.

    All of the register, or what is about the use cases (ids or globs). `readiness merge` takes it in elsewhere. Exits
    2 where no file can be written there, 3 where the store is not intact or the disk fails.
    """
    if output is None and (script is None or use_cases):
        raise click.UsageError("name the file to write: -o FILE")
    place = door.place()
    refuse_sources(place, {"the script": script, "the bundle": output})
    if script is not None:
        write_script(script)
        click.echo(sanitise(f"{script}: verifies bundles: python {script.name} BUNDLE"))
    if output is None:
        return 0
    done = export_bundle(place, use_cases, output, with_tree=with_tree)
    written = count(done.runs, "run"), count(done.decisions, "decision"), count(done.verdicts, "verdict")
    click.echo(sanitise(f"{output}: {', '.join(written)}"))
    for sha256 in done.missing:
        click.echo(f"readiness: the artifact {sha256} is not in it: it is not in the artifact folder", err=True)
    return 0
