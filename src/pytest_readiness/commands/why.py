"""``readiness why``: the cause, from the status down to the evidence."""

from __future__ import annotations

import click

from ..pipeline.judging import Request, judge
from ..pipeline.upkeep import refuse_damage
from ..views.cause import render_why
from . import printing
from .door import Door, pass_door


@click.command("why")
@click.argument("target", metavar="UC[/ITEM]")
@pass_door
def command(door: Door, target: str) -> None:
    """Say why a use case, or one item or requirement of it, stands where it stands, and what would complete it."""
    use_case, _, tail = target.partition("/")
    place = door.place()
    known = place.catalogue.use_case(use_case).id
    report = judge(place, Request((known,)))
    wide, signs = printing.width(), printing.unicode()
    printing.say(render_why(report, known, tail or None, wide, unicode=signs))
    refuse_damage(report.context.problems)
