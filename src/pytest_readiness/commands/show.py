"""``readiness show``: evidence in the ten fields of the template, then everything else recorded with it."""

from __future__ import annotations

import click

from ..errors import ClaimError, ConfigError
from ..pipeline.maintenance import deciding_evidence, find_evidence, signed_runs
from ..views.evidence import render_evidence
from ..views.sanitise import sanitise
from . import output
from .cli_context import CliContext, pass_door
from .exit_code import ExitCodeCommand


@click.command("show", cls=ExitCodeCommand)
@click.argument("target", metavar="EVIDENCE_ID | UC[/ITEM]")
@pass_door
def command(door: CliContext, target: str) -> int:
    """Show one piece of evidence, or those that decide on a use case or on one of its items."""
    place = door.place()
    found = find_evidence(place, target)
    pieces = [found] if found is not None else deciding_evidence(place, *_use_case(door, target))
    if not pieces:
        click.echo(sanitise(f"there is no evidence for {target} yet"))
    signed = signed_runs(place, {evidence.run_id for evidence, _ in pieces})
    for number, (evidence, run) in enumerate(pieces):
        by = signed.get(evidence.run_id)
        lines = render_evidence(evidence, run, output.terminal_width(), unicode=output.prints_unicode(), signed=by)
        output.print_lines([*([()] if number else []), *lines])
    return 0


def _use_case(door: CliContext, target: str) -> tuple[str, str | None]:
    name, _, tail = target.partition("/")
    try:
        catalogue = door.place().catalogue
        return catalogue.use_case(name).id, catalogue.item(tail.partition("/")[0]).key if tail else None
    except ClaimError as error:
        raise ConfigError(f"'{target}' is no evidence id, and {error}") from None
