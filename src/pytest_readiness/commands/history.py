"""``readiness history``: what became of a use case."""

from __future__ import annotations

import click

from ..pipeline.history import history
from ..views.history import render_history
from . import printing
from .answering import Answering
from .door import Door, pass_door


@click.command("history", cls=Answering)
@click.argument("use_case", metavar="UC")
@pass_door
def command(door: Door, use_case: str) -> int:
    """Tell the runs, decisions, promotions and demotions of a use case with their causes, newest last, in UTC."""
    place = door.place()
    found = history(place, use_case)
    printing.say(render_history(found, printing.width(), unicode=printing.unicode()))
    return 0
