"""``readiness why``: the cause, from the status down to the evidence."""

from __future__ import annotations

import click

from ..errors import ClaimError, ConfigError
from ..pipeline.evaluate_project import EvaluationRequest, evaluate_project
from ..pipeline.maintenance import refuse_damage
from ..views.why import render_departed, render_why
from . import output
from .cli_context import CliContext, pass_door
from .exit_code import ExitCodeCommand


@click.command("why", cls=ExitCodeCommand)
@click.argument("target", metavar="UC[/ITEM]")
@pass_door
def command(door: CliContext, target: str) -> int:
    """Say why a use case, or one item or requirement of it, stands where it stands, and what would complete it."""
    use_case, _, tail = target.partition("/")
    place = door.place()
    wide, signs = output.terminal_width(), output.prints_unicode()
    try:
        known = place.catalogue.use_case(use_case).id
    except ClaimError:
        # One that left the register with something open keeps the gate closed: that has a cause, too.
        report = evaluate_project(place, EvaluationRequest((use_case,)))
        lines = render_departed(report, use_case, wide, unicode=signs)
        if not lines:
            raise
    else:
        report = evaluate_project(place, EvaluationRequest((known,)))
        if place.catalogue.open_world and not any(
            one.evidence for found in report.readiness.use_cases for one in found.requirements
        ):
            raise ConfigError(f"there is no config, and no evidence for {known}: run 'readiness init'")
        lines = render_why(report, known, tail or None, wide, unicode=signs)
    output.print_lines(lines)
    refuse_damage(report.context.problems)
    return 0
