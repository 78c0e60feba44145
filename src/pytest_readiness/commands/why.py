"""Command ``readiness why``: explains a status down to the evidence."""

from __future__ import annotations

import click

from ..decisions.removed_tests import failing_and_removed
from ..errors import ClaimError, ConfigError
from ..pipeline.evaluate_project import EvaluationRequest, evaluate_project
from ..pipeline.maintenance import refuse_damage
from ..views.why import render_departed, render_why
from . import output
from .cli_context import CliContext, pass_cli_context
from .exit_code import ExitCodeCommand


@click.command("why", cls=ExitCodeCommand)
@click.argument("target", metavar="UC[/ITEM]")
@pass_cli_context
def command(cli: CliContext, target: str) -> int:
    """Explain the status of a use case, or of one of its items or requirements, and what would complete it."""
    use_case, _, tail = target.partition("/")
    project = cli.project()
    width, unicode = output.terminal_width(), output.prints_unicode()
    try:
        use_case_id = project.catalogue.use_case(use_case).id
    except ClaimError:
        # A use case that left the register with something open closes the gate, which is explained too.
        report = evaluate_project(project, EvaluationRequest((use_case,)))
        lines = render_departed(report, use_case, width, unicode=unicode)
        if not lines:
            raise
    else:
        report = evaluate_project(project, EvaluationRequest((use_case_id,)))
        if project.catalogue.open_world and not any(
            requirement.evidence for readiness in report.readiness.use_cases for requirement in readiness.requirements
        ):
            raise ConfigError(f"there is no config, and no evidence for {use_case_id}: run 'readiness init'")
        removed = failing_and_removed(project.settings.folder, report.readiness)
        lines = render_why(report, use_case_id, tail or None, width, unicode=unicode, removed=removed)
    output.print_lines(lines)
    refuse_damage(report.context.problems)
    return 0
