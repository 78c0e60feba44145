"""``readiness next``: who must do what, most urgent first."""

from __future__ import annotations

import click

from ..pipeline.evaluate_project import EvaluationRequest, evaluate_project
from ..pipeline.maintenance import refuse_damage
from ..views.next_actions import render_next
from . import options, output
from .cli_context import CliContext, pass_door
from .exit_code import ExitCodeCommand


@click.command("next", cls=ExitCodeCommand)
@options.use_cases
@click.option("--owner", callback=options.text, metavar="NAME", help="Only what this person must do.")
@click.option("-v", "--verbose", is_flag=True, help="Tell each action in its own words.")
@pass_door
def command(door: CliContext, use_cases: tuple[str, ...], owner: str | None, verbose: bool) -> int:  # noqa: FBT001 - click's flag
    """Say who must do what next for the use cases (ids or globs; default: all)."""
    report = evaluate_project(door.place(), EvaluationRequest(use_cases))
    lines = render_next(
        report.actions, output.terminal_width(), owner=owner, verbosity=int(verbose), unicode=output.prints_unicode()
    )
    output.print_lines(lines)
    refuse_damage(report.context.problems)
    return 0
