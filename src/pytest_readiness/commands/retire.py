"""``readiness retire``: a test no longer has to pass, or a use case that left the register is let go of."""

from __future__ import annotations

import click

from ..decisions.blockers_and_waivers import retire, retire_run
from ..decisions.identity import find_decider
from ..errors import ConfigError
from . import options
from .cli_context import CliContext, pass_door
from .decision_output import print_decision, print_standing, refusing
from .exit_code import ExitCodeCommand


@click.command("retire", cls=ExitCodeCommand)
@click.argument("name", metavar="TEST|UC", required=False, callback=options.text)
@click.option("--run", "run_id", callback=options.text, metavar="RUN", help="A run that is broken, to be set aside.")
@options.reason
@options.by
@click.option("--replaced-by", callback=options.text, metavar="TEST", help="The test that shows it instead.")
@click.pass_context
@pass_door
def command(
    door: CliContext,
    context: click.Context,
    *,
    name: str | None,
    run_id: str | None,
    reason: str,
    by: str | None,
    replaced_by: str | None,
) -> int:
    """Take a test (its node id, as the reports show it) out of what must pass, or let go of a use case without a row.

    In a test's name * stands for any text: all tests that match and are gone (no later run has them).

    For a listed reviewer who recorded none of its evidence. What was signed with a test becomes suspect; a use case
    that left the register with something open keeps the gate closed until then. With --run, set a broken run aside:
    what failed in it stays, and everything else that it was to run is INTERRUPTED until it runs again. Exits 0 where
    it is kept, 1 where it is refused.
    """
    if (name is None) is (run_id is None) or (run_id is not None and replaced_by is not None):
        raise ConfigError("name a test or a use case, or a run with --run RUN, and only a test has --replaced-by")
    place = door.place()
    if run_id is not None:
        with refusing(context):
            print_decision(retire_run(place, run_id, find_decider(place, by), reason))
        return 0
    assert name is not None  # noqa: S101 - for the type checker: one of the two is named
    with refusing(context):
        kept, concerned = retire(place, name, find_decider(place, by), reason, replaced_by)
    print_decision(kept)
    print_standing(place, concerned)
    return 0
