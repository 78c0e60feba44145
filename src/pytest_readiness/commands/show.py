"""Command ``readiness show``: prints evidence with all its fields."""

from __future__ import annotations

import click

from ..errors import ClaimError, ConfigError
from ..pipeline.maintenance import deciding_evidence, find_evidence, shown_piece, signed_runs
from ..views.evidence import render_evidence
from ..views.formats.evidence_json import render_json
from ..views.formats.evidence_template import render_template
from ..views.sanitise import sanitise
from . import completion, options, output
from .cli_context import CliContext, pass_cli_context
from .exit_code import ExitCodeCommand
from .options import TERMINAL


@click.command("show", cls=ExitCodeCommand)
@click.argument("target", metavar="EVIDENCE_ID | UC[/ITEM]", shell_complete=completion.targets)
@click.option(
    "--format",
    "form",
    type=click.Choice([TERMINAL, "markdown", "json"]),
    default=TERMINAL,
    show_default=True,
    help="Output format; markdown: the tracker's evidence template.",
)
@options.json_format
@click.option("-v", "--verbose", is_flag=True, help="Show all fields, and evidence that does not count.")
@pass_cli_context
def command(cli: CliContext, *, target: str, form: str, as_json: bool, verbose: bool) -> int:
    """Show one piece of evidence, or the evidence that decides on a use case or one of its items.

    A single piece is shown with all fields, several with the ten fields of the evidence template.
    """
    form = options.chosen_format(form, as_json=as_json)
    project = cli.project()
    piece = find_evidence(project, target)
    every = verbose or form != TERMINAL
    pieces = (
        [shown_piece(project, *piece)]
        if piece is not None
        else deciding_evidence(project, *_use_case(cli, target), every=every)
    )
    output.tell_nothing_there(project)
    if form != TERMINAL:
        render = render_template if form == "markdown" else render_json
        click.echo("".join(render(pieces)), nl=False)
        return 0
    if not pieces:
        click.echo(sanitise(f"there is no evidence for {target} yet"))
    signed = signed_runs(project, {piece.evidence.run_id for piece in pieces})
    for number, shown in enumerate(pieces):
        signature = signed.get(shown.evidence.run_id)
        lines = render_evidence(
            shown,
            output.terminal_width(),
            unicode=output.prints_unicode(),
            signed=signature,
            envelope=verbose or len(pieces) == 1,
        )
        output.print_lines([*([()] if number else []), *lines])
    return 0


def _use_case(cli: CliContext, target: str) -> tuple[str, str | None]:
    name, _, tail = target.partition("/")
    try:
        catalogue = cli.project().catalogue
        return catalogue.use_case(name).id, catalogue.item(tail.partition("/")[0]).key if tail else None
    except ClaimError as error:
        raise ConfigError(f"'{target}' is not an evidence id, and {error}") from None
