"""Command ``readiness why``: explains a status down to the evidence."""

from __future__ import annotations

import click

from ..decisions.removed_tests import failing_and_removed
from ..errors import ClaimError, ConfigError
from ..pipeline.damage import refuse_damage
from ..pipeline.evaluate_project import EvaluationRequest, evaluate_project
from ..views.report import Report
from ..views.why import render_departed, render_why
from . import completion, options, output
from .cli_context import CliContext, pass_cli_context
from .exit_code import ExitCodeCommand


@click.command("why", cls=ExitCodeCommand)
@click.argument("target", metavar="UC[/ITEM]", shell_complete=completion.targets)
@click.option("-v", "--verbose", is_flag=True, help="Show evidence that does not decide, too.")
@options.as_json
@pass_cli_context
def command(cli: CliContext, *, target: str, verbose: bool, as_json: bool) -> int:
    """Explain the status of a use case, or of one of its items or requirements, and what would complete it."""
    use_case, _, tail = target.partition("/")
    project = cli.project()
    try:
        use_case_id = project.catalogue.use_case(use_case).id
    except ClaimError:
        # A use case that left the register with something open closes the gate, which is explained too.
        report = evaluate_project(project, EvaluationRequest((use_case,), to_sign=False))
        if not _print_departed(report, use_case, as_json=as_json):
            raise
    else:
        report = evaluate_project(project, EvaluationRequest((use_case_id,), to_sign=as_json))
        if project.catalogue.open_world and not any(
            requirement.evidence for readiness in report.readiness.use_cases for requirement in readiness.requirements
        ):
            raise ConfigError(f"there is no config, and no evidence for {use_case_id}: run 'readiness init'")
        if as_json:
            from ..views.command_documents import why_document  # late: most calls print text

            output.print_json(why_document(report, use_case_id, tail or None))
        else:
            removed = failing_and_removed(project.settings.folder, report.readiness)
            lines = render_why(
                report,
                use_case_id,
                tail or None,
                output.terminal_width(),
                unicode=output.prints_unicode(),
                removed=removed,
                verbosity=int(verbose),
            )
            output.print_lines(lines)
    output.tell_missing_store(project)
    refuse_damage(report.context.problems)
    return 0


def _print_departed(report: Report, use_case: str, *, as_json: bool) -> bool:
    """Print what a use case that left the register has open, and return whether there is such a use case."""
    if as_json:
        from ..views.command_documents import departed_document  # late: most calls print text

        document = departed_document(report, use_case)
        if document is not None:
            output.print_json(document)
        return document is not None
    lines = render_departed(report, use_case, output.terminal_width(), unicode=output.prints_unicode())
    if lines:
        output.print_lines(lines)
    return bool(lines)
