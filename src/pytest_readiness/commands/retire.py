"""``readiness retire``: a test no longer has to pass, or a use case that left the register is let go of."""

from __future__ import annotations

import click

from ..decisions.making import retire
from ..decisions.who import decider
from . import options
from .door import Door, pass_door
from .outcome import refusing, tell, tell_standing


@click.command("retire")
@click.argument("name", metavar="TEST|UC")
@options.reason
@options.by
@click.option("--replaced-by", metavar="TEST", help="The test that shows it instead.")
@click.pass_context
@pass_door
def command(
    door: Door, context: click.Context, name: str, reason: str, by: str | None, replaced_by: str | None
) -> None:
    """Take a test (its node id, as the reports show it) out of what must pass, or let go of a use case without a row.

    For a listed reviewer who recorded none of its evidence. What was signed with a test becomes suspect; a use case
    that left the register with something open keeps the gate closed until then. Exits 0 where it is kept, 1 where it is
    refused.
    """
    place = door.place()
    with refusing(context):
        kept, concerned = retire(place, name, decider(place, by), reason, replaced_by)
    tell(kept)
    tell_standing(place, concerned)
