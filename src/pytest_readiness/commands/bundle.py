"""Command ``readiness bundle``: exports records of the store to a file."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import count
from ..pipeline.bundles import export_bundle, write_script
from ..pipeline.output_files import SCRIPT, refuse_sources
from ..views.sanitise import sanitise
from . import completion, options
from .cli_context import CliContext, pass_cli_context
from .exit_code import ExitCodeCommand
from .output import tell_nothing_there


@click.command("bundle", cls=ExitCodeCommand)
@click.argument("use_cases", nargs=-1, metavar="[UC]...", shell_complete=completion.use_cases)
@click.option(
    "-o",
    "--output",
    type=options.FILE,
    metavar="FILE",
    help="Output file.",
)
@click.option(
    "--script",
    type=options.FILE,
    metavar="FILE",
    help="Write the script that verifies bundles (plain Python) to this file.",
)
@click.option(
    "--with-tree",
    is_flag=True,
    help="Include the store's checkpoint and the leaves of its tree, to show the origin.",
)
@pass_cli_context
def command(
    cli: CliContext, *, use_cases: tuple[str, ...], output: Path | None, script: Path | None, with_tree: bool
) -> int:
    """Export runs, decisions, requirements, verdicts, signatures, artifacts and a report to one file.

    Exports the whole register, or what concerns the use cases (ids or globs). Import it with `readiness merge`. Exits
    2 if the file cannot be written, 3 if the store is not intact or the disk fails.
    """
    if output is None and (script is None or use_cases):
        raise click.UsageError("name the file to write: -o FILE")
    project = cli.project()
    refuse_sources(project, {SCRIPT: script, "the bundle": output})
    if script is not None:
        write_script(script)
        click.echo(sanitise(f"{script}: written; verify a bundle with: python {script.name} BUNDLE"))
    if output is None:
        return 0
    exported = export_bundle(project, use_cases, output, with_tree=with_tree)
    written = count(exported.runs, "run"), count(exported.decisions, "decision"), count(exported.verdicts, "verdict")
    click.echo(sanitise(f"{output}: {', '.join(written)}"))
    for sha256 in exported.missing:
        click.echo(f"readiness: artifact {sha256} was left out: it is not in the artifact folder", err=True)
    tell_nothing_there(project)
    return 0
