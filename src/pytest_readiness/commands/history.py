"""Command ``readiness history``: prints the events of a use case."""

from __future__ import annotations

import click

from ..pipeline.history import use_case_history
from ..views.history import render_history
from . import completion, options, output
from .cli_context import CliContext, pass_cli_context
from .exit_code import ExitCodeCommand


@click.command("history", cls=ExitCodeCommand)
@click.argument("use_case", metavar="UC", shell_complete=completion.use_cases)
@options.as_json
@pass_cli_context
def command(cli: CliContext, *, use_case: str, as_json: bool) -> int:
    """Show the runs, decisions and status changes of a use case with their causes, newest last, in UTC."""
    project = cli.project()
    history = use_case_history(project, use_case)
    if as_json:
        from ..views.command_documents import history_document  # late: most calls print text

        output.print_json(history_document(history))
    else:
        output.print_lines(render_history(history, output.terminal_width(), unicode=output.prints_unicode()))
    output.tell_nothing_there(project)
    return 0
