"""Command ``readiness next``: lists who must do what."""

from __future__ import annotations

import click

from ..errors import ConfigError
from ..pipeline.damage import refuse_damage
from ..pipeline.evaluate_project import EvaluationRequest, evaluate_project
from ..pipeline.scope_filters import refuse_unknown_owner
from ..views.next_actions import actions_of, render_next
from . import options, output
from .cli_context import CliContext, pass_cli_context
from .exit_code import ExitCodeCommand


@click.command("next", cls=ExitCodeCommand)
@options.use_cases
@options.owner("Only the actions of this person (in any spelling), or 'unassigned'.")
@click.option("-v", "--verbose", is_flag=True, help="Show each action separately.")
@options.as_json
@pass_cli_context
def command(cli: CliContext, *, use_cases: tuple[str, ...], owner: str | None, verbose: bool, as_json: bool) -> int:
    """List who must do what for the use cases (ids or globs; default: all), most urgent first."""
    project = cli.project()
    report = evaluate_project(project, EvaluationRequest(use_cases, to_sign=False))
    if owner is not None:
        refuse_unknown_owner(project, report, owner)
    actions = actions_of(report.actions, owner, project.policy.people)
    if not project.configured and not actions:
        raise ConfigError("there is no config, so nothing is to do yet: run 'readiness init'")
    if as_json:
        from ..views.command_documents import next_document  # late: most calls print text

        output.print_json(next_document(report, actions))
    else:
        lines = render_next(
            actions,
            output.terminal_width(),
            owner=owner,
            verbosity=int(verbose),
            unicode=output.prints_unicode(),
        )
        output.print_lines(lines)
    output.tell_missing_store(project)
    refuse_damage(report.context.problems)
    return 0
