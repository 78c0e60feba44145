"""Command ``readiness checkpoint``: prints the head of the store's tree."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ..errors import location as shown_place
from ..pipeline.checkpoints import UNSIGNED
from ..pipeline.maintenance import make_checkpoint
from ..pipeline.output_files import CHECKPOINT, refuse_sources
from ..views.sanitise import sanitise
from ..views.text_format import count
from . import options
from .cli_context import CliContext, pass_cli_context
from .exit_code import ExitCodeCommand


@click.command("checkpoint", cls=ExitCodeCommand)
@click.option("-o", "--output", type=options.FILE, metavar="FILE", help="Output file; default: standard output.")
@pass_cli_context
def command(cli: CliContext, output: Path | None) -> int:
    """Print or write a checkpoint of the store: its id, its number of records, and one hash over all of them.

    Keep it where those who can write the store cannot write. `readiness gate --checkpoint FILE` then detects records
    that were changed, deleted or rolled back. An existing checkpoint file is replaced only if the store still contains
    everything in it. Exits 3 if it does not, or if the store is not intact. The checkpoint is signed if
    READINESS_SIGNER names an Ed25519 key; exits 3 if that key cannot sign.
    """
    project = cli.project()
    refuse_sources(project, {CHECKPOINT: output})
    checkpoint = make_checkpoint(project, output)
    if os.environ.get("READINESS_SIGNER") and not checkpoint.signatures:
        click.echo(UNSIGNED, err=True)
    if output is None:
        click.echo(checkpoint.text, nl=False)
    else:
        click.echo(sanitise(f"{shown_place(output)}: {count(checkpoint.size, 'record')} of {checkpoint.origin}"))
    return 0
