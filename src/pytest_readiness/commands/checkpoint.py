"""``readiness checkpoint``: the store's head in a form to keep elsewhere."""

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
from .cli_context import CliContext, pass_door
from .exit_code import ExitCodeCommand


@click.command("checkpoint", cls=ExitCodeCommand)
@click.option("-o", "--output", type=options.FILE, metavar="FILE", help="The file to write; else it is printed.")
@pass_door
def command(door: CliContext, output: Path | None) -> int:
    """Print or write the store's head: its name, how many records it has, and the hash that stands for them all.

    Kept where those who can write the store cannot write, it shows later whether records were changed, deleted or
    rolled back: `readiness gate --checkpoint FILE`. A file that holds a checkpoint is replaced only where the store has
    grown out of it. Exits 3 where it has not, or the store is not intact. Signed where READINESS_SIGNER names an
    Ed25519 key; exits 3 where that cannot sign.
    """
    place = door.place()
    refuse_sources(place, {CHECKPOINT: output})
    made = make_checkpoint(place, output)
    if os.environ.get("READINESS_SIGNER") and not made.signatures:
        click.echo(UNSIGNED, err=True)
    if output is None:
        click.echo(made.text, nl=False)
    else:
        click.echo(sanitise(f"{shown_place(output)}: {count(made.size, 'record')} of {made.origin}"))
    return 0
