"""``readiness waive``: a requirement is excepted for a time."""

from __future__ import annotations

import click

from ..decisions.blockers_and_waivers import waive
from ..decisions.identity import find_decider
from ..pipeline.evaluate_project import EvaluationRequest, evaluate_project
from ..views.gate import render_verdict
from . import options, output
from .cli_context import CliContext, pass_door
from .decision_output import print_decision, refusing
from .exit_code import ExitCodeCommand


@click.command("waive", cls=ExitCodeCommand)
@click.argument("requirement", metavar="REQUIREMENT")
@options.reason
@options.by
@click.option(
    "--until", callback=options.day, metavar="DATE", required=True, help="The last day (UTC); 90 days at most."
)
@click.option("--requested-by", callback=options.text, metavar="NAME", help="Who asks for it; else who runs this.")
@click.pass_context
@pass_door
def command(
    door: CliContext,
    context: click.Context,
    *,
    requirement: str,
    reason: str,
    by: str | None,
    until: str,
    requested_by: str | None,
) -> int:
    """Except a requirement (such as UC-003/2/staging) for a time, and say what the gate now says of its use case.

    For a listed reviewer who did not ask for it, and recorded none of its evidence. Exits 0 where it is kept, 1 where
    it is refused.
    """
    place = door.place()
    with refusing(context):
        kept = waive(place, requirement, find_decider(place, by), reason, until, requested_by)
    print_decision(kept)
    report = evaluate_project(place, EvaluationRequest((requirement.partition("/")[0],)))
    output.print_lines([(), *render_verdict(report, output.terminal_width(), unicode=output.prints_unicode())])
    return 0
