"""Command ``readiness retire``: retires a test, a removed use case or a broken run."""

from __future__ import annotations

import click

from ..decisions.blockers_and_waivers import retire, retire_run
from ..decisions.identity import find_decider
from ..errors import ConfigError
from . import options
from .cli_context import CliContext, pass_cli_context
from .decision_output import print_decision, print_standing, refusing
from .exit_code import ExitCodeCommand


@click.command("retire", cls=ExitCodeCommand)
@click.argument("name", metavar="TEST|UC", required=False, callback=options.text)
@click.option("--run", "run_id", callback=options.text, metavar="RUN", help="Id of a broken run to retire.")
@options.reason
@options.by
@click.option("--replaced-by", callback=options.text, metavar="TEST", help="The test that replaces it.")
@click.pass_context
@pass_cli_context
def command(
    cli: CliContext,
    context: click.Context,
    *,
    name: str | None,
    run_id: str | None,
    reason: str,
    by: str | None,
    replaced_by: str | None,
) -> int:
    """Retire a test (by its id in the reports), a use case that left the register, or a broken run.

    A retired test no longer has to pass; reviews that rest on it become suspect. A * in TEST matches any text:
    each matching test that no later run contains is retired.

    A use case that left the register with something open closes the gate until it is retired. With --run, the passes
    of a broken run no longer count: its failures stay, and its other tests are INTERRUPTED until they run again.

    Only for a listed reviewer who recorded none of the evidence. Exits 0 if the decision is stored, 1 if it is refused.
    """
    if (name is None) is (run_id is None) or (run_id is not None and replaced_by is not None):
        raise ConfigError("name a test, a use case, or a run with --run RUN; --replaced-by is only for a test")
    project = cli.project()
    if run_id is not None:
        with refusing(context, project):
            print_decision(retire_run(project, run_id, find_decider(project, by), reason))
        return 0
    assert name is not None  # noqa: S101 - for the type checker
    with refusing(context, project):
        stored, concerned = retire(project, name, find_decider(project, by), reason, replaced_by)
    print_decision(stored)
    print_standing(project, concerned)
    return 0
