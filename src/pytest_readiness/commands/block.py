"""Command ``readiness block``: records a blocker of a use case."""

from __future__ import annotations

import click

from ..decisions.blockers_and_waivers import block
from ..decisions.identity import find_decider
from ..facts.timestamps import timestamp
from . import completion, options
from .cli_context import CliContext, pass_cli_context
from .decision_output import print_decision, print_standing, refusing
from .exit_code import ExitCodeCommand


@click.command("block", cls=ExitCodeCommand)
@click.argument("use_case", metavar="UC", shell_complete=completion.use_cases)
@options.reason
@options.by
@click.option("--due", callback=options.day, metavar="DATE", help="Date by which it should be resolved (UTC), or +21d.")
@click.option("--link", callback=options.link, metavar="URL", help="URL of the issue.")
@click.pass_context
@pass_cli_context
def command(
    cli: CliContext,
    context: click.Context,
    *,
    use_case: str,
    reason: str,
    by: str | None,
    due: str | None,
    link: str | None,
) -> int:
    """Block go-live of a use case. Anyone can block; a reviewer unblocks.

    Exits 0 if the blocker is stored, 1 if it is refused.
    """
    project = cli.project()
    with refusing(context, project):
        print_decision(block(project, use_case, find_decider(project, by), reason, due, link))
    if due is not None and due < timestamp()[:10]:
        click.echo(f"the due date {due} is in the past: reports show it as overdue")
    print_standing(project, (use_case,))
    return 0
