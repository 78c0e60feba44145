"""``readiness history``: what became of a use case."""

from __future__ import annotations

import click

from ..pipeline.history import history
from ..views.history import render_history
from . import output
from .cli_context import Door, pass_door
from .exit_code import Answering


@click.command("history", cls=Answering)
@click.argument("use_case", metavar="UC")
@pass_door
def command(door: Door, use_case: str) -> int:
    """Tell the runs, decisions, promotions and demotions of a use case with their causes, newest last, in UTC."""
    place = door.place()
    found = history(place, use_case)
    output.say(render_history(found, output.width(), unicode=output.unicode()))
    return 0
