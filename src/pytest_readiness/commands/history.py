"""``readiness history``: what became of a use case."""

from __future__ import annotations

import click

from ..pipeline.history import use_case_history
from ..views.history import render_history
from . import output
from .cli_context import CliContext, pass_door
from .exit_code import ExitCodeCommand


@click.command("history", cls=ExitCodeCommand)
@click.argument("use_case", metavar="UC")
@pass_door
def command(door: CliContext, use_case: str) -> int:
    """Tell the runs, decisions, promotions and demotions of a use case with their causes, newest last, in UTC."""
    place = door.place()
    found = use_case_history(place, use_case)
    output.print_lines(render_history(found, output.terminal_width(), unicode=output.prints_unicode()))
    return 0
