"""``readiness unblock``: what blocked a use case has ended."""

from __future__ import annotations

import click

from ..decisions.blockers_and_waivers import unblock
from ..decisions.identity import find_decider
from . import options
from .cli_context import CliContext, pass_door
from .decision_output import print_decision, print_standing, refusing
from .exit_code import ExitCodeCommand


@click.command("unblock", cls=ExitCodeCommand)
@click.argument("use_case", metavar="UC")
@options.reason
@options.by
@click.pass_context
@pass_door
def command(door: CliContext, context: click.Context, use_case: str, reason: str, by: str | None) -> int:
    """End every blocker of a use case: for a listed reviewer who recorded none of its evidence.

    Exits 0 where it is kept, 1 where it is refused.
    """
    place = door.place()
    with refusing(context):
        print_decision(unblock(place, use_case, find_decider(place, by), reason))
    print_standing(place, (use_case,))
    return 0
