"""``readiness retire``: a test no longer has to pass."""

from __future__ import annotations

import click

from ..decisions.making import retire
from ..decisions.who import decider
from . import options
from .door import Door, pass_door
from .outcome import refusing, tell, tell_standing


@click.command("retire")
@click.argument("test", metavar="TEST")
@options.reason
@options.by
@click.option("--replaced-by", metavar="TEST", help="The test that shows it instead.")
@click.pass_context
@pass_door
def command(
    door: Door, context: click.Context, test: str, reason: str, by: str | None, replaced_by: str | None
) -> None:
    """Take a test (its node id, as the reports show it) out of what must pass.

    For a listed reviewer who recorded none of its evidence. What was signed with it becomes suspect. Exits 0 where it
    is kept, 1 where it is refused.
    """
    place = door.place()
    with refusing(context):
        kept, concerned = retire(place, test, decider(place, by), reason, replaced_by)
    tell(kept)
    tell_standing(place, concerned)
