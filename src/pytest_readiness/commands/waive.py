"""Command ``readiness waive``: records a waiver of a requirement."""

from __future__ import annotations

import click

from ..decisions.blockers_and_waivers import waive
from ..decisions.identity import find_decider
from ..pipeline.evaluate_project import EvaluationRequest, evaluate_project
from ..verdict.review.preview import WAIVED_NEEDS_CONFIG
from ..views.gate import render_verdict
from . import completion, options, output
from .cli_context import CliContext, pass_cli_context
from .decision_output import print_decision, refusing
from .exit_code import ExitCodeCommand


@click.command("waive", cls=ExitCodeCommand)
@click.argument("requirement", metavar="REQUIREMENT", shell_complete=completion.targets)
@options.reason
@options.by
@click.option(
    "--until",
    callback=options.day,
    metavar="DATE",
    required=True,
    help="Last day (UTC), or +21d; at most 90 days ahead.",
)
@click.option("--requested-by", callback=options.text, metavar="NAME", help="Who requested it; default: who runs this.")
@click.pass_context
@pass_cli_context
def command(
    cli: CliContext,
    context: click.Context,
    *,
    requirement: str,
    reason: str,
    by: str | None,
    until: str,
    requested_by: str | None,
) -> int:
    """Grant a time-limited exception for a requirement (such as UC-003/2/staging), and print the gate's verdict.

    Only for a listed reviewer who did not request it and recorded none of its evidence. Exits 0 if the waiver is
    stored, 1 if it is refused.
    """
    project = cli.project()
    with refusing(context, project):
        stored = waive(project, requirement, find_decider(project, by), reason, until, requested_by)
    print_decision(stored)
    report = evaluate_project(project, EvaluationRequest((requirement.partition("/")[0],), to_sign=False))
    output.print_lines([(), *render_verdict(report, output.terminal_width(), unicode=output.prints_unicode())])
    if project.policy.waivers != "accept":
        click.echo(f"to use it: {WAIVED_NEEDS_CONFIG}")
    return 0
