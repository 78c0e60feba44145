"""``readiness block``: something keeps a use case from going live until it is unblocked."""

from __future__ import annotations

import click

from ..decisions.blockers_and_waivers import block
from ..decisions.identity import find_decider
from ..facts.timestamps import timestamp
from . import options
from .cli_context import CliContext, pass_door
from .decision_output import print_decision, print_standing, refusing
from .exit_code import ExitCodeCommand


@click.command("block", cls=ExitCodeCommand)
@click.argument("use_case", metavar="UC")
@options.reason
@options.by
@click.option("--due", callback=options.day, metavar="DATE", help="The UTC date by which it should end.")
@click.option("--link", callback=options.link, metavar="URL", help="Where it is dealt with.")
@click.pass_context
@pass_door
def command(
    door: CliContext,
    context: click.Context,
    *,
    use_case: str,
    reason: str,
    by: str | None,
    due: str | None,
    link: str | None,
) -> int:
    """Keep a use case from going live until it is unblocked. Anyone may.

    Exits 0 where it is kept, 1 where it is refused.
    """
    place = door.place()
    with refusing(context):
        print_decision(block(place, use_case, find_decider(place, by), reason, due, link))
    if due is not None and due < timestamp()[:10]:
        click.echo(f"the date {due} is over: it is told as overdue")
    print_standing(place, (use_case,))
    return 0
