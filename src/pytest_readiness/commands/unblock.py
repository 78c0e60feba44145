"""Command ``readiness unblock``: ends the blockers of a use case."""

from __future__ import annotations

import click

from ..decisions.blockers_and_waivers import unblock
from ..decisions.identity import find_decider
from . import completion, options
from .cli_context import CliContext, pass_cli_context
from .decision_output import print_decision, print_standing, refusing
from .exit_code import ExitCodeCommand


@click.command("unblock", cls=ExitCodeCommand)
@click.argument("use_case", metavar="UC", shell_complete=completion.use_cases)
@options.reason
@options.by
@click.pass_context
@pass_cli_context
def command(cli: CliContext, context: click.Context, use_case: str, reason: str, by: str | None) -> int:
    """End all blockers of a use case. Only for a listed reviewer who recorded none of its evidence.

    Exits 0 if the decision is stored, 1 if it is refused.
    """
    project = cli.project()
    with refusing(context, project):
        print_decision(unblock(project, use_case, find_decider(project, by), reason))
    print_standing(project, (use_case,))
    return 0
